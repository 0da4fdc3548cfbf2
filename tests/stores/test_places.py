"""Where a store may live, told from the text of /proc/self/mountinfo; and one server at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from portico.model.errors import Refused
from portico.stores import places
from portico.stores.places import Lock, network_file_system, prepare_directory, refuse_network

MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:20 / /proc rw,nosuid shared:12 - proc proc rw
40 22 0:44 / /home rw,relatime shared:2 - nfs4 server:/home rw,vers=4.2
41 40 254:1 / /home/anna/local\\040disk rw,relatime - xfs /dev/vdb rw
42 22 0:50 / /mnt/share rw - cifs //server/share rw
43 22 0:51 / /mnt/ssh rw - fuse.sshfs user@server: rw
44 22 0:52 / /mnt/usb rw - fuseblk /dev/sdb1 rw
45 22 0:53 / /covered rw - nfs server:/a rw
46 45 0:54 / /covered rw - tmpfs tmpfs rw
47 22 0:55 / /container rw master:7 propagate_from:1 - overlay overlay rw,lowerdir=/a - b
48 22 0:56 / /vm rw - 9p host rw
49 22 0:57 / /pool rw - ceph 10.0.0.1:/ rw
50 22 0:58 / /lustre rw - lustre server@tcp:/l rw
51 22 0:59 / /gluster rw - fuse.glusterfs server:/g rw
"""


@pytest.mark.parametrize(
    "path, kind",
    [
        ("/srv/room/.portico/log", None),
        ("/home/anna/room/log", "nfs4"),
        ("/home/anna/local disk/log", None),
        ("/homework/log", None),
        ("/mnt/share/log", "cifs"),
        ("/mnt/ssh/a/b/log", "fuse.sshfs"),
        ("/mnt/usb/log", None),
        ("/covered/log", None),
        ("/container/log", None),
        ("/vm/log", "9p"),
        ("/pool/log", "ceph"),
        ("/lustre/log", "lustre"),
        ("/gluster/log", "fuse.glusterfs"),
    ],
)
def test_the_longest_mount_point_counts(path, kind):
    assert network_file_system(Path(path), MOUNTS) == kind


@pytest.mark.parametrize("mounts", ["", "\n", "nonsense\n", "1 2 3\n"])
def test_a_table_that_says_nothing_refuses_nothing(mounts):
    assert network_file_system(Path("/home/log"), mounts) is None


def test_a_network_file_system_is_refused_in_words(tmp_path, monkeypatch):
    table = tmp_path / "mountinfo"
    table.write_text(f"1 0 0:1 / {tmp_path} rw - nfs4 server:/ rw\n")
    monkeypatch.setattr(places, "MOUNTS", table)
    with pytest.raises(Refused, match=r"network file system \(nfs4\).*keep it on a local disk"):
        refuse_network(tmp_path / "log")


def test_where_there_is_no_proc_nothing_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "MOUNTS", tmp_path / "missing")
    refuse_network(tmp_path / "log")


def test_a_missing_directory_is_made_for_its_owner_alone(tmp_path):
    prepare_directory(tmp_path / ".portico")
    assert (tmp_path / ".portico").stat().st_mode & 0o777 == 0o700
    prepare_directory(tmp_path / ".portico")


def test_a_missing_parent_is_refused(tmp_path):
    with pytest.raises(Refused, match="does not exist; create it first"):
        prepare_directory(tmp_path / "missing" / ".portico")


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match="cannot be created"):
        prepare_directory(tmp_path / "file" / ".portico")


def test_a_lock_is_held_once_and_names_its_holder(tmp_path):
    first, second = Lock(tmp_path / "log.lock"), Lock(tmp_path / "log.lock")
    first.take(tmp_path / "log")
    with pytest.raises(Refused, match=r"in use by another server \(process \d+\)"):
        second.take(tmp_path / "log")
    first.release()
    first.release()
    second.take(tmp_path / "log")
    second.release()


def test_a_lock_file_that_cannot_be_made_is_refused(tmp_path):
    with pytest.raises(Refused, match="cannot be opened"):
        Lock(tmp_path / "missing" / "log.lock").take(tmp_path / "log")
