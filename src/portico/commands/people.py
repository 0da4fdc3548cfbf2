"""Who one is, who is here, and who was."""

from __future__ import annotations

from typing import Any

from portico.commands.arguments import NAME, number
from portico.commands.call import Call
from portico.commands.declare import command, option, optional
from portico.commands.joining import join, rename
from portico.model.errors import NotOffered, PorticoError
from portico.model.replies import Farewell, Named, Roll, SessionLine
from portico.room.reducer import Outcome
from portico.room.state import Session

STATUS_COUNT = 1_000
"""Sessions of STATUS unless told otherwise."""

STATUS_MOST = 10_000
"""Most sessions of one STATUS: about 2 MB, and some twenty milliseconds of work."""


@command(
    "NAME",
    optional("name", NAME, rest=True),
    summary="Join under a name, or the next ClientN; or change the name you have",
    reply="the name",
    group="people",
    settles=True,
    joins=True,
)
def name(call: Call, wanted: str | None) -> Any:  # noqa: ANN401 - a reply, now or later
    """Join or rename; without a name, a session that has one is told it."""

    def answer(outcome: Outcome) -> Named | PorticoError:
        try:
            return _named(call, outcome.clients)
        except PorticoError as error:  # whoever asked is gone, or the session over another connection
            return error

    if not call.session:
        return join(call, wanted, answer)
    return _named(call) if wanted is None else rename(call, wanted, answer)


def _named(call: Call, clients: int = 0) -> Named:
    state = call.room.state
    return Named(call.room.speaker(call.session).name, clients or len(state.names), state.max_clients)


@command(
    "STATUS",
    option("ONLINE"),
    option("COUNT", n=number("COUNT", 1, STATUS_MOST), bare=True),
    summary="Show every client that is or was here, with connection and disconnect times",
    reply="array of maps: name, address, connected, disconnected (null while online)",
    group="people",
    settles=True,
)
def status(call: Call, online: bool, count: int | None) -> Roll:  # noqa: FBT001 - bound by declaration
    """Show sessions, oldest first; beyond the count the newest."""
    state = call.room.state
    sessions = state.open_sessions() if online else list(state.sessions.values())
    shown = sessions[-(count or STATUS_COUNT) :]
    return Roll([_line(session) for session in shown], len(sessions) - len(shown))


def _line(session: Session) -> SessionLine:
    return SessionLine(
        session.name, session.host, session.port, session.connected, session.disconnected, session.reason
    )


def _refuse_after_bye(_call: Call, _name: bytes) -> PorticoError:
    """Answer what was sent behind BYE; the connection closes before anybody can read it."""
    return NotOffered("this connection has said goodbye")


def _bye(call: Call) -> Any:  # noqa: ANN401 - a reply, now or later
    call.refusing = _refuse_after_bye
    session = call.room.state.open_session(call.session)
    if session is None:
        return Farewell("")
    call.peer.unfollow()
    call.peer.release()
    later = call.room.leave(call.now, session.id)
    return later.map(lambda _: Farewell(session.name))


BYE: dict[str, Any] = {
    "reply": "OK, then the connection is closed",
    "group": "people",
    "settles": True,
    "admits": True,
}
bye = command("BYE", summary="Leave the room and close the connection", **BYE)(_bye)
leave = command("QUIT", summary="The same as BYE, as Redis calls it", **BYE)(_bye)

COMMANDS = (name, status, bye, leave)
