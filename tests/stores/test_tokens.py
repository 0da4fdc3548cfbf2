"""Tokens in their file: made, found, revoked, expired; never the secret itself, and nobody else's to read."""

import json
import os
import threading

import pytest

from portico.model.access import ADMIN, MEMBER, READER, SHARED, Grant
from portico.model.errors import NotFound, Refused
from portico.stores.tokens import PREFIX, TokenFile

START = 1_700_000_000_000_000
SECOND = 1_000_000


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "private" / "tokens.json"


@pytest.fixture
def tokens(path, clock):
    return TokenFile(path, now=clock)


@pytest.mark.parametrize("role, number", [("reader", READER), ("member", MEMBER), ("admin", ADMIN)])
def test_a_token_is_found_and_grants_its_role(tokens, role, number):
    token, secret = tokens.create("lab", role, None)
    assert secret.startswith(PREFIX)
    assert len(secret) == len(PREFIX) + 43, "256 bits in base64"
    assert tokens.find(secret) == Grant(number, token.id)
    assert tokens.valid(token.id)
    for wrong in (secret[:-1], secret + "x", secret.swapcase(), "", token.id, token.sha256, "\udcff"):
        assert tokens.find(wrong) is None


def test_what_root_makes_belongs_to_the_owner_of_the_room(tokens, path, tmp_path):
    """Else a server that runs as somebody else could not read it."""
    if os.geteuid() == 0:
        os.chown(tmp_path, 12_345, 12_346)
    owner = tmp_path.stat()
    tokens.create("lab", "member", None)
    for made in (path.parent, *path.parent.iterdir()):
        assert (made.stat().st_uid, made.stat().st_gid) == (owner.st_uid, owner.st_gid), made


def test_what_root_makes_goes_where_nobody_else_has_led_it(tokens, path, tmp_path):
    path.parent.mkdir()
    (tmp_path / "precious").write_text("precious")
    path.with_name("tokens.json.partial").symlink_to(tmp_path / "precious")
    tokens.create("lab", "member", None)
    assert (tmp_path / "precious").read_text() == "precious"
    assert not path.is_symlink()


def test_the_file_holds_no_secret_and_is_its_owners_alone(tokens, path):
    before = os.umask(0)
    try:
        _, secret = tokens.create("lab", "member", None)
    finally:
        os.umask(before)
    assert secret.removeprefix(PREFIX) not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_none_is_made_twice(tokens):
    assert len({tokens.create("", "member", None)[1] for _ in range(20)}) == 20
    assert len(tokens.tokens) == 20


def test_another_process_is_seen(path, clock):
    server, operator = TokenFile(path, now=clock), TokenFile(path, now=clock)
    assert not server.wanted
    token, secret = operator.create("lab", "member", None)
    assert server.find(secret) is None
    assert server.refresh()
    assert not server.refresh()
    assert server.wanted
    assert server.find(secret) == Grant(MEMBER, token.id)
    operator.revoke("lab")
    assert server.valid(token.id)
    assert server.refresh()
    assert not server.valid(token.id)
    assert server.find(secret) is None
    assert server.wanted, "who revokes the last token does not open the room"
    assert not TokenFile(path, now=clock).wanted


def test_a_token_expires(tokens, clock):
    token, secret = tokens.create("guest", "reader", 60.0)
    assert not tokens.refresh()
    clock.now += 60 * SECOND - 1
    assert tokens.find(secret)
    assert not tokens.refresh()
    clock.now += 1
    assert tokens.find(secret) is None
    assert not tokens.valid(token.id)
    assert tokens.refresh(), "whoever showed it has to go"
    assert not tokens.refresh()
    assert [each.id for each in tokens.tokens] == [token.id]


def test_revoking_by_id_or_by_a_name_that_is_one(tokens):
    one, _ = tokens.create("lab", "member", None)
    two, secret = tokens.create("lab", "member", None)
    with pytest.raises(Refused, match=f"2 tokens have the name lab.*{one.id}"):
        tokens.revoke("lab")
    assert tokens.revoke(one.id) == one
    assert tokens.find(secret)
    assert tokens.revoke("lab") == two
    with pytest.raises(NotFound, match="there is no token lab"):
        tokens.revoke("lab")


def test_the_shared_token_is_a_members(path, clock):
    tokens = TokenFile(path, "open sesame", clock)
    assert tokens.wanted
    assert tokens.find("open sesame") == Grant(MEMBER, SHARED)
    assert tokens.valid(SHARED)
    assert tokens.find("open") is None
    assert not TokenFile(path, now=clock).valid(SHARED)


def test_many_at_once_lose_nothing(path, clock):
    threads = [
        threading.Thread(target=lambda: TokenFile(path, now=clock).create("", "member", None))
        for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(TokenFile(path, now=clock).tokens) == 10


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no json",
        "[]",
        '{"format": 2, "tokens": []}',
        '{"format": 1, "tokens": [{"id": "x"}]}',
        '{"format": 1, "tokens": [7]}',
    ],
)
def test_a_file_that_is_no_such_file_is_refused_at_a_start_and_passed_over_later(path, clock, body):
    tokens = TokenFile(path, now=clock)
    _, secret = tokens.create("lab", "member", None)
    path.write_text(body)
    with pytest.raises(Refused, match=r"the tokens in .* cannot be understood"):
        TokenFile(path, now=clock)
    assert not tokens.refresh()
    assert tokens.find(secret), "what is known stays"


def test_a_token_with_another_role_is_not_believed(tokens, path, clock):
    tokens.create("lab", "member", None)
    body = json.loads(path.read_text())
    body["tokens"][0]["role"] = "god"
    path.write_text(json.dumps(body))
    with pytest.raises(Refused):
        TokenFile(path, now=clock)
