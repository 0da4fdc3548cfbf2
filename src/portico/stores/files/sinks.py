"""Where the body of a request goes that is too long to be a value: into an upload, from any one thread."""

from __future__ import annotations

from collections.abc import Callable

from portico.model.errors import TooBig
from portico.stores.files.deposits import Uploads
from portico.stores.files.uploads import Upload


class UploadSink:
    """Takes one body of `size` bytes; implements `portico.ports.Sink`. `ended` is called at its end."""

    __slots__ = ("_ended", "_left", "_upload", "_uploads")

    def __init__(self, uploads: Uploads, upload: Upload, size: int, ended: Callable[[], object]) -> None:
        self._uploads, self._upload, self._left = uploads, upload, size
        self._ended: Callable[[], object] | None = ended
        upload.sink = self

    def take(self, data: memoryview) -> None:
        """Write the next bytes; see the port."""
        self._left -= len(data)
        if self._left < 0:
            raise TooBig("more bytes came than were announced")
        self._upload.append(data, self)
        self._uploads.wrote(self._upload)

    def close(self) -> int:
        """End; return the offset that was reached."""
        ended, self._ended = self._ended, None
        if ended is not None:
            if self._upload.sink is self:
                self._upload.sink = None
            ended()
        return self._upload.offset
