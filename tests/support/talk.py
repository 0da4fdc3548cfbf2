"""The two ends of a conversation without a socket: what the client sends, taken apart, and what it hears."""

from collections.abc import Sequence
from typing import Any

from portico.client.conversation import Conversation
from portico.client.requests import Request
from portico.client.resp import encode as encode_request
from portico.model.entries import Entry
from portico.model.errors import PorticoError
from portico.model.replies import Simple
from portico.wire import CODECS, Wire
from portico.wire.resp_values import encode

OK = Simple("OK")


def facts(**other: Any) -> dict[str, Any]:
    """What HELLO answers, a visitor's unless told otherwise."""
    return {
        "server": "portico",
        "proto": 3,
        "log": "log1",
        "first": 1,
        "head": 7,
        "name": None,
        **other,
    }


def session(name: str, **other: Any) -> dict[str, Any]:
    """What HELLO answers a session."""
    return facts(name=name, resume=f"secret of {name}", **other)


def message(seq: int, text: str = "hi") -> dict[str, Any]:
    """An entry as programs get it."""
    return {
        "seq": seq,
        "kind": "message",
        "at": "2025-02-10T23:46:52.048084Z",
        "sender": "ann",
        "text": text,
    }


def push(kind: str, content: Any) -> bytes:
    """A push as the server sends it."""
    return b">2\r\n" + encode(kind, 3) + encode(content, 3)


def entry_push(seq: int) -> bytes:
    return push("entry", message(seq))


class Answer:
    """Where the answer of one request goes: a slot; `given_up` once nobody waits for it."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.given_up = False

    def done(self) -> bool:
        return self.given_up or bool(self.values)

    def set_result(self, result: Any, /) -> None:
        self.values.append(result)

    def set_exception(self, exception: Any, /) -> None:
        self.values.append(exception)

    @property
    def value(self) -> Any:
        (value,) = self.values
        return value


class Talk:
    """A conversation and all that it tells; `sent` takes the requests since the last time."""

    def __init__(self, wanted: str | None = None, token: str = "") -> None:
        self.conversation = Conversation(self, wanted, token)
        self.heard: list[Any] = []
        self._codec = CODECS[Wire.RESP]()

    # What the conversation tells

    def introduced(self) -> None:
        self.heard.append("introduced")

    def refused(self, error: PorticoError) -> None:
        self.heard.append(error.code)

    def entry(self, entry: Entry) -> None:
        self.heard.append(entry.seq)

    def skipped(self) -> None:
        self.heard.append("skipped")

    def news(self) -> list[Any]:
        """What was heard since asked last."""
        heard, self.heard = self.heard, []
        return heard

    # What a test does

    def open(self) -> list[str]:
        """A new connection; return what is said first."""
        self._codec = CODECS[Wire.RESP]()
        self.conversation.opened()
        return self.sent()

    def cut(self) -> None:
        self.conversation.lost()

    def sent(self) -> list[str]:
        """The requests sent since asked last, each as one line."""
        requests: list[Any] = list(self._codec.receive(self.conversation.take()))
        return [b" ".join(request).decode() for request in requests]

    def answer(self, *values: Any) -> list[str]:
        """The server answers; return what is sent then."""
        self.conversation.receive(b"".join(encode(value, 3) for value in values))
        return self.sent()

    def push(self, *pushes: bytes) -> None:
        self.conversation.receive(b"".join(pushes))

    def ask(self, *words: str | int, again: bool = True) -> Answer:
        answer = Answer()
        self.conversation.ask(Request(encode_request(words), answer, again=again))
        return answer

    def asked(self, texts: Sequence[str]) -> list[Answer]:
        return [self.ask("ECHO", text) for text in texts]
