"""What a server sends, read off a buffer: at every split alike, within limits, bytes as they are."""

import pytest
from hypothesis import given

from portico.client.resp import ReplyParser
from portico.client.transfer import inbox as inbox_module
from portico.client.transfer.inbox import BUFFER_BYTES, Inbox
from portico.model.errors import Changed, Gone, Lost, NotFound, ProtocolError
from portico.wire.resp_values import encode
from tests.support.cutting import halves, pieces, places

VALUES = [
    {"path": "ü/a.txt", "size": 5, "by": None, "more": [1, [], {"x": "y"}]},
    "text\r\nwith lines",
    "",
    7,
    None,
    ["a", "b"],
]
STREAM = (
    b"".join(encode(value, 3) for value in VALUES)
    + b">2\r\n$7\r\nclosing\r\n$3\r\nbye\r\n+OK\r\n#t\r\n$-1\r\n"
)


def inbox(*packets):
    """One that is filled packet by packet."""
    waiting = [packet for packet in packets if packet]

    def fill(view):
        assert len(view)
        if not waiting:
            return 0
        data = waiting.pop(0)
        count = min(len(view), len(data))
        view[:count] = data[:count]
        if data[count:]:
            waiting.insert(0, data[count:])
        return count

    return Inbox(fill)


def test_values_at_every_split():
    for packets in halves(STREAM):
        box = inbox(*packets)
        assert [box.value() for _ in range(len(VALUES) + 3)] == [*VALUES, "OK", True, None]
        with pytest.raises(Lost):
            box.value()


def test_the_same_as_the_other_parser():
    box = inbox(STREAM)
    fed = [value for value in ReplyParser().feed(STREAM) if value != ["closing", "bye"]]
    assert [box.value() for _ in fed] == fed


def test_the_bytes_of_files_at_every_split():
    data = b"a\r\nb\x00\xff" * 3
    stream = (
        encode(data, 3) + encode(data, 3) + b">1\r\n$1\r\nx\r\n" + encode(b"", 3) + b"$6\r\nwhole!\r\n:1\r\n"
    )
    for packets in halves(stream):
        box = inbox(*packets)
        for _ in range(2):
            assert b"".join(bytes(piece) for piece in box.pieces(box.bulk())) == data
        assert list(box.pieces(box.bulk())) == []
        assert box.whole(box.bulk()) == b"whole!"
        assert box.value() == 1


@given(places)
def test_long_files_between_short_answers(where):
    data = bytes(range(256)) * 3_000
    stream = b":1\r\n" + encode(data, 3) + b":2\r\n" + encode(data[:70_000], 3) + b":3\r\n"
    box = inbox(*pieces(stream, where))
    assert box.value() == 1
    assert b"".join(bytes(piece) for piece in box.pieces(box.bulk())) == data
    assert box.value() == 2
    assert bytes(box.whole(box.bulk())) == data[:70_000]
    assert box.value() == 3


def test_a_pipeline_longer_than_the_buffer():
    box = inbox(b"$10\r\n0123456789\r\n" * 40_000)
    for _ in range(40_000):
        assert bytes(box.whole(box.bulk())) == b"0123456789"


def test_refusals_are_raised():
    box = inbox(b"-NOTFOUND no such file\r\n-CHANGED it has\r\n:1\r\n")
    with pytest.raises(NotFound, match="no such file"):
        box.value()
    with pytest.raises(Changed):
        box.bulk()
    assert box.value() == 1


@pytest.mark.parametrize(
    "data",
    [
        b"!x\r\n",
        b"\r\n",
        b"$x\r\n",
        b"$99999999999\r\n",
        b"$3\r\nabcd\r\n",
        b":1x\r\n",
        b"*1\r\n" * 20,
        b"x" * (BUFFER_BYTES + 10),
        b"$%d\r\n" % BUFFER_BYTES,
        b"%1\r\n*0\r\n:1\r\n",
    ],
)
def test_what_is_no_reply(data):
    with pytest.raises(ProtocolError):
        inbox(data).value()


@pytest.mark.parametrize("data", [b":1\r\n", b"$-1\r\n", b"*0\r\n", b"+OK\r\n", b"_\r\n"])
def test_what_is_not_the_bytes_of_a_file(data):
    with pytest.raises(ProtocolError, match="bytes of a file"):
        inbox(data).bulk()


def test_a_file_without_its_end():
    box = inbox(b"$3\r\nabcde\r\n")
    with pytest.raises(ProtocolError, match="without its end"):
        list(box.pieces(box.bulk()))


def test_a_file_that_stops_in_the_middle():
    box = inbox(b"$300\r\nabc")
    with pytest.raises(Lost):
        list(box.pieces(box.bulk()))


def test_bytes_come_straight_from_the_socket(monkeypatch):
    """What is not in the buffer yet goes into the piece, as much as there is."""
    monkeypatch.setattr(inbox_module, "PIECE_BYTES", 4)
    box = inbox(b"$10\r\n01", b"23456789\r\n")
    assert [bytes(piece) for piece in box.pieces(box.bulk())] == [b"01", b"2345", b"6789"]


def test_a_list_value_by_value():
    box = inbox(b">1\r\n$1\r\nx\r\n*2\r\n:1\r\n%1\r\n+a\r\n:2\r\n-GONE x\r\n:1\r\n")
    assert [box.element() for _ in range(box.count())] == [1, {"a": 2}]
    with pytest.raises(Gone):
        box.count()
    with pytest.raises(ProtocolError, match="else than a list"):
        box.count()


def test_what_is_expected_is_skipped_only_when_it_is_there():
    box = inbox(b":1\r\n:12", b"3\r\n:4\r\n")
    assert not box.skip(b":1\r\n")
    assert box.value() == 1
    assert not box.skip(b":123\r\n")
    assert not box.skip(b":4\r\n")
    assert box.value() == 123
    assert box.skip(b":4\r\n")
    assert not box.skip(b":4\r\n")


def test_longer_than_the_buffer_and_whole():
    data = bytes(range(256)) * (BUFFER_BYTES // 128)
    box = inbox(encode(data, 3) + b":1\r\n")
    assert box.whole(box.bulk()) == data
    assert box.value() == 1
