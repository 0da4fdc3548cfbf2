"""A log that is damaged: no start, words that say what is wrong, and a way back that works as printed."""

import re
import shlex
import shutil

import pytest

from tests.faults.crowd import everything
from tests.support.server import ServerDidNotStart, ServerProcess
from tests.support.shell import environment, run

BROKEN = re.compile(r"error: the log (\S+) is damaged \(.+\); run: portico (log check \S+), then restore")


def printed(*arguments):
    """What a command prints, which must not fail."""
    done = run(*map(str, arguments), env=environment())
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


@pytest.mark.parametrize("harm", ["a flipped byte", "an end cut off", "zeros in the middle"])
def test_refused_and_restored(serve, tmp_path, harm):
    server = serve(max_clients=3)
    backup = tmp_path / "backup.sqlite3"
    with server.resp_client() as client:
        texts = [f"text {number} ".ljust(200, "x") for number in range(300)]
        client.pipeline(*[("SAY", text) for text in texts[:250]])
        printed("log", "backup", backup, server.directory)
        client.pipeline(*[("SAY", text) for text in texts[250:]])
    server.terminate()
    log = server.directory / ".portico" / "log.sqlite3"
    harmed = break_it(log.read_bytes(), harm)
    log.write_bytes(harmed)

    with pytest.raises(ServerDidNotStart) as refused:
        server.start()
    found = BROKEN.search(str(refused.value))
    assert found, refused.value
    assert log.read_bytes() == harmed, "what is refused is left as it is"

    check = run(*shlex.split(found[2]), env=environment())
    assert check.returncode == 1
    assert b"damaged" in check.stdout + check.stderr
    saved = printed("log", "export", "--damaged", server.directory)
    assert sum(f'"{text}"' in saved for text in texts) > 200, "most can still be read"

    for file in log.parent.glob("log.sqlite3*"):
        file.rename(tmp_path / f"away-{file.name}")
    shutil.copy(backup, log)
    again(server, texts[:250])


def break_it(content: bytes, harm: str) -> bytes:
    if harm == "an end cut off":
        return content[:-8_192]
    at = content.index(b"text 290 ")
    if harm == "a flipped byte":
        return content[:at] + b"T" + content[at + 1 :]
    return content[:at] + bytes(64) + content[at + 64 :]


def again(server: ServerProcess, texts: list[str]) -> None:
    """It serves what the backup holds, and goes on."""
    server.start()
    with server.resp_client() as client:
        client.call("SAY", "on we go", "AS", "visitor")
        assert [entry["text"] for entry in everything(client)] == [*texts, "on we go"]
