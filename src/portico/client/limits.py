"""What the client bounds, and how long it waits: each with its reason."""

from __future__ import annotations

from portico.room.limits import PAGE_ENTRIES

CONNECT_SECONDS = 5.0
"""For one attempt to connect: TCP tries again after 1 and after 3 seconds."""

ADMIT_SECONDS = 45.0
"""For an introduction with a token: where an address has shown many wrong ones, also a right one waits for
its turn, up to 30 s; who went away before would begin to wait anew."""

ANSWER_SECONDS = 30.0
"""For one request, a lost server's return included, unless the user says otherwise."""

CLOSE_SECONDS = 3.0
"""For the goodbye: who leaves does not wait long for somebody who may be gone."""

SILENCE_SECONDS = 20.0
"""A server that owes an answer and sends nothing for so long is gone, even if the network never said so."""

IDLE_SECONDS = 20.0
"""After so long without any traffic the server is asked for a sign of life."""

LOOK_SECONDS = 0.25
"""How often time-outs are looked at."""

FIRST_PAUSE, LONGEST_PAUSE, PAUSE_GROWTH = 0.05, 2.0, 2.0
"""Between attempts to connect again: a restarted server is found at once, a dead one is not hammered."""

GHOST_SECONDS = 60.0
"""How long a name or place is asked for again that our own broken connection may still hold: the server's
keepalive finds a vanished client after 20 s + 3 times 10 s."""

MOST_ASKED = 10_000
"""Requests without an answer while one caller asks many; then it waits until half of them are answered."""

EVENTS_HELD = 1_000
"""Entries that wait for a slow reader of `events`; what comes then is read from the history, in pages."""

EVENT_BYTES_HELD = 4 * 1_048_576
"""Text among them: an entry may have 64 KiB."""

EVENTS_PAGE = PAGE_ENTRIES
"""Entries read from the history at a time: the most there are in one answer."""
