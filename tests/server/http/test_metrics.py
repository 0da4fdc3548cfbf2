"""`GET /metrics`: the figures are true, and read as Prometheus reads them."""

from prometheus_client.parser import text_string_to_metric_families

from tests.server.conftest import until
from tests.support.web import visiting


async def figures(session):
    """Every sample by its name and labels; metadata is checked on the way."""
    async with session.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        text = await answer.text()
    samples = {}
    for family in text_string_to_metric_families(text):
        assert family.name.startswith("portico")
        assert family.type != "unknown"
        assert family.documentation
        for sample in family.samples:
            samples[sample.name, *sample.labels.values()] = sample.value
    return samples


async def test_the_figures_are_those_of_the_server(start):
    served = await start()
    peer = await served.joined()
    await peer.say("Hello")
    await peer.say("/name a:b")
    async with visiting(served.server.address) as session:
        await session.post("/messages", data=b"x" * 50_000)
        await session.get("/nothing")
        async with session.get("/files/tester1.txt") as answer:
            assert await answer.read() == b"one\n"
        seen = await figures(session)
        assert seen["portico_sessions",] == 1
        assert seen["portico_max_sessions",] == 3
        assert seen["portico_connections",] == 2
        assert seen["portico_head_entry",] == 3
        assert seen["portico_entries_total", "message"] == 2
        assert seen["portico_entries_total", "presence"] == 1
        assert seen["portico_refusals_total", "BADNAME"] == 1
        assert seen["portico_refusals_total", "NOTFOUND"] == 1
        assert seen["portico_log_writable",] == 1
        assert seen["portico_waiting_proposals",] == 0
        assert 0 < seen["portico_log_append_seconds_count",] == served.log.appends
        assert seen["portico_log_append_seconds_bucket", "+Inf"] == served.log.appends
        assert 50_000 < seen["portico_network_bytes_total", "in"] < 60_000
        assert 0 < seen["portico_network_bytes_total", "out"] < 60_000
        assert seen["portico_file_bytes_total", "get"] == 4
        assert seen["portico_transfers", "put"] == 0
        assert 0 <= seen["portico_event_loop_lag_seconds",] < 60
        assert seen["portico_process_open_fds",] > 3


async def test_bytes_of_connections_that_are_over_still_count(start):
    served = await start()
    async with visiting(served.server.address) as session:
        await session.post("/messages", data=b"x" * 50_000)
    await until(lambda: not served.server.connections())
    async with visiting(served.server.address) as session:
        assert (await figures(session))["portico_network_bytes_total", "in"] > 50_000
