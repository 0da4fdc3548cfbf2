"""Settings: flag, environment, default, in this order; and sentences that name what is at fault."""

from __future__ import annotations

import argparse

import pytest

from portico.cli.settings import SERVE, add_settings, resolve


def values(*flags: str, **environment: str) -> dict[str, object]:
    parser = argparse.ArgumentParser()
    add_settings(parser, SERVE)
    return resolve(SERVE, vars(parser.parse_args(flags)), environment)


def test_the_defaults_of_the_contract():
    assert values() == {
        "host": "127.0.0.1",
        "port": 65_432,
        "max-clients": 3,
        "max-connections": 1_024,
        "max-per-address": None,
        "files": "add",
        "max-upload": None,
        "keep-uploads": 24,
        "read-only": False,
        "ledger": None,
        "sync": "full",
        "keep-entries": None,
        "keep-days": None,
        "token-file": None,
        "tls": False,
        "tls-cert": None,
        "tls-key": None,
        "open": False,
        "allow-host": (),
        "audit-log": None,
        "drain": 10,
        "quiet": False,
        "log-format": "text",
    }


def test_the_order_is_flag_environment_default():
    assert values(PORTICO_PORT="7000")["port"] == 7_000
    assert values("--port", "8000", PORTICO_PORT="7000")["port"] == 8_000
    assert values("--quiet", PORTICO_QUIET="0")["quiet"] is True
    assert values(PORTICO_PORT="")["port"] == 65_432


@pytest.mark.parametrize("setting", SERVE, ids=lambda setting: setting.name)
def test_every_flag_has_a_variable(setting):
    sample = {"port": "1", "drain": "1", "sync": "normal", "log-format": "json", "files": "read"}.get(
        setting.name, "1"
    )
    assert setting.variable == "PORTICO_" + setting.name.replace("-", "_").upper()
    by_flag = values(setting.flag, *(() if setting.switch else (sample,)))
    assert values(**{setting.variable: sample}) == by_flag
    assert by_flag != values()


@pytest.mark.parametrize(
    "text,value", [("1", True), ("true", True), ("ON", True), ("no", False), ("0", False)]
)
def test_switches_in_the_environment(text, value):
    assert values(PORTICO_OPEN=text)["open"] is value


@pytest.mark.parametrize(
    "flags,said",
    [
        (("--port", "65536"), "--port '65536': a whole number from 0 to 65,535 is wanted"),
        (("--port", "-1"), "--port '-1': a whole number from 0 to 65,535 is wanted"),
        (("--port", "٣"), "--port '٣': a whole number"),
        (("--port", "9" * 5_000), "a whole number from 0 to 65,535 is wanted"),
        (("--max-clients", "0"), "--max-clients '0': a whole number from 1 to 1,000,000 is wanted"),
        (("--sync", "fast"), "--sync 'fast': full or normal is wanted"),
        (("--drain", "nan"), "--drain 'nan': a number of seconds from 0 to 86,400 is wanted"),
        (("--drain", "soon"), "--drain 'soon': a number of seconds"),
    ],
)
def test_a_bad_flag_is_named(flags, said):
    with pytest.raises(ValueError, match="is wanted") as refused:
        values(*flags)
    assert said in str(refused.value)


def test_a_bad_variable_is_named():
    with pytest.raises(ValueError, match="PORTICO_OPEN 'perhaps': 1 or 0 is wanted"):
        values(PORTICO_OPEN="perhaps")
