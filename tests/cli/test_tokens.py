"""`portico token`: made, shown, revoked; the secret is said once, alone, and a server takes up changes."""

from __future__ import annotations

import json
import re
import time

import pytest

from portico.cli.main import main
from tests.support.resp import RespError

SECRET = re.compile(r"portico_[\w-]{43}\n")


@pytest.fixture
def portico(capsys):
    """Runs a command in this process; its exit code, output, and what it said."""

    def run(*arguments):
        code = main([str(each) for each in arguments])
        return code, *capsys.readouterr()

    return run


def listed(portico, directory):
    _, out, _ = portico("token", "list", directory, "--json")
    return [json.loads(line) for line in out.splitlines()]


def test_a_token_is_alone_on_standard_output(portico, tmp_path):
    code, out, said = portico(
        "token", "create", tmp_path, "--name", " lab 3 ", "--role", "admin", "--expires", "7d"
    )
    assert code == 0
    assert SECRET.fullmatch(out)
    assert out.strip() not in said
    assert re.search(r"^token [0-9a-f]{8} \(lab 3\), admin, until \d{4}-\d\d-\d\d ", said)
    assert "it is the room's first" in said
    assert "PORTICO_TOKEN" in said
    assert "/auth TOKEN" in said
    assert "first" not in portico("token", "create", tmp_path)[2].splitlines()[1]


def test_the_list_has_everything_but_the_tokens(portico, tmp_path):
    code, out, said = portico("token", "list", tmp_path)
    assert (code, out) == (0, "")
    assert said == "there are no tokens; portico token create makes one\n"
    secret = portico("token", "create", tmp_path, "--name", "lab")[1].strip()
    portico("token", "create", tmp_path, "--expires", "1s")
    lab, other = listed(portico, tmp_path)
    assert lab.keys() == {"id", "name", "role", "created", "expires", "expired"}
    assert (lab["name"], lab["role"], lab["expires"], lab["expired"]) == ("lab", "member", None, False)
    assert (other["name"], other["expired"]) == ("", other["expires"] < lab["created"])
    shown = portico("token", "list", tmp_path)[1]
    assert shown.splitlines()[0].split() == ["id", "name", "role", "created", "expires"]
    assert re.search(rf"^{lab['id']}  lab   member  \S+ \S+  never$", shown, re.MULTILINE)
    assert secret not in shown + json.dumps([lab, other])


def test_an_expired_one_says_so(portico, tmp_path, monkeypatch):
    portico("token", "create", tmp_path, "--expires", "30m")
    later = time.time_ns() + 3_600 * 10**9
    monkeypatch.setattr("time.time_ns", lambda: later)
    assert listed(portico, tmp_path)[0]["expired"] is True
    assert "  expired 2" in portico("token", "list", tmp_path)[1]


@pytest.mark.parametrize("order", ["name first", "directory first", "id"])
def test_revoke(portico, tmp_path, order):
    for name in ("one", "two"):
        portico("token", "create", tmp_path, "--name", name)
    found = listed(portico, tmp_path)[0]["id"]
    arguments = {
        "name first": ("one", tmp_path),
        "directory first": (tmp_path, "one"),
        "id": (found, tmp_path),
    }
    code, out, said = portico("token", "revoke", *arguments[order])
    assert (code, out) == (0, "")
    assert said == f"token {found} (one) is revoked; who came with it is sent away within a second\n"
    assert [each["name"] for each in listed(portico, tmp_path)] == ["two"]
    assert "the last one" in portico("token", "revoke", "two", tmp_path)[2]


def test_revoke_says_which_it_cannot_tell(portico, tmp_path):
    for _ in range(2):
        portico("token", "create", tmp_path, "--name", "twin")
    code, _, said = portico("token", "revoke", "twin", tmp_path)
    assert (code, said.count(",")) == (1, 1)
    assert all(each["id"] in said for each in listed(portico, tmp_path))
    code, _, said = portico("token", "revoke", "nobody", tmp_path)
    assert (code, said) == (5, "error: there is no token nobody; portico token list shows those there are\n")


@pytest.mark.parametrize(
    "arguments,code,said",
    [
        (["--expires", "7"], 2, "'7': a time like 30m, 12h, 7d or 4w is wanted"),
        (["--expires", "0d"], 2, "is wanted"),
        (["--expires", "600w"], 2, "of ten years at most"),
        (["--role", "king"], 2, "reader"),
        (["--name", "a\x1b[2Jb"], 2, "characters are wanted that can be shown"),
        (["--name", "x" * 65], 2, "1 to 64 characters"),
        (["nowhere"], 5, "nowhere is not a directory"),
    ],
)
def test_what_makes_no_sense_makes_no_token(portico, tmp_path, monkeypatch, arguments, code, said):
    monkeypatch.chdir(tmp_path)
    found, out, why = portico("token", "create", *arguments)
    assert (found, out) == (code, "")
    assert said in why
    assert list(tmp_path.iterdir()) == []


def refusal(client, *words):
    with pytest.raises(RespError) as refused:
        client.call(*words)
    return refused.value.code


def test_a_server_takes_them_up_while_it_runs(portico, serve):
    server = serve(max_clients=5)
    with server.resp_client() as anybody:
        assert anybody.call("PING") == "PONG"
    secret = portico("token", "create", server.directory, "--name", "guest")[1].strip()
    with server.line_client() as person:
        assert person.ask(f"/auth {secret}").startswith("You are Client")
        assert person.line() == "OK"
        portico("token", "revoke", "guest", server.directory)
        assert person.rest() == ["* the token that was shown here is not valid any more"]
    with server.resp_client() as program:
        assert refusal(program, "AUTH", secret) == "WRONGPASS"
        brief = portico("token", "create", server.directory, "--expires", "2s")[1].strip()
        assert program.call("AUTH", brief) == "OK"
        program.eof()
    with server.resp_client() as program:
        assert refusal(program, "AUTH", brief) == "WRONGPASS"
        assert refusal(program, "PING") == "NOAUTH"
