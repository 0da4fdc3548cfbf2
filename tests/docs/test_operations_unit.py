"""The unit of systemd: the page shows the file, and a server keeps what it says."""

import configparser
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "examples" / "portico.service"


def test_the_page_shows_the_file():
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```ini\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert shown == UNIT.read_text(encoding="utf-8")


def test_it_is_a_unit_that_is_told_when_the_server_is_ready():
    unit = configparser.ConfigParser(strict=True, interpolation=None)
    unit.optionxform = str
    unit.read(UNIT, encoding="utf-8")
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert "--tls" in service["ExecStart"]
