"""What an admin may do beyond everybody else: send somebody away, and end the server."""

from __future__ import annotations

from portico.commands.arguments import HOLDER
from portico.commands.call import Call
from portico.commands.declare import command, required
from portico.model.later import Later
from portico.model.replies import OK, Simple
from portico.room.state import DROPPED


def token_of(call: Call) -> str:
    """Return the id of the token by which a caller is an admin."""
    return "" if call.grant is None else call.grant.token


@command(
    "DROP",
    required("name", HOLDER, rest=True),
    summary="End somebody's session and close the connection; it cannot be continued",
    reply="OK",
    group="admin",
    settles=True,
    rules=True,
)
def drop(call: Call, name: str) -> Later:
    """End the session that holds a name now."""
    session = call.room.addressee(name)
    call.service.audit.note("drop", name=session.name, address=call.address, token=token_of(call))
    later = call.room.leave(call.now, session.id, DROPPED)
    call.service.drop(session.id)
    return later.map(lambda outcome: outcome.error or OK)


@command(
    "DRAIN",
    summary="End the server in order: no new work, what is under way is finished, sessions are told",
    reply="OK",
    group="admin",
    settles=True,
    rules=True,
)
def drain(call: Call) -> Simple:
    """Begin to end, as SIGTERM does."""
    call.service.audit.note("drain", address=call.address, token=token_of(call))
    call.service.drain()
    return OK


COMMANDS = (drop, drain)
"""For admins."""
