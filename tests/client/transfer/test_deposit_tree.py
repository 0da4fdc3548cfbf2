"""Depositing many files: all of them, once; those that are there already; and what is refused."""

import asyncio

import pytest

from portico.client.transfer import deposit_tree as tree_module
from portico.model.errors import BadPath, Busy, Denied, Exists, NoSpace, NotFound, PorticoError, WrongDigest
from portico.wire.resp_values import encode

NAMES = [f"{folder}/{number}" for folder in ("a", "b/c", "ü") for number in range(30)]
FILES = {path: path.encode() * (number % 700) for number, path in enumerate(NAMES)} | {
    "large": bytes(range(256)) * 500,
    "middle": b"m" * 20_000,
}


@pytest.fixture(autouse=True)
def small_limits(monkeypatch):
    monkeypatch.setattr(tree_module, "SMALL_BYTES", 64_000)
    monkeypatch.setattr(tree_module, "GROUP_FILES", 7)


@pytest.fixture
def src(tmp_path):
    top = tmp_path / "src"
    for path, data in FILES.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_bytes(data)
    return top


def below(folder):
    return {f"{folder}/{path}" if folder else path: data for path, data in FILES.items()}


@pytest.mark.parametrize("path, folder", [(None, "src"), ("x/y", "x/y"), ("x/", "x"), ("", "")])
async def test_a_folder_arrives_whole_with_its_times(host, client, src, path, folder):
    told = []
    summary = await client.put_tree(src, path, progress=told.append)
    assert host.files == below(folder)
    assert (summary.files, summary.bytes) == (len(FILES), sum(map(len, FILES.values())))
    assert (summary.same, summary.failures) == (0, [])
    assert host.mtimes[next(iter(below(folder)))] == (src / "a" / "0").stat().st_mtime_ns // 1_000
    last = told[-1]
    assert (last.done, last.files, last.of_files, last.bytes) == (True, len(FILES), len(FILES), summary.bytes)


async def test_what_is_there_with_the_same_content_is_the_same(host, client, src):
    await client.put_tree(src)
    (src / "a" / "3").write_text("changed here")
    (src / "large").write_text("changed here")
    host.files["src/a/5"] = b"changed there"
    del host.files["src/a/7"]
    summary = await client.put_tree(src)
    assert (summary.files, summary.same) == (1, len(FILES) - 4)
    assert {(failure.path, type(failure.error)) for failure in summary.failures} == {
        ("src/a/3", Exists),
        ("src/a/5", Exists),
        ("src/large", Exists),
    }
    summary = await client.put_tree(src, replace=True)
    assert (summary.files, summary.failures, host.files["src/large"]) == (len(FILES), [], b"changed here")


async def test_connections_that_break(host, client, src):
    host.cuts = [0, -10, -1_000, -9_000, 300, -20_000, -5_000]
    summary = await client.put_tree(src)
    assert (host.cuts, host.files) == ([], below("src"))
    assert (summary.files, summary.failures) == (len(FILES), [])


async def test_uploads_that_still_belong_to_a_broken_connection(host, client, src):
    count = 0

    def busy(_):
        nonlocal count
        count += 1
        return encode(Busy("somebody is at it"), 3) if count % 3 == 0 and count < 40 else None

    host.instead["WRITE"] = busy
    assert (await client.put_tree(src)).files == len(FILES)
    assert host.files == below("src")


async def test_a_refusal_before_a_connection_breaks_is_told_once(host, client, src):
    host.files["src/a/0"] = b"another"
    host.cuts = [400]
    summary = await client.put_tree(src)
    assert ([failure.path for failure in summary.failures], host.cuts) == (["src/a/0"], [])
    assert summary.files == len(FILES) - 1


async def test_what_is_left_out_and_refused_does_not_stop_the_others(host, client, src):
    (src / ".git").mkdir()
    (src / ".git" / "config").write_text("")
    (src / "link").symlink_to(src / "a")

    def refuse(request):
        return encode(PorticoError("not this one"), 3) if request[1] == b"src/a/3" else None

    host.instead["PUT"] = refuse
    summary = await client.put_tree(src)
    assert {(failure.path, type(failure.error)) for failure in summary.failures} == {
        ("src/.git", BadPath),
        ("src/link", PorticoError),
        ("src/a/3", PorticoError),
    }
    assert summary.files == len(FILES) - 1
    assert host.files == {path: data for path, data in below("src").items() if path != "src/a/3"}


@pytest.mark.parametrize("command", ["PUT", "WRITE", "FINISH"])
@pytest.mark.parametrize("error", [Denied("no"), NoSpace("the disk is full")])
async def test_what_every_file_would_meet_ends_it(host, client, src, command, error):
    host.instead[command] = lambda _: encode(error, 3)
    with pytest.raises(type(error)):
        await client.put_tree(src)


async def test_files_that_change_while_they_are_read(host, client, src, monkeypatch):
    read = tree_module.DepositTree._read
    changed = []

    def change(self, found):
        if found.path == "src/a/3" and not changed:
            changed.append(found)
            return None
        if found.path == "src/a/5":
            (src / "a" / "5").unlink()
        return read(self, found)

    monkeypatch.setattr(tree_module.DepositTree, "_read", change)
    summary = await client.put_tree(src)
    assert [failure.path for failure in summary.failures] == ["src/a/5"]
    assert host.files["src/a/3"] == FILES["a/3"], "it was deposited by itself"


@pytest.mark.parametrize("error", [NotFound("lost"), WrongDigest("lost on the way")])
async def test_bytes_that_the_server_lost_before_the_end(host, client, src, error):
    count = 0

    def lose(_):
        nonlocal count
        count += 1
        return encode(error, 3) if count in (3, 8) else None

    host.instead["FINISH"] = lose
    summary = await client.put_tree(src)
    expected = 0 if isinstance(error, NotFound) else 2
    assert len(summary.failures) == expected
    assert len(host.files) == len(FILES) - expected


async def test_cancelled_and_begun_again(host, client, src):
    task = None

    def stop(told):
        if told.files > 20:
            task.cancel()

    task = asyncio.ensure_future(client.put_tree(src, progress=stop))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert host.files.items() <= below("src").items()
    told = []
    summary = await client.put_tree(src, progress=told.append)
    assert host.files == below("src")
    assert summary.same > 0
    assert told[-1].bytes == told[-1].of_bytes
    assert summary.failures == []


async def test_no_such_folder_and_an_empty_one(client, tmp_path):
    with pytest.raises(PorticoError, match="no such file or directory"):
        await client.put_tree(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    assert (await client.put_tree(tmp_path / "empty")).files == 0
