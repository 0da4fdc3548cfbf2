"""`portico invite`: what somebody needs to come in, and nothing where nobody is served."""

from __future__ import annotations

import re
import urllib.request

import pytest

from portico.app.access import Whereabouts
from portico.cli.errors import UsageError
from portico.cli.invite import hosts, link
from portico.cli.main import main
from portico.client.address import Address
from portico.stores.tokens import TokenFile
from tests.support import shell as command


@pytest.fixture
def portico(capsys):
    """Runs a command in this process; its exit code, output, and what it said."""

    def run(*arguments):
        code = main([str(each) for each in arguments])
        return code, *capsys.readouterr()

    return run


def test_the_link_lets_in_whom_it_says(portico, serve):
    server = serve()
    code, out, said = portico(
        "invite", server.directory, "--name", "guest", "--role", "reader", "--expires", "1d"
    )
    assert code == 0
    where, token = re.fullmatch(
        rf"Address:      127\.0\.0\.1:{server.port}\n"
        rf"Link:         (http://127\.0\.0\.1:{server.port}/)#token=(portico_[\w-]{{43}})\n",
        out,
    ).groups()
    assert urllib.request.urlopen(where, timeout=20).status == 200  # noqa: S310 - our own server
    assert re.match(r"token [0-9a-f]{8} \(guest\), reader, until ", said)
    assert "where no other machine reaches it" in said
    assert token not in said
    with server.resp_client() as client:
        assert client.call("AUTH", token) == "OK"
        assert client.call("LIST")


def test_nobody_is_invited_where_nobody_is_served(portico, serve, tmp_path):
    assert portico("invite", tmp_path)[0] == 1
    server = serve()
    server.kill()
    code, out, said = portico("invite", server.directory)
    assert (code, out) == (1, "")
    assert said == f"error: no server is running on {server.directory}; start it first: portico serve\n"
    assert TokenFile(server.directory / ".portico" / "tokens.json").tokens == []
    server.restart()
    assert portico("invite", server.directory)[0] == 0
    server.terminate()
    assert portico("invite", server.directory)[0] == 1


def test_an_open_room_needs_no_token_but_gives_one_that_is_wished(portico, serve):
    server = serve(open=True)
    _, out, said = portico("invite", server.directory, "--host", "room.example.org:80")
    assert out == "Address:      room.example.org:80\nLink:         http://room.example.org:80/\n"
    assert said == "this room asks nobody for a token (--open): the link has none\n"
    _, out, said = portico("invite", server.directory, "--role", "admin")
    assert "#token=portico_" in out
    assert "asks everybody" not in said


def test_the_token_that_all_share(portico, serve, tmp_path, monkeypatch):
    secret = tmp_path / "secret"
    secret.write_text("open & sesame #1\n")
    secret.chmod(0o600)
    server = serve(token_file=secret)
    _, out, said = portico("invite", server.directory, "--shared", "--token-file", secret)
    assert out.endswith("/#token=open%20%26%20sesame%20%231\n")
    assert "sesame" not in said
    monkeypatch.delenv("PORTICO_TOKEN", raising=False)
    assert portico("invite", server.directory, "--shared")[0] == 2
    secret.chmod(0o644)
    assert portico("invite", server.directory, "--shared", "--token-file", secret)[0] == 2
    assert TokenFile(server.directory / ".portico" / "tokens.json").tokens == []


def test_with_tls_there_is_a_fingerprint(portico, serve):
    server = serve(tls=True)
    key = server.wait_for("Its key is").removeprefix("Its key is ")
    _, out, _ = portico("invite", server.directory)
    address, where, fingerprint = out.splitlines()
    assert address == f"Address:      tls://127.0.0.1:{server.port}"
    assert where.startswith(f"Link:         https://127.0.0.1:{server.port}/#token=")
    assert fingerprint == f"Fingerprint:  {key}"


def test_a_terminal_gets_a_code(serve):
    server = serve()
    env = command.environment(TERM="xterm-256color", LC_ALL="C.UTF-8")
    code, shown = command.on_terminal("invite", str(server.directory), env=env)
    assert code == 0
    lines = [line for line in shown.splitlines() if line.startswith("\x1b[38;5;231;48;5;16m")]
    assert len(lines) > 15
    assert len({len(line) for line in lines}) == 1
    assert all(line.endswith("\x1b[0m") for line in lines)


THERE = Whereabouts("192.0.2.7", 7000)


@pytest.mark.parametrize(
    "given,found",
    [
        (None, ("192.0.2.7", 7000)),
        (["a.example"], ("a.example", 7000)),
        (["a.example:443"], ("a.example", 443)),
        (["::1"], ("::1", 7000)),
        (["[2001:db8::1]"], ("2001:db8::1", 7000)),
        (["[2001:db8::1]:9"], ("2001:db8::1", 9)),
    ],
)
def test_how_others_reach_it(given, found):
    assert hosts(given, THERE) == [Address(*found)]


@pytest.mark.parametrize("given", ["a:b", "a:0", "http://x", "[::1"])
def test_what_is_no_address(given):
    with pytest.raises(UsageError, match="no address"):
        hosts([given], THERE)


def test_an_address_of_six_is_in_brackets():
    assert link(Address("::1", 9), "t/t", secure=True) == "https://[::1]:9/#token=t%2Ft"
