"""The limits of the server, each with its reason. Those of the room stand in `portico.room.limits`."""

from __future__ import annotations

SILENT_SECONDS = 600
"""A connection that has not sent anything: a pool's spare connection or somebody reading the manual may wait
ten minutes; it costs one socket and goes first when places run out."""

PARTIAL_SECONDS = 15
"""An incomplete first line, line, frame or head: a person presses Enter, a program sends on; slowloris does
neither. Apache's and nginx's figures are 20 and 60 seconds."""

BODY_SECONDS = 30
"""From one byte of an upload to the next: a laptop that changes its network comes back within that."""

STREAM_THREADS = 4
"""Threads that move bytes between sockets and files: two cores' worth, twice, as they wait for disks too."""

STREAM_SECONDS = 0.1
"""How long a stream may keep a thread while others wait for one."""

STREAM_PATIENCE = 0.01
"""Seconds a thread waits for a socket before the loop does: a fast peer is back sooner, and handing over
costs some 0.1 ms."""

RECEIVE_BYTES = 262_144
"""Bytes taken from a socket at once: more gains nothing, and there is one buffer for each thread."""

LINGER_SECONDS = 2
"""After the last word, before the socket is closed: input still on its way would turn the close into a reset
that takes the last word with it (RFC 9112 section 9.6)."""

LAST_WORDS_SECONDS = 60
"""How long a closed connection may take to read what it was already given; then it is cut."""

COMMANDS_PER_TURN = 256
"""Commands a connection may run before the others have a turn."""

BYTES_PER_TURN = 262_144
"""Bytes of answers a connection may make before the others have a turn."""

OPEN_SLOTS = 1_024
"""Answers a connection may have outstanding, so that a pipeline of hundreds makes one batch."""

SLOT_BYTES = 1_048_576
"""Bytes of finished answers that may wait behind an outstanding one."""

WRITE_BUFFER = 0
"""Bytes unsent in our own memory before a connection counts as slow: then it is not read from, and followed
at its own pace. The kernel's buffer, some megabytes, is enough; and with nothing to gain from waiting, uvloop
writes at once instead of at the end of its turn."""

REPLAY_ENTRIES = 500
"""Entries read at once for a follower that catches up."""

KEEPALIVE_IDLE, KEEPALIVE_INTERVAL, KEEPALIVE_PROBES = 20, 10, 3
"""Seconds of silence before TCP asks whether the peer is there, between questions, and how many go
unanswered: a vanished client frees its place within 50 seconds."""

VANISHED_SECONDS = 50
"""Seconds without any acknowledgement of data in flight, for the same reason."""

VANISHED_PROBES = 4
"""Unanswered questions to a closed window: a peer that is there answers each, however slow its reader is."""

VIGIL_SECONDS = 5
"""How often connections are looked at for having vanished."""

VIGIL_SLICE = 200
"""Connections looked at without a pause: about a millisecond of the loop's time."""

RETRY_SECONDS = (0.05, 0.1, 0.2, 0.5)
"""Pauses before the log is asked again for a batch whose outcome is unknown; the last repeats."""

BACKLOG = 1_024
"""Connections the kernel may hold for us between two turns of the loop."""

RESERVED_FILES = 32
"""File descriptors kept for the log, the repository and the console when connections are counted."""
