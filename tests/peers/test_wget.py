"""wget: a file, the rest of a file, and a whole tree."""

import os
import random
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.peer("wget", "apt-get install wget")

DATA = random.Random(7).randbytes(500_000)
TREE = {
    "big.bin": DATA,
    "a/b/deep.txt": b"deep",
    "a/one two.txt": b"one",
    "Menü 文/50%.txt": b"menu",
    "page.html": b'<a href="/status">not a link of ours</a>',
    "a#b/x&y;z=1.txt": b"marks",
    "empty": b"",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "served"
    for path, data in TREE.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        os.utime(file, (1_000_000_000, 1_000_000_000))
    return root


def wget(where: Path, *arguments: str) -> None:
    where.mkdir(exist_ok=True)
    done = subprocess.run(
        ["wget", "--no-config", "--no-verbose", "--tries=1", "--timeout=20", *arguments],
        cwd=where,
        env={**os.environ, "LC_ALL": "C.UTF-8", "no_proxy": "*"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()


def test_a_file_and_the_rest_of_one(serve, root, tmp_path):
    port, there = serve(root).port, tmp_path / "there"
    wget(there, f"http://127.0.0.1:{port}/files/big.bin")
    assert (there / "big.bin").read_bytes() == DATA
    assert (there / "big.bin").stat().st_mtime == 1_000_000_000
    (there / "big.bin").write_bytes(DATA[:123_456])
    wget(there, "--continue", f"http://127.0.0.1:{port}/files/big.bin")
    assert (there / "big.bin").read_bytes() == DATA
    wget(there, "--continue", f"http://127.0.0.1:{port}/files/big.bin")
    wget(there, "--content-disposition", f"http://127.0.0.1:{port}/files/a/one%20two.txt?x=1")
    assert (there / "one two.txt").read_bytes() == b"one"


def test_a_tree_is_mirrored_exactly(serve, root, tmp_path):
    port, there = serve(root).port, tmp_path / "there"
    index = "--default-page=.listing"
    wget(
        there,
        *("--recursive", "--no-parent", "--level=inf", "--no-host-directories", "--cut-dirs=1", index),
        f"http://127.0.0.1:{port}/files/",
    )
    came = {path.relative_to(there).as_posix(): path for path in there.rglob("*") if path.is_file()}
    lists = [path for path in came if path.endswith(".listing")]
    for path in lists:
        came.pop(path).unlink()
    assert lists
    assert {path: file.read_bytes() for path, file in came.items()} == TREE
    assert {file.stat().st_mtime for file in came.values()} == {1_000_000_000}
