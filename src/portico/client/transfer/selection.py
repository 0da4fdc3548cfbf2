"""Which files a person means by a folder or a pattern, and where they go below a folder here.

    src, a/src           the folder: src/...
    notes/*.txt          without the folders before the first wildcard: x.txt
    **/fw.bin            the whole path
    "", .                everything

A listing is not believed: what was not asked for, or is out of order, ends it.
"""

from __future__ import annotations

from portico.client.resp import encode
from portico.model.errors import ProtocolError
from portico.model.files import FileFacts
from portico.model.paths import check_path
from portico.model.patterns import Pattern

PAGE = 1_000
"""Files in one answer of LIST: the most there are."""

EVERYTHING = frozenset({"", ".", "/"})


class Selection:
    """The files that a folder or a pattern means, asked for page by page.

    `ended`: the last page has come. `alone` is the one file that is meant when it is no folder, empty for a
    pattern.
    """

    def __init__(self, text: str) -> None:
        """Begin before the first; raise `BadPath` or `TooBig` for what is neither folder nor pattern."""
        self.ended = False
        self._pattern = Pattern(text)
        self.alone = self._pattern.text if self._pattern.exact and text not in EVERYTHING else ""
        self._listed = ""
        if not self._pattern.exact:
            self._below, self._cut = "", self._pattern.prefix.rfind("/") + 1
        elif text in EVERYTHING:
            self._below, self._cut = "", 0
        else:
            self._below = check_path(text.removesuffix("/")) + "/"
            self._cut = self._below.rfind("/", 0, -1) + 1
            self._listed = self._below

    def ask(self) -> bytes:
        """Return the request for the next page."""
        pattern = [] if self._pattern.exact else [self._pattern.text]
        after = ["AFTER", self._listed] if self._listed else []
        return encode(["LIST", *pattern, *after, "COUNT", PAGE, "DIGEST"])

    def take(self, files: list[FileFacts]) -> list[FileFacts]:
        """Return the files of a page that are meant; raise `ProtocolError` when it makes no sense."""
        self.ended = len(files) < PAGE
        for number, file in enumerate(files):
            if not self._listed < file.path:
                raise ProtocolError("protocol: the server's list of files is out of order")
            if not file.path.startswith(self._below):
                self.ended = True
                return files[:number]
            if not self._pattern.exact and not self._pattern.matches(file.path):
                raise ProtocolError("protocol: the server listed a file that was not asked for")
            self._listed = file.path
        return files

    def place(self, path: str) -> str:
        """Return the path, below the folder here, of a file that was listed."""
        return path[self._cut :]
