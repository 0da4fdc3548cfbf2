"""What the room remembers: written down and read back, equal or not, and forgotten in time."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.model.errors import Unavailable
from portico.model.records import Join, Leave, Limits, Rename, Resume, Say
from portico.ports import Snapshot
from portico.room import state as module
from portico.room.limits import RESUME_MICROSECONDS
from portico.room.reducer import apply
from portico.room.snapshots import freeze, thaw
from portico.room.state import CHUNK, Session, State, restore


def join(session, name, secret=""):
    return Join(session, session, name, 0, "127.0.0.1", 4711, secret, "run1")


def made(*records):
    state = State()
    for position, record in enumerate([Limits(0, 1_000_000), *records], 1):
        apply(state, position, record)
    return state


NAMES = st.sampled_from(["anna", "bea", "Zo\u00eb", "\U0001f600"])
SESSIONS = st.integers(1, 4)
RECORDS = st.one_of(
    st.builds(join, st.integers(1, 6), NAMES, st.sampled_from(["", "s1", "s2"])),
    st.builds(Leave, st.integers(0, 99), SESSIONS, NAMES, st.sampled_from(["", "crash"]), st.integers(0, 1)),
    st.builds(Rename, st.integers(0, 99), SESSIONS, NAMES, NAMES),
    st.builds(
        Resume,
        st.integers(0, 99),
        SESSIONS,
        NAMES,
        st.just("::1"),
        st.just(1),
        st.just("run2"),
        st.booleans(),
    ),
    st.builds(
        Say,
        st.integers(0, 99),
        st.integers(0, 4),
        NAMES,
        st.text(max_size=3),
        st.sampled_from(["", "k", "\n"]),
    ),
    st.builds(Limits, st.integers(0, 99), st.integers(0, 5)),
)
HISTORIES = st.lists(RECORDS, max_size=25)


@given(HISTORIES)
def test_a_snapshot_holds_all_of_it(records):
    state = made(*records)
    again = restore(list(state.lines()))
    assert again.digest() == state.digest()
    assert (again.sessions, again.names, again.secrets) == (state.sessions, state.names, state.secrets)
    assert list(again.keys.items()) == list(state.keys.items())
    assert again.ordinals.runs() == state.ordinals.runs()


@given(HISTORIES, RECORDS)
def test_a_restored_state_goes_on_as_the_first_would(records, further):
    state = made(*records)
    again = restore(list(state.lines()))
    assert apply(again, 99, further).entries == apply(state, 99, further).entries
    assert again.digest() == state.digest()


def picture(state):
    """Everything that is remembered, to compare without digests."""
    scalars = [getattr(state, name) for name in module._SCALARS]
    return (scalars, list(state.sessions.items()), list(state.keys.items()), state.ordinals.runs())


@given(HISTORIES, HISTORIES)
def test_digests_are_equal_exactly_when_states_are(one, other):
    first, second = made(*one), made(*other)
    assert (first.digest() == second.digest()) is (picture(first) == picture(second))


def test_many_sessions_and_keys_go_into_many_lines():
    records = [join(number, f"n{number}") for number in range(1, CHUNK + 2)]
    keyed = [Say(9999, 0, "x", "t", f"k{number}") for number in range(2 * CHUNK + 1)]
    state = made(*records, *keyed)
    lines = list(state.lines())
    assert [json.loads(line)[0] for line in lines[1:]] == [
        "runs",
        "sessions",
        "sessions",
        "keys",
        "keys",
        "keys",
    ]
    assert restore(lines).digest() == state.digest()


def test_a_picture_is_consistent_while_the_room_goes_on():
    state = made(join(1, "anna", "s1"), Say(2, 1, "anna", "hi", "k1"))
    digest, lines = state.digest(), state.lines()
    for position, record in enumerate(
        [join(2, "bea"), Say(3, 2, "bea", "ho", "k2"), Rename(4, 1, "anna", "zoe"), Leave(5, 1, "zoe")], 4
    ):
        assert apply(state, position, record).error is None
    assert restore(list(lines)).digest() == digest != state.digest()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"[]",
        b"{}",
        b'{"v":1,"more":2}',
        b'{"v":1}\n["sessions",[[1]]]',
        b'{"v":1}\n["else",[]]',
        b'{"v":2}',
    ],
)
def test_what_is_no_snapshot_is_unavailable_rather_than_misread(body):
    with pytest.raises(Unavailable):
        restore(body.split(b"\n"))


def test_a_snapshot_comes_back_also_one_that_is_not_compressed():
    state = made(join(1, "anna", "s1"), Say(2, 1, "anna", "hi", "k1"))
    snapshot = freeze(state)()
    assert snapshot.position == state.position
    assert thaw(snapshot).digest() == state.digest()
    assert thaw(Snapshot(1, b"\n".join(state.lines()))).digest() == state.digest()
    assert thaw(None).digest() == State().digest()


@pytest.mark.parametrize("body", [b"", b"x", b"x\x9c", freeze(State())().body[:-3]])
def test_what_is_no_packed_snapshot_is_unavailable(body):
    with pytest.raises(Unavailable):
        thaw(Snapshot(1, body))


def test_nothing_at_all_is_no_snapshot():
    with pytest.raises(Unavailable):
        restore([])


def test_a_session_takes_a_place_from_join_to_leave():
    state = made(join(1, "anna"), join(2, "bea"))
    assert [session.name for session in state.open_sessions()] == ["anna", "bea"]
    apply(state, 4, Leave(9, 1, "anna"))
    assert [session.name for session in state.open_sessions()] == ["bea"]
    assert state.open_session(1) is None
    assert state.open_session(2) == Session(2, "bea", "127.0.0.1", 4711, 2, "", "run1")
    assert state.open_session(3) is None


def test_open_sessions_come_oldest_first_whoever_came_back_last():
    state = made(join(1, "anna"), join(2, "bea"), Leave(3, 1, "anna"))
    apply(state, 5, Resume(4, 1, "anna", "::1", 1, "run1", back=True))
    assert [session.name for session in state.open_sessions()] == ["anna", "bea"]


@pytest.mark.parametrize(
    "later, found",
    [(-5, True), (0, True), (RESUME_MICROSECONDS, True), (RESUME_MICROSECONDS + 1, False)],
)
def test_an_ended_session_can_be_resumed_for_a_day(later, found):
    state = made(join(1, "anna", "s1"), Leave(1000, 1, "anna"))
    assert (state.resumable("s1", 1000 + later) is not None) is found


def test_an_open_session_can_be_resumed_however_old_it_is():
    assert made(join(1, "anna", "s1")).resumable("s1", 10 * RESUME_MICROSECONDS).name == "anna"


@pytest.mark.parametrize("secret", ["", "s2"])
def test_a_secret_that_was_never_given_continues_nothing(secret):
    assert made(join(1, "anna", ""), join(2, "bea", "s1")).resumable(secret, 0) is None


def visits(count, like="s{}"):
    for number in range(1, count + 1):
        yield join(number, f"n{number}", like.format(number))
        yield Leave(number, number, f"n{number}")


@pytest.fixture
def three(monkeypatch):
    monkeypatch.setattr(module, "SESSIONS_REMEMBERED", 3)


def test_the_oldest_ended_sessions_are_forgotten_and_their_secrets(three):
    state = made(*visits(6), join(7, "n7", "s7"))
    assert list(state.sessions) == [4, 5, 6, 7]
    assert set(state.secrets) == {"s4", "s5", "s6", "s7"}
    assert state.resumable("s3", 3) is None


def test_who_is_here_is_never_forgotten(three):
    state = made(
        join(1, "anna", "s"), *(record for record in visits(9) if record.session > 1), join(10, "bea")
    )
    assert list(state.sessions) == [1, 7, 8, 9, 10]
    assert state.resumable("s", 0).name == "anna"


def test_forgetting_one_of_two_with_one_secret_keeps_the_newers(three):
    state = made(*visits(5, like="same"), join(6, "n6"))
    assert list(state.sessions) == [3, 4, 5, 6]
    assert state.resumable("same", 5).id == 5


def test_many_are_forgotten_together(monkeypatch):
    monkeypatch.setattr(module, "SESSIONS_REMEMBERED", 200)
    state = made(*visits(202), join(203, "n203"))
    assert len(state.sessions) == 203
    assert apply(state, 500, Leave(203, 203, "n203")).error is None
    apply(state, 501, join(204, "n204"))
    assert list(state.sessions) == list(range(4, 205))
