"""The room over plain requests: what was said, saying something, who is and was here, and the help."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from aiohttp import web

from portico.model.errors import PorticoError, TimedOut, TooBig
from portico.model.files import VISITOR
from portico.room.limits import MESSAGE_BYTES
from portico.server.http import bodies
from portico.server.http.answers import answer, refusal
from portico.server.http.asking import ask, call_of
from portico.server.http.conversation import conversation_of
from portico.server.limits import PARTIAL_SECONDS

OPTIONS = {"since": "SINCE", "count": "COUNT", "kind": "KIND", "wait": "WAIT"}


CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})
"""Of a message's body; the others would have to be guessed right."""


class WrongCharset(PorticoError):
    """A message in other characters than ours."""

    def __init__(self) -> None:
        super().__init__("a message is UTF-8; leave the charset out, or say utf-8")


async def history(request: web.Request) -> web.Response:
    """`GET /messages?since=&count=&kind=&wait=`."""
    words: list[str] = []
    for name, token in OPTIONS.items():
        if name in request.query:
            words += [token, request.query[name]]
    return answer(await ask(call_of(request), "HISTORY", *words))


async def say(request: web.Request) -> web.Response:
    """`POST /messages[?as=NAME]`: the body is the text, the header `Idempotency-Key` its key."""
    text = await text_of(request)
    name = request.query.get("as", VISITOR)
    words: list[bytes | str] = ["SAY", text, "AS", name]
    key = request.headers.get("Idempotency-Key")
    if key is not None:
        words += ["ID", key]
    seq = await ask(call_of(request), *words)
    return answer({"seq": seq}, HTTPStatus.CREATED)


async def text_of(request: web.Request) -> bytes:
    """Return a body that is a message; one line end behind it, as `echo` writes it, is not part of it."""
    if (request.charset or "utf-8").lower() not in CHARSETS:
        raise WrongCharset
    if (request.content_length or 0) > MESSAGE_BYTES + len(b"\r\n"):
        raise _too_long()
    bodies.ask_for(request)
    text = b""
    try:
        async with asyncio.timeout(PARTIAL_SECONDS):
            async for data in request.content.iter_any():
                text += data
                if len(text) > MESSAGE_BYTES + len(b"\r\n"):
                    raise _too_long()
    except TimeoutError:
        raise TimedOut("the rest of the message took too long to come; nothing was said") from None
    return text.removesuffix(b"\n").removesuffix(b"\r")


def _too_long() -> TooBig:
    return TooBig(f"a message has at most {MESSAGE_BYTES:,} bytes")


async def status(request: web.Request) -> web.Response:
    """`GET /status[?online=1&count=]`."""
    words = ["ONLINE"] if request.query.get("online") else []
    if "count" in request.query:
        words += ["COUNT", request.query["count"]]
    return answer(await ask(call_of(request), "STATUS", *words))


async def manual(request: web.Request) -> web.Response:
    """`GET /help` and `GET /help/COMMAND`: from the command table."""
    command = request.match_info.get("command")
    words = [] if command is None else [command]
    return answer(await ask(call_of(request), "HELP", *words))


async def health(request: web.Request) -> web.Response:
    """`GET /health`: whether the log can be written, as a status that a load balancer understands."""
    server = conversation_of(request).connection.server
    trouble = server.trouble
    if trouble is not None:
        return refusal(trouble, HTTPStatus.SERVICE_UNAVAILABLE)
    return answer({"status": "ok", "log": server.log_identity, "head": server.history.head})


ROUTES = (
    web.get("/messages", history),
    web.post("/messages", say),
    web.get("/status", status),
    web.get("/help", manual),
    web.get("/help/{command}", manual),
    web.get("/health", health),
)
