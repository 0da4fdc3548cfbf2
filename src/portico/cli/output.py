"""Standard output for data, standard error for talk: whatever they are, and whoever still reads them.

What comes from a server is shown without anything that drives a terminal, and characters that the locale
does not have are written as escapes, so that a name never stops a command. A reader who has gone is a
`BrokenPipeError`; a disk that is full is a sentence.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterable, Iterator

from portico.model.errors import PorticoError


def prepare() -> None:
    """Make ready to print; raise `PorticoError` when standard output is closed."""
    if sys.stdout is None:
        raise PorticoError("standard output is closed; there is nowhere to print to")
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


def on_terminal() -> bool:
    """Tell whether a person looks at standard output."""
    return sys.stdout.isatty()


def colours(arguments: argparse.Namespace) -> bool:
    """Tell whether to print in colours (no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not (plain or arguments.no_color) and on_terminal()


def lines(texts: Iterable[str], *, now: bool = False) -> None:
    """Print lines, `now` or when there are enough; raise `PorticoError` when they cannot be written."""
    with _written():
        for text in texts:
            print(clean(text), flush=now)


def show(table: Iterable[str]) -> None:
    """Print lines that are clean already, and may have colours."""
    with _written():
        print("\n".join(table))


def as_json(value: object) -> str:
    """Return a value as a line of JSON, for standard output as it is."""
    import json

    # Anything but UTF-8 lacks characters, and other escapes than its own are not JSON.
    ascii_only = not (sys.stdout.encoding or "").lower().startswith("utf")
    return json.dumps(value, ensure_ascii=ascii_only)


def note(sentence: str) -> None:
    """Say something on standard error, if somebody listens."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            print(clean(sentence), file=sys.stderr, flush=True)


def clean(text: str) -> str:
    """Return a text that drives no terminal; TAB and line ends may stay."""
    if text.isprintable():
        return text
    from portico.room.text import UNPRINTABLE

    return UNPRINTABLE.sub("?", text)


def flush() -> None:
    """Print what is left; raise what `lines` raises."""
    if sys.stdout is not None:
        with _written():
            sys.stdout.flush()


@contextlib.contextmanager
def _written() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise PorticoError(f"cannot write to standard output: {error.strerror or error}") from None


def let_go() -> None:
    """Forget what cannot be printed: the interpreter would try again at its end, and complain."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
