"""Tables: aligned whatever is in them, and nothing in them drives a terminal."""

from __future__ import annotations

from portico.cli.table import Column, table


def test_columns_are_aligned():
    rows = [("你好", "7", "x"), ("Zoë", "1,000", ""), ("alice", "20", "end")]
    assert table([Column("name"), Column("n", right=True), Column("rest")], rows) == [
        "name       n  rest",
        "你好       7  x",
        "Zoë    1,000",
        "alice     20  end",
    ]


def test_only_the_head_is_dim():
    assert table([Column("name")], [("alice",)], colours=True) == ["\x1b[2mname\x1b[0m", "alice"]


def test_nothing_drives_the_terminal():
    lines = table([Column("path"), Column("x")], [("\x1b[31mred\n\u202etxt.exe", "y")])
    assert lines == ["path               x", "?[31mred??txt.exe  y"]
