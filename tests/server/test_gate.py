"""The gate: what is granted for a token, without one, and after it is gone."""

import asyncio

import pytest

from portico.model.access import EVERYBODY, MEMBER, TOKEN_CHARACTERS, Grant
from portico.model.errors import ShutOut, WrongToken
from portico.server.gate import Gate
from portico.server.limits import ATTEMPTS_FREE, ATTEMPTS_TO_THE_DOOR, ATTEMPTS_WAITING
from portico.stores.tokens import TokenFile

HOST = "192.0.2.1"


class Notes:
    """An audit log in memory."""

    def __init__(self):
        self.events = []

    def note(self, event, **facts):
        self.events.append((event, facts))


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def tokens(tmp_path):
    return TokenFile(tmp_path / "tokens.json")


def answer(later):
    assert later.ready
    return later.value


async def test_without_tokens_everybody_is_in(tokens, notes):
    gate = Gate(tokens, notes, asks=True)
    assert not gate.locked
    assert gate.anonymous() is EVERYBODY
    assert answer(gate.admit(HOST, "whatever")) is EVERYBODY
    assert notes.events == []


async def test_with_one_everybody_has_to_show_one_unless_it_is_open(tokens, notes):
    token, secret = tokens.create("lab", "member", None)
    gate, opened = Gate(tokens, notes, asks=True), Gate(tokens, notes, asks=False)
    assert gate.anonymous() is None
    assert opened.anonymous() is EVERYBODY
    for each in (gate, opened):
        assert answer(each.admit(HOST, secret)) == Grant(MEMBER, token.id)
        assert isinstance(answer(each.admit(HOST, "wrong")), WrongToken)
        assert isinstance(answer(each.admit(HOST, "x" * (TOKEN_CHARACTERS + 1))), WrongToken)
    assert {facts["rule"] for event, facts in notes.events if event == "refused"} == {"token"}
    assert [facts["id"] for event, facts in notes.events if event == "token"] == [token.id] * 2
    assert "wrong" not in str(notes.events)


async def test_a_grant_holds_as_long_as_its_token(tokens, notes):
    gate = Gate(tokens, notes, asks=True)
    assert gate.valid(EVERYBODY)
    token, secret = tokens.create("lab", "member", None)
    assert not gate.valid(EVERYBODY), "the room wants a token now"
    grant = answer(gate.admit(HOST, secret))
    assert gate.valid(grant)
    tokens.revoke(token.id)
    assert not gate.valid(grant)


async def test_what_a_browser_has_kept_is_counted_once(tokens, notes):
    tokens.create("lab", "member", None)
    gate = Gate(tokens, notes, asks=True)
    for _ in range(3 * ATTEMPTS_TO_THE_DOOR):
        assert type(answer(gate.admit(HOST, "stale", kept=True))) is WrongToken
    assert len(notes.events) == 1


async def test_others_guesses_by_cookie_are_counted_each(tokens, notes):
    tokens.create("lab", "member", None)
    gate = Gate(tokens, notes, asks=True)
    for number in range(ATTEMPTS_FREE):
        assert answer(gate.admit(HOST, f"guess {number}", kept=True))
    assert not gate.admit(HOST, "one more", kept=True).ready


async def test_beyond_the_free_ones_right_and_wrong_tokens_wait(tokens, notes):
    _, secret = tokens.create("lab", "member", None)
    gate = Gate(tokens, notes, asks=True)
    for _ in range(ATTEMPTS_FREE):
        answer(gate.admit(HOST, "wrong"))
    waiting = gate.admit(HOST, secret)
    assert not waiting.ready
    assert answer(gate.admit("192.0.2.2", secret))
    more = [gate.admit(HOST, "wrong") for _ in range(ATTEMPTS_WAITING)]
    assert isinstance(answer(more[-1]), ShutOut), "too many wait"
    async with asyncio.timeout(5):
        done = asyncio.Event()
        waiting.then(lambda _: done.set())
        await done.wait()
    assert isinstance(waiting.value, Grant)
    assert ("limit", {"rule": "attempts", "host": HOST}) in notes.events
