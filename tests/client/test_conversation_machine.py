"""A conversation with the real room, codec and commands, cut at any byte in either direction.

The server is whole and in memory; the network between is two heaps of bytes of which any part may arrive
before the rest is lost. The server may notice that a connection is gone, or believe in it for a while.
"""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from portico.wire import CODECS, Wire
from tests.support.service import Guest, InMemory, finish
from tests.support.talk import Answer, Talk

SOME = st.integers(0, 400) | st.just(1 << 20)


class Socket(Guest):
    """The server's end of a connection; as over a real one, what FOLLOW pushes comes after its answer."""

    def __init__(self, service: InMemory) -> None:
        super().__init__(service, CODECS[Wire.RESP]())
        self.up, self.down = bytearray(), bytearray()
        self._after: int | None = None

    def follow(self, after: int) -> None:
        self.following, self._after = False, after

    def _run(self, requests):
        said = self.heard()
        for request in requests:
            said += super()._run([request])
            if self._after is not None:
                super().follow(self._after)
                self._after = None
        return said + self.heard()

    def deliver(self, count: int) -> None:
        """Let so many bytes reach the server; what it says then is on its way."""
        data, self.up = bytes(self.up[:count]), self.up[count:]
        if not self.closed:
            self.down += self.heard() + self.feed(data)

    def vanish(self) -> None:
        """The server notices that nobody is there."""
        self.service.guests.remove(self)
        if self.call_state.session:
            self.service.room.leave(self.service.clock.now(), self.call_state.session)
            self.service.carry()


class CutMachine(RuleBasedStateMachine):
    @initialize(wanted=st.sampled_from([None, "ann", ""]))
    def begin(self, wanted):
        self.service = InMemory()
        self.other = self.service.resp()
        self.talk = Talk(wanted)
        self.socket: Socket | None = None
        self.ghosts: list[Socket] = []
        self.asked: list[tuple[str, Answer]] = []
        self.places: list[list[int]] = []
        self.following = False
        self.connect()

    # What the user does

    @rule()
    def say(self):
        text = f"text {len(self.asked)}"
        speaker = ["AS", "bot"] if self.talk.conversation.wanted is None else []
        self.asked.append((text, self.talk.ask("SAY", text, "ID", text, *speaker)))
        self.flush()

    @rule()
    def follow_or_not(self):
        if self.following:
            self.talk.conversation.unfollow()
        elif self.talk.conversation.facts:
            self.hear()
            self.places.append([])
            self.talk.conversation.follow()
        else:
            return
        self.hear()
        self.following = not self.following
        self.flush()

    @rule(count=st.integers(1, 3))
    def others_talk(self, count):
        for _ in range(count):
            self.other.call("SAY", "from somebody else", "AS", "other")

    # What the network does

    @precondition(lambda self: self.socket is not None)
    @rule(count=SOME)
    def bytes_reach_the_server(self, count):
        self.socket.deliver(count)

    @precondition(lambda self: self.socket is not None)
    @rule(count=SOME)
    def bytes_reach_the_client(self, count):
        socket = self.socket
        socket.down += socket.heard()
        data, socket.down = bytes(socket.down[:count]), socket.down[count:]
        self.talk.conversation.receive(data)
        self.hear()
        self.flush()

    @precondition(lambda self: self.socket is not None)
    @rule(noticed=st.booleans())
    def cut(self, noticed):
        if noticed:
            self.socket.vanish()
        else:
            self.ghosts.append(self.socket)
        self.socket = None
        self.talk.cut()

    @precondition(lambda self: self.socket is None)
    @rule()
    def connect(self):
        self.socket = Socket(self.service)
        self.talk.conversation.opened()
        self.flush()

    @precondition(lambda self: self.ghosts)
    @rule()
    def a_ghost_goes(self):
        self.ghosts.pop(0).vanish()

    # What is heard

    def flush(self):
        if self.socket is not None:
            self.socket.up += self.talk.conversation.take()

    def hear(self):
        refused = False
        for news in self.talk.news():
            assert news != "skipped", "everything is kept"
            if isinstance(news, int):
                self.places[-1].append(news)
            elif news != "introduced":
                assert news in ("TAKEN", "FULL"), news
                refused = True
        if refused:  # its owner breaks off and tries again, as long as it may be our own ghost
            self.cut(noticed=True)

    # What must be so in the end

    def teardown(self):
        if not hasattr(self, "service"):
            return
        for _ in range(10):
            while self.ghosts:
                self.a_ghost_goes()
            if self.socket is None or self.socket.closed:
                if self.socket is not None:
                    self.cut(noticed=True)
                self.connect()
            for _ in range(8):
                if self.socket is not None:
                    self.bytes_reach_the_server(1 << 20)
                if self.socket is not None:
                    self.bytes_reach_the_client(1 << 20)
        self.others_talk(1)
        self.bytes_reach_the_client(1 << 20)
        self.everything_was_said_once_and_in_order()
        self.entries_came_once_and_in_order()

    def everything_was_said_once_and_in_order(self):
        entries = finish(self.service.history.after(0, 10_000))
        said = [(e.text, e.seq) for e in entries if e.kind == "message" and e.text.startswith("text")]
        assert said == [(text, answer.value) for text, answer in self.asked]

    def entries_came_once_and_in_order(self):
        head = self.service.history.head
        for place in self.places:
            assert place == list(range(place[0], place[0] + len(place))) if place else True
        if self.following:
            assert self.places[-1][-1] == head


CutMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_nothing_is_lost_said_twice_or_out_of_order = pytest.mark.timeout(300)(CutMachine.TestCase)
