"""Patterns: what each wildcard means, that a naive matcher agrees, and that no pattern takes long."""

import time
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portico.model.errors import TooBig
from portico.model.patterns import MAX_PATTERN, Pattern

CASES = [
    # pattern, what it matches, what it does not
    ("a.txt", ["a.txt"], ["a_txt", "b/a.txt", "a.txt2", "A.txt", ""]),
    ("*", ["a", "a.txt"], ["a/b", "a/b/c"]),
    ("*.txt", ["a.txt", "a.b.txt"], ["b/a.txt", "a.txt.gz", "a_txt"]),
    ("a*", ["a", "ab"], ["ba", "a/b", "ab/c"]),
    ("*/*", ["a/b"], ["a", "a/b/c"]),
    ("notes/*", ["notes/a"], ["notes", "notes/a/b", "other/a"]),
    ("**", ["a", "a/b/c"], []),
    ("notes/**", ["notes/a", "notes/a/b"], ["notes", "notes2/a"]),
    ("**/x", ["x", "a/x", "a/b/x"], ["ax", "a/bx", "x/a"]),
    ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "a/xb", "xa/b", "a/b/c"]),
    ("**/*.py", ["a.py", "a/b.py"], ["a.pyc", "a.py/b"]),
    ("a**b", ["ab", "axb", "a/b", "a/x/yb"], ["a/bc", "xab"]),
    ("**.txt", ["a.txt", "a/b.txt"], ["a.txt/b"]),
    ("***", ["a", "a/b"], []),
    ("**/**/x", ["x", "a/x", "a/b/c/x"], ["ax"]),
    ("x/**/*", ["x/a", "x/a/b"], ["x"]),
    ("?", ["a", "é", "日"], ["", "ab", "/"]),
    ("a?c", ["abc"], ["ac", "a/c", "abbc"]),
    ("[abc]", ["a", "b", "c"], ["d", "ab", "", "/"]),
    ("[a-c]x", ["ax", "bx"], ["dx", "-x"]),
    ("[!a-c]", ["d", "-"], ["a", "b", "/", ""]),
    ("[a-cx-z]", ["b", "y"], ["d", "w"]),
    ("[]]", ["]"], ["[]", "a"]),
    ("[!]]", ["a", "!"], ["]"]),
    ("[a-]", ["a", "-"], ["b"]),
    ("[z-a]", [], ["a", "z", "-"]),
    ("[!z-a]", ["a", "-"], ["/"]),
    ("[+-9]", ["+", "5"], ["/"]),
    ("[*][?]", ["*?"], ["ab"]),
    ("[[]x]", ["[x]"], ["x"]),
    ("[^a]", ["^", "a"], ["b"]),
    ("[", ["["], ["a"]),
    ("[]", ["[]"], ["[", "]"]),
    ("[!]", ["[!]"], ["!"]),
    ("[ab", ["[ab"], ["a"]),
    ("[a/b]", ["[a/b]"], ["a", "b", "/"]),
    ("[a&&b~|]", ["a", "&", "~", "|"], ["[a]"]),
    (r"\d.^$(a|b)+{2}", [r"\d.^$(a|b)+{2}"], ["1", "a"]),
    ("caf\u0065\u0301*", ["caf\u00e9.txt"], []),
    ("", [], ["a"]),
]


@pytest.mark.parametrize("pattern, matching, others", CASES, ids=[case[0] or "(empty)" for case in CASES])
def test_what_a_pattern_means(pattern, matching, others):
    asked = Pattern(pattern)
    assert [path for path in matching if not asked.matches(path)] == []
    assert [path for path in others if asked.matches(path)] == []


@pytest.mark.parametrize(
    "pattern, prefix, exact, slashes",
    [
        ("a/b.txt", "a/b.txt", True, 1),
        ("a/[x", "a/[x", True, 1),
        ("a/b*.txt", "a/b", False, 1),
        ("*.txt", "", False, 0),
        ("src/**/x", "src/", False, None),
        ("a/?/[b]", "a/", False, 2),
        ("**", "", False, None),
        ("", "", True, 0),
    ],
)
def test_what_narrows_a_search(pattern, prefix, exact, slashes):
    asked = Pattern(pattern)
    assert (asked.prefix, asked.exact, asked.slashes) == (prefix, exact, slashes)


def test_the_length_is_limited():
    assert Pattern("*" * MAX_PATTERN).matches("a")
    assert Pattern("a" * 1024).exact
    for text in ("*" * (MAX_PATTERN + 1), "a" * 1025, "[" * 1_000_000, "\u0301\u0316" * 500_000):
        with pytest.raises(TooBig, match="at most"):
            Pattern(text)


def test_a_pattern_is_compiled_by_who_searches():
    asked = Pattern("**/*a" * 50)
    assert asked._matcher is None
    asked.matches("a")
    assert asked._matcher is not None


def naive(pattern: str, path: str) -> bool:
    """Match by trying everything, straight from the definitions; classes are `[ab]` and `[!ab]` only."""

    @cache
    def tail(p: int, k: int) -> bool:
        if p == len(pattern):
            return k == len(path)
        one = pattern[p]
        if one == "*":
            return stars(p, k)
        if one == "[" and "]" in pattern[p:]:
            end = pattern.index("]", p)
            members = pattern[p + 1 : end]
            inside = k < len(path) and (path[k] in members.removeprefix("!")) is not members.startswith("!")
            return inside and path[k] != "/" and tail(end + 1, k + 1)
        return k < len(path) and (path[k] == one or (one == "?" and path[k] != "/")) and tail(p + 1, k + 1)

    def stars(p: int, k: int) -> bool:
        end = p
        while pattern[end : end + 1] == "*":
            end += 1
        ends = range(k, len(path) + 1)
        if end - p == 1:
            return any(tail(end, e) for e in ends if "/" not in path[k:e])
        if pattern[end : end + 1] == "/" and (p == 0 or pattern[p - 1] == "/"):
            return any(tail(end + 1, e) for e in ends if e == k or path[e - 1] == "/")
        return any(tail(end, e) for e in ends)

    return tail(0, 0)


PIECES = st.sampled_from(["a", "b", "/", "*", "**", "**/", "?", "[ab]", "[!a]", "aa", "ab", "/a"])
PATTERNS = st.lists(PIECES, max_size=9).map("".join)
PATHS = st.text("aab/", max_size=12) | st.lists(st.text("ab", min_size=1, max_size=3), max_size=5).map(
    "/".join
)


@given(PATTERNS, PATHS)
@example("**a*b", "a/ab")
@example("**/a*/b", "a/aab/ab/b")
@example("*a/*b", "xa/ya/b")
def test_a_naive_matcher_agrees(pattern, path):
    asked = Pattern(pattern)
    assert asked.matches(path) is naive(pattern, path)
    if asked.matches(path):
        assert path.startswith(asked.prefix)
        assert asked.slashes in (None, path.count("/"))


HOSTILE = [
    "*a" * 7 + "*b",
    "**a" * 7 + "**b",
    "*a" * 127 + "*b",
    "**a" * 84 + "**b",
    "**a*a" * 50 + "**b",
    "**" + "a" * 250 + "*b",
    "**a*" + "a" * 120 + "b*b",
    "*" + "a" * 250 + "b",
    "**/*a*a*a*b/*",
    "**a/" * 63 + "b",
    "**/*" * 63 + "b",
    "**/" + "*/" * 120 + "b",
    "**?/*" * 50 + "b",
    "*?" * 127 + "b",
]
TEXTS = ["a" * 1024, "a/" * 512, "aaaaaaa/" * 128, ("a" * 31 + "/") * 32]


def best_of_three(call):
    def once():
        began = time.perf_counter()
        call()
        return time.perf_counter() - began

    return min(once() for _ in range(3))


@pytest.mark.parametrize("pattern", HOSTILE, ids=lambda pattern: pattern[:20])
def test_no_pattern_takes_long(pattern):
    """At most 262,144 comparisons, 2 ms for the worst of these; plain backtracking takes for ever."""
    asked = Pattern(pattern)
    for text in TEXTS:
        assert best_of_three(lambda text=text: asked.matches(text)) < 0.05


@pytest.mark.parametrize("pattern", HOSTILE[:6], ids=lambda pattern: pattern[:20])
def test_twice_the_text_takes_no_more_than_its_share(pattern):
    """Linear in the text: eight times as much is nearer to eight times as long than to sixty-four."""
    asked = Pattern(pattern)
    short = best_of_three(lambda: asked.matches("a" * 8_000))
    long = best_of_three(lambda: asked.matches("a" * 64_000))
    assert long < 24 * short + 0.005
