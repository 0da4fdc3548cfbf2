"""`portico connect` on a terminal, as a person sees it."""

import os
import re

import pytest

from tests.support.terminal import CTRL_C, CTRL_D, ENTER, TAB, UP, prompt

TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}"


def session(name, gone="None"):
    return [
        f"Client Name: {name}",
        r"Client Address: \('127\.0\.0\.1', \d+\)",
        f"Client Connection Time: {TIME}",
        f"Client Disconnect Time: {gone}",
        "-----",
    ]


def matches(lines, patterns):
    assert len(lines) == len(patterns), lines
    for line, pattern in zip(lines, patterns, strict=True):
        assert re.fullmatch(pattern, line), f"{line!r} is not {pattern!r}"


def test_the_dialogue_of_the_report(serve):
    server = serve()
    with prompt(server.port, lines=60) as one:
        one.prompts("Client1:")
        one.enter("list")
        one.shows("Files: tester1.txt | tester2.txt |")
        one.enter("status")
        one.shows("-----")
        with prompt(server.port, lines=60) as two:
            two.prompts("Client2:")
            two.enter("Test")
            two.shows("Message: Test ACK")
            one.shows("Client2: Test")
            two.enter("status")
            two.shows("Client Name: Client2")
            two.enter("bye")
            two.ends(0)
            matches(
                two.lines,
                [
                    "Client2: Test",
                    "Message: Test ACK",
                    "Client2: status",
                    "Message:",
                    *session("Client1"),
                    *session("Client2"),
                    "Client2: bye",
                    "Message:",
                    r"Goodbye, Client2\.",
                ],
            )
        one.shows("* Client2 left")
        one.enter("hello")
        one.shows("Message: hello ACK")
        one.enter("test")
        one.shows("Message: test ACK")
        one.enter("status")
        one.wait_until(lambda: one.lines.count("-----") == 3)
        one.press(CTRL_D)
        one.ends(0)
        matches(
            one.lines,
            [
                "Client1: list",
                "Message:",
                r"Files: tester1\.txt \| tester2\.txt \|",
                "Client1: status",
                "Message:",
                *session("Client1"),
                r"\* Client2 joined",
                "Client2: Test",
                r"\* Client2 left",
                "Client1: hello",
                "Message: hello ACK",
                "Client1: test",
                "Message: test ACK",
                "Client1: status",
                "Message:",
                *session("Client1"),
                *session("Client2", TIME),
                "Client1: bye",
                "Message:",
                r"Goodbye, Client1\.",
            ],
        )


def test_what_arrives_leaves_the_line_that_is_typed(serve):
    server = serve()
    with prompt(server.port) as one, server.line_client() as netcat:
        one.prompts("Client1:")
        one.press("half a li")
        one.prompts("Client1: half a li")
        netcat.send("one", "/tell Client1 psst")
        one.shows("Client2 (to you): psst")
        one.prompts("Client1: half a li")
        one.enter("ne")
        one.shows("Message: half a line ACK")
        one.prompts("Client1:")
        assert one.lines == [
            "* Client2 joined",
            "Client2: one",
            "Client2 (to you): psst",
            "Client1: half a line",
            "Message: half a line ACK",
            "Client1:",
        ]
        netcat.expect(
            "You are Client2 (2 of 3 clients). Type help for the commands.",
            "one ACK",
            "psst ACK",
            "Client1: half a line",
        )


@pytest.mark.slow
def test_a_flood_is_folded_and_leaves_the_line_and_the_processor_alone(serve):
    server = serve()
    with prompt(server.port) as one, server.line_client() as netcat:
        one.prompts("Client1:")
        one.press("half a li")
        for first in range(0, 5_000, 500):
            netcat.send(*(f"flood {number}" for number in range(first, first + 500)))
            netcat.lines(500)
        one.shows("Client2: flood 4999")
        one.prompts("Client1: half a li")
        one.idle()
        one.prompts("Client1: half a li")
        seen = one.everything[:-1]
        folds = [re.fullmatch(r"\.\.\. ([\d,]+) messages folded; /history shows them", each) for each in seen]
        folded = sum(int(fold[1].replace(",", "")) for fold in folds if fold)
        floods = [int(line.rpartition(" ")[2]) for line in seen if line.startswith("Client2: flood ")]
        assert folded > 4_000
        assert folded + len(floods) == 5_000
        assert floods == sorted(floods)
        one.enter("ne")
        one.shows("Message: half a line ACK")


@pytest.mark.slow
def test_a_server_that_is_killed_and_started_again(serve):
    server = serve()
    with prompt(server.port, "--name", "ann") as one:
        one.prompts("ann:")
        one.enter("before")
        one.shows("Message: before ACK")
        one.press("half a")
        server.kill()
        one.shows("* lost the server (")
        one.prompts("ann: half a")
        one.enter(" line")
        one.enter("and another")
        one.press("third")
        server.restart()
        one.shows("* back as ann", "Message: and another ACK")
        one.prompts("ann: third")
        one.enter("")
        one.shows("Message: third ACK")
        one.enter("bye")
        one.ends(0)
        notices = [line for line in one.everything if line.startswith("*")]
        assert len(notices) == 2
        assert [line for line in one.everything if line.endswith(" ACK")] == [
            "Message: before ACK",
            "Message: half a line ACK",
            "Message: and another ACK",
            "Message: third ACK",
        ]
    server.wait_for("ann has disconnected")
    assert [line for line in server.console if line.startswith("ann: ")] == [
        "ann: half a line",
        "ann: and another",
        "ann: third",
    ]


@pytest.mark.slow
def test_a_full_room(serve):
    server = serve(max_clients=1)
    with server.line_client() as netcat:
        netcat.ask("")
        with prompt(server.port) as two:
            two.ends(4)
            two.shows("Server is full: 1 of 1 clients are connected. Try again later.")


@pytest.mark.slow
def test_nobody_there(serve):
    server = serve()
    server.kill()
    with prompt(server.port) as one:
        one.ends(3)
        one.shows("error: cannot connect to 127.0.0.1:")


@pytest.mark.slow
def test_a_name_that_is_taken(serve):
    server = serve()
    with prompt(server.port, "--name", "ann") as one:
        one.prompts("ann:")
        with prompt(server.port, "--name", "ANN") as two:
            two.ends(4)
            two.shows("error: the name ANN is taken; choose another")


@pytest.mark.slow
def test_ctrl_c_clears_the_line_and_tells_how_to_leave(serve):
    with prompt(serve().port) as one:
        one.prompts("Client1:")
        one.press("never mind")
        one.prompts("Client1: never mind")
        one.press(CTRL_C)
        one.prompts("Client1:")
        one.press(CTRL_C)
        one.shows("* bye or Ctrl-D leaves")
        one.press("x", CTRL_D)
        one.prompts("Client1: x")
        one.press(CTRL_C, CTRL_D)
        one.ends(0)
        assert one.bottom == "Goodbye, Client1."
        assert not any("never mind" in line for line in one.lines)


@pytest.mark.slow
def test_the_prompt_shows_the_name_one_takes(serve):
    with prompt(serve().port) as one:
        one.prompts("Client1:")
        one.enter("/name Zoë 世界")
        one.prompts("Zoë 世界:")
        one.enter("hi")
        one.shows("Zoë 世界: hi", "Message: hi ACK")


@pytest.mark.slow
def test_wide_and_combining_characters_are_edited_as_they_look(serve):
    server = serve()
    with prompt(server.port, columns=20) as one, server.line_client() as netcat:
        one.prompts("Client1:")
        one.press("世界é🎉x")
        one.wait_until(lambda: one.bottom.endswith("x"))
        one.press("\x7f\x7f")
        netcat.ask("世界世界世界世界")
        one.shows("Client2: 世界世界世")
        one.press(ENTER)
        one.shows("ACK")
        server.wait_for("Client1: 世界é")


@pytest.mark.slow
def test_a_window_that_changes_its_size_keeps_the_line(serve):
    server = serve()
    with prompt(server.port, columns=80) as one, server.line_client() as netcat:
        one.prompts("Client1:")
        one.press("a line that is longer than thirty columns")
        one.wait_until(lambda: one.bottom.endswith("thirty columns"))
        one.resize(30, 10)
        one.wait_until(lambda: one.lines[-2:] == ["Client1: a line that is longer", " than thirty columns"])
        netcat.ask("meanwhile")
        one.shows("Client2: meanwhile")
        one.resize(100, 30)
        one.prompts("Client1: a line that is longer than thirty columns")
        one.press(ENTER)
        one.shows("Message: a line that is longer than thirty columns ACK")


def test_tab_completes_commands_names_and_paths(serve):
    server = serve()
    with prompt(server.port) as one, server.line_client() as netcat:
        one.prompts("Client1:")
        netcat.ask("/name Ann Lee")
        one.shows("* Client2 joined")
        one.press("/te", TAB)
        one.prompts("Client1: /tell")
        one.press(TAB)
        one.prompts('Client1: /tell "Ann Lee"')
        one.enter(" psst")
        netcat.line()
        netcat.expect("Client1 (to you): psst")
        one.press("/stat t", TAB)
        one.shows("tester1.txt", "tester2.txt")
        one.press("1", TAB)
        one.wait_until(lambda: "Client1: /stat tester1.txt" in one.lines)
        one.press(ENTER)
        one.shows("21 bytes, changed")


@pytest.mark.slow
def test_what_was_typed_is_remembered_in_the_next_run(serve, tmp_path):
    server = serve()
    state = {"XDG_STATE_HOME": str(tmp_path)}
    with prompt(server.port, env=state) as one:
        one.prompts("Client1:")
        one.enter("Hello")
        one.enter("/auth a-token")
        one.enter("bye")
        one.ends(0)
    assert "a-token" not in (tmp_path / "portico" / "typed").read_text()
    with prompt(server.port, env=state) as one:
        one.prompts("Client2:")
        one.press(UP)
        one.prompts("Client2: bye")
        one.press(UP)
        one.prompts("Client2: Hello")


@pytest.mark.slow
def test_colours_are_there_and_can_be_left_out(serve):
    server = serve()
    with prompt(server.port) as one:
        one.prompts("Client1:")
        one.enter("/fly")
        one.shows("error: unknown command")
        assert b"\x1b[31merror: " in one.raw
    for arguments, env in (((), {"NO_COLOR": "1"}), (("--no-color",), {})):
        with prompt(server.port, *arguments, env=env) as one:
            one.wait_until(lambda: one.bottom.startswith("Client"))
            one.enter("/fly")
            one.shows("error: unknown command")
            painted = [code for code in re.findall(rb"\x1b\[([\d;]*)m", one.raw) if code.strip(b"0;")]
            assert painted == []


@pytest.mark.slow
@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_dumb_terminal_gets_lines_and_nothing_else(serve, term):
    server = serve()
    with prompt(server.port, env={"TERM": term}) as one, server.line_client() as netcat:
        one.prompts("Client1:")
        one.enter("Hello")
        one.shows("Message: Hello ACK")
        one.prompts("Client1:")
        netcat.ask("hi")
        one.shows("Client2: hi")
        one.press(CTRL_C)
        one.shows("bye or Ctrl-D leaves")
        one.prompts("Client1:")
        one.press(CTRL_D)
        one.ends(0)
        one.prompts("Goodbye, Client1.")
        assert b"\x1b" not in one.raw


@pytest.mark.slow
def test_without_utf_8_what_cannot_be_shown_is_a_question_mark(serve):
    server = serve()
    latin = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    with prompt(server.port, env=latin) as one, server.line_client() as netcat:
        one.prompts("Client1:")
        netcat.ask("Grüße")
        one.shows("Client2: Gr??e")
        one.enter("Hello")
        one.shows("Message: Hello ACK")


@pytest.mark.slow
def test_lines_pasted_together_are_one_message(serve):
    server = serve()
    with prompt(server.port) as one:
        one.prompts("Client1:")
        one.press("\x1b[200~one\ntwo\x1b[201~", ENTER)
        one.shows("Message: one", "  two ACK")
        server.wait_for("Client1: one")


@pytest.mark.slow
def test_a_terminal_that_goes_away_is_a_goodbye(serve):
    server = serve()
    with prompt(server.port) as one:
        one.prompts("Client1:")
        os.kill(one.process.pid, 15)
        one.ends(0)
    server.wait_for("Client1 has disconnected")
