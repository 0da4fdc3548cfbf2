"""The settings of `serve`: each declared once, as a flag, an environment variable and a default.

The order is flag, environment, default. `--max-clients` is `PORTICO_MAX_CLIENTS` in the environment; a
variable that is empty counts as not set.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from portico.cli.values import byte_size, host_names, number, seconds, truth
from portico.model.policy import LEVELS

HOUR_SECONDS = 3_600
DAY_MICROSECONDS = 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; `parse` turns text into the value and raises `ValueError` with a sentence."""

    name: str
    default: Any
    help: str
    parse: Callable[[str], Any] = str
    metavar: str = "VALUE"
    choices: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        """Return its flag."""
        return f"--{self.name}"

    @property
    def variable(self) -> str:
        """Return its environment variable."""
        return "PORTICO_" + self.name.upper().replace("-", "_")

    @property
    def switch(self) -> bool:
        """Whether it is on or off, and its flag takes no value."""
        return self.default is False


LEDGER = Setting("ledger", None, "the log's file, instead of DIRECTORY/.portico/log.sqlite3", metavar="PATH")

SERVE = (
    Setting(
        "host",
        "127.0.0.1",
        "address to listen on; one that is not loopback needs a token, or --open",
        metavar="ADDRESS",
    ),
    Setting("port", 65_432, "port to listen on; 0 takes a free one", number(0, 65_535), "PORT"),
    Setting("max-clients", 3, "places in the room", number(1, 1_000_000), "N"),
    Setting("max-connections", 1_024, "connections in all, joined or not", number(1, 1_000_000), "N"),
    Setting(
        "max-per-address",
        None,
        "connections of one address; usually half of all, and all of this machine's own",
        number(1, 1_000_000),
        "N",
    ),
    Setting(
        "files",
        "add",
        "read: list and fetch; add: also deposit new names; change: also replace, remove, move",
        choices=tuple(LEVELS),
    ),
    Setting("max-upload", None, "largest deposit, like 500M or 2GiB", byte_size, "SIZE"),
    Setting("keep-uploads", 24, "hours an unfinished deposit can be gone on with", number(1, 8_760), "HOURS"),
    Setting("read-only", default=False, help="nothing may be said or deposited", parse=truth),
    LEDGER,
    Setting(
        "sync", "full", "full: survives a power cut; normal: survives kill -9", choices=("full", "normal")
    ),
    Setting("keep-entries", None, "keep the newest N entries, forget older ones", number(1, 10**12), "N"),
    Setting(
        "keep-days", None, "keep the entries of the last N days, forget older ones", number(1, 36_500), "N"
    ),
    Setting(
        "token-file",
        None,
        "a file with one token for all, which nobody else can read (or PORTICO_TOKEN has it)",
        metavar="FILE",
    ),
    Setting("tls", default=False, help="TLS on the port, with a self-signed certificate", parse=truth),
    Setting("tls-cert", None, "TLS with this certificate, and those that sign it", metavar="FILE"),
    Setting("tls-key", None, "the certificate's key; SIGHUP reads both again", metavar="FILE"),
    Setting("open", default=False, help="let everybody in who can reach the address", parse=truth),
    Setting(
        "allow-host", (), "further names by which browsers may call this server: a,b", host_names, "NAMES"
    ),
    Setting("audit-log", None, "where who came and what was refused is noted (off: nowhere)", metavar="PATH"),
    Setting("drain", 10, "seconds that answers under way get at the end", seconds, "SECONDS"),
    Setting(
        "quiet", default=False, help="print only the first three lines, and troubles on stderr", parse=truth
    ),
    Setting("log-format", "text", "how the lines about what happens look", choices=("text", "json")),
)


def add_settings(parser: argparse.ArgumentParser, settings: tuple[Setting, ...]) -> None:
    """Give a parser the flags of some settings."""
    for setting in settings:
        shown = "" if setting.default in (None, False, ()) else f" (default: {setting.default})"
        facts: dict[str, Any] = {"default": None, "help": setting.help + shown, "dest": setting.name}
        if setting.switch:
            facts |= {"action": "store_const", "const": "1"}
        else:
            facts["metavar"] = "|".join(setting.choices) or setting.metavar
        parser.add_argument(setting.flag, **facts)


def resolve(
    settings: tuple[Setting, ...],
    flags: Mapping[str, str | None],
    environment: Mapping[str, str] = os.environ,
) -> dict[str, Any]:
    """Return every setting's value by name; raise `ValueError` naming the flag or variable at fault."""
    return {setting.name: _value(setting, flags.get(setting.name), environment) for setting in settings}


def _value(setting: Setting, flag: str | None, environment: Mapping[str, str]) -> Any:  # noqa: ANN401
    source, text = setting.flag, flag
    if text is None:
        source, text = setting.variable, environment.get(setting.variable) or None
    if text is None:
        return setting.default
    try:
        return _parsed(setting, text)
    except ValueError as error:
        raise ValueError(f"{source} {text!r}: {error}") from None


def _parsed(setting: Setting, text: str) -> Any:  # noqa: ANN401 - the setting's own
    if setting.choices and text not in setting.choices:
        raise ValueError(f"{' or '.join(setting.choices)} is wanted")
    return setting.parse(text)
