"""Any sequence of appends, repetitions, trims, erasures, snapshots and reopenings, against a list."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from portico.ports import Bounds, Snapshot
from tests.conformance.logs import LOGS

ROOMS = st.sampled_from(["main", "other"])
BATCHES = st.lists(st.binary(max_size=40), min_size=1, max_size=70)
PLACES = st.integers(min_value=0, max_value=200)


class Model:
    """A room as a list: bodies from position 1, None for what was trimmed."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.first = 1
        self.keys: dict[str, int] = {}
        self.snapshots: dict[int, bytes] = {}


class LogMachine(RuleBasedStateMachine):
    kind: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.directory = tempfile.TemporaryDirectory()
        self.place = LOGS[self.kind].make(Path(self.directory.name))
        self.rooms = {"main": Model(), "other": Model()}
        self.batches: list[tuple[str, list[bytes], str]] = []
        self.log = self.place()
        self.run(self.log.open())

    def run(self, doing):
        return self.runner.run(doing)

    @rule(room=ROOMS, batch=BATCHES)
    def append(self, room, batch):
        key = f"key {len(self.batches)}"
        model = self.rooms[room]
        model.bodies += batch
        model.keys[key] = len(model.bodies)
        self.batches.append((room, batch, key))
        assert self.run(self.log.append(room, batch, key)) == len(model.bodies)

    @precondition(lambda self: self.batches)
    @rule(which=PLACES)
    def append_again(self, which):
        room, batch, key = self.batches[which % len(self.batches)]
        assert self.run(self.log.append(room, batch, key)) == self.rooms[room].keys[key]

    @rule(room=ROOMS, before=PLACES)
    def trim(self, room, before):
        model = self.rooms[room]
        model.first = max(model.first, min(before, len(model.bodies)))
        self.run(self.log.trim(room, before))

    @rule(room=ROOMS, position=PLACES, remainder=st.binary(max_size=60))
    def erase(self, room, position, remainder):
        model = self.rooms[room]
        if model.first <= position <= len(model.bodies):
            model.bodies[position - 1] = remainder
        self.run(self.log.erase(room, position, remainder))

    @rule(room=ROOMS, position=PLACES, body=st.binary(max_size=60))
    def save_snapshot(self, room, position, body):
        snapshots = self.rooms[room].snapshots
        snapshots[position] = body
        for old in sorted(snapshots)[:-2]:
            del snapshots[old]
        self.run(self.log.save_snapshot(room, Snapshot(position, body)))

    @rule()
    def reopen(self):
        self.run(self.log.close())
        self.log = self.place()
        self.run(self.log.open())

    @rule(room=ROOMS, after=PLACES, limit=st.integers(min_value=1, max_value=100))
    def read(self, room, after, limit):
        model = self.rooms[room]
        start = max(after, model.first - 1)
        expected = list(enumerate(model.bodies, 1))[start : start + limit]
        found = self.run(self.log.read(room, after, limit))
        assert [(stored.position, stored.body) for stored in found] == expected

    @invariant()
    def agrees(self):
        for room, model in self.rooms.items():
            assert self.run(self.log.head(room)) == Bounds(model.first, len(model.bodies))
            newest = max(model.snapshots, default=None)
            expected = None if newest is None else Snapshot(newest, model.snapshots[newest])
            assert self.run(self.log.load_snapshot(room)) == expected

    def teardown(self):
        self.run(self.log.close())
        self.runner.close()
        self.directory.cleanup()


def machine(kind: str) -> type:
    made = type(f"Machine_{kind}", (LogMachine,), {"kind": kind})
    made.TestCase.settings = settings(
        max_examples=15,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    return made.TestCase


@pytest.mark.parametrize("kind", LOGS)
def test_it_behaves_as_a_list(kind):
    if reason := LOGS[kind].missing():
        pytest.skip(reason)
    machine(kind)().runTest()
