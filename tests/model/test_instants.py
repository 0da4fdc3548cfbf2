"""Instants as people and programs read them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.model import instants
from portico.model.instants import EARLIEST, LATEST, local_text, rfc3339

AT = 1_739_231_212_048_084


@pytest.fixture
def zone(monkeypatch):
    def be_in(name):
        monkeypatch.setenv("TZ", name)
        settle()

    def settle():
        time.tzset()
        instants._second.cache_clear()  # a machine stays where it is

    yield be_in
    monkeypatch.undo()
    settle()


@pytest.mark.parametrize(
    "name, text",
    [
        ("UTC", "2025-02-10 23:46:52.048084"),
        ("Europe/Berlin", "2025-02-11 00:46:52.048084"),
        ("America/New_York", "2025-02-10 18:46:52.048084"),
    ],
)
def test_people_read_the_servers_local_time(zone, name, text):
    zone(name)
    assert local_text(AT) == text
    assert rfc3339(AT) == "2025-02-10T23:46:52.048084Z"


@pytest.mark.parametrize(
    "instant, text",
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
        (AT - AT % 1_000_000, "2025-02-10T23:46:52.000000Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (EARLIEST, "1001-01-01T00:00:00.000000Z"),
        (LATEST, "9999-01-01T00:00:00.000000Z"),
    ],
)
def test_there_are_always_six_digits(instant, text):
    assert rfc3339(instant) == text


@given(st.integers(EARLIEST, LATEST))
def test_every_instant_has_four_digits_of_year_everywhere(instant):
    assert len(local_text(instant)) == 26
    assert len(rfc3339(instant)) == 27


@given(st.integers(EARLIEST, LATEST), st.integers(EARLIEST, LATEST))
def test_what_programs_read_sorts_as_time_does(one, other):
    assert (rfc3339(one) < rfc3339(other)) is (one < other)
