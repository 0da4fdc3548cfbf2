"""Paths: how files of the repository are named, on every wire and on the disk.

One rule for both directions. What may be asked for or deposited (`check_path`) and what may be shown of
the names found on a disk (`presentable`) is the same set, so that every listed file can be fetched under
the name it was listed with, and every deposited file is listed. A name outside that set stays on the disk,
unlisted and untouched.

The rules are a table, tried in order; the first that is broken gives the sentence. A path that arrives in
another Unicode normal form is taken in NFC, which is what people type and what is listed: macOS hands out
decomposed names, and `é` has to be one file whoever asks for it.

A new name has to be one that every machine can store, since files are fetched to all kinds of them:
`check_new_path` refuses what Windows does not take ("Naming Files, Paths, and Namespaces" of Microsoft's
documentation). What somebody put into the directory under such a name is listed and served as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from portico.model.errors import BadPath

MAX_PATH_BYTES = 1024
"""Bytes of UTF-8 in a whole path: as S3 allows a key, and macOS a path; Linux takes four times as much."""

MAX_PART_BYTES = 255
"""Bytes of UTF-8 between two slashes: NAME_MAX of ext4, XFS, Btrfs, ZFS and tmpfs."""

_SHAPE = re.compile(r"[^/.][^/]*+(?:/[^/.][^/]*+)*+")

# Surrogates are no text: they stand for bytes on the disk that are not UTF-8, and no wire can carry them.
_NO_TEXT = re.compile("[\ud800-\udfff]")

# Controls of ASCII and Latin-1, and the two separators that end a line for some terminals and libraries.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")

# Embeddings, overrides and isolates: they can make `gpj.exe` read as `exe.jpg`, and outlive the name.
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")

# On Windows the one separates folders and the other names a drive or a stream: `get` runs there too.
_FOREIGN = re.compile(r"[\\:]")

# Marks of direction without a shape: they stand in names by accident or to make two look alike.
_MARKS = re.compile("[\u061c\u200e\u200f]")

# "Use any character in the current code page for a name, [...] except for the following".
_UNSTORABLE = re.compile(r'[<>"|?*]')

# "Do not end a file or directory name with a space or a period": Windows drops them without a word, and other
# blanks at the end nobody sees.
_OPEN_END = re.compile(r"[\s.](?=/|\Z)")

# "Do not use the following reserved names", also not "followed immediately by an extension". Blanks before
# the extension do not help, and superscript digits of Latin-1 count as digits.
_DEVICE = re.compile(
    r"(?:^|/)(?P<name>CON|PRN|AUX|NUL|(?:COM|LPT)[0-9\xb9\xb2\xb3]|CONIN\$|CONOUT\$) *(?:\.[^/]*)?(?=/|\Z)",
    re.IGNORECASE,
)

# Default_Ignorable_Code_Point of Unicode (DerivedCoreProperties.txt): what shows nothing where it stands.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

# What most names are made of: one look decides for them, because a listing asks for every file there is.
_ORDINARY = re.compile(r"\w[\w. -]*+(?:/\w[\w. -]*+)*+", re.ASCII)


def _too_long(path: str) -> bool:
    # A character takes at least one byte, so a long run of them is refused before it is encoded.
    return len(path) > MAX_PATH_BYTES or len(path.encode()) > MAX_PATH_BYTES


def _part_too_long(path: str) -> bool:
    return len(path) * 4 > MAX_PART_BYTES and any(
        len(part.encode()) > MAX_PART_BYTES for part in path.split("/")
    )


_RULES: tuple[tuple[Callable[[str], object], str], ...] = (
    (_NO_TEXT.search, "a path is valid text; this one holds half a character"),
    (_too_long, f"a path has at most {MAX_PATH_BYTES} bytes; choose shorter names or fewer folders"),
    (_CONTROL.search, "a path has no control characters; leave them out"),
    (_BIDI.search, "a path has no characters that turn the direction of writing; leave them out"),
    (_FOREIGN.search, "a path has no backslash and no colon; folders are separated by /"),
    (
        lambda path: not _SHAPE.fullmatch(path),
        "a path is relative, like notes/today.txt; no part of it is empty or starts with a dot",
    ),
    (_part_too_long, f"a name in a path has at most {MAX_PART_BYTES} bytes; choose a shorter one"),
)


_NEW_RULES: tuple[tuple[Callable[[str], object], str], ...] = (
    (_MARKS.search, "a new path has no invisible marks of direction; leave them out"),
    (_UNSTORABLE.search, 'a new path has none of < > " | ? *, which Windows cannot store; leave them out'),
    (
        _OPEN_END.search,
        "a new name does not end with a dot or a blank, which Windows would drop; leave it out",
    ),
    (
        _DEVICE.search,
        "a new name is not that of a device of Windows, like CON, NUL, COM1 or nul.txt; choose another",
    ),
    (
        lambda path: not all(map(fold_part, path.split("/"))),
        "a new name has something that can be seen; choose another",
    ),
)


def _broken_rule(path: str, rules: tuple[tuple[Callable[[str], object], str], ...] = _RULES) -> str | None:
    return next((sentence for broken, sentence in rules if broken(path)), None)


def check_path(text: str) -> str:
    """Return the path in NFC; raise `BadPath` with the first rule it breaks.

    The lengths hold for the normal form, which may be longer. More than 1,024 characters are refused before
    they are normalized, because sorting a long run of combining marks takes quadratic time.
    """
    if len(text) <= MAX_PART_BYTES and _ORDINARY.fullmatch(text):
        return text
    path = text if text.isascii() or len(text) > MAX_PATH_BYTES else unicodedata.normalize("NFC", text)
    sentence = _broken_rule(path)
    if sentence is not None:
        raise BadPath(sentence)
    return path


def presentable(path: str) -> bool:
    """Tell whether a path found on the disk may be shown: exactly when `check_path` returns it unchanged."""
    if len(path) <= MAX_PART_BYTES and _ORDINARY.fullmatch(path):
        return True
    return _broken_rule(path) is None and (path.isascii() or unicodedata.is_normalized("NFC", path))


def check_new_path(text: str) -> str:
    """Return the path in NFC when a file may be given it; raise `BadPath` with the first rule it breaks.

    These are the rules of `check_path` and those for names that have to be stored on other machines too.
    """
    path = check_path(text)
    sentence = _broken_rule(path, _NEW_RULES)
    if sentence is not None:
        raise BadPath(sentence)
    return path


def fold_part(name: str) -> str:
    """Return what two names of one folder have in common when people or machines may take them for the same.

    Unicode's NFKC_Casefold (chapter 3.13): neither case, nor width, nor what cannot be seen makes a
    difference.
    """
    if name.isascii():
        return name.lower()
    folded = unicodedata.normalize("NFKC", _INVISIBLE.sub("", name)).casefold()
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", folded))


def escaped(name: str) -> str:
    r"""Return any name of a disk as plain ASCII in quotes, so that it harms nobody who prints it.

    Where bytes are no UTF-8, all are shown as bytes: `'caf\xe9'`.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        return repr(name.encode("utf-8", "surrogateescape")).removeprefix("b")
    return ascii(name)
