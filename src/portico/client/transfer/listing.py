"""A page of LIST, read as fast as it comes: ten thousand files take as long as fetching some hundred of them.

Each file is a map of one shape, so one regular expression reads it; what does not look like it goes the
general way, value by value. Both give the same facts.
"""

from __future__ import annotations

import re

from portico.client.transfer.answers import facts_of
from portico.client.transfer.inbox import Inbox
from portico.model.errors import ProtocolError
from portico.model.files import FileFacts
from portico.model.instants import instant_of

_PLAIN = (
    rb"\r\n\$4\r\npath\r\n\$(?P<length>[0-9]{1,4})\r\n(?P<path>[^\r\n]*)\r\n\$4\r\nsize\r\n:(?P<size>[0-9]{1,16})\r\n"
    rb"\$5\r\nmtime\r\n\$27\r\n(?P<mtime>[0-9T:.Z-]{27})\r\n\$4\r\netag\r\n\$16\r\n(?P<etag>[0-9a-f]{16})\r\n"
)
_SHA256 = rb"\$6\r\nsha256\r\n\$64\r\n(?P<sha256>[0-9a-f]{64})\r\n"
_BY = rb"\$2\r\nby\r\n\$(?P<letters>[0-9]{1,3})\r\n(?P<by>[^\r\n]*)\r\n"

_SHAPES = (
    re.compile(rb"%6" + _PLAIN + _SHA256 + _BY),
    re.compile(rb"%5" + _PLAIN + _SHA256 + rb"(?P<letters>)(?P<by>)"),
    re.compile(rb"%5" + _PLAIN + rb"(?P<sha256>)" + _BY),
    re.compile(rb"%4" + _PLAIN + rb"(?P<sha256>)(?P<letters>)(?P<by>)"),
)


def read_page(inbox: Inbox) -> list[FileFacts]:
    """Return the files of the page that comes next; raise the refusal, or `ProtocolError`."""
    return [_quick(inbox) or facts_of(inbox.element()) for _ in range(inbox.count())]


def _quick(inbox: Inbox) -> FileFacts | None:
    """Return the next file if it has come and looks as most do."""
    found = next(filter(None, map(inbox.match, _SHAPES)), None)
    if found is None:
        return None
    length, path, size, mtime, etag, sha256, letters, by = found.groups()
    try:
        facts = FileFacts(
            path.decode(),
            int(size),
            instant_of(mtime.decode()),
            etag.decode(),
            sha256.decode() or None,
            by.decode(),
        )
    except ValueError:
        facts = None
    if facts is None or int(length) != len(path) or int(letters or 0) != len(by):
        raise ProtocolError("protocol: the server's list of files makes no sense")
    return facts
