"""Folding: nothing is lost uncounted, nothing changes its place, and what is not by others stays."""

from hypothesis import given
from hypothesis import strategies as st

from portico.client.prompt.folding import BURST, HOLD_SECONDS, NEWEST, PER_SECOND, Folder
from portico.client.prompt.wording import Kind, Shown


def messages(first, last):
    return [Shown(Kind.MESSAGE, f"Bob: {number}") for number in range(first, last + 1)]


def texts(lines):
    return [line.text for line in lines]


def test_what_can_be_read_is_shown_at_once():
    folder = Folder(0.0)
    assert folder.sift(messages(1, BURST), 0.0) == messages(1, BURST)
    assert folder.due is None


def test_a_flood_shows_its_beginning_how_much_was_folded_and_its_end():
    folder = Folder(0.0)
    shown = []
    for at in range(10):
        shown += folder.sift(messages(1 + 500 * at, 500 + 500 * at), at * 0.01)
    shown += folder.sift([], folder.due)
    fold = f"... {5_000 - BURST - NEWEST:,} messages folded; /history shows them"
    begun, ended = texts(messages(1, BURST)), texts(messages(5_001 - NEWEST, 5_000))
    assert texts(shown) == [*begun, fold, *ended]
    assert folder.due is None


def test_a_flood_without_end_is_folded_once_a_second():
    folder = Folder(0.0)
    shown = [line for at in range(200) for line in folder.sift(messages(1, 100), at * 0.05)]
    folds = [line for line in shown if line.kind is Kind.NOTICE]
    assert 8 <= len(folds) <= 10 / HOLD_SECONDS
    assert len(shown) <= BURST + 11 * (PER_SECOND + NEWEST + 1)


def test_after_a_pause_everything_is_shown_again():
    folder = Folder(0.0)
    folder.sift(messages(1, 1_000), 0.0)
    folder.sift([], 1.0)
    assert folder.sift(messages(1, 50), 10.0) == messages(1, 50)


def test_an_answer_has_its_place_behind_what_was_folded_before_it():
    folder = Folder(0.0)
    ack = Shown(Kind.ACK, "Message: mine ACK")
    shown = folder.sift([*messages(1, 300), ack, *messages(301, 302)], 0.0)
    assert texts(shown[BURST:]) == ["... 199 messages folded; /history shows them", "Bob: 300", ack.text]
    assert texts(folder.sift([], HOLD_SECONDS)) == texts(messages(301, 302))


def test_a_long_message_counts_by_its_lines():
    folder = Folder(0.0)
    long = Shown(Kind.MESSAGE, "Bob: a" + "\n  b" * 500)
    assert folder.sift([long, long], 0.0) == [long]
    assert folder.sift([], HOLD_SECONDS) == [long]


KINDS = st.sampled_from([Kind.MESSAGE, Kind.EVENT, Kind.ACK, Kind.REFUSAL])


@given(st.lists(st.tuples(st.lists(KINDS, max_size=60), st.floats(0, 0.5))))
def test_all_are_shown_or_counted_and_in_order(batches):
    folder, now, number, shown, own = Folder(0.0), 0.0, 0, [], 0
    for kinds, pause in batches:
        lines = [Shown(kind, str(number + at)) for at, kind in enumerate(kinds)]
        number += len(kinds)
        own += sum(kind in (Kind.ACK, Kind.REFUSAL) for kind in kinds)
        now += pause
        shown += folder.sift(lines, now)
    shown += folder.sift([], now + HOLD_SECONDS)
    folds = [line for line in shown if line.kind is Kind.NOTICE]
    folded = sum(int(line.text.split()[1].replace(",", "")) for line in folds)
    kept = [int(line.text) for line in shown if line.kind is not Kind.NOTICE]
    assert len(kept) + folded == number
    assert kept == sorted(kept)
    assert sum(line.kind in (Kind.ACK, Kind.REFUSAL) for line in shown) == own
