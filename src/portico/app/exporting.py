"""Exporting a log: lines of JSON that another Portico can import, and a person or `jq` can read.

    {"format": "portico-log", "version": 1, "room": "main", "log": ID, "first": 1, "head": 7, "entries": 5,
     "exported": "2025-02-10T22:46:52.048084Z", "state": 0, "digest": SHA256}
    {"state": [...]}                                as many as "state" says: only for a trimmed log
    {"position": 1, "record": {"v": 1, "do": "limits", ...}}
    ...                                             one per position from "first" to "head", none left out

`first` and `head` are positions of records, `entries` is the number of the newest entry, as people see it.
`log` names the log that was exported; an import is another log and gets another name, because not everything
comes along:

* What was told to one person is withheld: the line says who told whom and when, never the text, and neither
  the idempotency key nor the digest that would confirm a guess. So it is with tells that were erased.
* A message that came to nothing (its sender was gone, its key had come before) was never seen by anybody; its
  line holds a record that does as little. So the numbers of all entries stay what they were.
* A text that is to be erased, and was not yet when a server was killed, is erased in the export.
* The digest of a secret to RESUME with stays: it is SHA-256 of 192 random bits, so nobody finds the secret,
  and the person who has it can still continue the session.
* The state that a trimmed log begins with comes along as a snapshot, without the keys whose messages are not
  in the export: nobody can tell any more which of those were tells.

`digest` is that of the state an import has to arrive at: that of the log itself, with each withheld key
replaced by a placeholder that is longer than any key a client can send.

A damaged log can be exported as far as it can be read. What is lost is then marked `"damaged": true`, and
there is no digest, for what followed may have depended on it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from portico.app.place import ROOM
from portico.app.reading import LogFile, Progress, reading
from portico.app.survey import NOTHING, Survey, withheld_key
from portico.model.errors import Unavailable
from portico.model.instants import rfc3339
from portico.model.records import Erased, Record, Say, decode, encode
from portico.room.reducer import content_digest

FORMAT, VERSION = "portico-log", 1

Write = Callable[[bytes], object]


def export(path: Path, write: Write, now: int, progress: Progress, *, damaged: bool = False) -> int:
    """Write a log as lines; return how many records. With `damaged`, leave out what cannot be read.

    Raise `NotFound` or `Refused` when there is no log to be read, `Unavailable` when one is not whole.
    """
    with reading(path, damaged=damaged) as file:
        total = file.bounds.last - file.bounds.first + 1
        survey = Survey(file, damaged=damaged)
        survey.run(lambda done, _: progress(done, 2 * total))
        write(_header(file, survey, now))
        for line in survey.base_lines:
            write(b'{"state":%b}\n' % line)
        for done, (position, body) in enumerate(survey.bodies(), 1):
            write(_line(position, body, survey))
            progress(total + done, 2 * total)
        return total


def _header(file: LogFile, survey: Survey, now: int) -> bytes:
    facts = {
        "format": FORMAT,
        "version": VERSION,
        "room": ROOM,
        "log": file.identity,
        "first": file.bounds.first,
        "head": file.bounds.last,
        "entries": survey.state.seq,
        "exported": rfc3339(now),
        "state": len(survey.base_lines),
        "digest": survey.digest(),
    }
    return json.dumps(facts).encode() + b"\n"


def _line(position: int, body: bytes | None, survey: Survey) -> bytes:
    if body is None:
        return b'{"position":%d,"damaged":true,"record":%b}\n' % (position, NOTHING)
    if position in survey.blank:
        return b'{"position":%d,"record":%b}\n' % (position, survey.blank[position])
    record = decode(body)
    if isinstance(record, Say | Erased) and record.to:
        return _withheld(position, record, survey)
    if position in survey.doomed and isinstance(record, Say):
        body = encode(_remainder(record))
    return b'{"position":%d,"record":%b}\n' % (position, body.replace(b"\n", b" "))


def _remainder(record: Say) -> Erased:
    content = content_digest(record.text, record.to_name) if record.key else ""
    return Erased(record.at, record.session, record.sender, record.to, record.key, content, record.join)


def _withheld(position: int, record: Say | Erased, survey: Survey) -> bytes:
    rest = _remainder(record) if isinstance(record, Say) else record
    seq = survey.tells.get(position, 0)
    rest = replace(rest, key=withheld_key(seq) if seq else "", content="")
    name = json.dumps(record.to_name if isinstance(record, Say) else "", ensure_ascii=False).encode()
    return b'{"position":%d,"withheld":"tell","to":%b,"record":%b}\n' % (position, name, encode(rest))


def understood(record: bytes) -> Record:
    """Return the record of an exported line; raise `ValueError` when it is none."""
    try:
        return decode(record)
    except Unavailable:
        raise ValueError("its record cannot be understood") from None
