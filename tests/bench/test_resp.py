"""The small client, against a server of a few prepared bytes."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from bench import resp


@pytest.fixture
def told(request) -> Iterator[tuple[resp.Client, Callable[[], bytes]]]:
    """A client whose server sends the bytes of the parameter; and a way to see what it was sent."""
    heard: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(request.param)
            connection.shutdown(socket.SHUT_WR)
            while data := connection.recv(4096):
                heard.append(data)

    def everything_heard() -> bytes:
        client.socket.shutdown(socket.SHUT_WR)
        thread.join(5)
        return b"".join(heard)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        with resp.Client(listener.getsockname()[1], timeout=5) as client:
            yield client, everything_heard
        thread.join(5)


def test_a_request_is_an_array_of_bulk_strings():
    assert resp.encode("SAY", "grüß", b"\x00", 7) == (
        b"*4\r\n$3\r\nSAY\r\n$6\r\ngr\xc3\xbc\xc3\x9f\r\n$1\r\n\x00\r\n$1\r\n7\r\n"
    )


@pytest.mark.parametrize(
    "told,value",
    [
        (b"+OK\r\n", "OK"),
        (b":-3\r\n", -3),
        (b"$5\r\na\r\nbc\r\n", "a\r\nbc"),
        (b"$-1\r\n", None),
        (b"_\r\n", None),
        (b"*-1\r\n", None),
        (b"#t\r\n", True),
        (b",1.5\r\n", 1.5),
        (b"=7\r\ntxt:abc\r\n", "abc"),
        (b"*2\r\n:1\r\n*1\r\n+x\r\n", [1, ["x"]]),
        (b"%1\r\n$3\r\nseq\r\n:9\r\n", {"seq": 9}),
        (b">2\r\n+entry\r\n%0\r\n", ["entry", {}]),
    ],
    indirect=["told"],
)
def test_replies(told, value):
    assert told[0].receive() == value


@pytest.mark.parametrize("told", [b"-EXISTS another text\r\n"], indirect=True)
def test_an_error_reply_is_raised_with_its_code(told):
    with pytest.raises(resp.RespError, match="another text") as caught:
        told[0].call("SAY", "x")
    assert caught.value.code == "EXISTS"


@pytest.mark.parametrize("told", [b"", b":12", b"$5\r\nab", b"*2\r\n:1\r\n"], indirect=True)
def test_an_end_in_the_middle_is_an_error(told):
    with pytest.raises(ConnectionError, match="closed"):
        told[0].receive()


@pytest.mark.parametrize("told", [b"Hello ACK\r\n"], indirect=True)
def test_something_else_is_an_error(told):
    with pytest.raises(ConnectionError, match="not RESP"):
        told[0].receive()


@pytest.mark.parametrize("told", [b""], indirect=True)
def test_a_pipeline_goes_out_as_one(told):
    client, heard = told
    client.send([("PING",), ("ECHO", "x")])
    assert heard() == resp.encode("PING") + resp.encode("ECHO", "x")
