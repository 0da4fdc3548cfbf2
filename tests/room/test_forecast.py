"""What will be, while proposals are under way."""

import pytest

from portico.model.errors import Full, NameTaken
from portico.model.later import Later
from portico.model.records import Erase, Join, Leave, Limits, Rename, Resume, Say
from portico.room.forecast import NOBODY, Forecast, Prospect
from portico.room.reducer import apply
from portico.room.state import State


def join(session, name, number=0):
    return Join(1, session, name, number, "127.0.0.1", 4711, "", "run1")


class Ahead:
    """A state, its forecast, and the proposals between them."""

    def __init__(self, *records, places=3):
        self.state = State()
        for position, record in enumerate([Limits(0, places), *records], 1):
            assert apply(self.state, position, record).error is None
        self.forecast = Forecast(self.state)
        self.under_way = []

    def expect(self, *records):
        for record in records:
            later = Later()
            self.forecast.expect(later, record)
            self.under_way.append((later, record))

    def land(self):
        for later, record in self.under_way:
            apply(self.state, self.state.position + 1, record)
            self.forecast.settled(later)
        self.under_way = []

    def fail(self):
        for later, _ in self.under_way:
            self.forecast.settled(later)
        self.under_way = []

    def picture(self):
        forecast = self.forecast
        names = [forecast.holder(name) for name in ("anna", "bea", "zoe", "Client1")]
        prospects = [forecast.prospect(session) for session in range(6)]
        called = [forecast.name(session) for session in range(6)]
        assert called == [prospect.name if prospect.present else None for prospect in prospects]
        return names, prospects, type(forecast.refuse_place("zoe")), forecast.next_session()


CHANGES = {
    "join": [join(3, "zoe")],
    "join with a message": [Say(1, 3, "zoe", "hi", join=join(3, "zoe"))],
    "leave": [Leave(2, 1, "anna")],
    "rename": [Rename(2, 1, "anna", "zoe")],
    "rename to the same": [Rename(2, 1, "anna", "ANNA")],
    "there and back": [Rename(2, 1, "anna", "zoe"), Rename(2, 1, "zoe", "anna")],
    "swap": [Rename(2, 1, "anna", "x"), Rename(2, 2, "bea", "anna"), Rename(2, 1, "x", "bea")],
    "leave and take": [Leave(2, 1, "anna"), join(3, "anna")],
    "leave and return": [Leave(2, 1, "anna"), Resume(3, 1, "anna", "", 0, "", back=True)],
    "go on elsewhere": [Resume(3, 1, "anna", "", 0, ""), Leave(4, 1, "anna")],
    "go on, then leave": [Resume(3, 1, "anna", "", 0, ""), Leave(4, 1, "anna", "", 1)],
    "neither": [Limits(1, 3), Say(1, 1, "anna", "hi"), Erase(1, 1, 1, 1)],
}


@pytest.mark.parametrize("records", CHANGES.values(), ids=CHANGES.keys())
def test_what_is_expected_is_what_comes(records):
    ahead = Ahead(join(1, "anna"), join(2, "bea"))
    ahead.expect(*records)
    expected = ahead.picture()
    ahead.land()
    assert ahead.picture() == expected


@pytest.mark.parametrize("records", CHANGES.values(), ids=CHANGES.keys())
def test_what_does_not_come_leaves_nothing_behind(records):
    ahead = Ahead(join(1, "anna"), join(2, "bea"))
    before = ahead.picture()
    ahead.expect(*records)
    ahead.fail()
    assert ahead.picture() == before


def test_the_last_place_is_promised_once():
    ahead = Ahead(places=1)
    assert ahead.forecast.refuse_place("anna") is None
    ahead.expect(join(1, "anna"))
    assert type(ahead.forecast.refuse_place("bea")) is Full


def test_a_place_and_a_name_are_free_while_they_are_being_left():
    ahead = Ahead(join(1, "anna"), places=1)
    assert type(ahead.forecast.refuse_place("anna")) is Full
    ahead.expect(Leave(2, 1, "anna"))
    assert ahead.forecast.refuse_place("ANNA") is None
    assert ahead.forecast.prospect(1) == Prospect("anna", present=False)


def test_a_name_to_come_is_taken_for_all_but_its_session():
    ahead = Ahead(join(1, "anna"))
    ahead.expect(Rename(2, 1, "anna", "zoe"))
    assert type(ahead.forecast.refuse_name("ZOE")) is NameTaken
    assert ahead.forecast.refuse_name("zoe", 1) is None
    assert ahead.forecast.refuse_name("anna") is None
    assert ahead.forecast.prospect(1).name == "zoe"


def test_the_end_of_an_older_connection_changes_nothing():
    ahead = Ahead(join(1, "anna"))
    ahead.expect(Resume(2, 1, "anna", "", 0, ""), Leave(3, 1, "anna"))
    assert ahead.forecast.prospect(1) == Prospect("anna", present=True, resumed=1)
    assert ahead.forecast.holder("anna") == 1


def test_numbers_go_on_from_what_is_under_way():
    ahead = Ahead()
    assert ahead.forecast.next_client() == ("Client1", 1)
    ahead.expect(join(1, "Client1", 1), join(2, "anna"))
    assert ahead.forecast.next_client() == ("Client2", 2)
    assert ahead.forecast.next_session() == 3


def test_numbers_that_were_never_given_are_given_after_all():
    ahead = Ahead()
    ahead.expect(join(1, "Client1", 1))
    ahead.fail()
    assert ahead.forecast.next_client() == ("Client1", 1)
    assert ahead.forecast.next_session() == 1


def test_who_never_was_will_be_nobody():
    assert Ahead().forecast.prospect(7) == NOBODY
    assert Ahead().forecast.holder("anna") == 0
