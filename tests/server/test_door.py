from tests.server.conftest import until


async def test_when_places_run_out_the_oldest_silent_connection_goes_first(start):
    served = await start(max_connections=3)
    talking = await served.joined()
    oldest, younger = await served.connect(), await served.connect()
    await until(lambda: served.server.connections() == 3)
    newest = await served.connect()
    assert await oldest.rest() == b""
    newest.send(b"*1\r\n$4\r\nPING\r\n")
    younger.send(b"*1\r\n$4\r\nPING\r\n")
    assert await newest.line() == await younger.line() == "+PONG"
    assert await talking.say("x") == "x ACK"


async def test_when_nobody_is_silent_the_newcomer_is_turned_away(start):
    served = await start(max_connections=1)
    peer = await served.joined()
    assert await (await served.connect()).rest() == b""
    assert await peer.say("x") == "x ACK"


async def test_a_resumed_session_leaves_the_older_connection(start):
    served = await start()
    older = await served.connect()
    older.send(b"*4\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$7\r\nSETNAME\r\n$3\r\nann\r\n")
    secret = ""
    while not secret:
        if await older.line() == "resume":
            await older.line()
            secret = await older.line()
    newer = await served.connect()
    newer.send(b"*4\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$6\r\nRESUME\r\n$32\r\n%b\r\n" % secret.encode())
    assert await newer.line() == "%14"
    assert b"this session goes on over another connection" in await older.rest()
    await until(lambda: served.server.connections() == 1)
    assert list(served.server.room.state.names) == ["ann"]


async def test_silent_and_lingering_connections_are_swept(start, monkeypatch):
    served = await start()
    silent = await served.connect()
    await until(lambda: len(served.server.door.silent) == 1)
    monkeypatch.setattr(served.server.door, "time", lambda: 10**9)
    assert await silent.rest() == b""
