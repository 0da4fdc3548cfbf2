"""The room as a server holds it: refusals at once, and what comes of the rest."""

import pytest

from portico.model.entries import Message, Presence
from portico.model.errors import Full, KeyReused, NameTaken, NoSpace, NotFound, Unavailable
from portico.model.files import Author, FileChange
from portico.model.records import Say, encode
from portico.ports import Stored
from portico.room import outbox
from portico.room.limits import RESUME_MICROSECONDS
from portico.room.room import Room
from portico.room.state import State

ADDRESS = ("127.0.0.1", 4711)


class House:
    """A room whose log takes everything, and remembers it."""

    def __init__(self, places=3, *here):
        self.room = Room("main", "run1", State())
        self.records = []
        self.landed(self.room.limit(1, places))
        for name in here:
            self.landed(self.room.join(2, name, ADDRESS, f"secret of {name}"))

    def commit(self):
        batch = self.room.outbox.next_batch()
        self.records += batch.bodies()
        applied = self.room.committed(len(self.records))
        for later, outcome in applied.answers:
            later.resolve(outcome)
        return applied

    def landed(self, later):
        self.commit()
        return later.value

    def fail(self):
        applied = self.room.failed(NoSpace("the disk is full"))
        for later, outcome in applied.answers:
            later.resolve(outcome)

    def names(self):
        return [session.name for session in self.room.state.open_sessions()]


def refused(error, call, *args):
    """Nothing is written when something is refused at once."""

    def check(house):
        waiting = len(house.room.outbox)
        with pytest.raises(error):
            getattr(house.room, call)(9, *args)
        assert len(house.room.outbox) == waiting

    return check


REFUSALS = {
    "join: full": refused(Full, "join", None, ADDRESS, ""),
    "join and say: full": refused(Full, "join_and_say", ADDRESS, "", "hi"),
    "join and tell: nobody": refused(NotFound, "join_and_say", ADDRESS, "", "hi", "", "zoe"),
    "resume: unknown": refused(NotFound, "resume", "x", ADDRESS),
    "resume: empty": refused(NotFound, "resume", "", ADDRESS),
    "rename: taken": refused(NameTaken, "rename", 1, "BEA"),
    "rename: never was": refused(NotFound, "rename", 7, "zoe"),
    "leave: never was": refused(NotFound, "leave", 7),
    "say: never was": refused(NotFound, "say", 7, "hi"),
    "say as: never was": refused(NotFound, "say_as", 7, "zoe", "hi"),
    "say as: taken": refused(NameTaken, "say_as", 0, "ANNA", "hi"),
    "say as: another's": refused(NameTaken, "say_as", 2, "anna", "hi"),
    "tell: nobody": refused(NotFound, "tell", 1, "zoe", "hi"),
    "tell: never was": refused(NotFound, "tell", 7, "anna", "hi"),
    "erase: nothing there": refused(NotFound, "erase", 1, 3),
    "erase: zero": refused(NotFound, "erase", 1, 0),
}


@pytest.mark.parametrize("check", REFUSALS.values(), ids=REFUSALS.keys())
def test_what_cannot_be_is_refused_at_once(check):
    check(House(2, "anna", "bea"))


def test_who_is_not_here_is_not_found():
    house = House(3, "anna")
    with pytest.raises(NotFound):
        house.room.speaker(7)
    with pytest.raises(NotFound):
        house.room.addressee("zoe")


def test_a_name_is_taken_for_who_joins():
    refused(NameTaken, "join", "ANNA", ADDRESS, "")(House(3, "anna"))


def test_a_join_is_answered_with_its_entry_and_how_full_it_is():
    house = House(3, "anna")
    outcome = house.landed(house.room.join(9, None, ADDRESS, "s"))
    assert outcome.entries == [Presence(2, 9, "Client1", 2, "joined")]
    assert (outcome.seq, outcome.clients) == (2, 2)
    assert house.room.speaker(2).name == "Client1"
    assert house.room.addressee("CLIENT1").id == 2


def test_numbers_are_given_in_order_and_never_again():
    house = House(3)
    for _ in range(3):
        house.room.join(9, None, ADDRESS, "")
    house.commit()
    house.room.leave(9, 2)
    house.room.join(9, None, ADDRESS, "")
    house.commit()
    assert house.names() == ["Client1", "Client3", "Client4"]


def test_the_last_place_goes_to_the_first_of_one_batch():
    house = House(1)
    house.room.join(9, "anna", ADDRESS, "")
    with pytest.raises(Full):
        house.room.join(9, "bea", ADDRESS, "")
    house.commit()
    assert house.names() == ["anna"]


def test_a_place_is_free_while_it_is_being_left():
    house = House(1, "anna")
    house.room.leave(9, 1)
    house.room.join(9, "ANNA", ADDRESS, "")
    house.commit()
    assert house.names() == ["ANNA"]


def test_who_is_leaving_says_and_does_nothing_more():
    house = House(3, "anna")
    house.room.leave(9, 1)
    for call, *args in (["say", "hi"], ["leave"], ["rename", "zoe"], ["say_as", "zoe", "hi"]):
        refused(NotFound, call, 1, *args)(house)


def test_who_speaks_right_after_a_rename_has_the_new_name():
    house = House(3, "anna")
    house.room.rename(9, 1, "zoe")
    house.room.say(9, 1, "hi")
    house.room.leave(9, 1)
    assert [entry.sender for entry in house.commit().entries] == ["anna", "zoe", "zoe"]


def test_a_rename_to_the_name_one_has_is_nothing():
    house = House(3, "anna")
    later = house.room.rename(9, 1, "anna")
    assert later.ready
    assert (later.value.error, len(house.room.outbox)) == (None, 0)


def test_a_message_is_answered_with_its_number():
    house = House(3, "anna", "bea")
    assert house.landed(house.room.say(9, 1, "hi")).entries == [Message(3, 9, "anna", 1, "hi")]
    told = house.landed(house.room.tell(9, 1, "BEA", "psst"))
    assert told.entries == [Message(4, 9, "anna", 1, "psst", "bea", 2)]


@pytest.mark.parametrize("session, name", [(0, "robot"), (1, "robot"), (1, "Anna")])
def test_a_message_may_go_under_a_name_nobody_else_has(session, name):
    house = House(3, "anna")
    assert house.landed(house.room.say_as(9, session, name, "hi")).entries[0].sender == name


def test_a_name_that_is_just_being_taken_cannot_be_spoken_under():
    house = House(3)
    house.room.join(9, "anna", ADDRESS, "")
    refused(NameTaken, "say_as", 0, "anna", "hi")(house)


def test_the_first_message_joins_and_is_told():
    house = House(3, "anna")
    outcome = house.landed(house.room.join_and_say(9, ADDRESS, "s", "psst", to="ANNA"))
    joined, told = outcome.entries
    assert (joined.sender, joined.change, joined.session) == ("Client1", "joined", 2)
    assert (told.sender, told.to, told.to_session, outcome.seq) == ("Client1", "anna", 1, 3)


@pytest.mark.parametrize(
    "again",
    [
        lambda room: room.say(9, 1, "hi", "k"),
        lambda room: room.say(9, 2, "hi", "k"),
        lambda room: room.say_as(9, 0, "x", "hi", "k"),
        lambda room: room.join_and_say(9, ADDRESS, "", "hi", "k"),
    ],
)
def test_a_known_key_is_answered_at_once(again):
    house = House(3, "anna", "bea")
    house.landed(house.room.say(9, 1, "hi", "k"))
    later = again(house.room)
    assert later.ready
    assert (later.value.seq, later.value.entries, len(house.room.outbox)) == (3, (), 0)


def test_a_known_key_with_other_content_is_refused_at_once():
    house = House(3, "anna", "bea")
    house.landed(house.room.tell(9, 1, "bea", "hi", "k"))
    assert house.room.tell(9, 2, "BEA", "hi", "k").value.seq == 3
    refused(KeyReused, "say", 1, "hi", "k")(house)
    refused(KeyReused, "tell", 1, "bea", "ho", "k")(house)


def test_the_same_key_twice_in_one_batch_is_one_entry():
    house = House(3, "anna")
    one, two = house.room.say(9, 1, "hi", "k"), house.room.say(9, 1, "hi", "k")
    other = house.room.say(9, 1, "ho", "k")
    house.commit()
    assert one.value.seq == two.value.seq == 2
    assert type(other.value.error) is KeyReused
    assert house.room.state.seq == 2


def test_times_never_go_backwards_though_the_clock_does():
    house = House(3, "anna")
    for now in (9, 5, 7, 12):
        house.room.say(now, 1, "hi")
    assert [entry.at for entry in house.commit().entries] == [9, 9, 9, 12]
    again = Room("main", "run2", State())
    again.replay([Stored(position, body) for position, body in enumerate(house.records, 1)])
    again.say(3, 1, "hi")
    again.outbox.next_batch()
    assert again.committed(len(house.records) + 1).entries[0].at == 12


# Resuming


def test_a_session_that_ended_comes_back_as_itself():
    house = House(1, "anna")
    house.landed(house.room.leave(9, 1))
    session, later = house.room.resume(10, "secret of anna", ("::1", 1))
    assert house.landed(later).entries == [Presence(3, 10, "anna", 1, "joined")]
    assert (session.id, house.names()) == (1, ["anna"])
    assert house.room.state.sessions[1].disconnected is None


def test_a_session_can_be_resumed_while_it_is_being_left():
    house = House(1, "anna")
    house.room.leave(9, 1)
    later = house.room.resume(10, "secret of anna", ADDRESS)[1]
    assert [entry.change for entry in house.commit().entries] == ["left", "joined"]
    assert later.value.error is None
    assert house.names() == ["anna"]


def test_a_session_resumed_twice_at_once_comes_back_once():
    house = House(1, "anna")
    house.landed(house.room.leave(9, 1))
    one, two = (house.room.resume(10, "secret of anna", ADDRESS)[1] for _ in range(2))
    assert [entry.change for entry in house.commit().entries] == ["joined"]
    assert (one.value.error, two.value.error) == (None, None)


def test_the_end_of_the_older_connection_does_not_end_the_session():
    house = House(1, "anna")
    resumed = house.room.resume(9, "secret of anna", ADDRESS)[1]
    left = house.room.leave(10, 1)
    said = house.room.say(11, 1, "still here")
    house.commit()
    assert (resumed.value.error, said.value.error) == (None, None)
    assert type(left.value.error) is NotFound
    assert house.names() == ["anna"]
    assert house.landed(house.room.leave(12, 1)).error is None
    assert house.names() == []


def test_a_leave_comes_true_when_the_resume_before_it_fails():
    house = House(1, "anna")
    house.room.resume(9, "secret of anna", ADDRESS)
    house.room.leave(10, 1)
    house.room.outbox.next_batch()
    house.fail()
    house.commit()
    assert house.names() == []


@pytest.mark.parametrize("name, error", [("bea", Full), ("ANNA", Full)])
def test_who_comes_back_needs_a_place(name, error):
    house = House(1, "anna")
    house.room.leave(9, 1)
    house.room.join(9, name, ADDRESS, "")
    refused(error, "resume", "secret of anna", ADDRESS)(house)


def test_who_comes_back_needs_the_name():
    house = House(2, "anna")
    house.room.leave(9, 1)
    house.room.join(9, "ANNA", ADDRESS, "")
    refused(NameTaken, "resume", "secret of anna", ADDRESS)(house)


def test_a_day_after_its_end_a_session_is_over():
    house = House(1, "anna")
    house.landed(house.room.leave(9, 1))
    with pytest.raises(NotFound):
        house.room.resume(10 + RESUME_MICROSECONDS, "secret of anna", ADDRESS)


# Failing


def test_a_failure_answers_everybody_and_changes_nothing():
    house = House(2, "anna")
    digest = house.room.state.digest()
    laters = [house.room.join(9, None, ADDRESS, ""), house.room.rename(9, 1, "zoe")]
    house.room.outbox.next_batch()
    laters.append(house.room.say(9, 1, "as zoe"))
    house.fail()
    assert [type(later.value.error) for later in laters] == [NoSpace] * 3
    assert house.room.state.digest() == digest
    assert house.landed(house.room.join(9, None, ADDRESS, "")).entries[0].sender == "Client1"
    assert house.landed(house.room.say(9, 1, "hi")).entries[0].sender == "anna"


def test_a_leave_outlives_a_full_disk_under_the_name_that_is_left():
    house = House(1, "anna")
    house.room.rename(9, 1, "zoe")
    left = house.room.leave(9, 1)
    house.room.outbox.next_batch()
    house.fail()
    assert not left.ready
    house.room.join(9, "bea", ADDRESS, "")
    assert [(entry.sender, entry.change) for entry in house.commit().entries] == [
        ("anna", "left"),
        ("bea", "joined"),
    ]


def test_a_leave_of_a_join_that_failed_is_nothing():
    house = House(1)
    house.room.join(9, "anna", ADDRESS, "")
    left = house.room.leave(9, 1)
    house.room.outbox.next_batch()
    house.fail()
    assert type(house.landed(left).error) is NotFound
    assert house.names() == []


def test_what_the_outbox_refuses_is_not_expected(monkeypatch):
    house = House(2, "anna")
    monkeypatch.setattr(outbox, "OUTBOX_RECORDS", 0)
    refused(Unavailable, "join", None, ADDRESS, "")(house)
    monkeypatch.undo()
    assert house.landed(house.room.join(9, None, ADDRESS, "")).entries[0].sender == "Client1"


# Erasing and replaying


def test_an_erasure_tells_where_the_text_stands():
    house = House(3, "anna")
    house.landed(house.room.say(9, 1, "hi"))
    later = house.room.erase(9, 1, 2)
    applied = house.commit()
    assert (applied.erase, applied.entries, later.value.seq) == ([3], [], 2)


def test_replaying_makes_the_same_room():
    house = House(3, "anna")
    house.room.join_and_say(9, ADDRESS, "s", "hi", "k")
    house.room.erase(9, 1, 1)
    house.room.leave(9, 1)
    house.commit()
    again = Room("main", "run2", State())
    erase = again.replay([Stored(position, body) for position, body in enumerate(house.records, 1)])
    assert again.state.digest() == house.room.state.digest()
    assert again.tail.after(0, 99) == house.room.tail.after(0, 99)
    assert erase == [2]


def test_a_record_that_cannot_be_read_stops_the_replay():
    with pytest.raises(Unavailable):
        Room("main", "run1", State()).replay([Stored(1, encode(Say(1, 0, "x", "hi"))), Stored(2, b"?")])


PUT = FileChange("upload:1", "added", "a.txt", Author(0, "visitor"), 5)


def test_a_file_outlives_a_full_disk():
    house = House()
    later = house.room.file(3, PUT)
    house.room.outbox.next_batch()
    house.fail()
    assert not later.ready
    assert house.landed(later).entries[0].path == "a.txt"


def test_a_file_that_is_told_of_already_writes_nothing():
    house = House()
    seq = house.landed(house.room.file(3, PUT)).seq
    assert house.room.file(4, PUT).value.seq == seq
    assert not len(house.room.outbox)
