"""By which addresses others find this machine."""

import ipaddress

import pytest

from portico.cli import reach


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.7", "::1", "room.example.org"])
def test_an_address_of_its_own_is_the_one(host):
    assert reach.addresses(host) == [host]


@pytest.mark.parametrize("host,version,alone", [("0.0.0.0", 4, "127.0.0.1"), ("::", 6, "::1")])  # noqa: S104
def test_every_address_means_those_of_the_machine(host, version, alone):
    found = reach.addresses(host)
    assert found
    assert len(set(found)) == len(found) <= reach.MOST
    assert {ipaddress.ip_address(each).version for each in found} == {version}
    assert found == [alone] or not any(map(reach.is_loopback, found))


def test_the_way_out_comes_first_and_nothing_twice(monkeypatch):
    known = iter(
        ["192.0.2.9", "127.0.0.1", "192.0.2.8", "192.0.2.9", *(f"198.51.100.{n}" for n in range(50))]
    )
    monkeypatch.setattr(reach, "_of_this_machine", lambda _: known)
    found = reach.addresses("0.0.0.0")  # noqa: S104 - read, not bound
    assert found[:3] == ["192.0.2.9", "192.0.2.8", "198.51.100.0"]
    assert len(found) == reach.MOST


def test_a_machine_without_a_network_has_itself(monkeypatch):
    monkeypatch.setattr(reach, "_of_this_machine", lambda _: iter(["127.0.0.1"]))
    assert reach.addresses("0.0.0.0") == ["127.0.0.1"]  # noqa: S104 - read, not bound


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback(host):
    assert reach.is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])  # noqa: S104 - read, not bound
def test_what_a_network_reaches(host):
    assert not reach.is_loopback(host)
