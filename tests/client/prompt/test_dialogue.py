"""The one order: answers as the lines were typed, entries as they stand in the room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.client.prompt.dialogue import Dialogue
from portico.client.prompt.wording import trouble
from portico.model.entries import ErasedMessage, FileEvent, Message, Presence
from portico.model.errors import PorticoError
from portico.model.replies import Farewell, Said

ME, BOB = "Client1", "Bob"


def shown(dialogue):
    return [each.text for each in dialogue.take()]


@pytest.fixture
def dialogue():
    return Dialogue(ME, 1)


def said(seq, sender, text="hi"):
    return Message(seq, 0, sender, 0, text)


def test_what_others_do_is_shown_at_once(dialogue):
    dialogue.entry(said(2, BOB))
    dialogue.entry(Presence(3, 0, "Ann", 0, "joined"))
    assert shown(dialogue) == ["Bob: hi", "* Ann joined"]


def test_one_own_message_is_acknowledged_where_its_entry_stands(dialogue):
    turn = dialogue.turn()
    dialogue.answer(turn, Said(3, "mine"))
    assert shown(dialogue) == []
    dialogue.entry(said(2, BOB))
    dialogue.entry(said(3, ME, "mine"))
    dialogue.entry(said(4, BOB))
    assert shown(dialogue) == ["Bob: hi", "Message: mine ACK", "Bob: hi"]


def test_an_entry_that_comes_before_its_answer_waits_and_so_do_those_behind(dialogue):
    turn = dialogue.turn()
    dialogue.entry(said(2, BOB))
    dialogue.entry(said(3, ME, "mine"))
    dialogue.entry(said(4, BOB, "later"))
    assert shown(dialogue) == ["Bob: hi"]
    dialogue.answer(turn, Said(3, "mine"))
    assert shown(dialogue) == ["Message: mine ACK", "Bob: later"]


def test_files_of_others_are_told_and_one_own_are_known(dialogue):
    dialogue.turn()
    dialogue.entry(FileEvent(2, 0, ME, 0, "added", "mine.bin", 3))
    dialogue.entry(FileEvent(3, 0, BOB, 0, "added", "fw.bin", 12_400_000))
    assert shown(dialogue) == ["* Bob put fw.bin (12.4 MB)"]


def test_what_belongs_to_no_line_is_told_at_once(dialogue):
    dialogue.turn()
    dialogue.tell(trouble("fw.bin:\ngone"))
    assert shown(dialogue) == ["error: fw.bin:?gone"]


def test_answers_wait_for_what_was_typed_before(dialogue):
    one, two, three = dialogue.turn(), dialogue.turn(), dialogue.turn()
    dialogue.answer(three, PorticoError("no"))
    dialogue.answer(two, "OK")
    assert shown(dialogue) == []
    dialogue.answer(one, Said(2, "first"))
    assert shown(dialogue) == []
    dialogue.entry(said(2, ME, "first"))
    assert shown(dialogue) == ["Message: first ACK", "Message:\nOK", "error: no"]


def test_an_own_entry_waits_for_the_answers_to_what_was_typed_before(dialogue):
    command, say = dialogue.turn(), dialogue.turn()
    dialogue.entry(said(2, ME, "mine"))
    dialogue.answer(say, Said(2, "mine"))
    assert shown(dialogue) == []
    dialogue.answer(command, "OK")
    assert shown(dialogue) == ["Message:\nOK", "Message: mine ACK"]


def test_a_message_whose_entry_was_erased_meanwhile_is_acknowledged(dialogue):
    dialogue.answer(dialogue.turn(), Said(2, "mine"))
    dialogue.entry(ErasedMessage(2, 0, ME, 0))
    assert shown(dialogue) == ["Message: mine ACK"]


def test_a_number_that_has_passed_is_acknowledged_at_once(dialogue):
    dialogue.entry(said(5, BOB))
    dialogue.answer(dialogue.turn(), Said(3, "again"))
    assert shown(dialogue) == ["Bob: hi", "Message: again ACK"]


def test_an_own_message_that_was_not_typed_here_is_shown(dialogue):
    dialogue.entry(said(2, ME, "from elsewhere"))
    dialogue.answer(dialogue.turn(), Said(4, "mine"))
    dialogue.entry(said(3, ME, "elsewhere again"))
    dialogue.entry(said(4, ME, "mine"))
    assert shown(dialogue) == ["Client1: from elsewhere", "Client1: elsewhere again", "Message: mine ACK"]


def test_one_knows_of_ones_own_comings_goings_and_names(dialogue):
    dialogue.entry(Presence(2, 0, ME, 0, "left", reason="crash"))
    dialogue.entry(Presence(3, 0, ME, 0, "joined"))
    dialogue.entry(Presence(4, 0, ME, 0, "renamed", "Ann"))
    dialogue.entry(Presence(5, 0, BOB, 0, "renamed", ME))
    assert shown(dialogue) == ["* Bob is now Client1"]
    assert dialogue.name == "Ann"
    dialogue.entry(said(6, ME, "I am Bob"))
    assert shown(dialogue) == ["Client1: I am Bob"]


def test_the_name_may_be_known_before_its_entry_comes(dialogue):
    dialogue.name = "Ann"
    dialogue.entry(Presence(4, 0, ME, 0, "renamed", "Ann"))
    assert (shown(dialogue), dialogue.name) == ([], "Ann")


def test_quiet_hides_others_and_no_answers(dialogue):
    dialogue.quiet = True
    dialogue.answer(dialogue.turn(), Said(3, "mine"))
    dialogue.entry(said(2, BOB))
    dialogue.entry(said(3, ME))
    assert shown(dialogue) == ["Message: mine ACK"]


def test_a_gap_is_gone_over_and_acknowledges_what_was_in_it(dialogue):
    dialogue.answer(dialogue.turn(), Said(7, "mine"))
    late = dialogue.turn()
    dialogue.skip(9)
    assert shown(dialogue) == ["Message: mine ACK"]
    dialogue.entry(said(10, ME))
    dialogue.skip(20)
    assert shown(dialogue) == ["Client1: hi"]
    dialogue.answer(late, Said(10, "hi"))
    assert shown(dialogue) == ["Message: hi ACK"]


def test_a_room_that_begins_anew_acknowledges_what_the_old_one_had(dialogue):
    dialogue.answer(dialogue.turn(), Said(500, "mine"))
    dialogue.skip(3)
    assert shown(dialogue) == ["Message: mine ACK"]


def test_a_notice_does_not_wait(dialogue):
    dialogue.turn()
    dialogue.notice("lost the server")
    assert shown(dialogue) == ["* lost the server"]


def test_the_goodbye_comes_last_and_nothing_behind_it(dialogue):
    say, bye = dialogue.turn(), dialogue.turn()
    dialogue.answer(bye, Farewell(ME))
    assert not dialogue.over
    dialogue.answer(say, Said(2, "mine"))
    dialogue.entry(said(2, ME, "mine"))
    dialogue.entry(said(3, BOB, "too late"))
    assert dialogue.over
    assert shown(dialogue) == ["Message: mine ACK"]


SENDERS = st.lists(st.sampled_from([ME, BOB, "command", "refused"]), max_size=12)


@given(SENDERS, st.randoms(use_true_random=False))
def test_whatever_comes_first_the_order_is_the_same(senders, random):
    """Entries in their order and answers in theirs, merged at random, are shown in one order only."""
    dialogue = Dialogue(ME, 0)
    turns, entries, answers, expected = [], [], [], []
    for number, sender in enumerate(senders, 1):
        if sender in (ME, BOB):
            entries.append(said(number, sender, str(number)))
        if sender != BOB:
            turn = dialogue.turn()
            turns.append(turn)
            replies = {ME: Said(number, str(number)), "command": f"c{number}", "refused": PorticoError("no")}
            answers.append((turn, replies[sender]))
        if sender == ME:
            expected.append(f"Message: {number} ACK")
    random.shuffle(answers) if random.random() < 0.5 else None
    out = []
    while entries or answers:
        if entries and (not answers or random.random() < 0.5):
            dialogue.entry(entries.pop(0))
        else:
            dialogue.answer(*answers.pop(0))
        out += shown(dialogue)
    assert [each for each in out if each.endswith("ACK")] == expected
    assert len(out) == len(senders)
    numbers = [int(each.split(" ")[1]) for each in out if each.startswith(("Message: ", "Bob: "))]
    assert numbers == sorted(numbers)
    mine = [each for each in out if not each.startswith("Bob")]
    kinds = {"command": "Message:\n", "refused": "error", ME: "Message: "}
    assert all(
        each.startswith(kinds[s]) for each, s in zip(mine, [s for s in senders if s != BOB], strict=True)
    )
