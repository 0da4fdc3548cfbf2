"""Numbers and positions, against a list that simply knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.room.ordinals import Ordinals

COUNTS = st.lists(st.sampled_from([0, 1, 1, 1, 2]), max_size=40)


def noted(counts):
    """Ordinals, and the position of every entry in a list."""
    ordinals, positions = Ordinals(), []
    for position, count in enumerate(counts, 1):
        ordinals.note(position, len(positions) + 1, count)
        positions += [position] * count
    return ordinals, positions


def next_after(positions, position):
    return next((seq for seq, place in enumerate(positions, 1) if place > position), None)


@given(COUNTS)
def test_every_entry_stands_where_its_record_does(counts):
    ordinals, positions = noted(counts)
    assert [ordinals.position_of(seq) for seq in range(1, len(positions) + 1)] == positions


@given(COUNTS)
def test_the_first_entry_after_any_position_is_found(counts):
    ordinals, positions = noted(counts)
    for position in range(len(counts) + 2):
        expected = next_after(positions, position)
        found = ordinals.first_after(position)
        assert found == expected if expected else found > len(positions)


@given(COUNTS.filter(any), st.data())
def test_what_is_forgotten_changes_nothing_for_the_rest(counts, data):
    ordinals, positions = noted(counts)
    keep = data.draw(st.integers(1, len(positions)))
    keep = next_after(positions, positions[keep - 1] - 1)  # a record's entries are kept together
    ordinals.forget_before(keep)
    for seq in range(keep, len(positions) + 1):
        assert ordinals.position_of(seq) == positions[seq - 1]
    for position in range(positions[keep - 1], len(counts) + 1):
        expected = next_after(positions, position)
        assert expected is None or ordinals.first_after(position) == expected


@given(COUNTS)
def test_runs_are_all_there_is_to_remember(counts):
    ordinals, positions = noted(counts)
    again = Ordinals(*ordinals.runs())
    assert again.runs() == ordinals.runs()
    assert [again.position_of(seq) for seq in range(1, len(positions) + 1)] == positions


@pytest.mark.parametrize(
    "counts, runs", [([], 0), ([1] * 1000, 1), ([2] * 3, 4), ([1, 0, 1], 2), ([0, 0, 1, 1], 1)]
)
def test_a_run_is_kept_only_where_numbers_and_positions_part(counts, runs):
    assert len(noted(counts)[0].runs()[0]) == runs
