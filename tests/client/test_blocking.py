"""The blocking client: the same names and arguments, threads, interruptions, and no thread left behind."""

import gc
import inspect
import itertools
import signal
import threading
import time

import pytest

from portico import AsyncClient, Client
from portico.model.errors import CannotConnect, Lost, NameTaken, PorticoError
from tests.support.stream import PATIENCE


def public(kind):
    return {name for name in dir(kind) if not name.startswith("_")} - {"address"}


@pytest.fixture
def server(serve):
    return serve(max_clients=20)


@pytest.fixture
def place(server):
    return f"127.0.0.1:{server.port}"


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    deadline = time.monotonic() + PATIENCE
    while any(thread.name == "portico" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


# --- the surface ----------------------------------------------------------------------------------


def test_both_clients_have_the_same_names():
    assert public(Client) == public(AsyncClient)


@pytest.mark.parametrize("name", sorted(public(AsyncClient) | {"__init__"}))
def test_with_the_same_arguments_and_docstrings(name):
    ours, theirs = getattr(Client, name), getattr(AsyncClient, name)
    if isinstance(theirs, property):
        assert ours.__doc__
        return
    assert inspect.signature(ours).parameters.keys() == inspect.signature(theirs).parameters.keys()
    defaults = [
        [each.default for each in inspect.signature(method).parameters.values()] for method in (ours, theirs)
    ]
    assert defaults[0] == defaults[1]
    assert ours.__doc__


# --- a visit --------------------------------------------------------------------------------------


def test_a_visit(place):
    with Client(place, name="ann") as ann, Client(place) as bob:
        assert (ann.name, bob.name) == ("ann", None)
        seq = ann.say("Hello")
        events = bob.events(since=seq - 1)
        assert next(events).text == "Hello"
        assert ann.say_many(["a", "b"]) == [seq + 1, seq + 2]
        assert [entry.text for entry in itertools.islice(events, 2)] == ["a", "b"]
        assert [line.name for line in bob.status()] == ["ann"]
        assert [file.path for file in bob.list()] == ["tester1.txt", "tester2.txt"]
        assert bob.join("bob") == "bob"
        assert bob.ping() < PATIENCE
        with pytest.raises(NameTaken):
            bob.join("ann")


def test_it_cannot_connect(unused_tcp_port):
    client = Client(f"127.0.0.1:{unused_tcp_port}")
    for _ in range(2):
        with pytest.raises(CannotConnect):
            client.connect()
    with pytest.raises(PorticoError, match="not connected"):
        client.ping()
    client.close()


def test_closed_is_closed(place):
    client = Client(place).connect()
    assert client.connect() is client
    client.close()
    client.close()
    with pytest.raises(PorticoError):
        client.say("x")
    with pytest.raises(PorticoError):
        next(client.events())
    with pytest.raises(Lost):
        client.connect()


def test_it_comes_back_after_the_server_was_killed(server, place):
    told = []
    with Client(place, name="ann", on_lost=told.append, on_back=lambda: told.append("back")) as client:
        events = client.events(since=0)
        assert client.say("before") == 2
        assert [entry.seq for entry in itertools.islice(events, 2)] == [1, 2]
        server.kill()
        server.restart()
        seq = client.say("after")
        assert [entry.seq for entry in itertools.islice(events, seq - 2)] == list(range(3, seq + 1))
        assert client.name == "ann"
        assert told[-1] == "back"


# --- threads --------------------------------------------------------------------------------------


def test_threads_share_one(place):
    numbers = []
    with Client(place, name="ann") as client:
        threads = [
            threading.Thread(target=lambda: numbers.extend(client.say(str(n)) for n in range(50)))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
    assert sorted(numbers) == list(range(2, 402))


def test_who_waits_in_another_thread_hears_that_it_was_closed(place):
    outcomes = []

    def wait(work):
        try:
            outcomes.append(work())
        except PorticoError as error:
            outcomes.append(type(error))

    client = Client(place).connect()
    events = client.events()
    works = [lambda: next(events), lambda: client.history(since=0, wait=30)]
    threads = [threading.Thread(target=wait, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    client.close()
    for thread in threads:
        thread.join(PATIENCE)
    assert outcomes == [Lost, Lost]


def test_closing_beside_calls_leaves_nobody_waiting(place):
    for _ in range(10):
        client = Client(place).connect()
        ends = []

        def call_until_refused(client=client, ends=ends):
            try:
                while True:
                    client.ping()
            except PorticoError as error:
                ends.append(error)

        threads = [threading.Thread(target=call_until_refused) for _ in range(3)]
        closers = [threading.Thread(target=client.close) for _ in range(2)]
        for thread in threads + closers:
            thread.start()
        for thread in threads + closers:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        assert len(ends) == 3


def test_its_own_thread_cannot_wait_for_itself(server, place):
    refused = []

    def lost(_):
        try:
            client.ping()
        except PorticoError as error:
            refused.append(error.sentence)

    with Client(place, on_lost=lost) as client:
        server.kill()
        server.restart()
        assert client.ping() < PATIENCE
        assert refused == ["the client's own thread cannot wait for itself; call from another one"]


# --- iterators ------------------------------------------------------------------------------------


def test_an_iterator_that_outlives_its_client(place):
    with Client(place, name="ann") as client:
        events = client.events(since=0)
        next(events)
    with pytest.raises(PorticoError):
        next(events)
    with Client(place, name="ann") as client:
        events = client.events(since=0)
        next(events)
    del events
    gc.collect()


def test_an_iterator_that_is_left_ends_the_pushes(place):
    with Client(place, name="ann") as client:
        for entry in client.events(since=0):
            assert entry.seq == 1
            break
        gc.collect()
        assert client.ping() < PATIENCE
        assert not client._client._core.feed._readers


def test_an_iterator_that_the_own_thread_collects(place):
    """The collector of cycles may run in any thread; there nobody can be waited for."""
    with Client(place, name="ann") as client:
        events = client.events(since=0)
        next(events)
        cycle = [events]
        cycle.append(cycle)
        gc.disable()
        try:
            del events, cycle
            client._loop.call_soon_threadsafe(gc.collect)
            assert client.ping() < PATIENCE
        finally:
            gc.enable()


# --- interruptions --------------------------------------------------------------------------------


@pytest.mark.parametrize("work", ["history", "events"])
def test_control_c_gives_up_the_call_and_nothing_else(place, work):
    with Client(place, name="ann") as client:
        head = client.hello()["head"]
        events = client.events(since=head)
        wait = events.__next__ if work == "events" else lambda: client.history(since=head, wait=1)
        timer = threading.Timer(0.3, signal.pthread_kill, [threading.get_ident(), signal.SIGINT])
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            wait()
        timer.join()
        assert client.say("still here") == head + 1
        fresh = client.events(since=head)
        assert next(fresh).text == "still here"
        fresh.close()
        assert not client._client._core.feed._readers
