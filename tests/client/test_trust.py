"""How servers are known, without any server: what is remembered, in which file, and what is refused."""

import pytest

from portico.client.address import Address
from portico.client.trust import Trust
from portico.model.errors import Untrusted
from portico.model.fingerprints import fingerprint

ADDRESS = Address("lab.example", 65432)


@pytest.fixture
def known(tmp_path, monkeypatch):
    path = tmp_path / "new" / "known_hosts"
    monkeypatch.setenv("PORTICO_KNOWN_HOSTS", str(path))
    return path


def test_a_server_is_met_once_and_known_from_then_on(known):
    met = []
    for _ in range(2):
        Trust(tell=met.append).check(ADDRESS, b"one")
    assert known.read_text() == f"{ADDRESS} {fingerprint(b'one')}\n"
    assert known.stat().st_mode & 0o777 == 0o600
    assert known.parent.stat().st_mode & 0o777 == 0o700
    assert len(met) == 1
    assert fingerprint(b"one") in met[0]
    assert str(known) in met[0]


def test_another_key_is_refused_with_all_one_has_to_know(known):
    for number in range(3):
        Trust().check(Address(f"other{number}", 1), b"other")
    Trust().check(ADDRESS, b"one")
    before = known.read_text()
    with pytest.raises(Untrusted) as refusal:
        Trust().check(ADDRESS, b"two")
    for part in (fingerprint(b"one"), fingerprint(b"two"), "in between", f"remove line 4 of {known}"):
        assert part in refusal.value.sentence
    assert known.read_text() == before
    Trust().check(Address(ADDRESS.host, 1), b"two")


def test_names_are_the_same_in_any_case(known):
    Trust().check(Address("LAB.example", 65432), b"one")
    with pytest.raises(Untrusted):
        Trust().check(ADDRESS, b"two")


@pytest.mark.parametrize("before", ["", "other:1 SHA256:00\n", "other:1 SHA256:00", "\n\nbroken\n"])
def test_what_somebody_wrote_by_hand_stays_as_it_is(known, before):
    known.parent.mkdir()
    known.write_text(before)
    Trust().check(ADDRESS, b"one")
    gap = "\n" if before and not before.endswith("\n") else ""
    assert known.read_text() == f"{before}{gap}{ADDRESS} {fingerprint(b'one')}\n"


def test_a_long_file_is_read_to_its_end(known):
    known.parent.mkdir()
    lines = "".join(f"host{number}:1 {fingerprint(b'other')}\n" for number in range(12_000))
    known.write_text(f"{lines}{ADDRESS} {fingerprint(b'one')}\n")
    with pytest.raises(Untrusted, match="remove line 12001"):
        Trust().check(ADDRESS, b"two")


@pytest.mark.parametrize("content", [b"\xff\xfe", None], ids=["no text", "a directory"])
def test_what_cannot_be_remembered_is_not_trusted(known, content):
    known.parent.mkdir()
    if content is None:
        known.mkdir()
    else:
        known.write_bytes(content)
    with pytest.raises(Untrusted, match="nothing was sent"):
        Trust().check(ADDRESS, b"one")


@pytest.mark.parametrize("authority", ["", "system"])
def test_a_fingerprint_that_was_told_has_to_be_right_whoever_signed(known, authority):
    trust = Trust(authority, fingerprint(b"one").lower())
    trust.check(ADDRESS, b"one")
    with pytest.raises(Untrusted, match="was expected"):
        trust.check(ADDRESS, b"two")
    assert not known.exists(), "it is known otherwise"
