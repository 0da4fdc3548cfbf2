"""The client's side of the room: the library, and what the prompt and the shell commands stand on.

`aio` and `blocking` are what users see, as `portico.AsyncClient` and `portico.Client`. Both stand on `core`:
one `conversation` (what is asked, who we are, what was seen; no sockets), one `link` (a socket after
another), one `feed` (the readers of entries).

Nothing is imported here, so that a command of the shell loads what it needs and no more.
"""
