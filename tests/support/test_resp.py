import pytest

from tests.support.listener import saying
from tests.support.resp import RespClient, RespError, encode, pairs


@pytest.mark.parametrize(
    "wire,value",
    [
        (b"+OK\r\n", "OK"),
        (b":-7\r\n", -7),
        (b"$5\r\nh\r\n\xc3\xa9\r\n", "h\r\né"),
        (b"$0\r\n\r\n", ""),
        (b"$-1\r\n", None),
        (b"*-1\r\n", None),
        (b"_\r\n", None),
        (b"#t\r\n", True),
        (b"#f\r\n", False),
        (b",1.5\r\n", 1.5),
        (b"(123456789012345678901\r\n", 123456789012345678901),
        (b"=6\r\ntxt:hi\r\n", "hi"),
        (b"*2\r\n:1\r\n*1\r\n+a\r\n", [1, ["a"]]),
        (b"~1\r\n:1\r\n", [1]),
        (b"%2\r\n+a\r\n:1\r\n$1\r\nb\r\n%0\r\n", {"a": 1, "b": {}}),
        (b"|1\r\n+ttl\r\n:3\r\n+after an attribute\r\n", "after an attribute"),
    ],
)
def test_every_kind_of_value_at_every_split(wire, value):
    for split in range(len(wire)):
        with saying(wire[:split], wire[split:]) as port, RespClient(port) as client:
            assert client.read_reply() == value
            client.eof()


def test_an_error_is_raised_with_its_code():
    with saying(b"-NOTFOUND there is no Client9\r\n") as port, RespClient(port) as client:
        with pytest.raises(RespError) as raised:
            client.call("TELL", "Client9", "hi")
        assert raised.value.code == "NOTFOUND"
        assert raised.value.sentence == "there is no Client9"


def test_a_pipeline_keeps_errors_in_their_places():
    with saying(b":1\r\n-ERR no\r\n!6\r\nERR no\r\n+OK\r\n") as port, RespClient(port) as client:
        first, second, third, fourth = client.pipeline(("SAY", "a"), ("X",), ("Y",), ("PING",))
    assert (first, fourth) == (1, "OK")
    assert isinstance(second, RespError)
    assert isinstance(third, RespError)
    assert second.code == third.code == "ERR"


def test_pushes_are_kept_apart_in_order():
    with saying(b">1\r\n+a\r\n:7\r\n>1\r\n+b\r\n") as port, RespClient(port) as client:
        assert client.read_reply() == 7
        assert client.pushes == [["a"]]
        assert [client.push(), client.push()] == [["a"], ["b"]]


def test_a_time_out_loses_nothing():
    with saying(b"*2\r\n:1\r\n", b":2\r\n", pause=0.3) as port, RespClient(port) as client:
        with pytest.raises(TimeoutError, match="nothing more came"):
            client.read_reply(timeout=0.05)
        assert client.read_reply() == [1, 2]


def test_the_end_inside_a_reply():
    with saying(b"$5\r\nhal") as port, RespClient(port) as client, pytest.raises(EOFError, match="hal"):
        client.read_reply()


def test_bytes_come_back_as_they_were():
    content = bytes(range(256)) * 10_000
    with saying(b"$%d\r\n%b\r\n" % (len(content), content)) as port, RespClient(port) as client:
        assert client.call_bytes("READ", "a", 0, len(content)) == content


def test_protocol_3_says_hello_first():
    with saying(b"%1\r\n+proto\r\n:3\r\n") as port, RespClient(port, protocol=3) as client:
        assert client.hello == {"proto": 3}


def test_requests_and_flat_maps():
    assert (
        encode("WRITE", 12, b"\xff", "é")
        == b"*4\r\n$5\r\nWRITE\r\n$2\r\n12\r\n$1\r\n\xff\r\n$2\r\n\xc3\xa9\r\n"
    )
    assert pairs(["a", 1, "b", None]) == {"a": 1, "b": None}
