"""`portico serve [DIRECTORY]`: a room on one port."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portico.cli.errors import UsageError
from portico.cli.settings import DAY_MICROSECONDS, HOUR_SECONDS, SERVE, add_settings, resolve
from portico.client.address import Address
from portico.model.access import TOKEN_CHARACTERS

if TYPE_CHECKING:
    from portico.cli.printer import Header
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


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
    from portico.cli.console import Console

    place = Place(
        directory,
        Path(values["ledger"]) if values["ledger"] else None,
        values["sync"],
        values["keep-uploads"] * HOUR_SECONDS,
        values["audit-log"] or "",
    )
    console = Console(layout=values["log-format"], quiet=values["quiet"])

    def ready(server: Server) -> None:
        console.start(header(server, quiet=values["quiet"]))

    try:
        tokens = app.open_tokens(place, shared_token(values["token-file"]))
        if not (values["open"] or tokens.wanted or is_loopback(values["host"])):
            raise UsageError(
                f"{values['host']} can be reached from a network, and this room has no token; make one with"
                f" {command()} token create {directory}, or say --open if everybody there may come in"
            )
        own = _pair(values)
        certificates = None
        if own is not None or values["tls"]:
            certificates = app.open_certificates(place, values["host"], own, console.note)
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


def header(server: Server, *, quiet: bool) -> list[Header]:
    """Return the first lines: the report's three, then how to reach the room."""
    from portico.cli.printer import Header

    host, port = server.address
    lines = [
        f"Server is listening on {host}:{port}",
        f"Maximum clients allowed: {server.settings.max_clients}",
        "Server waiting for connection...",
    ]
    if not quiet:
        reach = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - shown, not bound
        at = Address(reach, port)
        if server.certificates is None:
            lines += [
                f"Talk to it:    nc {reach} {port}          (type help for the commands)",
                f"With a prompt: {command()} connect -s {at}",
                f"In a browser:  http://{at}/",
                f"From programs: redis-cli -3 -h {reach} -p {port}   (or any Redis client library)",
            ]
        else:
            lines += [
                f"Talk to it:    openssl s_client -quiet -connect {at}   (type help for the commands)",
                f"With a prompt: {command()} connect -s tls://{at}",
                f"In a browser:  https://{at}/",
                f"From programs: redis-cli -3 --tls -h {reach} -p {port}   (or any Redis client library)",
                f"Its key is {server.certificates.fingerprint}",
            ]
        if not is_loopback(host) and server.settings.open:
            lines.append(f"Nobody is asked for a token: everybody who can reach {host} may come in (--open).")
    return [Header(line) for line in lines]


def command() -> str:
    """Return how this program is called here: who runs a checkout has no `portico` on the path."""
    return os.environ.get("PORTICO_COMMAND") or "portico"
