"""What measures transfers: the wires, the trees, the contenders. Nothing here takes time."""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from bench import __main__ as command_line
from bench import fileservers, servers, trees
from bench import resp as bench_resp
from bench.context import Context
from bench.errors import BenchError
from bench.figures import bulk, copies
from bench.figures.bulk import BIG, MIB
from bench.load import pings, streams
from bench.ratios import SHOWN, RatioAtLeast, Summary, condense

SIZE = 17 * MIB + 5
"""One READ or WRITE and a bit."""

CONTENDERS = [
    pytest.param(bulk.PORTICO, id="portico"),
    pytest.param(bulk.PORTICO_HTTP, id="portico over HTTP"),
    pytest.param(bulk.NGINX, id="nginx", marks=pytest.mark.peer("nginx", "apt-get install nginx")),
    pytest.param(bulk.VSFTPD, id="vsftpd", marks=pytest.mark.peer("vsftpd", "apt-get install vsftpd")),
]


@pytest.mark.parametrize("contender", CONTENDERS)
def test_what_a_wire_carries_comes_as_it_is(contender, tmp_path):
    root = tmp_path / "root"
    file = bulk.big_file(root, SIZE)
    with ExitStack() as stack:
        server = stack.enter_context(contender.launch(tmp_path, root))
        wires = stack.enter_context(streams.connected(contender.wire, server.port, 2))
        for wire in wires:
            streams.check(wire, BIG, file)
        with file.open("rb") as content:
            streams.together([lambda: wires[0].deposit("new.bin", content.fileno(), SIZE)])
        assert bulk.same(file, root / "new.bin")
        assert server.process.cpu() >= 0
        file.write_bytes(bytes(SIZE))
        wires[1].fetch(BIG, SIZE)


def test_a_file_that_did_not_come_as_it_is_is_noticed(tmp_path):
    file = bulk.big_file(tmp_path, SIZE)

    class Liar:
        def fetch(self, path, size, take):
            take(memoryview(bytes(size)))

        def frames(self, size):
            yield streams.Part(b"", 0, size)

    with pytest.raises(BenchError, match=r"Liar: big\.bin did not come as it is"):
        streams.check(Liar(), BIG, file)


def test_a_transfer_that_fails_is_no_figure():
    def fail():
        raise bench_resp.RespError("NOTFOUND no such file")

    with pytest.raises(BenchError, match=r"a transfer failed: .*NOTFOUND"):
        streams.together([lambda: None, fail])


@pytest.mark.parametrize(
    "size", [0, 1, streams.RANGE - 1, streams.RANGE, streams.RANGE + 1, 5 * streams.RANGE]
)
def test_the_parts_of_a_file_are_all_of_it_once(size):
    parts = list(streams.ranges(size))
    assert sum(count for _, count in parts) == size
    assert [offset for offset, _ in parts] == list(range(0, size, streams.RANGE))
    assert all(0 < count <= streams.RANGE for _, count in parts)


def test_a_copy_of_a_tree_is_held_against_its_origin(tmp_path):
    origin, copy = tmp_path / "origin", tmp_path / "copy"
    assert trees.make(origin, 20) == trees.make(copy, 20) == 20 * 4096 + 2 * 102_400
    trees.check(origin, copy, times=True)
    file = next(copy.rglob("*.bin"))
    os.utime(file, ns=(1, 1))
    trees.check(origin, copy, times=False)
    with pytest.raises(BenchError, match="another time"):
        trees.check(origin, copy, times=True)
    file.write_bytes(b"x" * file.stat().st_size)
    with pytest.raises(BenchError, match="is not what it was"):
        trees.check(origin, copy, times=False)
    file.unlink()
    with pytest.raises(BenchError, match="1 files are only on one side"):
        trees.check(origin, copy, times=False)


def test_without_its_peer_a_figure_has_a_value_and_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(servers.shutil, "which", lambda _name: None)
    with fileservers.present(fileservers.nginx, tmp_path, tmp_path) as peer:
        assert peer == "nginx is missing: apt-get install nginx"
        sides = bulk._sides(bulk.NGINX, None, peer, lambda *_: pytest.fail("nothing runs yet"))
    assert (sides.peer, sides.notes) == (None, (peer,))
    assert RatioAtLeast(1.0).verdict(Summary(condense([bulk.Sample(1.0)]))) == SHOWN


def test_what_a_command_says_when_it_fails_is_told():
    with pytest.raises(BenchError, match=r"python.* ended with 2: error: there is no command 'polish'"):
        copies.run(copies.portico_command("polish"))


def test_a_percentile_is_a_value_that_was_measured():
    assert pings.percentile([3.0, 1.0, 2.0], 0.99) == 3.0
    assert pings.percentile([float(number) for number in range(1_000)], 0.99) == 990.0


def test_pings_are_answered(serve):
    assert 50 <= len(pings.ask("resp", serve().port, 0.05)) <= 51


def test_long_files_and_trees_have_the_sizes_that_were_asked_for(tmp_path):
    parser = command_line._parser()
    context = command_line._context(parser.parse_args(["files", "--quick", "--size", "3"]), tmp_path)
    assert (context.size, context.files, context.rounds) == (3 * MIB, command_line.QUICK_FILES, 2)
    assert command_line._context(parser.parse_args(["wire"]), tmp_path).size == Context(1, 1, Path()).size
