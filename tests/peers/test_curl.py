"""curl as people use it: files up, files down, a download that goes on, and refusals."""

import json
import random
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.peer("curl", "apt-get install curl")

README = Path(__file__).parents[2] / "README.md"

DATA = random.Random(9).randbytes(3_000_000)


@pytest.fixture
def server(serve):
    return serve(files="change")


def curl(server, *arguments, typed=b""):
    """The status and the body that curl got; `/files` stands for that of the server."""
    here = f"http://127.0.0.1:{server.port}/files/"
    words = [word.replace("/files/", here) if word.startswith("/files/") else word for word in arguments]
    done = subprocess.run(
        ["curl", "-sS", "-m", "10", "-w", "\n%{http_code}", *words],
        input=typed,
        capture_output=True,
        timeout=15,
        check=True,
    )
    body, _, status = done.stdout.rpartition(b"\n")
    return int(status), body


@pytest.mark.parametrize("size", [0, 10, 65_536, len(DATA)])
def test_a_file_goes_up_and_comes_down(server, tmp_path, size):
    source = tmp_path / "source.bin"
    source.write_bytes(DATA[:size])
    status, body = curl(server, "-T", str(source), "/files/folder/")
    facts = json.loads(body)
    assert (status, facts["path"], facts["size"]) == (201, "folder/source.bin", size)
    assert curl(server, "/files/folder/source.bin") == (200, DATA[:size])


def test_a_pipe_goes_up(server):
    assert curl(server, "-T", "-", "/files/piped", typed=DATA)[0] == 201
    assert (server.directory / "piped").read_bytes() == DATA


def test_a_body_of_another_kind_goes_up(server):
    assert curl(server, "-X", "PUT", "--data-binary", "@-", "/files/a", typed=DATA)[0] == 201
    assert (server.directory / "a").read_bytes() == DATA


def test_a_download_goes_on(server, tmp_path):
    (server.directory / "a").write_bytes(DATA)
    part = tmp_path / "part"
    part.write_bytes(DATA[:1_000_000])
    assert curl(server, "-C", "-", "-o", str(part), "/files/a")[0] == 206
    assert part.read_bytes() == DATA


def test_what_is_there_is_replaced_or_removed_only_when_that_is_said(server, tmp_path):
    source = tmp_path / "new"
    source.write_bytes(DATA)
    status, body = curl(server, "-T", str(source), "/files/tester1.txt")
    assert (status, json.loads(body)["error"]["code"]) == (409, "EXISTS")
    assert curl(server, "-T", str(source), "/files/tester1.txt?replace=1")[0] == 201
    assert curl(server, "-X", "DELETE", "/files/tester1.txt")[0] == 204
    assert not (server.directory / "tester1.txt").exists()


def test_the_lines_of_the_readme(serve, tmp_path):
    """Each is run as it stands, but for the port; what follows for ever is heard for a moment."""
    (lines,) = re.findall(r"^```\n(curl -T.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    server = serve()
    put, *others, follow = lines.replace("65432", str(server.port)).splitlines()
    (tmp_path / "results.csv").write_text("a,b\n1,2\n")
    shell(put, tmp_path)
    (tmp_path / "results.csv").unlink()
    for line in others:
        shell(line, tmp_path)
    assert (server.directory / "runs/results.csv").read_text() == "a,b\n1,2\n"
    assert (tmp_path / "results.csv").read_text() == "a,b\n1,2\n"
    assert zipfile.ZipFile(tmp_path / "runs.zip").namelist() == ["runs/results.csv"]
    server.wait_for("builder: build 512 is green")
    with subprocess.Popen(["bash", "-c", f"exec {follow}"], stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout.readline().startswith(": ")  # it has begun
        with server.resp_client() as client:
            client.call("SAY", "heard")
        assert any('"heard"' in line for line in follower.stdout)
        follower.kill()


def shell(line, directory):
    subprocess.run(["bash", "-c", line], cwd=directory, check=True, capture_output=True, timeout=15)
