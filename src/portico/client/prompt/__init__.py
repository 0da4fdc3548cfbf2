"""The prompt: a person at a terminal, or lines from a pipe, in the room's one order.

    typed line ── typed ──> Talk ── asking, errands ──> AsyncClient
                             │                             │
                          Dialogue <── replies, entries ───┘
                             │
                          Outlet (folding, paint) ──> Screen (a terminal) or Plain (pipes, dumb terminals)

`own` declares the commands that the prompt itself carries out; `errands` moves files while one talks.
`typed`, `own`, `dialogue`, `wording`, `folding` and `paint` are pure. Only `screen` needs prompt_toolkit,
which costs more to import than all the rest: it is imported when a terminal is there.
"""
