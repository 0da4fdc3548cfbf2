"""The limits of a room, each with its reason."""

from __future__ import annotations

MESSAGE_BYTES = 65_536
"""A message, in UTF-8: long enough for a log excerpt or a stack trace, short enough to fan out to thousands.
Matrix allows events of 65,536 bytes; IRC lines are 512."""

NAME_CHARACTERS = 32
"""A name: fits a column of a table; GitHub allows 39, Discord 32."""

KEY_BYTES = 64
"""An idempotency key: holds a UUID, a SHA-256 in hexadecimal, or `<run>.<number>`."""

KEYS_REMEMBERED = 100_000
"""Idempotency keys the room remembers; at 100 keyed messages a second that is a quarter of an hour, far
longer than a client goes on retrying. About 25 MB when full.
Besides, as many keys of changes to the files."""

SESSIONS_REMEMBERED = 100_000
"""Ended sessions that `status` can still show: a class of twenty joining ten times a day fills it in a year
and a half. A client that joins and leaves for ever must not grow the server for ever. About 40 MB when full.
Up to one in a hundred more stay until they are forgotten together."""

RESUME_MICROSECONDS = 24 * 3600 * 1_000_000
"""How long after its end a session can be continued with its secret: a laptop closed overnight comes back as
itself."""

BATCH_RECORDS = 1_024
"""Records in one append: beyond this a larger group gains nothing and delays the first answer."""

BATCH_BYTES = 1_048_576
"""Bytes in one append: what a NATS server accepts as one message unless told otherwise."""

OUTBOX_RECORDS = 131_072
"""Proposals that may wait for the log: sixteen times ten thousand connections' unpipelined messages would be
a stuck disk, not a busy room; then new ones are refused instead of taking all memory."""

OUTBOX_BYTES = 64 * 1_048_576
"""Bytes that may wait for the log, for the same reason."""

TAIL_ENTRIES = 1_024
"""Newest entries kept in memory, so that a follower that has nearly caught up needs no reading to join the
live ones, and `HISTORY ... WAIT` answers without touching the disk."""

TAIL_BYTES = 4 * 1_048_576
"""Characters of text among them."""

PAGE_ENTRIES = 1_000
"""Entries in one answer of HISTORY."""

SNAPSHOT_RECORDS = 20_000
"""Fewest records between two snapshots: replaying that many takes well under half a second at start."""

SNAPSHOT_SHARE = 2
"""And at least half as many as the state has sessions and keys: a busy room with all its 100,000 keys spent a
third of its time on snapshots otherwise. Replaying 50,000 records takes less than a second."""
