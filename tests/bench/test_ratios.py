import pytest

from bench.ratios import (
    MISSED,
    REACHED,
    SHOWN,
    STRETCH,
    WITHIN_NOISE,
    NoGoal,
    RatioAtLeast,
    RatioAtMost,
    Sample,
    Side,
    Summary,
    ValueAtMost,
    condense,
    pair_ratios,
    summarise,
)


def samples(*values: float) -> list[Sample]:
    return [Sample(value, wall=2.0, server_cpu=1.0, generator_cpu=0.5, others_cpu=0.2) for value in values]


def ours_is(ratio: float) -> Summary:
    side = Side(100.0, 0.5, 0.5)
    return Summary(side, side, ratio, ratio, ratio)


def test_the_ratio_is_the_median_of_the_pairs_not_the_ratio_of_the_medians():
    # The machine became slower for both in the middle: the pairs do not notice.
    summary = summarise(samples(200, 20, 210), samples(100, 10, 105))
    assert (summary.ratio, summary.low, summary.high) == (2.0, 2.0, 2.0)


def test_the_smallest_and_the_largest_pair_are_kept():
    summary = summarise(samples(10, 20, 60), samples(10, 10, 20))
    assert (summary.ratio, summary.low, summary.high) == (2.0, 1.0, 3.0)


def test_the_processors_are_shares_of_a_core():
    side = condense(samples(1, 2, 3))
    assert (side.value, side.server_share, side.generator_share, side.others_share) == (2, 0.5, 0.25, 0.1)


def test_a_sample_without_time_has_no_shares():
    assert condense([Sample(4.0)]).server_share == 0


def test_without_a_peer_there_is_no_ratio():
    assert summarise(samples(1, 2, 3), []) == Summary(condense(samples(1, 2, 3)))


def test_sides_that_did_not_run_equally_often_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        pair_ratios(samples(1, 2), samples(1))


@pytest.mark.parametrize(
    "ratio,verdict", [(2.5, STRETCH), (1.5, REACHED), (1.16, WITHIN_NOISE), (1.15, MISSED), (None, SHOWN)]
)
def test_the_verdict_on_a_ratio(ratio, verdict):
    assert RatioAtLeast(1.5, 2.5, noise=1.3).verdict(ours_is(ratio)) == verdict


def test_without_noise_a_miss_is_a_miss():
    assert RatioAtLeast(0.6, 1.0).verdict(ours_is(0.59)) == MISSED


@pytest.mark.parametrize("value,verdict", [(2.0, STRETCH), (3.9, REACHED), (4.1, MISSED)])
def test_the_verdict_on_a_value_does_not_ask_for_the_peer(value, verdict):
    assert ValueAtMost(4, 2, "KiB").verdict(Summary(Side(value, 0, 0))) == verdict


def test_a_figure_without_a_goal_is_only_shown():
    assert NoGoal().verdict(ours_is(0.1)) == SHOWN


def test_the_bounds_in_words():
    assert RatioAtLeast(1.5, 2.5).words() == (">= 1.5 x", ">= 2.5 x")
    assert RatioAtLeast(5.0).words() == (">= 5 x", "")
    assert ValueAtMost(4, 2, "KiB").words() == ("<= 4 KiB", "<= 2 KiB")


@pytest.mark.parametrize("ratio,verdict", [(1.9, STRETCH), (2.1, REACHED), (3.1, MISSED), (None, SHOWN)])
def test_a_cost_may_be_so_many_times_the_peers(ratio, verdict):
    goal = RatioAtMost(3.0, 2.0)
    assert goal.verdict(ours_is(ratio)) == verdict
    assert goal.words() == ("<= 3 x", "<= 2 x")
    assert RatioAtMost(3.0).words() == ("<= 3 x", "")
