"""Dialogues: one script, played over every wire.

    Client1 > join = Client1          somebody does something, which must work, and this is the answer
    Client1 > rename bob ! the name   this is refused, and the sentence has these words in it
    Client2 < Client1: Hello          somebody is told this, unasked, in the words of the text wire

Who speaks is one connection each. All read whatever they are told in order, and at the end nobody has been
told anything more. An adapter for a wire is a class with the methods of `Adapter`; RESP2 has no pushes, so
there one asks HISTORY for what one would have been told.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from tests.support.plain import LineClient
from tests.support.resp import RespClient, RespError, pairs
from tests.support.stream import PATIENCE
from tests.support.web import WebClient

STEP = re.compile(r"(?P<who>\w+) *(?P<mark>[<>]) (?P<words>.*?)(?: +(?P<sign>[=!])(?: (?P<answer>.*))?)?")
"""One line of a script."""

GREETING = re.compile(r"You are (.+) \((\d+) of (\d+) clients\)\. Type help for the commands\.")

ENTRY = re.compile(r"(?P<seq>\d+) \S+ \S+ (?P<words>.*)")
"""One line of HISTORY on the text wire: number, date, time, words."""

SETTLED = 0.15
"""How long nothing may come at the end of a dialogue."""


class Refused(Exception):
    """The server said no; the sentence is the same on all wires."""


class Adapter(Protocol):
    """One participant on one wire. Everything raises `Refused` when the server refuses."""

    def join(self) -> str: ...
    def say(self, text: str) -> str: ...
    def tell(self, name_and_text: str) -> str: ...
    def rename(self, name: str) -> str: ...
    def leave(self) -> str: ...
    def status(self) -> str: ...
    def files(self, pattern: str = "") -> str: ...
    def history(self, count: str) -> str: ...
    def erase(self, text: str) -> str: ...
    def told(self) -> str: ...
    def silent(self) -> None: ...
    def close(self) -> None: ...


def play(script: str, adapter: Callable[[int], Any], port: int) -> None:
    """Plays a script; each name in it is one connection of the given wire."""
    people: dict[str, Adapter] = {}
    try:
        for step in steps(script):
            if step.who not in people:
                people[step.who] = adapter(port)
            step.take(people[step.who])
        for person in people.values():
            person.silent()
    finally:
        for person in people.values():
            person.close()


@dataclass
class Step:
    """One line of a script."""

    line: str
    who: str
    mark: str
    words: str
    sign: str | None
    answer: str | None

    def take(self, person: Adapter) -> None:
        if self.mark == "<":
            came, expected = person.told(), self.words
        else:
            came, expected = self.do(person), self.answer or ""
        right = expected in came if self.sign == "!" else not expected or came == expected
        assert right, f"{self.line}\nthere came {came!r}"

    def do(self, person: Adapter) -> str:
        verb, *arguments = self.words.split(" ", 1)
        refused = False
        try:
            came: str = getattr(person, verb)(*arguments)
        except Refused as refusal:
            came, refused = str(refusal), True
        assert refused == (self.sign == "!"), f"{self.line}\nthere came {came!r}"
        return came


def steps(script: str) -> Iterator[Step]:
    for raw in script.strip().splitlines():
        line = raw.strip()
        found = STEP.fullmatch(line)
        assert found, f"not a step: {line!r}"
        yield Step(line, *found.group("who", "mark", "words", "sign", "answer"))


class Text:
    """A person with netcat."""

    def __init__(self, port: int) -> None:
        self.client = LineClient(port)

    def join(self) -> str:
        greeting = self.client.ask("")
        found = GREETING.fullmatch(greeting)
        if found is None:
            self.client.eof()
            raise Refused(greeting)
        return found[1]

    def say(self, text: str) -> str:
        return self._ask(f"/say {text}").removesuffix(" ACK")

    def tell(self, name_and_text: str) -> str:
        return self._ask(f"/tell {name_and_text}").removesuffix(" ACK")

    def rename(self, name: str) -> str:
        found = GREETING.fullmatch(self._ask(f"/name {name}"))
        assert found
        return found[1]

    def leave(self) -> str:
        farewell = self._ask("bye")
        self.client.eof()
        return farewell.removeprefix("Goodbye, ").removesuffix(".")

    def status(self) -> str:
        self.client.send("status", "/echo .")
        shown = []
        while (line := self.client.line()) != ".":
            name = line.removeprefix("Client Name: ")
            address, connected, disconnected, rule = self.client.lines(4)
            assert re.fullmatch(r"Client Address: \('127\.0\.0\.1', \d+\)", address)
            assert re.fullmatch(r"Client Connection Time: [-\d]{10} [:\d]{8}\.\d{6}", connected)
            gone = disconnected.removeprefix("Client Disconnect Time: ")
            assert rule == "-----"
            shown.append(f"{name} {'online' if gone == 'None' else 'gone'}")
        return ", ".join(shown)

    def files(self, pattern: str = "") -> str:
        listed = self._ask(f"/list {pattern}".rstrip()).removeprefix("Files:")
        return ", ".join(listed.strip().removesuffix(" |").split(" | "))

    def history(self, count: str) -> str:
        return " / ".join(words for _, words in self._history(int(count)))

    def erase(self, text: str) -> str:
        seqs = [seq for seq, words in self._history(1000) if words.endswith(f": {text}")]
        return self._ask(f"/erase {seqs[-1]}")

    def _history(self, count: int) -> list[tuple[int, str]]:
        """The entries of one answer; what comes back from ECHO stands behind it."""
        self.client.send(f"/history {count}", "/echo .")
        lines = iter(self.client.line, ".")
        return [(int(found["seq"]), found["words"]) for found in map(ENTRY.fullmatch, lines) if found]

    def told(self) -> str:
        return self.client.line()

    def silent(self) -> None:
        try:
            self.client.silent(SETTLED)
        except EOFError:
            assert not self.client.buffer

    def close(self) -> None:
        self.client.close()

    def _ask(self, line: str) -> str:
        answer = self.client.ask(line)
        if answer.startswith("error: "):
            raise Refused(answer.removeprefix("error: "))
        return answer


class Resp:
    """A program with RESP2, which asks HISTORY for what others are told unasked."""

    protocol = 2

    def __init__(self, port: int) -> None:
        self.client = RespClient(port, self.protocol)
        self.name = ""
        self.seen_name = ""  # what it was at the point up to which entries were read
        self.seen = 0

    def join(self) -> str:
        self.name = self.seen_name = self._ask("NAME")
        self.follow()
        return self.name

    def follow(self) -> None:
        self.seen = dict_of(self._ask("HELLO"))["head"]

    def say(self, text: str) -> str:
        assert isinstance(self._ask("SAY", text), int)
        return text

    def tell(self, name_and_text: str) -> str:
        name, text = name_and_text.split(" ", 1)
        assert isinstance(self._ask("TELL", name, text), int)
        return text

    def rename(self, name: str) -> str:
        self.name = self._ask("NAME", name)
        return self.name

    def leave(self) -> str:
        self._ask("BYE")
        self.client.eof()
        return self.name

    def status(self) -> str:
        rows = [dict_of(row) for row in self._ask("STATUS")]
        assert all(re.fullmatch(r"[-\d]{10}T[:\d]{8}\.\d{6}Z", row["connected"]) for row in rows)
        return ", ".join(f"{row['name']} {'gone' if row['disconnected'] else 'online'}" for row in rows)

    def files(self, pattern: str = "") -> str:
        rows = [dict_of(row) for row in self._ask("LIST", *([pattern] if pattern else []))]
        return ", ".join(row["path"] for row in rows) or "(none)"

    def history(self, count: str) -> str:
        return " / ".join(self.words(dict_of(entry)) for entry in self._ask("HISTORY", "COUNT", count))

    def erase(self, text: str) -> str:
        entries = [dict_of(entry) for entry in self._ask("HISTORY", "KIND", "message", "COUNT", 1000)]
        return str(self._ask("ERASE", [entry["seq"] for entry in entries if entry["text"] == text][-1]))

    def told(self) -> str:
        words = self.next_words(PATIENCE)
        assert words is not None, "nothing was told"
        return words

    def next_words(self, seconds: float) -> str | None:
        """What others did next; one is told nothing of what one does oneself."""
        deadline = time.monotonic() + seconds
        while (entry := self.next_entry(deadline)) is not None:
            if entry["sender"] != self.seen_name:
                return self.words(entry)
            self.seen_name = entry.get("name") or self.seen_name
        return None

    def next_entry(self, deadline: float) -> dict[str, Any] | None:
        wait = max(0, int((deadline - time.monotonic()) * 1000))
        page = self._ask("HISTORY", "SINCE", self.seen, "COUNT", 1, "WAIT", wait)
        for entry in map(dict_of, page):
            self.seen = entry["seq"]
            return entry
        return None

    def silent(self) -> None:
        with suppress(EOFError, ConnectionError):
            words = self.next_words(SETTLED) if self.name else None
            assert words is None, f"expected silence, there came {words!r}"

    def words(self, entry: dict[str, Any]) -> str:
        """What the text wire says of an entry."""
        sender = entry["sender"]
        if entry["kind"] == "message":
            addressee = (
                f" (to {'you' if entry['to'] == self.name else entry['to']})" if entry.get("to") else ""
            )
            return f"{sender}{addressee}: {entry['text']}"
        if entry["kind"] == "presence":
            change = entry["change"]
            return f"* {sender} is now {entry['name']}" if change == "renamed" else f"* {sender} {change}"
        return f"* a message of {sender} was erased"

    def close(self) -> None:
        self.client.close()

    def _ask(self, *words: str | int) -> Any:
        try:
            return self.client.call(*words)
        except RespError as error:
            raise Refused(error.sentence) from None


class Resp3(Resp):
    """A program with RESP3, which follows."""

    protocol = 3

    def follow(self) -> None:
        self._ask("FOLLOW")

    def next_entry(self, deadline: float) -> dict[str, Any] | None:
        try:
            kind, entry = self.client.push(deadline - time.monotonic())
        except (TimeoutError, EOFError):
            return None
        assert kind == "entry"
        return dict_of(entry)


def dict_of(reply: Any) -> dict[str, Any]:
    """A map, however the protocol brings it."""
    return reply if isinstance(reply, dict) else pairs(reply)


class WebSocket(Resp3):
    """A page in a browser."""

    def __init__(self, port: int) -> None:
        self.client = WebClient(port)  # type: ignore[assignment]
        self.name = self.seen_name = ""
        self.seen = 0


WIRES = {"text": Text, "resp2": Resp, "resp3": Resp3, "websocket": WebSocket}
"""Every wire that dialogues are played over."""
