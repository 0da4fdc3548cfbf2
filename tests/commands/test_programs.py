"""What redis-cli and client libraries ask before they get to work."""

import pytest

from tests.support.resp import encode
from tests.support.service import InMemory

ANSWERS = [
    (("PING",), "PONG"),
    (("PING", "a\r\nb"), "a\r\nb"),
    (("ECHO", ""), ""),
    (("AUTH", "token"), "OK"),
    (("AUTH", "user", "token"), "OK"),
    (("CLIENT", "SETNAME", "worker-1"), "OK"),
    (("CLIENT", "SETINFO", "LIB-NAME", "redis-py"), "OK"),
    (("CLIENT", "setinfo", "lib-ver", "5.0"), "OK"),
    (("CLIENT", "NO-EVICT", "on"), "OK"),
    (("CLIENT", "NO-TOUCH", "on"), "OK"),
    (("CLIENT", "MAINT_NOTIFICATIONS", "ON", "moving-endpoint-type", "none"), "OK"),
    (("CLIENT", "GETNAME"), None),
    (("CLIENT", "ID"), 1),
    (("SELECT", "0"), "OK"),
    (("CONFIG", "GET", "save"), {}),
]

REFUSALS = [
    (("AUTH",), "ERR AUTH does not take these arguments; usage: AUTH [user] token"),
    (("AUTH", "a", "b", "c"), "ERR AUTH does not take these arguments; usage: AUTH [user] token"),
    (("SELECT", "1"), "ERR there is one room here, number 0"),
    (("SELECT", "a\r\nb"), "ERR there is one room here, number 0"),
    (("CONFIG", "SET", "save", ""), "ERR the server is configured by its command line; "),
    (("CLIENT", "KILL", "x"), "ERR unknown CLIENT subcommand; known are ID, GETNAME, "),
    (("CLIENT",), "ERR CLIENT does not take these arguments; "),
]


@pytest.fixture
def program():
    return InMemory().resp(3)


@pytest.mark.parametrize("words, answer", ANSWERS)
def test_questions_of_libraries_are_answered_and_join_nobody(program, words, answer):
    assert program.call(*words) == answer
    assert program.call("HELLO")["name"] is None


@pytest.mark.parametrize("words, sentence", REFUSALS)
def test_what_cannot_be_done_is_said_in_one_line(program, words, sentence):
    assert program.refusal(*words).startswith(sentence)


def test_info_is_lines_of_name_and_value(program):
    program.service.clock.instant += 2_500_000
    program.call("SAY", "hi")
    first, *lines, last = program.call("INFO", "server").split("\r\n")
    facts = dict(line.split(":") for line in lines)
    assert (first, last) == ("# Server", "")
    assert (facts["loading"], facts["uptime_in_seconds"], facts["connected_clients"]) == ("0", "2", "1")
    assert (facts["sessions"], facts["max_clients"], facts["head_entry"]) == ("1", "3", "2")


@pytest.mark.parametrize("end", ["EXEC", "DISCARD", "exec"])
def test_everything_from_multi_to_its_end_is_refused(program, end):
    for words in (("MULTI",), ("SAY", "hi"), ("FLY",), ("BYE",), ("MULTI",), (end,)):
        assert program.refusal(*words) == "ERR transactions are not offered"
    assert program.call("PING") == "PONG"
    assert program.service.history.head == 0


def test_a_transaction_that_never_began_has_nothing_to_end(program):
    assert program.refusal("EXEC") == "ERR transactions are not offered"
    assert program.refusal("MULTI", "x").startswith("ERR MULTI does not take these arguments")
    assert program.call("PING") == "PONG"


def test_after_a_protocol_error_nothing_is_answered(program):
    said = program.feed(encode("PING") + b"*x\r\n" + encode("PING"))
    assert said == b"+PONG\r\n-ERR protocol: a length is 1 to 9 digits and CRLF\r\n"
    assert program.closed
    assert program.feed(encode("PING")) == b""
