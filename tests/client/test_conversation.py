"""What a client and a server say to each other, without a socket between them."""

import pytest

from portico.client.conversation import IN_FLIGHT
from portico.model.errors import Full, Gone, Lost, NameTaken, NotFound, ProtocolError
from tests.support.talk import OK, Talk, entry_push, facts, message, push, session


def visitor():
    talk = Talk()
    talk.open()
    talk.answer(facts())
    talk.news()
    return talk


def follower():
    """A visitor who follows, from entry 7 on."""
    talk = visitor()
    talk.conversation.follow()
    assert talk.sent() == ["FOLLOW"]
    talk.answer(OK)
    return talk


# --- who we are -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted,token,said",
    [
        (None, "", ["HELLO 3"]),
        ("ann", "", ["HELLO 3 SETNAME ann"]),
        ("", "", ["HELLO 3", "NAME", "HELLO 3"]),
        (None, "t", ["HELLO 3 AUTH default t"]),
        ("ann", "t", ["HELLO 3 AUTH default t SETNAME ann"]),
        ("", "t", ["HELLO 3 AUTH default t", "NAME", "HELLO 3"]),
    ],
)
def test_it_says_first_who_it_is(wanted, token, said):
    assert Talk(wanted, token).open() == said


@pytest.mark.parametrize(
    "wanted,answers,name",
    [
        (None, [facts()], None),
        ("ann", [session("ann")], "ann"),
        ("", [facts(), "Client1", session("Client1")], "Client1"),
    ],
)
def test_the_last_hello_tells_everything(wanted, answers, name):
    talk = Talk(wanted)
    talk.open()
    talk.answer(*answers)
    assert talk.news()[-1] == "introduced"
    assert talk.conversation.ready
    assert talk.conversation.name == name
    assert talk.conversation.secret == (f"secret of {name}" if name else "")


def test_nothing_is_asked_before_the_introduction():
    talk = Talk()
    talk.ask("ECHO", "x")
    assert talk.open() == ["HELLO 3"]
    assert talk.answer(facts()) == ["ECHO x"]


@pytest.mark.parametrize("wanted", ["ann", ""])
def test_a_session_goes_on_over_the_next_connection(wanted):
    talk = Talk(wanted)
    talk.open()
    talk.answer(*[facts(), "ann"][: 2 * (not wanted)], session("ann"))
    talk.cut()
    assert talk.open() == ["HELLO 3 RESUME secret of ann"]
    assert talk.answer(session("ann")) == []
    assert talk.news()[-1] == "introduced"


@pytest.mark.parametrize(
    "wanted,again", [("ann", ["HELLO 3 SETNAME ann"]), ("", ["HELLO 3", "NAME", "HELLO 3"])]
)
def test_a_session_that_is_over_for_good_begins_anew_over_the_same_connection(wanted, again):
    talk = Talk(wanted)
    talk.open()
    talk.answer(*[facts(), "ann"][: 2 * (not wanted)], session("ann"))
    talk.cut()
    talk.open()
    assert talk.answer(NotFound("no such secret")) == again
    talk.answer(*[facts(), "bob"][: 2 * (not wanted)], session("bob"))
    assert talk.conversation.secret == "secret of bob"


@pytest.mark.parametrize("error", [NameTaken("ann"), Full(3, 3)])
def test_a_refused_introduction_ends_the_connection(error):
    talk = Talk("ann")
    talk.open()
    answer = talk.ask("ECHO", "x")
    assert talk.answer(error) == []
    assert talk.news() == [error.code]
    assert not talk.conversation.ready
    talk.push(entry_push(8))  # what still comes is not heard
    assert talk.news() == []
    talk.cut()
    assert talk.open() == ["HELLO 3 SETNAME ann"]
    assert answer.values == []


def test_no_place_for_any_name():
    talk = Talk("")
    talk.open()
    talk.answer(facts(), Full(3, 3), facts())
    assert talk.news() == ["FULL"]
    assert not talk.conversation.ready


def test_joining_later():
    talk = visitor()
    talk.conversation.join("ann")
    answer = talk.ask("SAY", "x")
    assert talk.sent() == ["NAME ann", "HELLO 3", "SAY x"]
    talk.answer("ann", session("ann"), 8)
    assert (talk.conversation.name, answer.value) == ("ann", 8)


def test_joining_later_is_refused():
    talk = visitor()
    talk.conversation.join("ann")
    talk.sent()
    talk.answer(NameTaken("ann"))
    assert talk.news() == ["TAKEN"]
    talk.conversation.forget_name()
    talk.answer(facts())
    assert talk.conversation.ready
    talk.cut()
    assert talk.open() == ["HELLO 3"]


@pytest.mark.parametrize("said", [False, True])
def test_it_knows_that_it_may_have_joined(said):
    talk = visitor()
    talk.conversation.join("ann")
    if said:
        talk.sent()
    talk.cut()
    assert talk.conversation.joined_unknowingly == said, "what was never sent cannot have joined"
    assert talk.open() == ["HELLO 3 SETNAME ann"]
    talk.answer(session("ann"))
    assert not talk.conversation.joined_unknowingly


def test_a_new_name_is_wanted_again():
    talk = Talk("ann")
    talk.open()
    talk.answer(session("ann"))
    talk.conversation.renamed("bob")
    talk.cut()
    talk.open()
    assert talk.answer(NotFound("no such secret")) == ["HELLO 3 SETNAME bob"]


@pytest.mark.parametrize("value", [{"server": "redis"}, "OK", 7, [], None])
def test_it_talks_to_nobody_else(value):
    talk = Talk()
    talk.open()
    with pytest.raises(ProtocolError, match="not Portico"):
        talk.answer(value)


# --- requests -------------------------------------------------------------------------------------


def test_answers_come_in_the_order_of_the_requests():
    talk = visitor()
    answers = talk.asked("abc")
    assert talk.sent() == ["ECHO a", "ECHO b", "ECHO c"]
    talk.answer("a", NotFound("none"))
    assert answers[0].value == "a"
    assert answers[1].value.code == "NOTFOUND"
    assert talk.conversation.unanswered == 1
    talk.answer("c")
    assert answers[2].value == "c"


def test_what_was_not_answered_is_asked_again_in_order_and_before_what_is_newer():
    talk = visitor()
    talk.asked("abcd")
    talk.sent()
    talk.answer("a")
    talk.cut()
    talk.asked("ef")
    talk.open()
    assert talk.answer(facts()) == [f"ECHO {each}" for each in "bcdef"]


def test_what_must_not_be_repeated_is_lost():
    talk = visitor()
    never_sent = talk.ask("ECHO", "a", again=False)
    talk.cut()
    talk.open()
    assert talk.answer(facts()) == ["ECHO a"]
    other = talk.ask("ECHO", "b")
    talk.sent()
    talk.cut()
    assert isinstance(never_sent.value, Lost)
    assert other.values == []
    talk.open()
    assert talk.answer(facts()) == ["ECHO b"]


def test_who_gave_up_before_it_was_sent_sends_nothing():
    talk = visitor()
    first, second, third = talk.asked("abc")
    second.given_up = True
    assert talk.sent() == ["ECHO a", "ECHO c"]
    first.given_up = True
    talk.answer("a", "c")
    assert (first.values, third.value) == ([], "c")


def test_who_gave_up_is_not_asked_again():
    talk = visitor()
    first, _ = talk.asked("ab")
    talk.sent()
    first.given_up = True
    talk.cut()
    talk.open()
    assert talk.answer(facts()) == ["ECHO b"]


def test_only_so_many_are_sent_at_once():
    talk = visitor()
    talk.asked([str(number) for number in range(IN_FLIGHT + 10)])
    assert len(talk.sent()) == IN_FLIGHT
    assert talk.sent() == []
    assert talk.answer("0", "1") == [f"ECHO {IN_FLIGHT}", f"ECHO {IN_FLIGHT + 1}"]


def test_an_answer_to_nothing_is_an_error():
    with pytest.raises(ProtocolError, match="not asked"):
        visitor().answer("hm")


def test_what_was_not_sent_yet_is_not_owed():
    """Silence is only the server's fault once it has been asked something."""
    talk = visitor()
    talk.conversation.probe()
    assert not talk.conversation.owed
    assert talk.sent() == ["PING"]
    assert talk.conversation.owed
    talk.answer("PONG")
    assert not talk.conversation.owed


def test_all_is_answered_when_it_ends():
    talk = visitor()
    answers = talk.asked("a")
    talk.sent()
    answers += talk.asked("b")
    talk.conversation.fail(Lost("closed"))
    assert [type(each.value) for each in answers] == [Lost, Lost]


# --- the place in the log -------------------------------------------------------------------------


def test_entries_once_and_in_order():
    talk = follower()
    talk.push(entry_push(8), entry_push(9), entry_push(9), entry_push(3), entry_push(12))
    assert talk.news() == [8, 9, 12]


def test_it_follows_from_the_last_entry_on():
    talk = follower()
    talk.push(entry_push(8), entry_push(9))
    talk.cut()
    assert talk.open() == ["HELLO 3"]
    talk.ask("ECHO", "x")
    assert talk.answer(facts(head=20)) == ["FOLLOW SINCE 9", "ECHO x"]
    talk.answer(OK)
    talk.push(entry_push(9), entry_push(10))
    assert talk.news() == [8, 9, "introduced", 10]


def test_following_begins_without_a_connection():
    talk = visitor()
    talk.cut()
    talk.conversation.follow()
    talk.open()
    assert talk.answer(facts(head=20)) == ["FOLLOW SINCE 7"]


def test_what_is_not_kept_any_more_is_skipped_aloud():
    talk = follower()
    talk.cut()
    talk.open()
    talk.answer(facts(first=50, head=60))
    assert talk.answer(Gone(50, 60)) == ["FOLLOW"]
    assert talk.news() == ["introduced", "skipped"]
    talk.answer(OK)
    talk.push(entry_push(61))
    assert talk.news() == [61]


def test_another_log_begins_anew():
    talk = follower()
    talk.push(entry_push(100))
    talk.cut()
    talk.open()
    assert talk.answer(facts(log="log2", head=3)) == ["FOLLOW"]
    talk.answer(OK)
    talk.push(entry_push(4))
    assert talk.news() == [100, "skipped", "introduced", 4]


def test_another_log_means_nothing_to_who_does_not_follow():
    talk = visitor()
    talk.cut()
    talk.open()
    assert talk.answer(facts(log="log2", head=3)) == []
    assert talk.news() == ["introduced"]


def test_nothing_is_heard_before_following_or_afterwards():
    talk = visitor()
    talk.push(entry_push(8))
    talk.conversation.follow()
    talk.sent()
    talk.answer(OK)
    talk.push(entry_push(9))
    talk.conversation.unfollow()
    assert talk.sent() == ["QUIET"]
    talk.push(entry_push(10))
    assert talk.news() == [9]
    talk.cut()
    talk.open()
    assert talk.answer(facts()) == []


def test_what_was_pushed_before_a_pause_is_not_taken_for_what_comes_after_it():
    """Pushes of before QUIET may still be under way when FOLLOW is sent: between them there is a gap."""
    talk = follower()
    talk.conversation.unfollow()
    talk.conversation.follow()
    assert talk.sent() == ["QUIET", "FOLLOW"]
    talk.push(entry_push(8))
    talk.answer(OK)
    assert talk.news() == []
    talk.answer(OK)
    talk.push(entry_push(5_000))
    assert talk.news() == [5_000]


def test_a_pause_that_a_break_ended_is_forgotten():
    talk = follower()
    talk.conversation.unfollow()
    talk.conversation.follow()
    talk.sent()
    talk.cut()
    talk.open()
    assert talk.answer(facts(head=9)) == ["FOLLOW SINCE 7"]
    talk.answer(OK)
    talk.push(entry_push(8))
    assert talk.news() == ["introduced", 8]


def test_a_kind_that_is_not_known_moves_the_place_all_the_same():
    talk = follower()
    talk.push(push("entry", {**message(8), "kind": "dance"}))
    talk.cut()
    talk.open()
    assert talk.answer(facts()) == ["FOLLOW SINCE 8"]


def test_a_farewell_is_kept_until_the_next_connection():
    talk = visitor()
    talk.push(push("closing", "the server stops"), push("something", "else"))
    assert talk.conversation.farewell == "the server stops"
    talk.cut()
    talk.open()
    assert talk.conversation.farewell == ""


@pytest.mark.parametrize("data", [b">0\r\n", b">1\r\n+entry\r\n", b">2\r\n+entry\r\n:1\r\n"])
def test_a_push_that_makes_no_sense(data):
    with pytest.raises(ProtocolError):
        follower().conversation.receive(data)
