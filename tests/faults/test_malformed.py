"""What is no request on any wire: refused in words, closed where nothing can follow, unfelt by others."""

import pytest

from tests.faults.crowd import closes
from tests.support.resp import RespClient
from tests.support.stream import Stream

NO_RESP = {
    "no bulk string": b"*1\r\n+PING\r\n",
    "too many words": b"*65\r\n",
    "a length without end": b"*" + b"1" * 100,
    "a huge count": b"*500000000\r\n",
    "a huge word": b"*1\r\n$1048577\r\n",
    "huge words together": b"*3\r\n$3\r\nSAY\r\n$600000\r\n" + b"x" * 600_000 + b"\r\n$600000\r\n",
    "a negative length": b"*1\r\n$-1\r\n",
    "no CRLF behind a word": b"*1\r\n$4\r\nPINGxx",
    "LF alone": b"*1\n$4\nPING\n",
    "a space": b"*1 \r\n$4\r\nPING\r\n",
    "a nested array": b"*1\r\n*1\r\n$4\r\nPING\r\n",
    "garbage": b"*3\x00\xff\xfe\x80\r\n\x00\x1b[2J",
}

NO_TEXT = {
    "NUL": b"a\x00b",
    "ESC": b"\x1b[2Jgone",
    "ESC in a name": b"/name \x1b[31mred",
    "a bell": b"ring\x07",
    "carriage return inside": b"Client1: no\rClient2: yes",
    "bidi override": "say \u202eevil".encode(),
    "no UTF-8": b"caf\xe9",
    "surrogates": b"\xed\xa0\x80",
    "an unknown command": b"/frobnicate",
    "no arguments": b"/tell",
}

CLOSING = {
    "a browser": b"GET /\n",
    "a posting browser": b"POST /x HTTP/9\r\nHost: x\r\n\r\nstatus\n",
    "a header": b"Host: 127.0.0.1\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a first line that never ends": b"x" * 9_000,
}


@pytest.fixture
def bystander(serve):
    """Somebody in the room, who is told nothing and can go on afterwards."""
    server = serve(max_clients=10)
    with server.line_client() as client:
        client.ask("")
        yield server, client
        assert client.ask("still here") == "still here ACK"


@pytest.mark.parametrize("data", NO_RESP.values(), ids=NO_RESP)
@pytest.mark.parametrize("before", [b"", b"*1\r\n$4\r\nPING\r\n"], ids=["first", "later"])
def test_no_resp(bystander, data, before):
    server, _ = bystander
    with Stream(server.port) as client:
        client.send_raw(before + data)
        said = closes(client.socket)
    answer = said.removeprefix(b"+PONG\r\n") if before else said
    assert answer.startswith(b"-ERR protocol: ")
    assert answer.count(b"\r\n") == 1
    assert answer.endswith(b"\r\n")


@pytest.mark.parametrize("data", NO_TEXT.values(), ids=NO_TEXT)
def test_no_text(bystander, data):
    server, other = bystander
    with server.line_client() as client:
        client.ask("")
        assert other.line() == "* Client2 joined"
        client.send_raw(data + b"\n")
        assert client.line().startswith("error: ")
        client.silent(0.05)
        assert client.ask("fine") == "fine ACK"
        assert other.line() == "Client2: fine"
    assert other.line() == "* Client2 left"


@pytest.mark.parametrize("data", CLOSING.values(), ids=CLOSING)
def test_no_client_of_ours(bystander, data):
    server, other = bystander
    with Stream(server.port) as client:
        client.send_raw(data)
        said = closes(client.socket)
    assert said.startswith(b"error: ")
    assert said.count(b"\n") == 1
    other.silent(0.1)


def test_a_line_too_long(bystander):
    server, other = bystander
    with server.line_client() as client:
        client.ask("")
        assert other.line() == "* Client2 joined"
        longest = "x" * 65_536
        assert client.ask(longest) == f"{longest} ACK"
        assert other.line() == f"Client2: {longest}"
        client.send_raw(b"x" * 65_537)
        client.send_raw(b"x" * 65_537 + b"\nand this\n")
        assert client.line() == "error: line too long"
        assert other.ask("meanwhile") == "meanwhile ACK", "who is being let go is told nothing any more"
        client.eof()
    assert other.line() == "* Client2 left"


def test_tls_on_a_port_without(bystander):
    server, other = bystander
    with Stream(server.port) as client:
        client.send_raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500))
        assert closes(client.socket) == b""
    other.silent(0.1)


def test_telnet_and_a_mistyping_person(bystander):
    server, other = bystander
    with server.line_client() as client:
        client.send_raw(
            b"\xff\xfb\x1f\xff\xfd\x03\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0Helo\x08lo\x7f\x7flo\r\n"
        )
        client.expect("You are Client2 (2 of 10 clients). Type help for the commands.", "Hello ACK")
        assert other.lines(2) == ["* Client2 joined", "Client2: Hello"]
    assert other.line() == "* Client2 left"


def test_half_a_request_and_no_more(bystander):
    server, _ = bystander
    with Stream(server.port) as client:
        client.send_raw(b"*2\r\n$3\r\nSAY\r\n$5\r\nHel")
        client.finish()
        assert closes(client.socket) == b""
    with RespClient(server.port) as client:
        assert client.call("HISTORY", "KIND", "message") == []


def test_every_split_is_one(bystander):
    server, _ = bystander
    whole = b"*2\r\n$4\r\nECHO\r\n$7\r\na\r\nb\r\nc\r\n"
    for cut in range(1, len(whole)):
        with RespClient(server.port) as client:
            client.send_raw(whole[:cut])
            client.socket.settimeout(0.002)
            with pytest.raises(TimeoutError):
                client.socket.recv(1)
            client.send_raw(whole[cut:])
            assert client.read_reply() == "a\r\nb\r\nc"
