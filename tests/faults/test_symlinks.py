"""Somebody exchanges what stands under a served name, as fast as can be, while the files are being used.

A folder is exchanged for a link to a folder outside, a file for a link, a FIFO or another file. Whatever the
moment: nothing outside is shown, made, changed or removed, nothing is mixed, and nobody waits for ever.
"""

import asyncio
import ctypes
import os
import random
import socket
import threading
import time

import pytest

from portico.model.errors import PorticoError
from portico.model.files import Author, Chunk, Order
from portico.stores.files.directory import DirectoryRepository

SECRET = b"not yours"
SWAPS = 2_000
"""Exchanges during a test, at least: enough that many fall between any two steps of the server."""

EXCHANGE = 2
"""RENAME_EXCHANGE of renameat2(2): there is no moment at which the name is missing."""

ANN = Author(1, "ann")


def exchange(one, other):
    libc = ctypes.CDLL(None, use_errno=True)
    at = ctypes.c_int(-100)
    if libc.renameat2(at, os.fsencode(one), at, os.fsencode(other), ctypes.c_uint(EXCHANGE)):
        raise OSError(ctypes.get_errno(), "exchange")


def dawdle():
    """Let a name stand for between nothing and a millisecond: as long as an operation takes, or shorter."""
    time.sleep(random.random() ** 4 / 1_000)


class Swapping:
    """Exchanges two names until it is left; afterwards they stand as before."""

    def __init__(self, one, other):
        self._names = one, other
        self._end = threading.Event()
        self.swaps = 0
        self._thread = threading.Thread(target=self._swap)

    def _swap(self):
        while not self._end.is_set() or self.swaps % 2:
            exchange(*self._names)
            self.swaps += 1
            dawdle()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()


@pytest.fixture
def root(tmp_path):
    made = tmp_path / "root"
    (made / "folder").mkdir(parents=True)
    (made / "folder" / "both").write_bytes(b"inside")
    return made


@pytest.fixture
def outside(tmp_path):
    """A folder of somebody else; checked to be as it was afterwards."""
    made = tmp_path / "outside"
    made.mkdir()
    for name in ("both", "secret"):
        (made / name).write_bytes(SECRET)
    (made / "empty").mkdir()
    yield made
    assert sorted(path.name for path in made.rglob("*")) == ["both", "empty", "secret"]
    assert {path.read_bytes() for path in made.iterdir() if path.is_file()} == {SECRET}


@pytest.fixture
async def repository(root):
    made = DirectoryRepository(root, root / ".portico")
    await made.open()
    yield made
    async with asyncio.timeout(10):
        await made.close()


async def answer(later):
    """Return what a desk answers, an error as a value; nothing takes longer than ten seconds."""
    done = asyncio.get_running_loop().create_future()
    later.then(lambda answered: done.set_result(answered.value))
    async with asyncio.timeout(10):
        return await done


async def content(desk, path):
    """Return the bytes of a file, None when there is no such file."""
    piece = await answer(desk.read(path, 0, 1 << 20, ""))
    if isinstance(piece, PorticoError):
        return None
    if isinstance(piece, Chunk):
        return piece.data
    data = os.pread(piece.fd, piece.count, piece.offset)
    piece.close()
    return data


async def deposit(desk, path, data=b"mine", *, replace=False):
    """Deposit a file; return what FINISH answers, or the first error."""
    progress = await answer(desk.put(Order(path, len(data), replace=replace), 1 << 30))
    if isinstance(progress, PorticoError):
        return progress
    await answer(desk.write(progress.upload, 0, data))
    finished = await answer(desk.finish(progress.upload, ANN))
    if isinstance(finished, PorticoError):
        await answer(desk.cancel(progress.upload))
    return finished


@pytest.fixture
def swapping(root, outside):
    """Exchange `folder` for a link to the outside meanwhile."""
    link = root / ".link"
    link.symlink_to(outside)
    with Swapping(root / "folder", link) as running:
        yield running
    assert (root / "folder").is_dir()
    assert not (root / "folder").is_symlink()


async def during(swapping, work):
    """Do something again and again until there were enough exchanges, and at least fifty times."""
    times = 0
    while swapping.swaps < SWAPS or times < 50:
        await work(times)
        times += 1


async def test_nothing_outside_is_listed_or_read(repository, swapping):
    desk, seen, missed = repository.desk(), set(), 0

    async def look(_):
        nonlocal missed
        seen.update((facts.path, facts.size) for facts in await repository.list("**", None, 100))
        data = await content(desk, "folder/both")
        missed += data is None
        assert data in {None, b"inside"}
        assert await content(desk, "folder/secret") is None
        assert isinstance(await answer(desk.stat("folder/secret")), PorticoError)

    await during(swapping, look)
    assert seen == {("folder/both", 6)}
    assert missed


async def test_nothing_is_deposited_outside(repository, root, swapping):
    desk, made = repository.desk(), []

    async def put(number):
        path = f"folder/{'deep/' if number % 2 else ''}new{number}"
        if not isinstance(await deposit(desk, path), PorticoError):
            made.append(path)
        await deposit(desk, "folder/both", b"inside", replace=True)

    await during(swapping, put)
    assert made
    swapping.__exit__()
    for path in made:
        assert (root / path).read_bytes() == b"mine"


async def test_nothing_is_moved_or_removed_outside_nor_brought_in(repository, root, swapping):
    desk = repository.desk()

    async def change(number):
        await deposit(desk, f"top{number}")
        await answer(desk.move(f"top{number}", f"folder/moved{number}", ANN, replace=False))
        await answer(desk.move("folder/secret", f"stolen{number}", ANN, replace=False))
        await answer(desk.move(f"top{number}", "folder/empty/x", ANN, replace=True))
        await answer(desk.remove("folder/secret", ANN))
        await answer(desk.remove("folder/empty", ANN))

    await during(swapping, change)
    swapping.__exit__()
    assert [path for path in root.rglob("*") if path.is_file() and path.read_bytes() == SECRET] == []


async def test_a_file_exchanged_for_a_link_is_the_file_or_nothing(repository, root, outside):
    (root / ".link").symlink_to(outside / "secret")
    (root / "file").write_bytes(b"mine")
    desk = repository.desk()

    async def use(number):
        assert await content(desk, "file") in {None, b"mine"}
        await deposit(desk, "file", b"mine", replace=True)
        await answer(desk.move("file", f"moved{number}", ANN, replace=True))
        await answer(desk.move(f"moved{number}", "file", ANN, replace=True))

    swapping = Swapping(root / "file", root / ".link")
    swapping._swap = lambda: exchanging(swapping, root)
    swapping._thread = threading.Thread(target=swapping._swap)
    with swapping:
        await during(swapping, use)


def exchanging(swapping, root):
    """Exchange as far as both names are there: the server moves one of them away now and then."""
    while not swapping._end.is_set():
        try:
            exchange(root / "file", root / ".link")
        except FileNotFoundError:
            if not (root / ".link").is_symlink():
                continue
        swapping.swaps += 1
        dawdle()


async def test_two_files_that_change_places_are_never_mixed(repository, root):
    contents = {b"a" * 50_000, b"b" * 40_000}
    for name, data in zip((root / "file", root / ".other"), contents, strict=True):
        name.write_bytes(data)
    desk, seen = repository.desk(), set()

    async def read(offset, count, etag=""):
        """Return what was read, None when it changed under every attempt: an exchange is a change."""
        piece = await answer(desk.read("file", offset, count, etag))
        if isinstance(piece, PorticoError):
            assert piece.code == "CHANGED"
            return None
        return piece

    async def look(_):
        whole = await read(0, 50_000)
        if whole is not None:
            assert whole.data in contents
            seen.add(whole.data)
        first = await read(0, 10_000)
        second = first and await read(10_000, 50_000, first.etag)
        if second is not None:
            assert first.data + second.data in contents

    with Swapping(root / "file", root / ".other") as swapping:
        await during(swapping, look)
    assert seen == contents


# --- what is no file --------------------------------------------------------------------------------


def fifo(path):
    os.mkfifo(path)


def unix_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def device(path):
    if os.geteuid():
        pytest.skip("only root makes devices")
    try:
        os.mknod(path, 0o600 | 0o020000, os.makedev(5, 0))  # /dev/tty
    except PermissionError:
        pytest.skip("this machine makes no devices")


@pytest.fixture(params=[fifo, unix_socket, device], ids=lambda make: make.__name__)
def special(request):
    return request.param


async def test_nobody_waits_for_what_is_no_file(repository, root, special):
    special(root / "special")
    special(root / "folder" / "special")
    desk = repository.desk()
    for path in ("special", "folder/special", "special/file"):
        assert await content(desk, path) is None
        for asked in (
            desk.stat(path),
            desk.remove(path, ANN),
            desk.move(path, "elsewhere", ANN, replace=True),
            desk.move("folder/both", path, ANN, replace=False),
        ):
            assert isinstance(await answer(asked), PorticoError)
        assert isinstance(await deposit(desk, path), PorticoError)
        assert isinstance(await deposit(desk, path, replace=True), PorticoError)
    assert [facts.path for facts in await repository.list(None, None, 10)] == ["folder/both"]
    assert await content(desk, "folder/both") == b"inside"


async def test_a_file_exchanged_for_a_fifo_makes_nobody_wait(repository, root):
    os.mkfifo(root / ".pipe")
    (root / "file").write_bytes(b"mine")
    desk, seen = repository.desk(), set()

    async def read(_):
        seen.add(await content(desk, "file"))
        await answer(desk.stat("file"))

    with Swapping(root / "file", root / ".pipe") as swapping:
        await during(swapping, read)
    assert seen == {None, b"mine"}
