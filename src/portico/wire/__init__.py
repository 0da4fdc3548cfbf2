"""The wires: bytes in, requests out; replies in, bytes out. Pure: no waiting, no clock, no sockets.

`sniff` decides once which wire a connection speaks; each wire is one codec (`codec.Codec` says what that is):
`text` for people with netcat, `resp` for programs, `http` for who comes with a browser.
"""
