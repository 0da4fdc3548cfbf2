"""The files of the room as methods of the client: looking, fetching, depositing."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from portico.client.core import Core
from portico.client.transfer.job import Job, run
from portico.client.transfer.route import Route
from portico.client.transfer.values import FileTeller, TreeSummary, TreeTeller
from portico.model.files import FileFacts, Receipt
from portico.model.replies import TransferLine, file_of, receipt_of, transfer_of

if TYPE_CHECKING:
    from portico.client.address import Address
    from portico.client.trust import Trust

T = TypeVar("T")

FILES_PAGE = 1_000
"""Files asked for at a time: the most LIST answers with."""


class Files:
    """What a client can do with the files of its room; a part of `AsyncClient`."""

    address: Address
    _token: str
    _trust: Trust | None
    _timeout: float | None

    def _connected(self) -> Core:
        raise NotImplementedError

    # Looking

    async def list(self, pattern: str | None = None) -> builtins.list[FileFacts]:
        """Return the files of the repository in the order of their paths, or those that match a pattern.

        In a pattern `*` stands for anything within a name, `**` for anything at all.
        """
        files: list[FileFacts] = []
        words: list[str | int] = ["LIST", *([pattern] if pattern else []), "COUNT", FILES_PAGE]
        page = await self._connected().ask(words)
        while page:
            files += map(file_of, page)
            if len(page) < FILES_PAGE:
                break
            page = await self._connected().ask([*words, "AFTER", files[-1].path])
        return files

    async def stat(self, path: str) -> FileFacts:
        """Return what is known of one file. Raise `NotFound`."""
        return file_of(await self._connected().ask(["STAT", path]))

    async def transfers(self) -> builtins.list[TransferLine]:
        """Return which files are being fetched and deposited at present, by whom, and how fast."""
        return [transfer_of(facts) for facts in await self._connected().ask(["TRANSFERS"])]

    async def receipts(self, path: str) -> builtins.list[Receipt]:
        """Return who fetched a file to its end, and when; oldest first."""
        return [receipt_of(path, facts) for facts in await self._connected().ask(["RECEIPTS", path])]

    # Fetching

    async def get(
        self,
        path: str,
        dest: str | os.PathLike[str] | BinaryIO | None = None,
        *,
        resume: bool = True,
        verify: bool = True,
        progress: FileTeller | None = None,
    ) -> FileFacts:
        """Fetch a file; return its facts once it is there whole, its SHA-256 compared with the server's.

        `dest` is the file to write (replaced at once, when all bytes are there), a folder to put it in (one
        that exists, or any that ends with `/`), or a binary file to write to, as `sys.stdout.buffer`;
        without it the file comes into the current folder. What is not whole yet waits beside it, as
        `NAME.<digits>.part`, and is gone on with by the next `get`, unless `resume` is False or the file has
        changed since. The time of modification is kept. With `verify` False nothing is hashed.

        A connection that breaks is made again until `timeout` seconds went by without a byte. `progress` is
        called in the loop's thread. Cancelled, it keeps the part.

        Raise `NotFound`, `WrongDigest` (what came is not what the server has; the part is removed), `Changed`
        (again and again while it was fetched), `NoSpace` (here), `Busy` (another program fetches it to the
        same place), `Unavailable`.
        """
        from portico.client.transfer.fetch import fetch  # noqa: PLC0415 - who only talks does not pay for it

        return await self._do(
            progress, lambda job: fetch(job, self._route(), path, dest, resume=resume, verify=verify)
        )

    async def get_tree(
        self,
        pattern: str,
        dest: str | os.PathLike[str] = ".",
        *,
        resume: bool = True,
        verify: bool = True,
        progress: TreeTeller | None = None,
    ) -> TreeSummary:
        """Fetch a folder, or all files that match a pattern, into the folder `dest`; return what became of
        it.

        A folder `a/src` becomes `dest/src/...`; of a pattern the folders before its first wildcard are left
        out: `notes/*.txt` becomes `dest/x.txt`. With `resume` a file that is there already, with the same
        size and time of modification, is not fetched again. What goes wrong with one file stands among the
        `failures`, and the others go on; nothing is ever written outside `dest`, or through a symbolic link
        below it.

        Raise `NotFound` when there is no such file, `Unavailable` as `get` does, `NoSpace`.
        """
        from pathlib import Path  # noqa: PLC0415 - as above

        from portico.client.transfer.fetch_tree import fetch_tree  # noqa: PLC0415 - as above

        return await self._do(
            progress,
            lambda job: fetch_tree(job, self._route(), pattern, Path(dest), resume=resume, verify=verify),
        )

    # Depositing

    async def put(
        self,
        source: str | os.PathLike[str] | BinaryIO,
        path: str | None = None,
        *,
        replace: bool = False,
        upload: str = "",
        progress: FileTeller | None = None,
    ) -> FileFacts:
        """Deposit a file; return its facts once it is listed: whole, verified, and on the server's disk.

        `source` is a file, `-` for standard input, or a binary file to read from. `path` is where it goes in
        the repository: a folder when it ends with `/`; without it the file's own name. The time of
        modification is kept. The deposit bears this client's name, `visitor` when it has none.

        What was deposited of a file is gone on with: when the connection breaks, until `timeout` seconds went
        by without a byte, and by the next `put` of the unchanged file to the same path, within a day. That
        does not hold for what is read from a pipe. `upload` goes on with an upload of that id, whoever began
        it: in a browser, say.

        Raise `Exists` (and there is no `replace`), `Changed` (the file was written to meanwhile), `Denied`,
        `TooBig`, `NoSpace` (there), `Busy` (another client is at this upload), `WrongDigest`, `Unavailable`.
        """
        from portico.client.transfer.deposit import Aim, deposit  # noqa: PLC0415 - as above

        return await self._do(
            progress, lambda job: deposit(job, self._route(), source, path, Aim(replace, upload))
        )

    async def put_tree(
        self,
        folder: str | os.PathLike[str],
        path: str | None = None,
        *,
        replace: bool = False,
        progress: TreeTeller | None = None,
    ) -> TreeSummary:
        """Deposit all files of a folder below `path` (its own name, when not given); return what became of
        it.

        `""` is the top of the repository. Links to files are followed, links to folders are not. A file that
        is there already with the same content counts as `same`. What goes wrong with one file, names the
        repository does not take among them, stands in `failures`, and the others go on.

        Raise `PorticoError` when there is no such folder here, `Denied`, `Unavailable` as `put` does.
        """
        from pathlib import Path  # noqa: PLC0415 - as above

        from portico.client.transfer.deposit_tree import deposit_tree  # noqa: PLC0415 - as above

        return await self._do(
            progress,
            lambda job: deposit_tree(job, self._route(), Path(folder), path, replace=replace),
        )

    # Changing

    async def remove(self, path: str) -> None:
        """Remove a file. Raise `NotFound`, `Denied`; `Lost` when it may have been removed."""
        await self._connected().ask(["REMOVE", path], again=False)

    async def move(self, origin: str, path: str, *, replace: bool = False) -> None:
        """Give a file another path.

        Raise `NotFound`, `Exists` (and there is no `replace`), `Denied`; `Lost` when it may have been moved.
        """
        words = ["MOVE", origin, path, *(["REPLACE"] if replace else [])]
        await self._connected().ask(words, again=False)

    # How

    def _route(self) -> Route:
        conversation = self._connected().conversation
        secret = conversation.secret if conversation.name is not None else ""
        return Route(self.address, self._token, self._timeout, secret, self._trust)

    async def _do(self, progress: Callable[..., None] | None, work: Callable[[Job], T]) -> T:
        self._connected()
        return await run(work, progress)
