"""The limits of the server, each with its reason. Those of the room stand in `portico.room.limits`."""

from __future__ import annotations

import os

from portico.model.files import CHUNK_BYTES

SILENT_SECONDS = 600
"""A connection that has not sent anything: a pool's spare connection or somebody reading the manual may wait
ten minutes; it costs one socket and goes first when places run out."""

PARTIAL_SECONDS = 15
"""An incomplete first line, line, frame or head: a person presses Enter, a program sends on; slowloris does
neither. Apache's and nginx's figures are 20 and 60 seconds."""

SWEEP_SECONDS = 0.25
"""How often it is looked whose time is up: nobody has much more than was said, and a look costs nothing."""

STALLED_SECONDS = 30
"""From one byte of a WRITE to the next; what came is kept, and the upload is free for another connection."""

STREAM_THREADS = max(2, min(8, os.cpu_count() or 2))
"""Threads that move the bytes of files. More than there are cores move no more, and keep the event loop from
its core: beside four downloads and an upload on two cores, four threads doubled the p99 of others."""

STREAM_QUANTUM = 4_194_304
"""Bytes that one transfer moves before another one has its turn: about a millisecond."""

STREAM_PATIENCE_MILLISECONDS = 10
"""How long a thread waits itself for a socket that is full, or empty, before it lets the event loop do that:
a peer that keeps up is back sooner."""

SEND_BYTES = 1_048_576
"""Bytes given to the kernel at once; more would not fit into a socket's buffer."""

RECEIVE_BYTES = 262_144
"""Bytes taken from the kernel at once, and each thread's buffer for them."""

TRANSFERS_SHOWN = 1_000
"""Files on their way that are remembered; beyond it the oldest are not shown."""

TRANSFER_IDLE_SECONDS = 5
"""A fetch of which nothing was asked for so long is over; so is a deposit that waits for its next piece."""

RATE_SECONDS = 4
"""Over which a transfer's rate is taken: short enough to show a stall, long enough to stand still."""

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

ACCEPTS_PER_TURN = 16
"""Connections taken before what they are is known: so many descriptors of the reserve they may use up."""

ACCEPT_PAUSE_SECONDS = 0.1
"""How long newcomers are left in the kernel's queue when descriptors run out, until we look again."""

CROWDED_NOTE_SECONDS = 60
"""How often the operator is told of that: once is enough to act, ten times a second would hide all else."""

RESERVED_FILES = 128
"""File descriptors that connections never take: 30 are always open, for the log, the catalog and the console;
the others are those of some fetches and deposits at the same time."""

TRANSFER_FILES = 1 + 2 + SLOT_BYTES // CHUNK_BYTES
"""File descriptors of a connection that fetches and deposits: its own, a duplicate for each direction, and
the ranges that wait or are being sent."""

REPOSITORY_FILES = 2_048
"""File descriptors of the repository at most, whoever deposits: eight threads with the folders and uploads of
a group each (some 900 were counted), uploads and digests under way (64 each)."""

LINE_BYTES, HEADER_BYTES, HEADERS = 8_192, 8_192, 100
"""Longest first line and header of an HTTP request, and how many headers: nginx's limits are of this size."""

KEEP_OPEN_SECONDS = 75
"""How long a connection waits for a next HTTP request: as nginx's."""

HEARTBEAT_SECONDS = 30
"""Between the pings of a WebSocket: a browser from which nothing came until the next is gone."""

KEEPALIVE_SECONDS = 15
"""Between the comments of an event stream: proxies close what was silent for a minute."""

LAG_SECONDS, LAG_SAMPLES = 0.5, 30
"""How often it is looked how late the event loop is, and how many times are remembered: a scraper that comes
every fifteen seconds misses nothing."""

TROUBLE_SECONDS = 60
"""How long `/health` goes on saying that nothing can be stored after the last thing that could not be: where
nothing is said nothing is tried, and a balancer that sends nobody would never see it end."""

SLOW_APPEND_SECONDS = 10
"""An append that takes so long is a trouble, too."""

READ_BYTES = 524_288
"""Bytes of an HTTP request's body that may wait for who reads it."""

ATTEMPTS_FREE = 5
"""Wrong tokens of one address that cost nothing: people mistype, and paste the wrong thing twice."""

ATTEMPT_QUIET_SECONDS = 60
"""A minute without a wrong token, after which an address begins to be forgiven: longer than any wait, so that
who goes on guessing gets to the door."""

ATTEMPT_FORGIVEN_SECONDS = 12
"""After which one more is forgiven then: five a minute."""

ATTEMPT_LONGEST_SECONDS = 30
"""Longest wait of one attempt: a program that has the right token again is not kept out for long."""

ATTEMPTS_TO_THE_DOOR = 10
"""Wrong tokens after which the connection is closed as well."""

ATTEMPTS_WAITING = 8
"""Attempts of one address that may wait for their turn; more are shut out unseen."""

ATTEMPT_ADDRESSES = 10_000
"""Addresses whose wrong tokens are remembered, at some 300 bytes; beyond it the quietest is forgotten."""

TOKENS_SECONDS = 1
"""How often it is looked whether tokens were revoked, or have expired: so soon who showed one has to go."""

ADDRESS_CONNECTIONS = 16
"""Connections that every address may have, however few there are in all; beyond it no address but this
machine itself takes more than half, so that one client's mistake leaves room for the others."""

HELD_BYTES = 268_435_456
"""Bytes of unfinished frames and unread answers of all connections together; beyond it the largest go. A
small machine has twice as much, and a hundred honest clients do not keep a tenth."""

HELD_EACH_BYTES = 16_384
"""What a connection keeps below this is not counted: all places together come to some megabytes."""

SAID_BURST, SAID_PER_SECOND = 100_000, 10_000
"""Messages that one connection may say at once, and how many more each second: beyond it, it is not read from
until it may go on. Nothing is lost; a test rig's whole output is taken at once, and one client that never
stops leaves the log and the followers to others."""

PACE_SECONDS = 0.1
"""How long who said too much is left alone at least: not for each message anew."""

TOKEN_USE_SECONDS = 600
"""How often it is noted down that a token is used from an address: who, and about when, is what is asked."""
