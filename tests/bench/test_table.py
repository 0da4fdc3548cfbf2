import json

from bench.ratios import RatioAtLeast, Sample, ValueAtMost, summarise
from bench.table import HEAD, Label, amount, as_data, brief, not_measured, render, row

TALK = Label("talk", "talking", "msg/s")


def talking(others_cpu: float = 0.0):
    ours = [Sample(3000, 1.0, 0.9, 0.5, others_cpu)] * 3
    peer = [Sample(2000, 1.0, 0.8, 0.4)] * 3
    return row(TALK, RatioAtLeast(1.0, 2.0), summarise(ours, peer))


def test_a_row_says_everything_in_its_columns():
    assert talking().cells == (
        "talking",
        "3,000 msg/s",
        "2,000 msg/s",
        "1.50 (1.50-1.50)",
        ">= 1 x",
        ">= 2 x",
        "reached",
        "90% / 50%",
        "80% / 40%",
    )


def test_a_row_without_a_peer_leaves_the_places_empty():
    alone = row(Label("m", "memory", "KiB"), ValueAtMost(4, None, "KiB"), summarise([Sample(1.5)], []))
    assert alone.cells == ("memory", "1.5 KiB", "-", "-", "<= 4 KiB", "-", "reached", "-", "-")


def test_columns_stand_under_each_other():
    head, rule, first, second = render(
        [talking(), not_measured("x", "a much longer title", "why")]
    ).splitlines()[:4]
    assert set(rule) == {"-"}
    assert head.index("portico") + len("portico") == first.index("3,000 msg/s") + len("3,000 msg/s")
    assert len(rule) >= max(map(len, (head, first, second)))


def test_the_reason_of_a_failure_stands_below():
    text = render([not_measured("talk", "talking", "nobody answered")])
    assert "NOT MEASURED" in text
    assert text.endswith("talk: nobody answered")


def test_a_busy_machine_is_named():
    assert talking(others_cpu=0.1).notes == ()
    assert talking(others_cpu=0.6).notes == ("other programs took 60% and 0% of a core meanwhile",)


def test_a_row_in_one_short_line():
    assert brief(talking()) == "reached: 3,000 msg/s, peer 2,000 msg/s, ratio 1.50 (1.50-1.50)"


def test_amounts_show_what_the_noise_leaves():
    assert [amount(value, "x") for value in (123456.7, 99.94, 1.238, 0.5)] == [
        "123,457 x",
        "99.9 x",
        "1.24 x",
        "0.5 x",
    ]
    assert amount(7, "") == "7"


def test_the_result_for_machines():
    data = json.loads(json.dumps(as_data([talking(), not_measured("x", "title", "why")], {"cores": 2})))
    assert data["environment"] == {"cores": 2}
    assert data["figures"]["talk"]["verdict"] == "reached"
    assert data["figures"]["talk"]["ratio"] == 1.5
    assert data["figures"]["talk"]["peer"]["value"] == 2000
    assert data["figures"]["x"]["error"] == "why"


def test_every_row_has_a_cell_for_every_column():
    assert len(talking().cells) == len(not_measured("x", "title", "why").cells) == len(HEAD)
