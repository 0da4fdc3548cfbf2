"""Wrong tokens by address: five are free, then each waits longer, then it is the door."""

import pytest

from portico.server.attempts import Attempts, neighbourhood
from portico.server.limits import (
    ATTEMPT_ADDRESSES,
    ATTEMPT_FORGIVEN_SECONDS,
    ATTEMPT_LONGEST_SECONDS,
    ATTEMPT_QUIET_SECONDS,
    ATTEMPTS_FREE,
    ATTEMPTS_TO_THE_DOOR,
    ATTEMPTS_WAITING,
)

HOST = "192.0.2.1"


def guess(attempts, now):
    """Show one wrong token when its turn comes; return how long that took, and whether it was the door."""
    pause = attempts.begin(HOST, now)
    if pause:
        attempts.waited(HOST)
    return pause, attempts.failed(HOST, now + pause)


def test_five_a_minute_cost_nothing_and_then_each_waits_twice_as_long():
    attempts, now, pauses = Attempts(), 0.0, []
    for _ in range(ATTEMPTS_FREE + 4):
        pause, _ = guess(attempts, now)
        pauses.append(pause)
        now += pause
    assert pauses[:ATTEMPTS_FREE] == [0.0] * ATTEMPTS_FREE
    growing = pauses[ATTEMPTS_FREE:]
    assert growing[0] == 1.0
    assert growing == sorted(growing)
    assert growing[-1] >= 4.0


def test_now_and_then_one_costs_nothing():
    attempts, apart = Attempts(), ATTEMPT_QUIET_SECONDS + ATTEMPT_FORGIVEN_SECONDS
    assert [guess(attempts, count * apart) for count in range(100)] == [(0.0, False)] * 100


def test_too_many_are_the_door_and_no_wait_is_longer_than_the_longest():
    attempts, now, doors, pauses = Attempts(), 0.0, [], []
    for _ in range(50):
        pause, door = guess(attempts, now)
        now += pause
        doors.append(door)
        pauses.append(pause)
    assert doors.index(True) == ATTEMPTS_TO_THE_DOOR - 1
    assert all(doors[ATTEMPTS_TO_THE_DOOR:])
    assert max(pauses) == ATTEMPT_LONGEST_SECONDS


def test_attempts_of_one_address_wait_behind_each_other_and_not_too_many_do():
    attempts = Attempts()
    for _ in range(ATTEMPTS_FREE):
        guess(attempts, 0.0)
    waits = [attempts.begin(HOST, 0.0) for _ in range(ATTEMPTS_WAITING)]
    assert waits == [float(count) for count in range(1, ATTEMPTS_WAITING + 1)]
    assert attempts.begin(HOST, 0.0) is None
    assert attempts.begin("192.0.2.2", 0.0) == 0.0, "others are not concerned"
    attempts.waited(HOST)
    assert attempts.begin(HOST, 1.0) is not None


def test_after_a_while_an_address_is_forgiven():
    attempts = Attempts()
    for _ in range(ATTEMPTS_FREE):
        guess(attempts, 0.0)
    assert attempts.begin(HOST, ATTEMPT_QUIET_SECONDS) == 1.0
    attempts.waited(HOST)
    assert attempts.begin(HOST, ATTEMPT_QUIET_SECONDS + ATTEMPT_FORGIVEN_SECONDS) == 0.0


def test_only_so_many_addresses_are_remembered():
    attempts = Attempts()
    for _ in range(ATTEMPTS_FREE):
        attempts.failed(HOST, 0.0)
    for number in range(ATTEMPT_ADDRESSES - 1):
        attempts.failed(f"host-{number}", 0.0)
    assert attempts.begin(HOST, 0.0)
    attempts.failed("one more", 0.0)
    assert attempts.begin(HOST, 0.0) == 0.0


@pytest.mark.parametrize(
    "host, same",
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::2"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1"),
        ("no address", "no address"),
    ],
)
def test_who_has_many_addresses_is_one(host, same):
    assert neighbourhood(host) == neighbourhood(same)


def test_neighbours_of_others_are_others():
    assert neighbourhood("2001:db8:1:2::1") != neighbourhood("2001:db8:1:3::1")
    assert neighbourhood("192.0.2.1") != neighbourhood("192.0.2.2")
