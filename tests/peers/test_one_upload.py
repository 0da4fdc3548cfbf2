"""One upload, two clients: begun by `portico put`, gone on with by tus-js-client, and the other way round."""

import asyncio
import random
import subprocess
from pathlib import Path

import pytest

from tests.faults.crowd import wait_until
from tests.support.node import NODE_MODULES
from tests.support.proxy import Proxy, Trouble
from tests.support.resp import pairs
from tests.support.server import ServerProcess
from tests.support.shell import COMMAND, environment

pytestmark = [
    pytest.mark.peer("node", "apt-get install nodejs npm"),
    pytest.mark.peer("tus-js-client", "npm, then python3 dev.py test"),
    pytest.mark.slow,
]

DATA = random.Random(11).randbytes(6_000_000)
ID = "00112233445566778899aabbccddeeff"
ENOUGH = 1_000_000
"""Bytes after which the first client is killed."""

SLOW = Trouble(fragment=100_000, delay=0.05)

TUS = """
const fs = require("fs"), tus = require("tus-js-client");
const [port, file, id] = process.argv.slice(1), at = `http://127.0.0.1:${port}/uploads`;
new tus.Upload(fs.createReadStream(file), {
  ...(id ? { uploadUrl: `${at}/${id}` } : { endpoint: at }),
  chunkSize: 500_000,
  uploadSize: fs.statSync(file).size,
  metadata: { filename: "films/one.bin" },
  onUploadUrlAvailable() { console.log(this.url ?? ""); },
  onError: (error) => { console.error(error); process.exit(1); },
}).start();
"""


def with_tus(port: int, source: Path, upload: str = "") -> list[str]:
    return ["node", "-e", TUS, "--", str(port), str(source), upload]


def with_portico(port: int, source: Path, upload: str) -> list[str]:
    target = ("-s", f"127.0.0.1:{port}", "--upload", upload, "--as", "films/one.bin")
    return [*COMMAND, "put", *target, str(source)]


def begin(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env={**environment(), "NODE_PATH": str(NODE_MODULES)})


def position(server: ServerProcess) -> int:
    """How far the one deposit is that TRANSFERS shows; -1 where it shows none."""
    with server.resp_client() as client:
        lines = [pairs(line) for line in client.call("TRANSFERS")]
    assert [line["path"] for line in lines if line["direction"] == "put"] in ([], ["films/one.bin"])
    return max([int(line["offset"]) for line in lines], default=-1)


def hand_over(server: ServerProcess, proxy: Proxy, source: Path, first: str) -> None:
    """Let one client begin, kill it in the middle, and let the other one end it."""
    uploads = server.directory / ".portico" / "uploads"
    starting = with_tus(proxy.port, source) if first == "tus" else with_portico(proxy.port, source, ID)
    with begin(starting) as process:
        wait_until(lambda: position(server) > ENOUGH)
        process.kill()
    wait_until(lambda: position(server) == -1)  # what was on its way has come
    (left,) = [file.name.partition(".")[0] for file in uploads.iterdir()]
    assert first == "tus" or left == ID
    passed = proxy.up
    going_on = with_portico if first == "tus" else with_tus
    with begin(going_on(proxy.port, source, left)) as process:
        wait_until(lambda: position(server) > 0)
        assert process.wait(60) == 0
    assert proxy.up - passed < len(DATA) - ENOUGH // 2, "what had come was sent again"
    assert position(server) == -1


@pytest.mark.parametrize("first", ["portico", "tus"])
async def test_what_one_client_began_another_one_ends(serve, tmp_path, first):
    source = tmp_path / "source.bin"
    source.write_bytes(DATA)
    server = serve()
    async with Proxy("127.0.0.1", server.port, trouble=SLOW) as proxy:
        await asyncio.to_thread(hand_over, server, proxy, source, first)
    assert (server.directory / "films/one.bin").read_bytes() == DATA
    assert sum("films/one.bin" in line for line in server.console) == 1
