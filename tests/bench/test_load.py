"""The counting in the generators; nothing here takes time."""

import pytest

from bench.errors import BenchError
from bench.load import fanout, lines
from bench.load.fanout import Floor
from bench.load.idle import PER_ADDRESS, source_address
from bench.ratios import Sample
from bench.redis_benchmark import rate, without_start

CSV_HEAD = '"test","rps","avg_latency_ms","min_latency_ms"\n'


def test_the_floor_rises_when_the_last_follower_has_a_message():
    floor = Floor([7, 8, 9])
    for follower in (7, 8):
        floor.add(follower, 1)
        assert floor.value == 0
    floor.add(9, 1)
    assert floor.value == 1


def test_the_floor_rises_by_what_the_slowest_has():
    floor = Floor([7, 8])
    floor.add(7, 5)
    floor.add(8, 3)
    assert (floor.value, floor.most()) == (3, 5)
    floor.add(8, 2)
    assert floor.value == 5


def test_nothing_received_changes_nothing():
    floor = Floor([7])
    floor.add(7, 0)
    assert floor.value == 0
    floor.add(7, 2)
    assert floor.value == 2


def test_the_floor_agrees_with_counting_anew():
    floor = Floor([0, 1, 2])
    counts = [0, 0, 0]
    for step in range(200):
        follower, messages = step * 7 % 3, step * 5 % 4
        counts[follower] += messages
        floor.add(follower, messages)
        assert floor.value == min(counts)


@pytest.mark.parametrize("party", [fanout.PORTICO, fanout.REDIS])
def test_a_message_has_a_hundred_bytes_and_one_mark(party):
    assert len(party.say[-1].encode()) == 100
    assert "".join(party.say).encode().count(fanout.MARK) == 1
    assert fanout.MARK.decode() not in "".join(party.follow)


def test_an_answer_to_a_line_has_one_mark():
    answer = lines.LINE.strip() + b" ACK\n"
    assert answer.count(lines.MARK) == 1
    assert lines.MARK not in lines.LINE + b"* Client12 joined\nClient12: "


def test_each_loopback_address_gets_its_share_of_connections():
    assert [source_address(index) for index in (0, PER_ADDRESS - 1, PER_ADDRESS)] == [
        "127.0.0.2",
        "127.0.0.2",
        "127.0.0.3",
    ]


def test_the_rate_is_taken_from_the_csv_even_when_the_request_has_commas():
    assert rate(f'{CSV_HEAD}"SAY one, two","44345.90","0.735","0.096"\n') == 44345.9


def test_the_time_it_takes_to_connect_is_not_the_servers():
    sample = without_start(Sample(1000.0, wall=2.0, server_cpu=0.5, others_cpu=1.0), count=1000)
    assert (sample.wall, sample.server_cpu, sample.others_cpu) == (1.0, 0.5, 0.5)


def test_no_rate_is_an_error():
    with pytest.raises(BenchError, match="measured nothing"):
        rate(CSV_HEAD)
