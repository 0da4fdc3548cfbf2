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

_FIELDS = (
    rb"\r\n\$4\r\npath\r\n\$([0-9]{1,4})\r\n([^\r\n]*)\r\n\$4\r\nsize\r\n:([0-9]{1,16})\r\n"
    rb"\$5\r\nmtime\r\n\$27\r\n([0-9T:.Z-]{27})\r\n\$4\r\netag\r\n\$16\r\n([0-9a-f]{16})\r\n"
)
_FOUR = re.compile(rb"%4" + _FIELDS)
_FIVE = re.compile(rb"%5" + _FIELDS + rb"\$2\r\nby\r\n\$([0-9]{1,3})\r\n([^\r\n]*)\r\n")


def read_page(inbox: Inbox) -> list[FileFacts]:
    """Return the files of the page that comes next; raise the refusal, or `ProtocolError`."""
    return [_quick(inbox) or facts_of(inbox.element()) for _ in range(inbox.count())]


def _quick(inbox: Inbox) -> FileFacts | None:
    """Return the next file if it has come and looks as most do."""
    found = inbox.match(_FOUR) or inbox.match(_FIVE)
    if found is None:
        return None
    length, path, size, mtime, etag, *who = found.groups()
    try:
        by = who[1].decode() if who else ""
        facts = FileFacts(path.decode(), int(size), instant_of(mtime.decode()), etag.decode(), None, by)
    except ValueError:
        facts = None
    if facts is None or int(length) != len(path) or (who and int(who[0]) != len(who[1])):
        raise ProtocolError("protocol: the server's list of files makes no sense")
    return facts
