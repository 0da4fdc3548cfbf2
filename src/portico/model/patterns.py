"""Patterns: which paths are meant by `*.txt`, `photos/**` or `**/report-[0-9].pdf`.

    *       any characters of one part of the path, also none
    **      any characters, across parts
    **/     where a part begins: any number of whole folders, also none: `**/x` matches `x`, `a/**/b` `a/b`
    ?       one character that is not `/`
    [abc]   one of these; [a-z] one of a range; [!abc] one that is none of these; never `/`
            `]` stands first and `-` last to be meant itself; `[*]` is a star
    else    itself; a `[` that no `]` of the same part closes too

Letters count as they are: a pattern does not ignore case. One without a wildcard is an exact path.

**How it is matched.** A pattern comes from anybody, so the time must not explode: it becomes one regular
expression that never tries a place twice. Between two stars stands a *block*, of fixed length. After a `*`
the leftmost place of the next block is as good as any: another solution can be moved there, and what the
next star then has to cover more is text that this star or this block has covered, hence without `/`; a block
with a `/` in it has one possible place anyway. So `*block` is `(?>[^/]*?block)`: lazy, and final once found.

`**` is *whole parts, then `*`*, and `**/` is *whole parts*: both begin a new *run* of blocks, tried at each
following beginning of a part. A later beginning never ends earlier, so the first that succeeds is final too,
and the whole run atomic. Only the last run goes on trying, because it must reach the end of the path. As
block i of a run looks at one part per beginning, each time another one, a match takes at most
about len(path) x len(pattern) comparisons: 1,024 x 256 of some nanoseconds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from portico.model.errors import TooBig
from portico.model.paths import MAX_PATH_BYTES

MAX_PATTERN = 256
"""Characters of a pattern with wildcards, for the bound above; an exact path may be as long as paths are."""

_TOKEN = re.compile(
    r"""(?P<folders>(?:(?<=/)|(?<!.))\*{2,}+/)
    |   (?P<deep>\*{2,}+)
    |   (?P<star>\*)
    |   (?P<any>\?)
    |   \[(?P<negated>!?+)(?P<members>\][^]/]*+|[^]/]++)\]
    |   (?P<literal>.)""",
    re.VERBOSE | re.DOTALL,
)
_WILDCARD = re.compile(r"[*?[]")
_MEMBER = re.compile(r"(.)-(.)|(.)", re.DOTALL)
_ACROSS = ("folders", "deep")
_PARTS = r"(?:[^/]*+/)*?"


@dataclass(slots=True)
class _Run:
    """Blocks with a star before each but, perhaps, the first; after whole parts when `floating`."""

    floating: bool
    blocks: list[tuple[bool, str]] = field(default_factory=list)

    def star(self) -> None:
        self.blocks.append((True, ""))

    def add(self, one: str) -> None:
        starred, block = self.blocks.pop() if self.blocks else (False, "")
        self.blocks.append((starred, block + one))

    def expression(self, *, last: bool) -> str:
        pieces = [f"(?>[^/]*?{block})" if starred else block for starred, block in self.blocks]
        if last and self.blocks and self.blocks[-1][0]:
            pieces[-1] = f"[^/]*?{self.blocks[-1][1]}"
        chain = (_PARTS if self.floating else "") + "".join(pieces)
        return chain if last else f"(?>{chain})"


def _members(members: str) -> Iterator[str]:
    for first, last, single in _MEMBER.findall(members):
        if single:
            yield re.escape(single)
        elif first <= last:
            yield f"{re.escape(first)}-{re.escape(last)}"


def _class(members: str, *, negated: bool) -> str:
    inside = "".join(_members(members))
    if negated:
        return f"[^/{inside}]"
    return f"(?!/)[{inside}]" if inside else "(?!)"


def _runs(tokens: Iterable[re.Match[str]]) -> Iterator[_Run]:
    run = _Run(floating=False)
    for token in tokens:
        match token.lastgroup:
            case "folders" | "deep":
                yield run
                run = _Run(floating=True)
                if token.lastgroup == "deep":
                    run.star()
            case "star":
                run.star()
            case "any":
                run.add("[^/]")
            case "members":
                run.add(_class(token["members"], negated=bool(token["negated"])))
            case _:
                run.add(re.escape(token["literal"]))
    yield run


def _compiled(text: str) -> re.Pattern[str]:
    *runs, last = _runs(_TOKEN.finditer(text))
    return re.compile("".join(run.expression(last=False) for run in runs) + last.expression(last=True))


def _literal_prefix(tokens: list[re.Match[str]]) -> str:
    wildcard = next((token.start() for token in tokens if token.lastgroup != "literal"), None)
    return tokens[0].string[:wildcard] if tokens else ""


class Pattern:
    """A pattern, ready to be asked; raises `TooBig` over 256 characters (1,024 for an exact path).

    `exact` when it has no wildcard and means one path. `prefix` is the text every match begins with,
    `slashes` how many `/` every match has, None when that differs: both narrow a search. Making one is cheap;
    the first `matches` compiles it, up to 5 ms, where the search runs and not where requests are read.
    """

    __slots__ = ("_matcher", "exact", "prefix", "slashes", "text")

    def __init__(self, text: str) -> None:
        limit = MAX_PATTERN if _WILDCARD.search(text) else MAX_PATH_BYTES
        if len(text) > limit:
            raise TooBig(f"a pattern has at most {limit} characters; use a shorter one")
        # Paths are in NFC; a pattern typed in another form means the same. No wildcard composes with a mark.
        self.text = text if text.isascii() else unicodedata.normalize("NFC", text)
        tokens = list(_TOKEN.finditer(self.text))
        self.prefix = _literal_prefix(tokens)
        self.exact = self.prefix == self.text
        across = any(token.lastgroup in _ACROSS for token in tokens)
        self.slashes = None if across else self.text.count("/")
        self._matcher: re.Pattern[str] | None = None

    def matches(self, path: str) -> bool:
        """Tell whether the pattern means this path, the whole of it."""
        if self.exact:
            return path == self.text
        if self._matcher is None:
            self._matcher = _compiled(self.text)
        return self._matcher.fullmatch(path) is not None
