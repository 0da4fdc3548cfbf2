"""A file that is not whole yet: gone on with, kept apart from others, never seen under its name."""

import contextlib
import hashlib

import pytest

from portico.client.transfer.folders import Folder
from portico.client.transfer.part import MARK_DIGITS, Part, mark_of, part_name
from portico.model.errors import Busy, NoSpace, PorticoError

MARK, OTHER = mark_of("log", "fw.bin", "e1"), mark_of("log", "fw.bin", "e2")


@pytest.fixture
def folder(tmp_path):
    with contextlib.closing(Folder.top(tmp_path)) as made:
        yield made


def part(folder, mark=MARK, name="fw.bin", *, resume=True, verify=True):
    return Part(folder, name, mark, resume=resume, verify=verify)


def names(folder):
    return sorted(path.name for path in folder.path.iterdir())


def test_it_appears_whole_with_its_time(folder):
    one = part(folder)
    one.write(memoryview(b"hello "))
    one.write(memoryview(b"world"))
    assert names(folder) == [part_name("fw.bin", MARK)]
    assert one.digest() == hashlib.sha256(b"hello world").hexdigest()
    one.appear(1_700_000_000_123_456)
    assert names(folder) == ["fw.bin"]
    info = (folder.path / "fw.bin").stat()
    assert ((folder.path / "fw.bin").read_bytes(), info.st_mtime_ns) == (
        b"hello world",
        1_700_000_000_123_456_000,
    )


def test_it_takes_the_place_of_what_is_there(folder):
    (folder.path / "fw.bin").write_bytes(b"old")
    one = part(folder, verify=False)
    one.write(memoryview(b"new"))
    assert one.digest() == ""
    assert (folder.path / "fw.bin").read_bytes() == b"old"
    one.appear(0)
    assert (folder.path / "fw.bin").read_bytes() == b"new"


def test_what_could_not_appear_is_not_begun(folder):
    (folder.path / "fw.bin").mkdir()
    with pytest.raises(PorticoError, match=r"cannot write .*fw\.bin: is a directory"):
        part(folder)
    assert names(folder) == ["fw.bin"]


def test_a_link_is_replaced_not_followed(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "x"
    elsewhere.write_bytes(b"untouched")
    (folder.path / "fw.bin").symlink_to(elsewhere)
    one = part(folder)
    one.write(memoryview(b"new"))
    one.appear(0)
    assert (elsewhere.read_bytes(), (folder.path / "fw.bin").is_symlink()) == (b"untouched", False)


def test_a_link_in_the_place_of_the_part_is_not_followed(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "x"
    elsewhere.write_bytes(b"untouched")
    (folder.path / part_name("fw.bin", MARK)).symlink_to(elsewhere)
    with pytest.raises(PorticoError):
        part(folder)
    assert elsewhere.read_bytes() == b"untouched"


def test_a_later_run_goes_on_and_hashes_what_is_there(folder):
    first = part(folder)
    first.write(memoryview(b"hello "))
    first.close()
    second = part(folder)
    assert (second.offset, second.resumed) == (6, 6)
    second.write(memoryview(b"world"))
    assert second.digest() == hashlib.sha256(b"hello world").hexdigest()
    second.close()
    third = part(folder, resume=False)
    assert (third.offset, third.resumed) == (0, 0)
    third.close()
    assert names(folder) == [], "nothing is left of a part without a byte"


def test_the_part_of_another_content_is_removed(folder):
    stale = part(folder, OTHER)
    stale.write(memoryview(b"old"))
    stale.close()
    keep = ["fw.bin.part", f"fw.bin.{'x' * MARK_DIGITS}.part", part_name("other.bin", OTHER)]
    for name in keep:
        (folder.path / name).write_bytes(b"somebody else's")
    one = part(folder)
    one.write(memoryview(b"1"))
    assert names(folder) == sorted([*keep, part_name("fw.bin", MARK)])
    one.discard()
    one.discard()
    assert names(folder) == sorted(keep)


def test_two_at_once_are_kept_apart(folder):
    one = part(folder)
    with pytest.raises(Busy, match="another program"):
        part(folder)
    other = part(folder, OTHER)
    other.write(memoryview(b"2"))
    assert part_name("fw.bin", MARK) in names(folder), "what somebody is at is not stale"
    other.close()
    one.close()
    part(folder).close()


def test_whoever_waited_for_a_part_that_became_the_file_begins_anew(folder, monkeypatch):
    """Between opening and locking, another run has finished: the open file is the final one."""
    first = part(folder)
    first.write(memoryview(b"whole"))
    real, calls = folder.open, []

    class Late:
        def __getattr__(self, name):
            return getattr(folder, name)

        def open(self, name, flags):
            fd = real(name, flags)
            if not calls:
                calls.append(1)
                first.appear(0)
            return fd

    second = part(Late())
    second.write(memoryview(b"2"))
    second.close()
    assert (folder.path / "fw.bin").read_bytes() == b"whole"


def test_long_names_are_cut_between_characters():
    name = "ü" * 127
    cut = part_name(name, MARK)
    assert len(cut.encode()) <= 255
    assert cut.startswith("ü" * 110)
    assert part_name("fw.bin", MARK) == f"fw.bin.{MARK}.part"
    assert len({mark_of("l", "p", "e"), mark_of("l2", "p", "e"), mark_of("l", "p", "e2")}) == 3


def test_a_full_disk_is_said_and_keeps_the_part(folder):
    one = part(folder)
    one.write(memoryview(b"1"))

    class Full:
        closed = False

        def write(self, piece):
            raise OSError(28, "x")

        def close(self):
            pass

    one._file.close()
    one._file = Full()
    with pytest.raises(NoSpace, match="this machine's disk is full"):
        one.write(memoryview(b"2"))
    one.close()
    assert names(folder) == [part_name("fw.bin", MARK)]
