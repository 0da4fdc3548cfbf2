"""The page of threats: every class is there, with an incident, and every test it names exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|\n").split("|")]
    for line in (ROOT / "docs" / "threats.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| threat ")
]
CLASSES = {
    "traversal": "Path traversal",
    "cross-protocol": "Cross-protocol requests",
    "rebinding": "DNS rebinding",
    "cross-site WebSocket": "Cross-site WebSocket hijacking",
    "XSS by name": "Script by the name of a file or a person",
    "smuggling": "Request smuggling",
    "slowloris": "Slowloris",
    "length bombs": "Length bombs",
    "output floods before auth": "Floods of answers, before a token",
    "terminal escapes": "Terminal escapes",
    "spoofed names": "Spoofed names",
}
INCIDENT = re.compile(r"CVE-\d{4}-\d{4,}|\b(?:19|20)\d\d\b")


def named_in(path):
    """The names of the tests in a file."""
    return {
        node.name
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_threat_has_an_incident_a_defence_and_tests_that_exist(row):
    _, incident, defence, held = row
    assert INCIDENT.search(incident)
    assert defence
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", held)
    assert named
    assert [(path, name) for path, name in named if name not in named_in(path)] == []


def test_no_class_is_missing():
    assert set(CLASSES.values()) <= {row[0] for row in ROWS}
