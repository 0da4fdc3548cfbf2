"""A thread that works for an event loop: it reports, and ends when it is told to."""

import asyncio
import socket
import ssl
import threading

import pytest

from portico.client.transfer import job as job_module
from portico.client.transfer.job import Job, Stopped, run
from portico.model.errors import NotFound


async def test_it_returns_and_raises():
    assert await run(lambda _: 7) == 7

    def fail(job):
        raise NotFound("no")

    with pytest.raises(NotFound):
        await run(fail)


async def test_reports_come_in_the_thread_of_the_loop():
    heard = []

    def work(job):
        for number in range(3):
            job.report(lambda number=number: number)
        job.report(lambda: "last", last=True)

    await run(work, lambda value: heard.append((value, threading.current_thread())))
    assert heard == [(value, threading.main_thread()) for value in (0, 1, 2, "last")]


async def test_no_more_reports_than_an_eye_wants(monkeypatch):
    monkeypatch.setattr(job_module, "REPORT_SECONDS", 3_600)
    heard = []

    def work(job):
        for number in range(1_000):
            job.report(lambda number=number: number, last=number == 999)

    await run(work, heard.append)
    assert heard == [0, 999]


def pausing(job):
    job.pause(3_600)


def reading(job):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        job.holds(ours)
        ours.recv(1)
        job.check()


@pytest.mark.parametrize("wait", [pausing, reading])
async def test_cancelled_it_ends_whatever_it_waits_for(wait):
    began, ended = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def work(job):
        loop.call_soon_threadsafe(began.set)
        try:
            wait(job)
        except Stopped:
            ended.set()
            raise

    task = asyncio.ensure_future(run(work))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_what_was_stopped_waits_for_nothing(job):
    job.stop()
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(Stopped):
        job.holds(ours)


async def test_a_thread_that_hangs_is_left_alone(monkeypatch):
    monkeypatch.setattr(job_module, "LEAVE_SECONDS", 0.01)
    release = threading.Event()
    task = asyncio.ensure_future(run(lambda _: release.wait(10)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    release.set()


async def test_who_is_stopped_sends_nothing_past_tls():
    ours, theirs = socket.socketpair()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    secured = context.wrap_socket(ours, server_hostname="localhost", do_handshake_on_connect=False)
    with secured, theirs:
        job = Job(asyncio.get_running_loop(), None)
        job.holds(secured)
        job.stop()
        assert secured._sslobj is not None, "without it `send` would be that of the plain socket"
        assert theirs.recv(1) == b""
