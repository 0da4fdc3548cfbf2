"""Archives, as Python's zipfile and Info-ZIP read them."""

import io
import shutil
import struct
import subprocess
import zipfile
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.wire.zips import Member, Zip, length_of

AT = int(datetime(2025, 2, 10, 23, 46, 52, tzinfo=UTC).timestamp()) * 1_000_000


def archive_of(files):
    archive, out = Zip(), b""
    for name, data in files.items():
        out += archive.head(Member(name, len(data), AT)) + data + archive.tail(zlib.crc32(data))
    return out + archive.end()


def members_of(files):
    return [Member(name, len(data), AT) for name, data in files.items()]


names = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), min_size=1)


@given(st.dictionaries(names, st.binary(max_size=40), max_size=8))
def test_what_went_in_comes_out(files):
    data = archive_of(files)
    assert len(data) == length_of(members_of(files))
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        assert {name: read.read(name) for name in read.namelist()} == files


def test_a_file_of_five_gigabytes_and_one_behind_it():
    """Only what stands around the bytes is made: zipfile reads it where the bytes would not matter."""
    size = 5 << 30
    archive = Zip()
    head = archive.head(Member("big", size, AT))
    assert len(head) == 30 + 3 + 9 + 20
    descriptor = archive.tail(7)
    assert struct.unpack("<4sLQQ", descriptor) == (b"PK\x07\x08", 7, size, size)
    behind = archive.offset
    assert behind == len(head) + size + len(descriptor)
    archive.head(Member("small", 1, AT))
    archive.tail(8)
    end = archive.end()
    read = zipfile.ZipFile(Behind(archive.offset, end))
    assert [(info.filename, info.file_size, info.header_offset) for info in read.infolist()] == [
        ("big", size, 0),
        ("small", 1, behind),
    ]


def test_more_files_than_16_bits_count():
    members = [Member(f"{number}", 0, AT) for number in range(70_000)]
    archive = Zip()
    for member in members:
        archive.head(member)
        archive.tail(0)
    read = zipfile.ZipFile(Behind(archive.offset, archive.end()))
    assert len(read.infolist()) == 70_000


@pytest.mark.parametrize("year", [1, 1969, 1979, 1980, 2037, 2039, 2107, 2108, 9999])
def test_every_time_can_be_written(year):
    at = int(datetime(year, 7, 1, 12, tzinfo=UTC).timestamp()) * 1_000_000
    archive = Zip()
    data = archive.head(Member("a", 0, at)) + archive.tail(0) + archive.end()
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        written = read.infolist()[0].date_time[0]
    assert written == min(max(year, 1980), 2107)


@pytest.mark.peer("unzip", "apt-get install unzip")
def test_info_zip_finds_it_sound_and_keeps_names_and_times(tmp_path):
    files = {"notes/Menü Café.txt": b"Menu\n", "data.bin": bytes(range(256)) * 300, "empty": b""}
    (tmp_path / "a.zip").write_bytes(archive_of(files))
    program = shutil.which("unzip")
    environment = {"TZ": "Pacific/Auckland", "LC_ALL": "C.UTF-8"}
    for arguments in (["-t", "a.zip"], ["-q", "a.zip", "-d", "out"]):
        done = subprocess.run(
            [program, *arguments], cwd=tmp_path, env=environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    for name, data in files.items():
        assert (tmp_path / "out" / name).read_bytes() == data
        assert (tmp_path / "out" / name).stat().st_mtime == AT // 1_000_000


class Behind(io.RawIOBase):
    """A file of which only the end is there, behind so many bytes that are not."""

    def __init__(self, before, end):
        self.before, self.end, self.at = before, end, 0

    def seekable(self):
        return True

    def readable(self):
        return True

    def tell(self):
        return self.at

    def seek(self, offset, whence=0):
        self.at = offset + (0, self.at, self.before + len(self.end))[whence]
        return self.at

    def read(self, count=-1):
        start = self.at - self.before
        assert start >= 0
        data = self.end[start:] if count < 0 else self.end[start : start + count]
        self.at += len(data)
        return data
