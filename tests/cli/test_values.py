"""Values given as text: what they become, and the sentence for what they are not."""

from __future__ import annotations

import argparse

import pytest

from portico.cli.values import byte_size, flag, host_names, not_empty, number, seconds, truth


@pytest.mark.parametrize(
    "parse,text,value",
    [
        (number(0, 10), "10", 10),
        (number(0, 10), "007", 7),
        (seconds, "0.5", 0.5),
        (truth, "Yes", True),
        (byte_size, "0", 0),
        (host_names, "Files.Example.org., desk", ("files.example.org", "desk")),
        (byte_size, "500M", 500_000_000),
        (byte_size, "2GiB", 2_147_483_648),
        (byte_size, "1kb", 1_000),
        (truth, "", False),
        (not_empty, " ", " "),
    ],
)
def test_values(parse, text, value):
    assert parse(text) == value
    assert flag(parse)(text) == value


@pytest.mark.parametrize(
    "parse,text,sentence",
    [
        (number(0, 65_535), "65536", "'65536': a whole number from 0 to 65,535 is wanted"),
        (number(0, 10), "1_0", "'1_0': a whole number from 0 to 10 is wanted"),
        (number(0, 10), "\u0663", "'\u0663': a whole number from 0 to 10 is wanted"),
        (seconds, "nan", "'nan': a number of seconds from 0 to 86,400 is wanted"),
        (
            host_names,
            "a:80",
            "'a:80': names like files.example.org are wanted, without port, separated by commas",
        ),
        (byte_size, "2X", "'2X': a size like 500000000, 500M, 2G or 2GiB is wanted"),
        (truth, "perhaps", "'perhaps': 1 or 0 is wanted"),
        (not_empty, "", "'': it cannot be empty"),
    ],
)
def test_what_is_none(parse, text, sentence):
    with pytest.raises(argparse.ArgumentTypeError) as raised:
        flag(parse)(text)
    assert str(raised.value) == sentence
