"""The commands: each declared once, with its arguments, permission, summary and handler.

    declare     what a command is, and the kinds of arguments
    bind        a request's words, or the rest of its line, into a handler's arguments
    table       finding a command by name; help, `COMMAND DOCS` and the docs come from it
    call        what a handler sees of the one who asks
    talk, people, files, manual, programs    the commands themselves, by what they are about

A handler takes the call and its bound arguments, and returns a reply, or a `Later` of one, or is an `async
def` that awaits port methods only. It never learns which wire it serves.
"""
