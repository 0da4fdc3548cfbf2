import pytest

from tests.support.listener import saying
from tests.support.plain import LineClient


def test_lines_come_whole_however_they_were_sent():
    with saying(b"Hel", b"lo ACK\r\n\nnext ", b"one\n", pause=0.02) as port, LineClient(port) as client:
        client.expect("Hello ACK", "", "next one")
        client.eof()


def test_another_line_than_expected():
    with saying(b"Files: (none)\n") as port, LineClient(port) as client:
        with pytest.raises(AssertionError, match="there came 'Files: "):
            client.expect("Files: a |")
        client.finish()


def test_a_line_that_does_not_come():
    with saying(b"half", b" a line\n", pause=0.3) as port, LineClient(port) as client:
        with pytest.raises(TimeoutError, match="half"):
            client.line(timeout=0.05)
        assert client.line() == "half a line"


def test_the_end_before_a_line_is_whole():
    with saying(b"half") as port, LineClient(port) as client, pytest.raises(EOFError, match="half"):
        client.line()


def test_more_than_expected_before_the_end():
    with (
        saying(b"one more\n") as port,
        LineClient(port) as client,
        pytest.raises(AssertionError, match="one more"),
    ):
        client.eof()


def test_silence():
    with saying(b"", b"late\n", pause=0.2) as port, LineClient(port) as client:
        client.silent(0.05)
        with pytest.raises(AssertionError, match="late"):
            client.silent(2)
