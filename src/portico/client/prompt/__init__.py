"""The prompt: a person at a terminal, or lines from a pipe, in the room's one order.

    typed line ── typed ──> Talk ── asking ──> AsyncClient
                             │                     │
                          Dialogue <── replies, entries
                             │
                          Outlet (folding, paint) ──> Screen (a terminal) or Plain (pipes, dumb terminals)

`typed`, `dialogue`, `wording`, `folding` and `paint` are pure. Only `screen` needs prompt_toolkit, which
costs more to import than all the rest: it is imported when a terminal is there.
"""
