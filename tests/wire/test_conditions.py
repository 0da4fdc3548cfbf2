"""Conditions of requests: `A` is the etag of the file, and 1,000,000,000 the second it was changed."""

import pytest

from portico.wire.conditions import Validators, continued, failed, forbidden, unchanged

FILE = Validators("A", 1_000_000_000)
BEFORE, SAME, AFTER = (f"Sun, 09 Sep 2001 01:46:{second} GMT" for second in (39, 40, 41))
NEVER = "Sun, 99 Sep 2001 01:46:40 GMT"


@pytest.mark.parametrize(
    "headers, wanted",
    [
        ({}, False),
        ({"If-Match": '"A"'}, False),
        ({"If-Match": '"B", "A"'}, False),
        ({"If-Match": "*"}, False),
        ({"If-Match": '"B"'}, True),
        ({"If-Match": 'W/"A"'}, True),
        ({"If-Match": "A"}, True),
        ({"If-Match": '"A"', "If-Unmodified-Since": BEFORE}, False),
        ({"If-Unmodified-Since": BEFORE}, True),
        ({"If-Unmodified-Since": SAME}, False),
        ({"If-Unmodified-Since": AFTER}, False),
        ({"If-Unmodified-Since": NEVER}, False),
    ],
)
def test_what_is_wanted_only_as_it_was(headers, wanted):
    assert failed(headers, FILE) is wanted


@pytest.mark.parametrize(
    "headers, wanted",
    [
        ({}, False),
        ({"If-None-Match": '"A"'}, True),
        ({"If-None-Match": 'W/"A"'}, True),
        ({"If-None-Match": '"B","A"'}, True),
        ({"If-None-Match": "*"}, True),
        ({"If-None-Match": '"B"'}, False),
        ({"If-None-Match": '"B"', "If-Modified-Since": AFTER}, False),
        ({"If-Modified-Since": BEFORE}, False),
        ({"If-Modified-Since": SAME}, True),
        ({"If-Modified-Since": AFTER}, True),
        ({"If-Modified-Since": "yesterday"}, False),
        ({"If-Modified-Since": ""}, False),
    ],
)
def test_what_the_client_has_already(headers, wanted):
    assert unchanged(headers, FILE) is wanted


@pytest.mark.parametrize(
    "condition, wanted",
    [
        (None, True),
        ('"A"', True),
        ('"B"', False),
        ('W/"A"', False),
        (BEFORE, False),
        (SAME, True),
        (AFTER, False),
        ("A", False),
        ("", False),
    ],
)
def test_whose_rest_is_wanted(condition, wanted):
    headers = {} if condition is None else {"If-Range": condition}
    assert continued(headers, FILE) is wanted


@pytest.mark.parametrize(
    "headers, of_this, of_nothing",
    [
        ({}, False, False),
        ({"If-None-Match": "*"}, True, False),
        ({"If-None-Match": '"A"'}, True, False),
        ({"If-None-Match": '"B"'}, False, False),
        ({"If-Match": "*"}, False, True),
        ({"If-Match": '"A"'}, False, True),
        ({"If-Match": '"B"'}, True, True),
        ({"If-Match": '"A"', "If-None-Match": '"A"'}, True, True),
        ({"If-Unmodified-Since": BEFORE}, True, False),
        ({"If-Modified-Since": AFTER}, False, False),
    ],
)
def test_what_may_not_be_changed(headers, of_this, of_nothing):
    assert (forbidden(headers, FILE), forbidden(headers, None)) == (of_this, of_nothing)
