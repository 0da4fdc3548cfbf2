"""What a Range header asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.wire.ranges import Unsatisfiable, range_of

CASES = [
    (None, None),
    ("bytes=0-", (0, 10)),
    ("bytes=0-0", (0, 1)),
    ("bytes=9-9", (9, 1)),
    ("bytes=9-", (9, 1)),
    ("bytes=3-5", (3, 3)),
    ("bytes=3-99", (3, 7)),
    ("bytes=-1", (9, 1)),
    ("bytes=-10", (0, 10)),
    ("bytes=-99", (0, 10)),
    ("Bytes= 3-5 ", (3, 3)),
    ("bytes=5-3", None),
    ("bytes=0-1,4-5", None),
    ("bytes=", None),
    ("bytes=-", None),
    ("bytes=a-b", None),
    ("bytes=\u0663-\u0665", None),
    ("bytes=0x1-2", None),
    ("bytes=-0-1", None),
    ("bytes=1-" + "9" * 5000, None),
    ("lines=0-1", None),
    ("", None),
]


@pytest.mark.parametrize("header, wanted", CASES)
def test_one_range_is_answered_and_everything_else_with_the_whole_file(header, wanted):
    assert range_of(header, 10) == wanted


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=999999999999999999-", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(header):
    with pytest.raises(Unsatisfiable):
        range_of(header, 10)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=0-0", "bytes=5-", "bytes=-5"])
def test_an_empty_file_has_no_ranges(header):
    assert range_of(header, 0) is None


@given(st.text(max_size=30) | st.from_regex(r"bytes=\d{0,3}-\d{0,3}", fullmatch=True), st.integers(0, 200))
def test_a_range_is_always_inside_the_file(header, size):
    try:
        asked = range_of(header, size)
    except Unsatisfiable:
        return
    if asked is not None:
        first, count = asked
        assert 0 <= first < first + count <= size
