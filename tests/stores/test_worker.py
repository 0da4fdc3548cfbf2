"""A thread of jobs: in order, answered in the loop, finished before it stops."""

from __future__ import annotations

import asyncio
import threading

import pytest

from portico.stores.worker import Worker


async def test_jobs_run_one_after_the_other_in_one_other_thread():
    worker, order, threads = Worker("w"), [], set()

    def job(number: int) -> int:
        order.append(number)
        threads.add(threading.get_ident())
        return number * 2

    assert await asyncio.gather(*(worker.run(job, number) for number in range(50))) == list(range(0, 100, 2))
    assert order == list(range(50))
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    await worker.stop(lambda: None)


async def test_errors_reach_who_waits_and_nobody_else():
    worker = Worker("w")
    with pytest.raises(ZeroDivisionError):
        await worker.run(lambda: 1 // 0)
    worker.submit(lambda: 1 // 0)
    assert await worker.run(lambda: "still there") == "still there"
    await worker.stop(lambda: None)


async def test_a_cancelled_job_is_done_all_the_same():
    worker, done, gate = Worker("w"), [], threading.Event()
    waiting = asyncio.create_task(worker.run(gate.wait))
    second = asyncio.create_task(worker.run(done.append, 1))
    await asyncio.sleep(0)
    for task in (waiting, second):
        task.cancel()
    gate.set()
    await worker.run(lambda: None)
    assert done == [1]
    await worker.stop(lambda: None)


async def test_stopping_finishes_what_is_queued_then_does_the_last_job():
    worker, done = Worker("w"), []
    jobs = [worker.submit(done.append, number) for number in range(10)]
    await worker.stop(lambda: done.append("last"))
    assert done == [*range(10), "last"]
    assert all(job.done() for job in jobs)
    await worker.stop(lambda: done.append("never"))
    assert done[-1] == "last"


def test_a_loop_that_is_gone_stops_nothing():
    worker, gate, done = Worker("w"), threading.Event(), threading.Event()

    async def leave() -> None:
        worker.submit(gate.wait)
        worker.submit(done.set)

    asyncio.run(leave())
    gate.set()
    assert done.wait(5)
