"""tus-js-client, through node: an upload in chunks goes on when the server was killed in the middle."""

import hashlib
import json
import random
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import pytest

from tests.faults.crowd import wait_until
from tests.support.node import run_node

pytestmark = [
    pytest.mark.peer("node", "apt-get install nodejs npm"),
    pytest.mark.peer("tus-js-client", "npm, then python3 dev.py test"),
    pytest.mark.slow,
]

SIZE = 50_000_000

SCRIPT = """
const fs = require("fs"), tus = require("tus-js-client");
const [port, file, path] = process.argv.slice(1);
const upload = new tus.Upload(fs.createReadStream(file), {
  endpoint: `http://127.0.0.1:${port}/uploads`,
  chunkSize: 2_000_000,
  uploadSize: fs.statSync(file).size,
  retryDelays: [100, 200, 400, 800, 1600, 3200, 3200],
  metadata: { filename: path, filetype: "application/octet-stream" },
  onError: (error) => { console.error(error); process.exit(1); },
  onSuccess: () => console.log(JSON.stringify({ url: upload.url })),
});
upload.start();
"""


def test_an_upload_survives_the_server(serve, tmp_path):
    data = random.Random(8).randbytes(SIZE)
    source = tmp_path / "source.bin"
    source.write_bytes(data)
    server = serve()
    uploads = server.directory / ".portico" / "uploads"

    def kill_in_the_middle() -> None:
        wait_until(lambda: any(file.stat().st_size > SIZE // 5 for file in uploads.iterdir()))
        server.kill()
        server.restart()

    with ThreadPoolExecutor(1) as pool:
        killed = pool.submit(kill_in_the_middle)
        out = json.loads(run_node(SCRIPT, str(server.port), str(source), "big/film.bin"))
        killed.result()
    assert (server.directory / "big/film.bin").read_bytes() == data
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("HEAD", out["url"], headers={"Tus-Resumable": "1.0.0"})
    assert connection.getresponse().headers["Portico-SHA256"] == hashlib.sha256(data).hexdigest()
    connection.close()
