"""The one order in which a person reads: answers in the order of the lines, entries in the order of the room.

One's own message is acknowledged where its entry stands among the entries of others, so both orders are one:

    asked    A  B  list C        an answer waits for all before it; that of a message waits for its entry
    entries  1:A  2:X  3:B  4:C  an entry waits, when it is one's own, until its line's answer has come

No sockets and no clock: answers and entries go in, what is to be shown comes out of `take`.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from portico.client.prompt.wording import Shown, answer, arrival, notice
from portico.model.entries import Entry, FileEvent, Presence
from portico.model.replies import Farewell, Said

QUIET = (Presence, FileEvent)
"""Entries that are no answer to a line, also when they are one's own."""


class Turn:
    """The place of one typed line; `reply` is None until there is one."""

    __slots__ = ("reply",)

    def __init__(self) -> None:
        """Begin unanswered."""
        self.reply: Any = None


class Dialogue:
    """What one person sees.

    `name` is who one is at this point of the entries, `position` the number of the entry dealt with last.
    `quiet`: what others do is not shown. `over`: everything before the goodbye is shown.
    """

    def __init__(self, name: str, position: int) -> None:
        """Begin behind the entry that made one part of the room."""
        self.name, self.position = name, position
        self.quiet = self.over = False
        self._turns: deque[Turn] = deque()
        self._entries: deque[Entry] = deque()
        self._out: list[Shown] = []

    @property
    def unanswered(self) -> int:
        """How many lines have no answer on the screen."""
        return len(self._turns)

    def take(self) -> list[Shown]:
        """Return what is to be shown now."""
        out, self._out = self._out, []
        return out

    def turn(self) -> Turn:
        """Give a line its place."""
        turn = Turn()
        self._turns.append(turn)
        return turn

    def answer(self, turn: Turn, reply: Any) -> None:  # noqa: ANN401 - any reply
        """Take the answer to a line; `Farewell` when everything before it is to be shown, and no more."""
        turn.reply = reply
        self._flow()

    def entry(self, entry: Entry) -> None:
        """Take the next entry."""
        self._entries.append(entry)
        self._flow()

    def notice(self, sentence: str) -> None:
        """Show something about the prompt itself, at once."""
        self._out.append(notice(sentence))

    def tell(self, shown: Shown) -> None:
        """Show something that belongs to no line and no entry, at once."""
        self._out.append(shown)

    def skip(self, position: int) -> None:
        """Go on behind an entry: what did not come before it never will."""
        while self._entries:
            self._show(self._entries.popleft())
        self.position = position
        for turn in self._turns:
            if isinstance(turn.reply, Said):
                turn.reply.seq = min(turn.reply.seq, position)
        self._flow()

    def _flow(self) -> None:
        while not self.over and (self._next_turn() or self._next_entry()):
            pass

    def _next_turn(self) -> bool:
        """Show the oldest line's answer, if it is there and its place has come."""
        reply = self._turns[0].reply if self._turns else None
        if reply is None or (isinstance(reply, Said) and reply.seq > self.position):
            return False
        self._turns.popleft()
        if isinstance(reply, Farewell):
            self.over = True
        else:
            self._out.append(answer(reply))
        return True

    def _next_entry(self) -> bool:
        """Deal with the oldest entry, unless it may be that of a line whose answer has not come yet."""
        if not self._entries:
            return False
        entry, reply = self._entries[0], self._turns[0].reply if self._turns else None
        own = type(entry) not in QUIET and entry.sender == self.name
        if own and self._turns and reply is None:
            return False
        self._entries.popleft()
        self.position = entry.seq
        if not (isinstance(reply, Said) and reply.seq == entry.seq):
            self._show(entry)
        return True

    def _show(self, entry: Entry) -> None:
        """Show an entry that answers no line; one's own comings, goings and files one knows."""
        if type(entry) is Presence and self.name in (entry.sender, entry.name):
            self.name = entry.name or self.name
        elif type(entry) is FileEvent and entry.sender == self.name:
            pass
        elif not self.quiet:
            self._out.append(arrival(entry))
