"""The room as a machine: whatever is asked, commits, fails and crashes in any order, and the promises hold.

The model beside it is naive on purpose: lists of what was acknowledged and of who is here, and nothing of
positions, forecasts or batches.
"""

import asyncio
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from portico.model.entries import Presence, entries_of
from portico.model.errors import Full, NameTaken, NoSpace, NotFound, PorticoError
from portico.model.files import Author, FileChange
from portico.model.records import decode
from portico.room.history import Filter, open_room
from portico.room.names import fold
from portico.room.reducer import apply
from portico.room.snapshots import freeze
from portico.room.state import State
from tests.support.listlog import ListLog

ADDRESS = ("127.0.0.1", 4711)
NAMES = st.sampled_from(["anna", "Anna", "\uff41nna", "bea", "Straße", "strasse", "zoë"])
TEXTS = st.sampled_from(["hi", "ho", "a\nb", "💬"])
KEYS = st.sampled_from(["", "", "k1", "k2", "k3"])
STEPS = st.integers(-5, 10)


class RoomMachine(RuleBasedStateMachine):
    @initialize(places=st.integers(1, 3))
    def begin(self, places):
        self.log = ListLog()
        self.now = 1_000
        self.secrets = 0
        self.acknowledged = {}  # seq -> entry as it was answered
        self.keys = {}  # key -> seq
        self.waiting = []  # the proposals under way: (kind, Later)
        self.open()
        self.ask("limit", lambda: self.room.limit(self.now, places))
        self.carry()

    def open(self):
        async def opening():
            return await open_room(self.log, "main", await self.log.open())

        self.room, self.history = asyncio.run(opening())

    def ask(self, kind, call):
        """Propose, or be refused at once and change nothing."""
        before = len(self.room.outbox)
        try:
            later = call()
        except PorticoError:
            assert len(self.room.outbox) == before
            return
        if later.ready:
            assert len(self.room.outbox) == before
            self.answered(kind, later.value)
        else:
            self.waiting.append((kind, later))

    def answered(self, kind, outcome):
        if outcome.error is not None:
            return
        for entry in outcome.entries:
            assert entry.seq not in self.acknowledged
            self.acknowledged[entry.seq] = entry
        if isinstance(kind, tuple) and kind[1]:
            assert self.keys.setdefault(kind[1], outcome.seq) == outcome.seq

    def sessions(self):
        return [session.id for session in self.room.state.open_sessions()] or [0]

    # What people do

    @rule(name=st.none() | NAMES)
    def join(self, name):
        self.secrets += 1
        self.ask("join", lambda: self.room.join(self.now, name, ADDRESS, f"s{self.secrets}"))

    @rule(text=TEXTS, key=KEYS, to=st.just("") | NAMES)
    def join_and_say(self, text, key, to):
        self.secrets += 1
        secret = f"s{self.secrets}"
        call = lambda: self.room.join_and_say(self.now, ADDRESS, secret, text, key, to)  # noqa: E731
        self.ask(("say", key), call)

    @rule(data=st.data(), text=TEXTS, key=KEYS)
    def say(self, data, text, key):
        who = data.draw(st.sampled_from(self.sessions()))
        self.ask(("say", key), lambda: self.room.say(self.now, who, text, key))

    @rule(data=st.data(), name=NAMES, text=TEXTS, key=KEYS, visitor=st.booleans())
    def say_as(self, data, name, text, key, visitor):
        who = 0 if visitor else data.draw(st.sampled_from(self.sessions()))
        self.ask(("say", key), lambda: self.room.say_as(self.now, who, name, text, key))

    @rule(data=st.data(), name=NAMES, text=TEXTS, key=KEYS)
    def tell(self, data, name, text, key):
        who = data.draw(st.sampled_from(self.sessions()))
        self.ask(("say", key), lambda: self.room.tell(self.now, who, name, text, key))

    @rule(data=st.data(), name=NAMES)
    def rename(self, data, name):
        who = data.draw(st.sampled_from(self.sessions()))
        self.ask("rename", lambda: self.room.rename(self.now, who, name))

    @rule(data=st.data())
    def leave(self, data):
        who = data.draw(st.sampled_from(self.sessions()))
        self.ask("leave", lambda: self.room.leave(self.now, who))

    @rule(data=st.data())
    def resume(self, data):
        secret = f"s{data.draw(st.integers(0, self.secrets))}"
        self.ask("resume", lambda: self.room.resume(self.now, secret, ADDRESS)[1])

    @rule(data=st.data())
    def erase(self, data):
        seq = data.draw(st.integers(0, self.room.state.seq + 1))
        self.ask("erase", lambda: self.room.erase(self.now, 0, seq))

    @rule(data=st.data(), key=st.sampled_from(["f1", "f2", "f3"]), path=TEXTS)
    def file(self, data, key, path):
        author = Author(data.draw(st.sampled_from(self.sessions())), "anna")
        change = FileChange(key, "added", path, author, 5)
        self.ask(("file", f"file {key}"), lambda: self.room.file(self.now, change))

    @rule(places=st.integers(0, 3))
    def limit(self, places):
        self.ask("limit", lambda: self.room.limit(self.now, places))

    @rule(step=STEPS)
    def time_passes_or_goes_back(self, step):
        self.now += step

    # What the disk and the power do

    def batch(self):
        batch = self.room.outbox.next_batch()
        assert self.room.outbox.next_batch() is batch
        return batch

    def settle(self, applied):
        for later, outcome in applied.answers:
            later.resolve(outcome)
        for kind, later in [pair for pair in self.waiting if pair[1].ready]:
            self.answered(kind, later.value)
        self.waiting = [pair for pair in self.waiting if not pair[1].ready]

    @rule(again=st.booleans())
    def commit(self, again):
        batch = self.batch()
        if batch is None:
            return
        position = self.log.store("main", batch.bodies(), batch.key)
        if again:  # the answer was lost: the same batch under the same key changes nothing
            assert self.log.store("main", self.batch().bodies(), batch.key) == position
        applied = self.room.committed(position)
        for erased in applied.erase:
            asyncio.run(self.history.scrub(erased))
        self.settle(applied)

    def carry(self):
        while len(self.room.outbox):
            self.commit(again=False)

    @rule()
    def fill_the_disk(self):
        if self.batch() is None:
            return
        lasting = self.lasting()
        self.settle(self.room.failed(NoSpace("the disk is full")))
        assert self.lasting() == lasting

    def lasting(self):
        return sum(kind == "leave" or kind[0] == "file" for kind, _ in self.waiting)

    @rule()
    def take_a_snapshot(self):
        self.log.snapshot = freeze(self.room.state)()

    @rule(stored=st.booleans(), snapshot=st.booleans())
    def crash(self, stored, snapshot):
        batch = self.batch()
        if batch is not None and stored:  # it was on the disk, and nobody was told
            self.log.store("main", batch.bodies(), batch.key)
        if not snapshot:
            self.log.snapshot = None
        self.waiting = []
        self.open()
        assert self.room.state.digest() == self.replayed()[0].digest()

    # What must hold

    def replayed(self):
        """The state and the entries that the log's records make from nothing."""
        state, entries = State(), []
        for position, body in enumerate(self.log.records, 1):
            entries += apply(state, position, decode(body)).entries
        return state, entries

    @invariant()
    def acknowledged_entries_are_there_once_and_in_order(self):
        if not hasattr(self, "log"):
            return
        state, entries = self.replayed()
        assert [entry.seq for entry in entries] == list(range(1, state.seq + 1))
        assert all(a.at <= b.at for a, b in pairwise(entries))
        for seq, entry in self.acknowledged.items():
            kept = entries[seq - 1]
            assert kept == entry or kept.kind == "erased"
            assert (kept.at, kept.sender, kept.session) == (entry.at, entry.sender, entry.session)
        self.nobody_is_two(entries)

    def nobody_is_two(self, entries):
        given = Counter(
            entry.sender
            for entry in entries
            if isinstance(entry, Presence) and entry.change == "joined" and entry.sender.startswith("Client")
        )
        seen = Counter(session.name for session in self.room.state.sessions.values())
        assert all(seen[name] <= 1 for name in given)

    @invariant()
    def places_and_names_are_kept(self):
        if not hasattr(self, "log"):
            return
        state = self.room.state
        here = state.open_sessions()
        assert len({fold(session.name) for session in here}) == len(here) == len(state.names)
        names, limit = set(), 0
        for position, body in enumerate(self.log.records, 1):  # the naive room: who came and went
            if position > state.position:
                break
            record = decode(body)
            limit = getattr(record, "max_clients", limit)
            names = self.naive(names, limit, record, position)
        assert {fold(name) for name in names} == set(state.names)

    def naive(self, names, limit, record, position):
        made = self.room.state.ordinals.first_after(position - 1)
        if made > self.room.state.seq or self.room.state.ordinals.position_of(made) != position:
            return names
        for entry in entries_of(record, made):
            if isinstance(entry, Presence):
                if entry.change in ("left", "renamed"):
                    names = {name for name in names if fold(name) != fold(self.held(entry, names))}
                if entry.change in ("joined", "renamed"):
                    new = entry.name or entry.sender
                    assert fold(new) not in {fold(name) for name in names}
                    names = names | {new}
                if entry.change == "joined":
                    assert len(names) <= limit
        return names

    def held(self, entry, names):
        return next((name for name in names if name == entry.sender), entry.sender)

    @precondition(lambda self: self.room.state.seq)
    @rule(data=st.data())
    def history_is_what_was_logged(self, data):
        since = data.draw(st.integers(0, self.room.state.seq))
        page = asyncio.run(self.history.page(since, 1000, Filter()))
        _, entries = self.replayed()
        kept = entries[since : self.room.state.seq]
        assert page == [entry for entry in kept if not entry.to_session]

    @rule()
    def when_all_has_landed_refusals_are_exact(self):
        self.carry()
        state = self.room.state
        assert state.digest() == self.replayed()[0].digest()
        full = len(state.names) >= state.max_clients
        taken = fold("anna") in state.names
        refusal = self.room._forecast.refuse_place("anna")
        assert type(refusal) is (Full if full else NameTaken if taken else type(None))


RoomMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
test_the_room_keeps_its_promises = pytest.mark.timeout(300)(RoomMachine.TestCase)


def test_nobody_speaks_for_a_session_that_never_was():
    machine = RoomMachine()
    machine.begin(places=1)
    with pytest.raises(NotFound):
        machine.room.say(1, 7, "hi")
