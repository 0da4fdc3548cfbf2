import asyncio

from portico.model.errors import NoSpace, Unavailable
from portico.server import carrier as module
from tests.server.conftest import until


async def test_a_full_disk_is_said_and_nothing_is_stored_until_there_is_space(start):
    served = await start()
    peer = await served.joined()
    served.log.errors = [NoSpace("the disk is full")]
    assert await peer.say("lost") == "error: the disk is full"
    assert await peer.say("kept") == "kept ACK"
    assert served.console.notes == ["nothing is being stored: the disk is full"]
    assert served.server.room.state.seq == 2


async def test_a_leave_is_written_in_the_end_however_full_the_disk_was(start, monkeypatch):
    monkeypatch.setattr(module, "RETRY_SECONDS", (0.01,))
    served = await start()
    peer = await served.joined()
    served.log.errors = [NoSpace("the disk is full")] * 3
    peer.reset()
    await until(lambda: not served.server.room.state.names)
    assert served.log.errors == []


async def test_an_unknown_outcome_is_asked_again_with_the_same_key_and_stored_once(start, monkeypatch):
    monkeypatch.setattr(module, "RETRY_SECONDS", (0.01,))
    served = await start()
    peer = await served.joined()
    served.log.errors = [Unavailable("no answer"), Unavailable("no answer")]
    assert await peer.say("Hello") == "Hello ACK"
    assert served.console.notes == ["the log does not answer, trying on: no answer"]
    assert (await served.log.head("main")).last == served.server.room.state.position


async def test_everything_that_came_meanwhile_is_one_batch(start):
    served = await start(max_clients=50)
    peers = [await served.joined() for _ in range(10)]
    await peers[0].lines(9)
    served.log.gate.clear()
    before = served.log.appends
    for peer in peers:
        peer.send("x\n")
    await until(lambda: len(served.server.room.outbox) == 10)
    served.log.gate.set()
    await until(lambda: not len(served.server.room.outbox))
    assert served.log.appends - before <= 2


async def test_snapshots_are_written_and_the_past_is_forgotten_as_asked(start, monkeypatch):
    monkeypatch.setattr(module, "SNAPSHOT_RECORDS", 10)
    served = await start(keep_entries=5)
    peer = await served.joined()
    for number in range(25):
        await peer.say(str(number))
    await until(lambda: served.server._carrier._snapshot is None)
    snapshot = await served.log.load_snapshot("main")
    assert snapshot is not None
    assert snapshot.position >= 20
    assert served.server.history.first > 10
    assert (await served.log.head("main")).first > 1


async def test_the_age_of_entries_counts_too(start, monkeypatch):
    monkeypatch.setattr(module, "SNAPSHOT_RECORDS", 10)
    served = await start(keep_microseconds=0)
    peer = await served.joined()
    for number in range(12):
        await peer.say(str(number))
    await until(lambda: served.server._carrier._snapshot is None)
    assert served.server.history.first > 1


async def test_an_erasure_that_fails_is_said_and_tried_again(start):
    served = await start()
    peer = await served.joined()
    await peer.say("oops")
    served.log.erase_errors = [Unavailable("no answer")]
    assert await peer.say("/erase 2") == "error: no answer"
    assert await peer.say("more") == "more ACK"
    await until(lambda: not served.server._carrier._erasing)
    assert "a message of Client1 was erased" in (await peer.say("/history SINCE 1 COUNT 1"))


async def test_a_snapshot_that_fails_is_noted_and_nobody_is_disturbed(start, monkeypatch):
    monkeypatch.setattr(module, "SNAPSHOT_RECORDS", 1)
    served = await start()

    async def fail(*_: object) -> None:
        raise NoSpace("the disk is full")

    monkeypatch.setattr(served.log, "save_snapshot", fail)
    peer = await served.joined()
    assert await peer.say("x") == "x ACK"
    await until(lambda: any("no snapshot" in note for note in served.console.notes))


async def test_an_answer_that_fails_does_not_stop_the_room(start):
    served = await start()
    peer = await served.joined()
    later = served.server.room.say(served.server.clock.now(), 1, "x")
    later.map(lambda _: 1 // 0)
    assert await peer.say("y") == "y ACK"
    assert isinstance(served.console.reports[0], ZeroDivisionError)
    await asyncio.sleep(0)
