"""The room over plain requests: what was said, saying something, who is and was here, and the help."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from portico.model.errors import PorticoError, TooBig
from portico.model.files import VISITOR
from portico.room.limits import MESSAGE_BYTES
from portico.server.http.answers import answer
from portico.server.http.asking import ask, call_of

OPTIONS = {"since": "SINCE", "count": "COUNT", "kind": "KIND", "wait": "WAIT"}


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
    text = b""
    async for data in request.content.iter_any():
        text += data
        if len(text) > MESSAGE_BYTES + 1:
            raise TooBig(f"a message has at most {MESSAGE_BYTES:,} bytes")
    return text.removesuffix(b"\n")


async def status(request: web.Request) -> web.Response:
    """`GET /status[?online=1&count=]`."""
    words = ["ONLINE"] if request.query.get("online") else []
    if "count" in request.query:
        words += ["COUNT", request.query["count"]]
    return answer(await ask(call_of(request), "STATUS", *words))


async def manual(request: web.Request) -> web.Response:
    """`GET /help[?command=]`: from the command table."""
    words = [request.query["command"]] if "command" in request.query else []
    return answer(await ask(call_of(request), "HELP", *words))


async def health(request: web.Request) -> web.Response:
    """`GET /health`: whether the log answers, as a status a load balancer or script understands."""
    call = call_of(request)
    service = call.service
    if not service.commands:
        raise PorticoError("no commands")
    return answer({"status": "ok", "log": service.log_identity, "head": service.history.head})


ROUTES = (
    web.get("/messages", history),
    web.post("/messages", say),
    web.get("/status", status),
    web.get("/help", manual),
    web.get("/health", health),
)
