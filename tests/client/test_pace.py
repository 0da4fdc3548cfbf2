"""The pace: of the last seconds, whatever was before."""

import pytest

from portico.client.pace import Pace


def pace(*marks):
    first, *others = marks
    measured = Pace(*first)
    for mark in others:
        measured.mark(*mark)
    return measured


@pytest.mark.parametrize(
    "marks,now,rate",
    [
        ([(10.0, 500)], 10.0, None),
        ([(10.0, 500), (10.1, 900)], 10.2, None),
        ([(10.0, 500), (11.0, 1_500)], 11.0, 1_000),
        ([(10.0, 500), (11.0, 1_500)], 12.0, 500),
        ([(0.0, 0), *((float(at), 1_000 * at) for at in range(1, 20))], 19.0, 1_000),
        ([(0.0, 0), (100.0, 10), (102.0, 2_010)], 102.0, 670),
        ([(0.0, 0), (100.0, 10), (102.0, 2_010)], 104.0, pytest.approx(666.7, abs=0.1)),
        ([(10.0, 0), (11.0, 9_000)], 15.0, 0),
        ([(10.0, 9_000), (11.0, 0), (12.0, 100)], 12.0, 100),
    ],
)
def test_the_rate_is_that_of_the_last_seconds(marks, now, rate):
    assert pace(*marks).rate(now) == rate


def test_no_more_is_kept_than_the_window_needs():
    measured = pace(*((at / 10, at) for at in range(10_000)))
    assert len(measured._marks) <= 32
