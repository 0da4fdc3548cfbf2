"""Serving a room: the stores are opened, the server runs until it is told to stop, everything is closed."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from portico.app import notify
from portico.app.place import ROOM, Place, occupied
from portico.model.errors import PorticoError
from portico.model.policy import NAMES
from portico.model.version import __version__
from portico.room.history import open_room
from portico.server import listener
from portico.server.limits import REPOSITORY_FILES, RESERVED_FILES, TRANSFER_FILES
from portico.server.listener import Console, Server, Settings, Stores
from portico.stores.audit import AuditLog, NoAudit
from portico.stores.certificates import Certificates, Pair, self_signed
from portico.stores.files.directory import DirectoryRepository
from portico.stores.files.modes import keep_to_ourselves
from portico.stores.sqlite.log import SqliteLog
from portico.stores.tokens import TokenFile
from portico.stores.whereabouts import Whereabouts, told

GC_THRESHOLDS = (10_000, 10, 3)
"""How many new objects make the collector of cycles look, and how often it looks further. Messages under way
are many short-lived objects without cycles: with the default of 700 looking at them took 11 % of the loop's
time beside 1,000 clients; 10,000 are looked through in half a millisecond. A connection is a ring with what
serves it, so all is looked through now and then: with 50 instead of 3, those that had lasted kept 100 MB."""

SWITCH_SECONDS = 0.0005
"""How long one thread may keep the interpreter from another: beside a busy loop the log's thread waited 6 ms
for its turn with the default 5 ms, and 0.9 ms with this."""


def open_tokens(place: Place, shared: str) -> TokenFile:
    """Return the tokens of a room; raise `Refused` when their file cannot be read."""
    return TokenFile(place.tokens_path, shared)


def open_certificates(
    place: Place, hosts: Iterable[str], own: tuple[Path, Path] | None, note: Callable[[str], None]
) -> Certificates:
    """Return the operator's own certificate and key, or the room's self-signed ones; raise `Refused`.

    Those are made for `hosts`, by which others reach this machine, and for its own names.
    """
    return Certificates(Pair(*own) if own else self_signed(place.private, hosts), note)


STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a server in order: Ctrl-C, a service manager, and the closing of its terminal. With TLS the last
one lets the certificate be read again instead, as it does with most servers."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """Who may come in, and how one knows the server."""

    tokens: TokenFile
    certificates: Certificates | None


async def serve(
    place: Place, settings: Settings, entrance: Entrance, console: Console, ready: Callable[[Server], None]
) -> None:
    """Serve until a signal of `STOPPING`; call `ready` when it listens; raise `PorticoError`."""
    keep_to_ourselves()
    sys.setswitchinterval(SWITCH_SECONDS)
    allow_files(settings.max_connections)
    with occupied(place):
        await _open(place, settings, entrance, console, ready)


async def _open(
    place: Place, settings: Settings, entrance: Entrance, console: Console, ready: Callable[[Server], None]
) -> None:
    repository = DirectoryRepository(
        place.directory,
        place.files_path,
        sync=place.sync,
        keep_uploads=place.keep_uploads,
        note=console.note,
    )
    log = SqliteLog(place.log_path, sync=place.sync)
    audit = NoAudit() if place.audit_path is None else AuditLog(place.audit_path, console.note)
    try:
        room, history = await open_room(log, ROOM, await log.open())
        stores = Stores(log, repository, entrance.tokens, audit)
        server = Server(settings, stores, room=room, history=history, console=console)
        server.certificates = entrance.certificates
        audit.note("start", version=__version__, process=os.getpid(), **_told(settings, entrance))
        await _serve(server, place.whereabouts_path if place.changes else None, ready)
        audit.note("stop")
    finally:
        audit.close()
        await log.close()
        await repository.close()


async def _serve(server: Server, whereabouts: Path | None, ready: Callable[[Server], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in STOPPING:
        # A hangup that is ignored (nohup) stays so.
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, server.told_to_end.set)
    if server.certificates is not None:
        loop.add_signal_handler(signal.SIGHUP, reload, server.certificates)
    await server.start()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    with told(whereabouts, _whereabouts(server)):
        ready(server)
        server.serve()
        notify.tell("READY=1", f"MAINPID={os.getpid()}")
        watchdog = loop.create_task(notify.keep_watchdog())
        ending = loop.create_task(server.told_to_end.wait())
        await asyncio.wait((ending, server.broken), return_when=asyncio.FIRST_COMPLETED)
    notify.tell("STOPPING=1")
    watchdog.cancel()
    if ending.done():
        await server.stop()
    else:
        await server.broken


def reload(certificates: listener.Certificates) -> None:
    """Read again what the operator may have changed."""
    notify.tell_reloading()
    certificates.reload()
    notify.tell("READY=1")


def _told(settings: Settings, entrance: Entrance) -> dict[str, object]:
    """Return what of the settings decides who may do what, for the audit log."""
    return {
        "host": settings.host,
        "port": settings.port,
        "open": settings.open,
        "tls": entrance.certificates is not None,
        "read_only": settings.read_only,
        "files": NAMES[settings.policy.files],
    }


def _whereabouts(server: Server) -> Whereabouts:
    """Return what others on this machine may know of a server."""
    (host, port), certificates = server.address, server.certificates
    path = str(certificates.path.absolute()) if certificates is not None else ""
    return Whereabouts(host, port, not server.settings.open, path)


def allow_files(connections: int) -> None:
    """Raise the limit of open files so that all connections can fetch and deposit, as far as that is allowed.

    Raises `PorticoError` where the connections alone would take more than there are.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + RESERVED_FILES
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise PorticoError(
            f"{connections:,} connections need {wanted:,} open files and this system allows {hard:,};"
            " choose fewer with --max-connections, or raise the limit (ulimit -n)"
        )
    useful = connections * TRANSFER_FILES + REPOSITORY_FILES
    if hard != resource.RLIM_INFINITY:
        useful = min(useful, hard)
    for limit in (useful, wanted):
        if soft >= limit:
            return
        with contextlib.suppress(ValueError):  # more than this system gives a process (macOS)
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
            return


def run(main: Callable[[], object]) -> None:
    """Run a coroutine function on the fastest loop there is here."""
    try:
        from uvloop import run as run_loop  # noqa: PLC0415 - absent on some systems
    except ImportError:
        run_loop = asyncio.run  # type: ignore[assignment]
    run_loop(main())  # type: ignore[arg-type]
