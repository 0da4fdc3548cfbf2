"""ioredis, through node: connect, call, pipeline, read and wait."""

import json

import pytest

from tests.support.node import run_node

pytestmark = [
    pytest.mark.peer("node", "apt-get install nodejs npm"),
    pytest.mark.peer("ioredis", "npm, then python3 dev.py test"),
]

SCRIPT = """
const Redis = require("ioredis");
const port = Number(process.argv[1]);
const asMap = (row) => {
  const map = {};
  for (let at = 0; at < row.length; at += 2) map[row[at]] = row[at + 1];
  return map;
};
(async () => {
  const client = new Redis(port), other = new Redis(port);
  const out = {};
  out.ping = await client.ping();
  out.say = await client.call("SAY", "Hello from ioredis");
  const pipe = client.pipeline();
  for (let number = 0; number < 100; number++) pipe.call("SAY", "text " + number);
  out.pipeline = await pipe.exec();
  out.history = (await client.call("HISTORY", "KIND", "message", "COUNT", 1000)).map(asMap);
  const head = asMap(await client.call("HELLO")).head;
  const waiting = other.call("HISTORY", "SINCE", head, "WAIT", 10000);
  setTimeout(() => client.call("SAY", "later"), 200);
  out.waited = (await waiting).map(asMap);
  out.error = await client.call("TELL", "Nobody", "hi").catch((error) => error.message);
  out.files = (await client.call("LIST")).map(asMap);
  await client.quit();
  other.disconnect();
  console.log(JSON.stringify(out));
})().catch((error) => { console.error(error); process.exit(1); });
"""


def test_all_of_it(serve):
    server = serve()
    out = json.loads(run_node(SCRIPT, str(server.port)))
    assert (out["ping"], out["say"]) == ("PONG", 2)
    assert out["pipeline"] == [[None, number] for number in range(3, 103)]
    texts = [entry["text"] for entry in out["history"]]
    assert texts == ["Hello from ioredis", *[f"text {number}" for number in range(100)]]
    assert [entry["text"] for entry in out["waited"]] == ["later"]
    assert out["error"].startswith("NOTFOUND ")
    assert [file["path"] for file in out["files"]] == ["tester1.txt", "tester2.txt"]
    server.wait_for("Client1 has disconnected")
