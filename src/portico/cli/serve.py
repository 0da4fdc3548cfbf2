"""`portico serve [DIRECTORY]`: a room on one port."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portico.cli.errors import UsageError
from portico.cli.settings import DAY_MICROSECONDS, HOUR_SECONDS, SERVE, add_settings, resolve
from portico.model.access import TOKEN_CHARACTERS

if TYPE_CHECKING:
    from portico.model.policy import Policy
    from portico.server.listener import Server, Settings

DESCRIPTION = (
    "Serve a directory and its room on one port: people come with netcat or a browser, programs with curl or"
    " any Redis client. Ctrl-C ends it."
)
EPILOG = (
    "Every flag can also be set in the environment: --max-clients is PORTICO_MAX_CLIENTS. A flag goes first."
)

NOT_MINE = 0o077
"""The bits of a file's mode that let others at it."""


def add_serve(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    parser.add_argument(
        "directory",
        nargs="?",
        default=".",
        metavar="DIRECTORY",
        help="what is served; the room lives in DIRECTORY/.portico (default: the current directory)",
    )
    add_settings(parser, SERVE)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop."""
    try:
        values = resolve(SERVE, vars(arguments))
    except ValueError as error:
        raise UsageError(str(error)) from None
    directory = Path(arguments.directory)
    if not directory.is_dir():
        raise UsageError(f"{directory} is not a directory; name the one to serve, or create it first")
    keep_standard_files()
    _serve(directory, values)
    return 0


def shared_token(path: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Return the token that all share, empty for none; raise `UsageError` for a file that is not secret."""
    if path is None:
        return environment.get("PORTICO_TOKEN", "").strip()
    try:
        with Path(path).open(encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_mode & NOT_MINE:
                raise UsageError(f"others can read the token in {path}; chmod 600 {path}")
            token = file.readline(TOKEN_CHARACTERS + 1).strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise UsageError(f"cannot read the token from {path}: {why}") from None
    if not token or len(token) > TOKEN_CHARACTERS:
        raise UsageError(
            f"{path} holds no token; its first line is one, of at most {TOKEN_CHARACTERS} characters"
        )
    return token


def keep_standard_files() -> None:
    """Open /dev/null where a standard file is closed: else the log would get its number, and our lines."""
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _serve(directory: Path, values: dict[str, Any]) -> None:
    from portico.app import Place
    from portico.app import serve as app
    from portico.cli import header
    from portico.cli.console import Console
    from portico.cli.reach import addresses, is_loopback

    place = Place(
        directory,
        Path(values["ledger"]) if values["ledger"] else None,
        values["sync"],
        values["keep-uploads"] * HOUR_SECONDS,
        values["audit-log"] or "",
    )
    shared = shared_token(values["token-file"])
    console = Console(layout=values["log-format"], quiet=values["quiet"])

    def ready(server: Server) -> None:
        console.start(header.header(server, directory, quiet=values["quiet"]))
        for remark in header.remarks(server, shared):
            console.note(remark)
        if header.is_open(server):
            header.say_hourly(header.OPEN.format(server.address[0]), console.note)

    try:
        tokens = app.open_tokens(place, shared)
        if not (values["open"] or tokens.wanted or is_loopback(values["host"])):
            raise UsageError(
                f"{values['host']} can be reached from a network, and this room has no token; make one with"
                f" {header.command()} token create {directory}, or say --open if everybody there may come in"
            )
        own = _pair(values)
        certificates = None
        if own is not None or values["tls"]:
            certificates = app.open_certificates(place, addresses(values["host"]), own, console.note)
        entrance = app.Entrance(tokens, certificates)
        app.run(lambda: app.serve(place, _settings(values), entrance, console, ready))
    finally:
        console.close()


def _pair(values: dict[str, Any]) -> tuple[Path, Path] | None:
    """Return the operator's own certificate and key; raise `UsageError` when one of both is missing."""
    certificate, key = values["tls-cert"], values["tls-key"]
    if bool(certificate) != bool(key):
        given, other = ("--tls-cert", "--tls-key") if certificate else ("--tls-key", "--tls-cert")
        raise UsageError(f"{given} alone is not enough; name the other half with {other}")
    return (Path(certificate), Path(key)) if certificate else None


def _settings(values: dict[str, Any]) -> Settings:
    from portico.server.listener import Settings

    days = values["keep-days"]
    return Settings(
        host=values["host"],
        port=values["port"],
        max_clients=values["max-clients"],
        max_connections=max(values["max-connections"], values["max-clients"]),
        max_per_address=values["max-per-address"],
        read_only=values["read-only"],
        open=values["open"],
        policy=_policy(values),
        drain=values["drain"],
        allow_hosts=values["allow-host"],
        keep_entries=values["keep-entries"],
        keep_microseconds=None if days is None else days * DAY_MICROSECONDS,
    )


def _policy(values: dict[str, Any]) -> Policy:
    from portico.model.policy import LEVELS, NO_LIMIT, READ, Policy

    level = READ if values["read-only"] else LEVELS[values["files"]]
    return Policy(level, NO_LIMIT if values["max-upload"] is None else values["max-upload"])
