"""The page's modules that are pure, run by Node: the digest beside hashlib's, and what typed lines mean."""

import hashlib
import json
import random
from importlib.resources import files
from typing import Any

import pytest

from portico.model.paths import check_new_path
from portico.model.quantities import size
from tests.support.node import run_node

pytestmark = pytest.mark.peer("node", "apt-get install nodejs")

LOAD = """
const load = (source) => import("data:text/javascript," + encodeURIComponent(source));
const [source, given] = JSON.parse(process.argv[1]);
load(source).then((module) => console.log(JSON.stringify(work(module, given))));
"""


def run_module(name: str, work: str, given: Any) -> Any:
    """What a function of a module and of some values returns, both in JavaScript."""
    source = files("portico").joinpath("web", name).read_text()
    return json.loads(run_node(f"const work = {work};{LOAD}", json.dumps([source, given])))


def test_digests_are_those_of_hashlib_however_the_bytes_are_cut():
    chance = random.Random(7)
    texts = [chance.randbytes(length) for length in [*range(130), 1_000, 10_000]]
    cuts = [sorted(chance.randrange(len(text) + 1) for _ in range(3)) for text in texts]
    work = """({ Sha256 }, texts) => texts.map(([hex, ...cuts]) => {
        const bytes = Buffer.from(hex, "hex"), hash = new Sha256();
        [0, ...cuts].forEach((from, index) => hash.update(bytes.subarray(from, cuts[index])));
        return hash.hex();
    })"""
    given = [[text.hex(), *cut] for text, cut in zip(texts, cuts, strict=True)]
    found = run_module("sha256.js", work, given)
    assert found == [hashlib.sha256(text).hexdigest() for text in texts]


def test_the_length_of_a_long_text_is_right_in_its_digest():
    work = """({ Sha256 }, count) => {
        const hash = new Sha256(), piece = new Uint8Array(1 << 20);
        for (let at = 0; at < count; at++) hash.update(piece);
        return hash.hex();
    }"""
    digest = hashlib.sha256()
    for _ in range(513):  # the length in bits needs more than 32 of them
        digest.update(bytes(1 << 20))
    assert run_module("sha256.js", work, 513) == digest.hexdigest()


TYPED = {
    "": None,
    " \n\t": None,
    "Hello": {"say": "Hello"},
    "  indented\n  code  \n": {"say": "  indented\n  code"},
    "helpful": {"say": "helpful"},
    "status quo": {"say": "status quo"},
    "Help": {"command": "help", "rest": ""},
    " LIST ": {"command": "list", "rest": ""},
    "bye": {"command": "bye", "rest": ""},
    "//text": {"say": "/text"},
    "/": {"command": "", "rest": ""},
    "/Tell Ann hi\nthere": {"command": "tell", "rest": "Ann hi\nthere"},
    " /name Ann": {"command": "name", "rest": "Ann"},
    "/etc/passwd": {"command": "etc/passwd", "rest": ""},
}


def test_what_looks_like_a_command_is_one():
    found = run_module("typed.js", "({ meaning }, lines) => lines.map(meaning)", list(TYPED))
    assert dict(zip(TYPED, found, strict=True)) == TYPED


def test_a_name_may_stand_in_quotation_marks():
    lines = ['"Ann Lee" hi  you', "Ann hi", "Ann", ""]
    found = run_module("typed.js", "({ firstWord }, lines) => lines.map(firstWord)", lines)
    assert found == [["Ann Lee", "hi  you"], ["Ann", "hi"], ["Ann", ""], ["", ""]]


def test_sizes_are_written_as_everywhere():
    sizes = [0, 2, 999, 1_000, 1_234_567, 999_949, 999_950, 5 * 10**9, 7 * 10**12, 3 * 10**15]
    assert run_module("format.js", "({ size }, sizes) => sizes.map(size)", sizes) == list(map(size, sizes))


def test_days_and_durations_are_words():
    work = """({ day, duration, plural }) => {
        const now = new Date(2026, 1, 10, 0, 5);
        return [day(new Date(2026, 1, 10, 0, 1), now), day(new Date(2026, 1, 9, 23, 59), now),
                [0.2, 59, 61, 3600 * 2 + 1].map(duration), plural(1, "file"), plural(2, "file")];
    }"""
    assert run_module("format.js", work, None) == [
        "Today",
        "Yesterday",
        ["1 s", "59 s", "2 min", "2 h 1 min"],
        "1 file",
        "2 files",
    ]


UNSTORABLE = (
    "what?.txt",
    "a:b/c|d.txt",
    "CON",
    "nul.txt",
    "lpt1 .x/com",
    "end. ",
    "x./y",
    "a\u200fb",
    '<">*\\',
)


def test_a_name_that_is_offered_instead_of_another_is_taken():
    found = run_module("format.js", "({ storable }, paths) => paths.map(storable)", UNSTORABLE)
    assert [check_new_path(path) for path in found] == found
    assert found[:2] == ["what_.txt", "a_b/c_d.txt"]
    good = ["a.txt", "notes/été (2).md", "constable.txt", "com.txt"]
    assert run_module("format.js", "({ storable }, paths) => paths.map(storable)", good) == good


OTHERS = {
    "a.txt": "a (2).txt",
    "notes/a (9).txt": "notes/a (10).txt",
    "a.b/plain": "a.b/plain (2)",
    "x.tar.gz": "x.tar (2).gz",
    "(2)": "(2) (2)",
}


def test_another_name_is_counted_on():
    found = run_module("format.js", "({ another }, paths) => paths.map(another)", list(OTHERS))
    assert dict(zip(OTHERS, found, strict=True)) == OTHERS
