"""The reducer: each kind of record, come true and lost in a race."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.model.entries import ErasedMessage, FileEvent, Message, Presence
from portico.model.errors import Full, KeyReused, NameTaken, NotFound
from portico.model.records import (
    Erase,
    Erased,
    File,
    Join,
    Leave,
    Limits,
    Rename,
    Resume,
    Say,
    Unknown,
)
from portico.room import reducer
from portico.room import state as state_module
from portico.room.reducer import apply, content_digest, ended, known_key, no_entry, nobody, refuse_place
from portico.room.state import State, restore


def join(session, name, number=0, secret="", at=0):
    return Join(at or session, session, name, number, "127.0.0.1", 4711, secret, "run1")


def room(*records, places=3):
    """A state in which all these records came true."""
    state = State()
    for position, record in enumerate([Limits(0, places), *records], 1):
        assert apply(state, position, record).error is None
    return state


def comes(state, record):
    return apply(state, state.position + 1, record)


def remembered(state):
    """The digest of all that a refused record must not change."""
    position, state.position = state.position, 0
    digest = state.digest()
    state.position = position
    return digest


def test_limits_make_no_entry():
    state = room()
    outcome = comes(state, Limits(5, 7))
    assert (outcome.seq, outcome.entries, outcome.error) == (0, (), None)
    assert (state.max_clients, state.at, state.position, state.seq) == (7, 5, 2, 0)


def test_a_join_takes_a_place_and_a_name():
    state = room()
    outcome = comes(state, join(1, "Client1", 1, "s1"))
    assert outcome.entries == [Presence(1, 1, "Client1", 1, "joined")]
    assert (outcome.seq, outcome.clients) == (1, 1)
    assert (state.next_session, state.next_number) == (2, 2)
    assert state.names == {"client1": 1}
    assert state.secrets == {"s1": 1}


def test_a_resume_after_the_end_is_a_return_with_everything():
    state = room(join(1, "anna", secret="s1"), Leave(5, 1, "anna"))
    outcome = comes(state, Resume(7, 1, "anna", "::1", 99, "run2", back=True))
    assert outcome.entries == [Presence(3, 7, "anna", 1, "joined")]
    session = state.open_session(1)
    assert (session.connected, session.disconnected, session.reason) == (1, None, "")
    assert (session.host, session.port, session.node, session.resumed) == ("::1", 99, "run2", 1)
    assert state.secrets == {"s1": 1}


def test_a_resume_of_an_open_session_is_nobodys_news():
    state = room(join(1, "anna"))
    outcome = comes(state, Resume(7, 1, "anna", "::1", 99, "run1"))
    assert (outcome.error, outcome.entries, outcome.clients) == (None, (), 1)
    assert state.open_session(1).host == "::1"


def test_a_rename_frees_the_old_name():
    state = room(join(1, "anna"))
    assert comes(state, Rename(2, 1, "anna", "bea")).entries == [Presence(2, 2, "anna", 1, "renamed", "bea")]
    assert state.names == {"bea": 1}
    assert comes(state, join(2, "anna")).error is None


def test_a_rename_may_change_only_the_case():
    state = room(join(1, "anna"))
    assert comes(state, Rename(2, 1, "anna", "ANNA")).error is None
    assert state.open_session(1).name == "ANNA"


def test_a_leave_frees_place_and_name():
    state = room(join(1, "anna"), places=1)
    assert comes(state, Leave(9, 1, "anna", "crash")).entries == [
        Presence(2, 9, "anna", 1, "left", reason="crash")
    ]
    assert (state.sessions[1].disconnected, state.sessions[1].reason) == (9, "crash")
    assert comes(state, join(2, "anna")).error is None


@pytest.mark.parametrize(
    "say, entry",
    [
        (Say(9, 1, "anna", "hi"), Message(3, 9, "anna", 1, "hi")),
        (Say(9, 0, "visitor", "hi"), Message(3, 9, "visitor", 0, "hi")),
        (Say(9, 1, "robot", "hi"), Message(3, 9, "robot", 1, "hi")),
        (Say(9, 1, "anna", "hi", "", 2, "bea"), Message(3, 9, "anna", 1, "hi", "bea", 2)),
    ],
    ids=["by a session", "by a visitor", "under another name", "to one"],
)
def test_a_message_is_an_entry(say, entry):
    state = room(join(1, "anna"), join(2, "bea"))
    outcome = comes(state, say)
    assert (outcome.seq, outcome.entries, outcome.error) == (3, [entry], None)


def test_a_first_message_joins_too():
    state = room()
    outcome = comes(state, Say(1, 1, "Client1", "hi", join=join(1, "Client1", 1)))
    assert [(entry.seq, entry.kind) for entry in outcome.entries] == [(1, "presence"), (2, "message")]
    assert outcome.seq == state.seq == 2
    assert state.open_session(1).name == "Client1"


LOST = {
    "join: full": (join(3, "zoe"), Full),
    "join: taken": (join(3, "ANNA"), Full),
    "resume: never was": (Resume(9, 7, "x", "", 0, "", back=True), NotFound),
    "resume: still open": (Resume(9, 1, "anna", "", 0, "", back=True), NotFound),
    "rename: never was": (Rename(9, 7, "x", "y"), NotFound),
    "rename: taken": (Rename(9, 1, "anna", "BEA"), NameTaken),
    "leave: never was": (Leave(9, 7, "x"), NotFound),
    "leave: of an older connection": (Leave(9, 2, "bea"), NotFound),
    "say: session over": (Say(9, 7, "x", "hi"), NotFound),
    "say: to nobody": (Say(9, 1, "anna", "hi", "", 7, "x"), NotFound),
    "say: a visitor under a taken name": (Say(9, 0, "ANNA", "hi"), NameTaken),
    "say: a session under another's name": (Say(9, 2, "anna", "hi"), NameTaken),
    "say: full": (Say(9, 3, "zoe", "hi", join=join(3, "zoe")), Full),
    "erase: never was": (Erase(9, 1, 4, 1), NotFound),
    "erase: zero": (Erase(9, 1, 0, 1), NotFound),
}


@pytest.mark.parametrize("record, error", LOST.values(), ids=LOST.keys())
def test_what_lost_a_race_is_nothing_but_a_position(record, error):
    state = room(join(1, "anna"), join(2, "bea"), Resume(8, 2, "bea", "", 0, ""), places=2)
    before, position = remembered(state), state.position
    outcome = comes(state, record)
    assert type(outcome.error) is error
    assert (outcome.seq, outcome.entries, outcome.erase) == (0, (), 0)
    assert remembered(state) == before
    assert state.position == position + 1


@pytest.mark.parametrize(
    "record, error",
    [
        (join(4, "ANNA"), NameTaken),
        (join(2, "zoe"), NameTaken),
        (join(4, "Client1", 1), NameTaken),
        (Resume(9, 2, "bea", "", 0, "", back=False), NotFound),
        (Say(9, 4, "Anna", "hi", join=join(4, "Anna")), NameTaken),
        (Say(9, 2, "bea", "hi"), NotFound),
        (Leave(9, 2, "bea"), NotFound),
    ],
)
def test_with_places_left_the_race_can_still_be_lost(record, error):
    state = room(join(1, "anna"), join(2, "bea"), join(3, "Client1", 1), Leave(8, 2, "bea"), places=9)
    before = remembered(state)
    assert type(comes(state, record).error) is error
    assert remembered(state) == before


def test_who_comes_back_too_late_finds_the_room_full_or_the_name_taken():
    state = room(join(1, "anna"), Leave(2, 1, "anna"), join(2, "anna"), places=1)
    back = Resume(9, 1, "anna", "", 0, "", back=True)
    assert type(comes(state, back).error) is Full
    comes(state, Limits(9, 2))
    assert type(comes(state, back).error) is NameTaken


def test_unknown_records_are_skipped():
    state = room(join(1, "anna"))
    before = remembered(state)
    outcome = comes(state, Unknown())
    assert (outcome.seq, outcome.entries, outcome.error) == (0, (), None)
    assert remembered(state) == before
    assert state.position == 3


# Keys


def test_a_key_with_the_same_content_gives_the_same_number_whoever_says_it():
    state = room(join(1, "anna"), join(2, "bea"))
    first = comes(state, Say(3, 1, "anna", "hi", "k"))
    again = comes(state, Say(4, 2, "bea", "hi", "k"))
    assert again.seq == first.seq == 3
    assert again.entries == ()
    assert state.seq == 3


@pytest.mark.parametrize("text, to, to_name", [("ho", 0, ""), ("hi", 1, "anna")])
def test_a_key_with_other_content_is_refused(text, to, to_name):
    state = room(join(1, "anna"), Say(2, 1, "anna", "hi", "k"))
    assert type(comes(state, Say(3, 1, "anna", text, "k", to, to_name)).error) is KeyReused
    assert state.seq == 2


def test_a_known_key_joins_nobody():
    state = room(Say(1, 0, "x", "hi", "k"))
    outcome = comes(state, Say(2, 1, "Client1", "hi", "k", join=join(1, "Client1", 1)))
    assert (outcome.seq, outcome.entries, state.sessions) == (1, (), {})


def test_a_refused_message_leaves_its_key_free():
    state = room()
    assert comes(state, Say(1, 7, "x", "hi", "k")).error is not None
    assert known_key(state, "k", "hi", "") is None


def test_the_oldest_keys_are_forgotten_beyond_the_limit(monkeypatch):
    monkeypatch.setattr(reducer, "KEYS_REMEMBERED", 3)
    state = room(*(Say(1, 0, "x", "hi", f"k{number}") for number in range(1, 5)))
    assert list(state.keys) == ["k2", "k3", "k4"]
    assert comes(state, Say(1, 0, "x", "other", "k1")).seq == 5


def test_content_is_text_and_recipient():
    assert content_digest("hi", "Anna") == content_digest("hi", "ANNA")
    assert len({content_digest(*pair) for pair in [("hi", ""), ("ho", ""), ("hi", "anna"), ("", "hi")]}) == 4


# Time


@given(st.lists(st.integers(0, 100)))
def test_the_rooms_time_never_goes_backwards(times):
    state = room()
    for number, at in enumerate(times):
        comes(state, Say(at, 0, "x", "hi"))
        assert state.at == max(times[: number + 1])


# Erasing


def test_an_erasure_names_the_position_whose_text_has_to_go():
    state = room(join(1, "anna"), Say(2, 1, "anna", "hi"))
    outcome = comes(state, Erase(9, 1, 2, 3))
    assert (outcome.seq, outcome.erase, outcome.entries) == (2, 3, ())
    assert state.seq == 2


@pytest.mark.parametrize("key", ["", "k"])
@pytest.mark.parametrize("joins", [False, True])
def test_an_erased_record_replays_to_the_same_state(key, joins):
    came = join(2, "bea") if joins else None
    said = Say(5, 2 if joins else 1, "bea" if joins else "anna", "secret", key, 1, "anna", join=came)
    content = content_digest("secret", "anna") if key else ""
    rest = Erased(5, said.session, said.sender, 1, key, content, came)
    one, other = room(join(1, "anna"), said), room(join(1, "anna"), rest)
    assert one.digest() == other.digest()
    if key:
        assert comes(other, said).seq == one.seq


def test_an_erased_message_is_an_entry_without_a_text():
    state = room(join(1, "anna"))
    assert comes(state, Erased(5, 1, "anna", 2)).entries == [ErasedMessage(2, 5, "anna", 1, 2)]


# Sentences


def test_a_full_room_is_said_before_a_taken_name():
    state = room(join(1, "anna"), places=1)
    assert type(refuse_place(state, "anna")) is Full
    comes(state, Limits(0, 2))
    assert type(refuse_place(state, "anna")) is NameTaken
    assert refuse_place(state, "bea") is None


@pytest.mark.parametrize("error", [ended(), nobody("zoe"), no_entry(7)])
def test_what_is_not_there_is_not_found(error):
    assert error.code == "NOTFOUND"
    assert error.sentence.isprintable()


def test_what_happened_to_the_files_is_told_once_for_each_key():
    state = room()
    outcome = comes(state, File(5, 0, "visitor", "added", "a.txt", "upload:1", 5, "ab"))
    assert outcome.entries == [FileEvent(1, 5, "visitor", 0, "added", "a.txt", 5, "ab")]
    again = comes(state, File(9, 0, "visitor", "added", "a.txt", "upload:1", 5, "ab"))
    assert (again.seq, again.entries, again.error) == (1, (), None)
    assert (state.seq, state.at) == (1, 9)


def test_a_file_is_told_of_whoever_has_left_meanwhile():
    state = room(join(1, "anna"), Leave(2, 1, "anna"))
    assert comes(state, File(3, 1, "anna", "removed", "a.txt", "k")).entries[0].sender == "anna"


def test_no_client_can_take_the_key_of_a_file():
    state = room(Say(1, 0, "x", "hi", "upload:1"))
    assert comes(state, File(2, 0, "", "added", "a.txt", "upload:1")).seq == 2
    assert comes(state, Say(3, 0, "x", "hi", "upload:1")).seq == 1


def test_the_oldest_keys_of_files_are_forgotten_beyond_the_limit(monkeypatch):
    monkeypatch.setattr(state_module, "KEYS_REMEMBERED", 2)
    state = room(*[File(n, 0, "", "added", f"{n}", f"k{n}") for n in (1, 2, 3)])
    assert state.files == {"k2": 2, "k3": 3}
    assert restore(state.lines()).digest() == state.digest()
