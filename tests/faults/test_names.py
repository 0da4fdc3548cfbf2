"""Names from the worst that people and programs have come up with, deposited over RESP and found on the disk.

Whatever the name: an answer in one printable line or a file that is listed and fetched back whole; the server
goes on; nothing leaves the directory; and no wire, nor the console, ever carries what drives a terminal.
"""

import os
import re
import unicodedata
from pathlib import Path

import pytest

from portico.model.errors import BadPath
from portico.model.paths import check_new_path, presentable
from tests.faults.crowd import closes
from tests.support.resp import RespClient, RespError, encode, pairs
from tests.support.stream import Stream

DRIVING = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
"""What drives a terminal or turns text around; CR and LF end lines."""

NAMES = [
    # out of the directory, and into the room's own
    *("..", "../up", "a/../../up", "/etc/passwd", "//host/share", "~/x", "a//b", "./a", "a/.", "a/", "/"),
    *(".portico/lock", ".hidden", "a/.git/config", "..\\up", "C:\\boot.ini", "file:///etc/passwd"),
    # controls and terminal escapes
    *(
        "nul\x00byte",
        "bell\x07",
        "line\nfeed",
        "return\rtab\t",
        "del\x7f",
        "c1\x9b31m",
        "nel\x85",
        "ls\u2028ps\u2029",
    ),
    *("\x1b[2J", "\x1b]0;title\x07", "\x1b[31mred", "\x1bPq", "\x08\x08\x08back", "\r\n-ERR forged\r\n"),
    # bidi, zero width, blanks, combining
    *(
        "exe\u202egpj",
        "a\u2066b\u2069",
        "r\u200fl\u200em",
        "\u061calm",
        "ze\u200bro",
        "jo\u200din",
        "bom\ufeff",
        "\u3164",
    ),
    *(
        "nb\u00a0sp",
        "\u3000wide",
        "trailing ",
        " leading",
        "e\u0301",
        "z" + "\u0300\u0316" * 100,
        "\u0345\u0301",
    ),
    *(
        "שלום",
        "مرحبا",
        "日本語",
        "नमस्ते",
        "🎉",
        "👨\u200d👩\u200d👧\u200d👦",
        "❤\ufe0f",
        "🇩🇪",
        "\U000e0041",
        "\ue000",
        "\uffff",
    ),
    # what other machines reserve or cannot store
    *(
        "CON",
        "nul.txt",
        "com1",
        "LPT9.x",
        "AUX/x",
        "conin$",
        "COM\u00b9",
        "dot.",
        "dots...",
        "a<b",
        "a|b",
        'a"b',
        "a?b",
        "*",
    ),
    # for shells, markup, databases, formats, flags
    *(
        "$(reboot)",
        "`reboot`",
        "; rm -rf /",
        "& del",
        "a b 'c'",
        "-rf",
        "--help",
        "%s%n%x",
        "{0.__class__}",
        "%00",
        "%2e%2e",
    ),
    *(
        "<script>alert(1)</script>",
        "&lt;b",
        "' OR 1=1 --",
        "Robert'); DROP TABLE uploads;--",
        "[a]*",
        "a\\*b",
    ),
    *("null", "None", "0", "-1", "NaN", "true", "?", "ID", "REPLACE", "SHA256"),
    # long ones
    *("x" * 255, "x" * 256, "é" * 128, "x" * 70_000, "/".join("x" * 500), "d/" * 300 + "x"),
]

RAW = [b"caf\xe9", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\xae\xc0\xae/x", b"\xf4\x90\x80\x80", b"a\xcc", b""]
"""Names that are no UTF-8, or nothing."""

DEPOSITED = [*(name.encode("utf-8", "surrogatepass") for name in NAMES), *RAW]


def clean(data):
    """Tell that bytes of a wire hold nothing that drives a terminal."""
    return DRIVING.search(data.decode("utf-8", "backslashreplace")) is None


def said(port, *requests):
    """Return all bytes a server answers to requests, until it closes."""
    with Stream(port) as stream:
        stream.send_raw(b"".join(requests))
        return closes(stream.socket)


def allowed(name):
    """Return a name as it is served, when it may be given to a new file."""
    try:
        return check_new_path(name.decode())
    except (BadPath, UnicodeDecodeError):
        return None


def deposit(client, name, data):
    """Deposit a file; return its path, or the error."""
    try:
        upload = pairs(client.call("PUT", name, len(data)))["upload"]
        client.call("WRITE", upload, 0, data)
        return pairs(client.call("FINISH", upload))["path"]
    except RespError as refusal:
        return refusal


def test_any_name_is_deposited_and_fetched_back_or_refused_in_one_line(serve, tmp_path):
    server = serve(files="change")
    outside = {path for path in tmp_path.rglob("*") if "repository" not in path.parts}
    made = {}
    with RespClient(server.port) as client:
        for number, name in enumerate(DEPOSITED):
            answer = deposit(client, name, str(number))
            if isinstance(answer, RespError):
                assert clean(str(answer).encode())
                # A good name is refused only for another that reads the same, or is a folder.
                assert allowed(name) is None or answer.code == "EXISTS", (name, answer)
            else:
                assert answer == allowed(name)
                made[answer] = str(number)
        listed = {pairs(facts)["path"] for facts in client.call("LIST", "**")}
        assert listed == {*made, "tester1.txt", "tester2.txt"}
        for path, data in made.items():
            assert client.call("READ", path, 0, 100) == data
    assert len(made) > 40
    assert {path for path in tmp_path.rglob("*") if "repository" not in path.parts} == outside
    assert all(clean(line.encode("utf-8", "surrogateescape")) for line in server.console + server.errors)


@pytest.mark.parametrize("command", ["READ", "STAT", "REMOVE", "MOVE", "MOVE TO", "RECEIPTS", "LIST"])
def test_any_name_may_be_asked_for_and_the_answer_is_clean(serve, command):
    server = serve(files="change")
    words = {
        "READ": lambda name: ("READ", name, 0, 10),
        "MOVE": lambda name: ("MOVE", name, "elsewhere"),
        "MOVE TO": lambda name: ("MOVE", "missing", name),
    }
    form = words.get(command, lambda name: (command, name))
    answers = said(server.port, *(encode(*form(name)) for name in DEPOSITED), encode("BYE"))
    assert answers.endswith(b"+OK\r\n")
    assert clean(answers)
    # A pattern may be answered with files, and these begin with a * too.
    assert len(re.findall(rb"^[-*]", answers, re.MULTILINE)) >= len(DEPOSITED)


def odd_files(directory):
    """Make a file of every name this disk takes as it is; return those that were made."""
    made = []
    for number, name in enumerate(DEPOSITED):
        path = os.path.normpath(os.fsencode(directory) + b"/" + name.replace(b"\0", b"/"))
        if path != os.fsencode(directory) + b"/" + name:
            continue
        try:
            Path(os.fsdecode(path)).parent.mkdir(parents=True, exist_ok=True)
            with Path(os.fsdecode(path)).open("xb") as file:
                file.write(b"%d" % number)
        except OSError:
            continue
        made.append(name)
    return made


def test_any_name_on_the_disk_is_served_as_it_is_or_not_at_all(serve, tmp_path):
    directory = tmp_path / "odd"
    directory.mkdir()
    made = odd_files(directory)
    shown = {name.decode() for name in made if presentable(os.fsdecode(name))}
    hidden = set(made) - {name.encode() for name in shown}
    assert len(shown) > 40
    assert len(hidden) > 20
    server = serve(directory, files="change")
    answers = said(server.port, encode("LIST", "**"), encode("BYE"))
    assert clean(answers)
    with RespClient(server.port) as client:
        assert {pairs(facts)["path"] for facts in client.call("LIST", "**")} == shown
        for name in shown:
            assert client.call("READ", name, 0, 100) == str(DEPOSITED.index(name.encode()))
        for name in hidden:
            form = unicodedata.normalize("NFC", name.decode("utf-8", "replace"))
            if form not in shown:
                with pytest.raises(RespError):
                    client.call("READ", name, 0, 100)
    person = said(server.port, b"list\n/list **\n/stat *\nbye\n")
    assert clean(person)
    assert b"tester" not in person


def test_the_operator_is_told_which_names_are_not_served_escaped(serve, tmp_path):
    directory = tmp_path / "odd"
    directory.mkdir()
    for name in (b"a\x01b", b"caf\xe9", b"\x1b[31m", b".hidden", b"good"):
        (directory / os.fsdecode(name)).touch()
    server = serve(directory)
    line = server.wait_for("cannot be served")
    assert line.startswith("3 of the directory's names")
    assert line.endswith(r"'\x1b[31m', 'a\x01b', 'caf\xe9'")
    (directory / "new\x07").touch()
    assert server.wait_for("1 of the directory's names").endswith(r"'new\x07'")


def test_what_is_dropped_into_the_directory_is_told_to_all_and_odd_names_and_our_own_changes_are_not(serve):
    server = serve(files="change")
    with RespClient(server.port) as client:
        for number in range(30):
            deposit(client, f"folder/ours{number}", "x")
        client.call("MOVE", "folder/ours0", "moved")
        client.call("REMOVE", "folder/ours1")
        (server.directory / "dropped\x1b[31m").write_text("odd")
        (server.directory / "dropped.txt").write_text("12345")
        own = pairs(client.call("HELLO"))["head"]
        told = [pairs(entry) for entry in client.call("HISTORY", "SINCE", own, "WAIT", 10_000)]
        assert own == 32
        assert [(entry["change"], entry["path"], entry["size"]) for entry in told] == [
            ("added", "dropped.txt", 5)
        ]
        assert client.call("HISTORY", "SINCE", own + 1, "WAIT", 1_500) == []
