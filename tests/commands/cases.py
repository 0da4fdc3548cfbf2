"""One example of every command: what a program asks and what it gets, and what a person types and reads.

`tests/commands/test_table.py` fails when a command has none. An example that cannot be equal to a value is a
check of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.service import RespError

BEGUN, WHOLE = "b" * 32, "f" * 32
"""Two uploads of Ann's: `begun.txt` has no bytes yet, `whole.txt` all of them."""

FOR_ADMINS_LINE = "only an admin may do this: it takes a token made with --role admin"
FOR_ADMINS = f"DENIED {FOR_ADMINS_LINE}"

NO_TRANSACTIONS = "ERR transactions are not offered"


@dataclass(frozen=True)
class Case:
    """`words` are asked by the program Ann, who has said `Hello` (entry 2), while Bob is here as well.

    She has fetched `tester2.txt`, and has two uploads.
    """

    words: tuple[str | int, ...]
    expected: Any
    line: str
    lines: Any


def has(*keys: str) -> Callable[[Any], bool]:
    return lambda reply: set(keys) <= set(reply)


def begins(text: str) -> Callable[[Any], bool]:
    return lambda lines: lines[0].startswith(text)


def refused(sentence: str) -> Callable[[Any], bool]:
    return lambda reply: isinstance(reply, RespError) and str(reply) == sentence


REFUSED = refused(NO_TRANSACTIONS)
REFUSED_LINE = ["error: transactions are not offered"]

CASES = {
    "SAY": Case(("SAY", "hi"), 4, "/say hi", ["hi ACK"]),
    "TELL": Case(("TELL", "Bob", "hi"), 4, "/tell Bob hi", ["hi ACK"]),
    "HISTORY": Case(
        ("HISTORY", "COUNT", "1"), lambda page: page[0]["sender"] == "Bob", "/history 1", begins("4 ")
    ),
    "FOLLOW": Case(("FOLLOW",), "OK", "/follow", ["OK"]),
    "QUIET": Case(("QUIET",), "OK", "/quiet", ["OK"]),
    "ERASE": Case(
        ("ERASE", "2"),
        "OK",
        "/erase 1",
        ["error: entry 1 is not a message; only messages have a text to erase"],
    ),
    "NAME": Case(("NAME", "Eve"), "Eve", "/name Eve", begins("You are Eve (3 of 3 clients).")),
    "STATUS": Case(("STATUS",), lambda roll: len(roll) == 2, "/status 1", begins("Client Name: Client1")),
    "BYE": Case(("BYE",), "OK", "/bye", ["Goodbye, Client1."]),
    "QUIT": Case(("QUIT",), "OK", "/quit", ["Goodbye, Client1."]),
    "LIST": Case(
        ("LIST", "*.txt"),
        lambda files: len(files) == 2,
        "/list *.txt",
        ["Files: tester1.txt | tester2.txt |"],
    ),
    "STAT": Case(
        ("STAT", "tester1.txt"),
        has("path", "size", "mtime", "etag"),
        "/stat tester1.txt",
        begins("tester1.txt"),
    ),
    "READ": Case(
        ("READ", "tester1.txt", 7, 8, "IF", "etag-tester1.txt"),
        "one byte",
        "/read tester1.txt 7 8",
        ["one byte"],
    ),
    "PUT": Case(
        ("PUT", "new.txt", "?", "REPLACE", "MTIME", "2025-02-10T23:46:52.048084Z"),
        has("upload", "offset"),
        "/put new.txt 5",
        begins("upload: "),
    ),
    "WRITE": Case(("WRITE", BEGUN, 0, "Hello"), 5, f"/write {BEGUN} 0 Hello", ["5"]),
    "FINISH": Case(("FINISH", WHOLE), has("path", "size", "sha256"), f"/finish {WHOLE}", begins("whole.txt")),
    "CANCEL": Case(("CANCEL", BEGUN), "OK", f"/cancel {BEGUN}", ["OK"]),
    "REMOVE": Case(("REMOVE", "tester1.txt"), "OK", "/remove tester1.txt", ["OK"]),
    "MOVE": Case(
        ("MOVE", "tester1.txt", "tester2.txt", "REPLACE"), "OK", "/move tester1.txt tester3.txt", ["OK"]
    ),
    "TRANSFERS": Case(
        ("TRANSFERS",),
        lambda lines: [line["path"] for line in lines] == ["begun.txt", "whole.txt"],
        "/transfers",
        begins("direction: put, path: begun.txt, size: None, offset: 0, rate: 0, name: Ann"),
    ),
    "RECEIPTS": Case(
        ("RECEIPTS", "tester2.txt"),
        lambda slips: [slip["name"] for slip in slips] == ["Ann"],
        "/receipts tester2.txt",
        begins("name: Ann, address: 127.0.0.1:58596, at: 2025-"),
    ),
    "DROP": Case(("DROP", "Bob"), refused(FOR_ADMINS), "/drop Bob", [f"error: {FOR_ADMINS_LINE}"]),
    "DRAIN": Case(("DRAIN",), refused(FOR_ADMINS), "/drain", [f"error: {FOR_ADMINS_LINE}"]),
    "HELP": Case(
        ("HELP", "PING"),
        lambda lines: lines[0].startswith("PING [text] - "),
        "/help ping",
        begins("/ping [text] - "),
    ),
    "HELLO": Case(("HELLO",), has("server", "head", "resume"), "/hello", begins("server: portico")),
    "PING": Case(("PING",), "PONG", "/ping hi", ["hi"]),
    "ECHO": Case(("ECHO", "hi"), "hi", "/echo hi  you ", ["hi  you "]),
    "AUTH": Case(("AUTH", "me", "token"), "OK", "/auth token", ["OK"]),
    "CLIENT": Case(("CLIENT", "SETINFO", "LIB-NAME", "x"), "OK", "/client id", ["3"]),
    "SELECT": Case(("SELECT", "0"), "OK", "/select 0", ["OK"]),
    "INFO": Case(("INFO",), lambda text: "\r\nloading:0\r\n" in text, "/info", begins("# Server")),
    "CONFIG": Case(("CONFIG", "GET", "save"), {}, "/config get save", ["(nothing)"]),
    "MULTI": Case(("MULTI",), REFUSED, "/multi", REFUSED_LINE),
    "EXEC": Case(("EXEC",), REFUSED, "/exec", REFUSED_LINE),
    "DISCARD": Case(("DISCARD",), REFUSED, "/discard", REFUSED_LINE),
    "COMMAND": Case(("COMMAND", "COUNT"), lambda count: count > 20, "/command count", begins("3")),
}
