"""What Tab offers, by the command table's own declarations."""

import pytest

from portico.client.prompt.completion import Candidate, Completion, first_words, local_paths, place
from portico.client.prompt.own import LOCAL, OWN
from portico.commands.arguments import ENTRY_KIND, HOLDER, PATH, PATTERN
from portico.model.entries import Message, Presence
from portico.model.errors import Unavailable
from portico.model.replies import SessionLine


class Room:
    """As much of a client as completion asks for."""

    name = "Client1"

    def __init__(self):
        self.names = ["Client1", "Ann Lee", "anton", "Bob"]
        self.paths = ["notes/reading list.md", "notes/today.txt", "other.txt"]
        self.asked = []
        self.away = False

    async def status(self, *, online):
        self.asked.append("status")
        if self.away:
            raise Unavailable("away")
        assert online
        return [SessionLine(name, "::1", 1, 0, None, "") for name in self.names]

    async def call(self, *words, again):
        self.asked.append(words)
        if self.away:
            raise Unavailable("away")
        assert again
        after = words[words.index("AFTER") + 1] if "AFTER" in words else ""
        return [{"path": path} for path in self.paths if path > after]


@pytest.fixture
def room():
    return Room()


@pytest.fixture
def offered(room):
    completion = Completion(room)

    async def complete(line):
        """The line as each candidate would make it."""
        return [line[: len(line) - each.back] + each.text for each in await completion.candidates(line)]

    complete.heard = completion.heard
    return complete


def test_the_first_word_is_a_command():
    assert first_words("st") == [Candidate("status", 2)]
    assert [each.text for each in first_words("/T")] == ["/tell ", "/transfers"]
    assert first_words("/te")[0].note == "Say something to one client; nobody else ever sees it"
    assert first_words("") == []
    assert first_words("Hello") == []


def test_commands_for_programs_are_not_offered():
    offered = {each.text.strip() for each in first_words("/")}
    assert {"/tell", "/history", "/bye"} < offered
    assert not {"/hello", "/multi", "/client", "/write"} & offered
    assert [each.note for each in first_words("/put")] == [OWN["PUT"].summary]


PLACES = [
    ("/tell ", HOLDER, ""),
    ("/tell An", HOLDER, "An"),
    ('/tell "Ann L', HOLDER, "Ann L"),
    ("/stat ", PATH, ""),
    ("/get no", PATTERN, "no"),
    ("/get notes/a ", LOCAL, ""),
    ("/put no", LOCAL, "no"),
    ("/stat notes/reading li", PATH, "notes/reading li"),
    ("/list no", PATTERN, "no"),
    ("/history kind me", ENTRY_KIND, "me"),
]


@pytest.mark.parametrize("line,kind,text", PLACES)
def test_the_declaration_says_what_may_stand_where(line, kind, text):
    found = place(line)
    assert found
    assert (found[1].kind, found[1].text) == (kind, text)


@pytest.mark.parametrize("line", ["/fly ", "tell ", "/tell"])
def test_no_command_no_place(line):
    assert place(line) is None


@pytest.mark.parametrize(
    "line,lines",
    [
        ("/tell ", ['/tell "Ann Lee"', "/tell anton", "/tell Bob"]),
        ("/tell AN", ['/tell "Ann Lee"', "/tell anton"]),
        ('/tell "Ann', ['/tell "Ann Lee"']),
        ("/tell Bob he", []),
        ("/stat n", ["/stat notes/reading list.md", "/stat notes/today.txt"]),
        ("/stat notes/reading l", ["/stat notes/reading list.md"]),
        ("/list notes/r", ['/list "notes/reading list.md"']),
        ("/get notes/r", ['/get "notes/reading list.md"']),
        ("/put a r", ["/put a replace"]),
        ("/history ", ["/history since", "/history count", "/history kind", "/history wait"]),
        ("/history count 5 k", ["/history count 5 kind"]),
        ("/history kind m", ["/history kind message"]),
        ("/help te", ["/help tell"]),
        ("/fly a", []),
        ("Hello wor", []),
    ],
)
async def test_a_line_is_completed(offered, line, lines):
    assert await offered(line) == lines


async def test_names_are_asked_for_when_somebody_came_or_went(room, offered):
    await offered("/tell ")
    await offered("/tell ")
    offered.heard(Message(1, 0, "Bob", 0, "hi"))
    await offered("/tell ")
    assert room.asked == ["status"]
    room.names.append("Carl")
    offered.heard(Presence(2, 0, "Carl", 0, "joined"))
    assert await offered("/tell C") == ["/tell Carl"]


async def test_a_server_that_is_away_holds_nobody_up(room, offered):
    await offered("/tell ")
    room.away = True
    offered.heard(Presence(2, 0, "Carl", 0, "joined"))
    assert await offered("/tell B") == ["/tell Bob"]
    assert await offered("/stat n") == []
    room.away = False
    room.names.append("Carl")
    assert await offered("/tell C") == ["/tell Carl"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of this machine, which is home and where one is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "Notes").mkdir()
    for name in ("new file.txt", "other", ".hidden", "Notes/today.txt"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    "begun,paths",
    [
        ("", ["Notes/", "new file.txt", "other"]),
        ("n", ["Notes/", "new file.txt"]),
        (".h", [".hidden"]),
        ("Notes/t", ["Notes/today.txt"]),
        ("~/o", ["~/other"]),
        ("no such/", []),
        ("other/", []),
        ("~nobody-of-that-name/", []),
    ],
)
def test_paths_of_this_machine(here, begun, paths):
    assert local_paths(begun) == paths


async def test_after_put_they_are_offered(here, offered):
    assert await offered("/put new") == ['/put "new file.txt"']
    assert await offered("/get notes/today.txt No") == ["/get notes/today.txt Notes/"]
