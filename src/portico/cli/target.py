"""The flags all commands of the client share: which server they talk to, and how they show what they get."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from portico.cli.errors import UsageError
from portico.cli.output import note
from portico.client.address import LOCAL, parse_server
from portico.client.limits import ANSWER_SECONDS
from portico.model.errors import PorticoError

if TYPE_CHECKING:
    from portico.client.aio import AsyncClient

TOKEN_BYTES = 4_096
"""Longest token file that is read: a token has some 50 bytes."""


def add_target(parser: argparse.ArgumentParser) -> None:
    """Give a parser the flags that say where the server is and how to show answers."""
    parser.add_argument(
        "-s",
        "--server",
        metavar="[tls://]HOST[:PORT]",
        default=os.environ.get("PORTICO_SERVER") or LOCAL,
        help=f"the server (default: PORTICO_SERVER, then {LOCAL})",
    )
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help="read the token from a file, - for standard input (default: PORTICO_TOKEN in the environment)",
    )
    parser.add_argument(
        "--tls",
        action="store_true",
        help="speak TLS, as with tls://HOST; the server's key is remembered when it is first met",
    )
    parser.add_argument(
        "--ca",
        metavar="FILE",
        default=os.environ.get("PORTICO_CA") or "",
        help="know the server by who signed it: a file of authorities, or `system` (default: PORTICO_CA)",
    )
    parser.add_argument(
        "--fingerprint",
        metavar="SHA256:...",
        default=os.environ.get("PORTICO_FINGERPRINT") or "",
        help="know the server by its key's fingerprint (default: PORTICO_FINGERPRINT)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")
    parser.add_argument("--no-color", action="store_true", help="print without colours; so does NO_COLOR")


def token(arguments: argparse.Namespace) -> str:
    """Return the token to show, empty for none; raise `UsageError` when its file cannot be read."""
    if arguments.token_file is None:
        return os.environ.get("PORTICO_TOKEN", "").strip()
    try:
        with _opened(arguments.token_file) as file:
            return file.readline(TOKEN_BYTES).strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise UsageError(f"cannot read the token from {arguments.token_file}: {why}") from None


def _opened(name: str) -> contextlib.AbstractContextManager[TextIO]:
    if name != "-":
        from pathlib import Path

        return Path(name).open(encoding="utf-8")
    if sys.stdin is None:
        raise UsageError("cannot read the token from standard input: it is closed")
    return contextlib.nullcontext(sys.stdin)


def client(
    arguments: argparse.Namespace,
    name: str | None = None,
    timeout: float | None = ANSWER_SECONDS,
    on_lost: Callable[[PorticoError], None] | None = None,
    on_back: Callable[[], None] | None = None,
    typed: str = "",
) -> AsyncClient:
    """Return a client of the server the user means, not connected yet; see `AsyncClient` for the rest.

    `typed` is a token that the user was asked for.
    """
    from portico.client.aio import AsyncClient
    from portico.client.trust import Trust

    try:
        told = bool(arguments.ca or arguments.fingerprint)
        secure = arguments.tls or told or parse_server(arguments.server)[1]
        return AsyncClient(
            arguments.server,
            name=name,
            token=typed or token(arguments),
            tls=Trust(arguments.ca, arguments.fingerprint, note) if secure else False,
            timeout=timeout,
            on_lost=on_lost,
            on_back=on_back,
        )
    except PorticoError as error:
        raise UsageError(error.sentence) from None
