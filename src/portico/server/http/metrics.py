"""`GET /metrics`: the server in figures, as Prometheus reads them.

Almost all of it is read off the server at the moment somebody looks; the rest are its `Measures`.

Source: the Prometheus text format 0.0.4; its naming: base units, `_total` behind what only grows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from portico.model.version import __version__
from portico.server.http.conversation import conversation_of
from portico.server.measures import Durations
from portico.server.sockets import traffic

if TYPE_CHECKING:
    from portico.server.listener import Server


async def metrics(request: web.Request) -> web.Response:
    """Answer with all figures."""
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(namespace="portico", registry=registry)
    registry.register(Figures(conversation_of(request).connection.server))
    return web.Response(
        body=generate_latest(registry),
        headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"},
    )


class Figures(Collector):
    """The figures of one server."""

    def __init__(self, server: Server) -> None:
        """Read them off this server."""
        self._server = server

    def collect(self) -> Iterator[Metric]:
        """Return them all."""
        server, state = self._server, self._server.room.state
        measures = server.measures
        yield InfoMetricFamily("portico", "The server", {"version": __version__, "room": server.room.name})
        yield gauge("sessions", "Named participants that are here", len(state.names))
        yield gauge("max_sessions", "Places in the room", state.max_clients)
        yield gauge("connections", "Open connections, joined or not", server.connections())
        yield gauge("head_entry", "Number of the newest entry", server.history.head)
        yield gauge("waiting_proposals", "Proposals that are not in the log yet", len(server.room.outbox))
        yield gauge("log_writable", "1, or 0 while nothing can be stored", float(server.trouble is None))
        yield gauge("event_loop_lag_seconds", "Longest delay of the event loop lately", measures.lag)
        yield counter("entries", "Entries since the start", "kind", measures.entries)
        yield counter("refusals", "Requests that were refused since the start", "code", measures.refusals)
        yield durations("log_append_seconds", "Time until a batch was durable", measures.appends)
        yield from self._bytes()

    def _bytes(self) -> Iterator[Metric]:
        server = self._server
        sums = server.measures.ended
        for connection in server.door.connections:
            sums += traffic(connection.transport.get_extra_info("socket"))
        network = {"in": sums.received, "out": sums.sent}
        yield counter("network_bytes", "Bytes of all connections since the start", "direction", network)
        transfers = server.transfers
        yield gauges("transfers", "Files on their way", "direction", transfers.under_way())
        yield counter("file_bytes", "Bytes of files since the start", "direction", transfers.moved)


def gauge(name: str, help_: str, value: float) -> Metric:
    """Return a figure that goes up and down."""
    return GaugeMetricFamily(f"portico_{name}", help_, value)


def gauges(name: str, help_: str, label: str, values: Mapping[str, float]) -> Metric:
    """Return such figures, one for each value of a label."""
    family = GaugeMetricFamily(f"portico_{name}", help_, labels=[label])
    for value, amount in values.items():
        family.add_metric([value], amount)
    return family


def counter(name: str, help_: str, label: str, values: Mapping[str, float]) -> Metric:
    """Return sums that only grow, one for each value of a label."""
    family = CounterMetricFamily(f"portico_{name}", help_, labels=[label])
    for value, amount in values.items():
        family.add_metric([value], amount)
    return family


def durations(name: str, help_: str, measured: Durations) -> Metric:
    """Return how often something took how long."""
    total, buckets = 0, []
    for bound, count in zip([*map(str, measured.bounds), "+Inf"], measured.counts, strict=True):
        total += count
        buckets.append((bound, total))
    return HistogramMetricFamily(f"portico_{name}", help_, buckets=buckets, sum_value=measured.sum)


ROUTES = (web.get("/metrics", metrics),)
