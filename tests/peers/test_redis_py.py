"""redis-py: connect, speak, read, wait; blocking and asyncio, pooled, pipelined, with pushes."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
import redis.asyncio

from tests.support.resp import pairs


def as_dict(entry):
    return entry if isinstance(entry, dict) else pairs(entry)


@pytest.fixture(params=[2, 3], ids=["RESP2", "RESP3"])
def connect(request):
    """Makes clients; all are closed with the test."""
    made = []

    def make(server, **options):
        made.append(redis.Redis(port=server.port, protocol=request.param, decode_responses=True, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


def test_speaking_and_reading(serve, connect):
    client = connect(serve(), single_connection_client=True)
    assert client.ping() is True
    assert client.echo("text") == "text"
    seq = client.execute_command("SAY", "Hello from redis-py")
    assert seq == 2
    (entry,) = map(as_dict, client.execute_command("HISTORY", "KIND", "message"))
    assert (entry["seq"], entry["sender"], entry["text"]) == (2, "Client1", "Hello from redis-py")
    assert [as_dict(file)["path"] for file in client.execute_command("LIST")] == [
        "tester1.txt",
        "tester2.txt",
    ]
    with pytest.raises(redis.ResponseError, match="Client9"):
        client.execute_command("TELL", "Client9", "hi")
    assert client.info()["loading"] == 0


def test_waiting(serve, connect):
    server = serve()
    waiting, speaker = connect(server), connect(server)
    threading.Timer(0.3, speaker.execute_command, ["SAY", "later"]).start()
    (entry,) = map(as_dict, waiting.execute_command("HISTORY", "WAIT", 10_000, "KIND", "message"))
    assert entry["text"] == "later"
    assert waiting.execute_command("HISTORY", "SINCE", entry["seq"], "WAIT", 50) == []


def test_a_pool_of_twenty_threads(serve, connect):
    server = serve(max_clients=20)
    client = connect(server, max_connections=20)

    def speak(number):
        return [
            client.execute_command("SAY", f"{number} {turn}", "AS", f"thread {number}") for turn in range(20)
        ]

    with ThreadPoolExecutor(20) as threads:
        numbers = [seq for seqs in threads.map(speak, range(20)) for seq in seqs]
    assert sorted(numbers) == list(range(1, 401))
    entries = [as_dict(entry) for entry in client.execute_command("HISTORY", "SINCE", 0, "COUNT", 1000)]
    for number in range(20):
        own = [entry["text"] for entry in entries if entry["sender"] == f"thread {number}"]
        assert own == [f"{number} {turn}" for turn in range(20)]


def test_pipelines(serve, connect):
    client = connect(serve())
    with client.pipeline(transaction=False) as pipe:
        for number in range(200):
            pipe.execute_command("SAY", f"text {number}")
        assert pipe.execute() == list(range(2, 202))
    with client.pipeline(transaction=True) as pipe:
        pipe.execute_command("SAY", "never said")
        with pytest.raises(redis.ResponseError, match="transactions are not offered"):
            pipe.execute()
    assert client.execute_command("SAY", "said") > 201
    texts = [as_dict(entry)["text"] for entry in client.execute_command("HISTORY", "KIND", "message")]
    assert "never said" not in texts


def test_pushes(serve):
    server = serve()
    client = redis.Redis(port=server.port, protocol=3, decode_responses=True, single_connection_client=True)
    pushed = []
    parser = client.connection._parser
    parser.set_pubsub_push_handler(pushed.append)
    assert client.execute_command("FOLLOW") in ("OK", True)
    with server.resp_client() as other:
        for number in range(50):
            other.call("SAY", f"text {number}")
    while sum(entry["kind"] == "message" for _, entry in pushed) < 50:
        client.ping()
    client.close()
    assert {kind for kind, _ in pushed} == {"entry"}
    assert [entry["text"] for _, entry in pushed if entry["kind"] == "message"] == [
        f"text {n}" for n in range(50)
    ]


@pytest.mark.parametrize("protocol", [2, 3])
async def test_asyncio(serve, protocol):
    server = serve()
    async with redis.asyncio.Redis(port=server.port, protocol=protocol, decode_responses=True) as client:
        assert await client.ping()
        waiting = asyncio.create_task(client.execute_command("HISTORY", "WAIT", 10_000, "KIND", "message"))
        await asyncio.sleep(0.2)
        async with redis.asyncio.Redis(port=server.port, protocol=protocol) as speaker:
            numbers = await asyncio.gather(
                *[speaker.execute_command("SAY", "x", "AS", "y") for _ in range(20)]
            )
        assert sorted(numbers) == list(range(1, 21))
        assert as_dict((await waiting)[0])["text"] == "x"
