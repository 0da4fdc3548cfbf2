"""The prompt on a terminal: a line editor at the bottom, and above it what happens, drawn by prompt_toolkit.

The editor is one application from the first line to the goodbye. What is to be shown is written in the
place of the editor, which draws itself again below, without ever leaving the terminal's raw mode: no key
falls between.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncGenerator, Iterable

from prompt_toolkit import PromptSession
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer
from prompt_toolkit.completion import Completion as Offer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import History
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import ColorDepth, Output, create_output
from prompt_toolkit.output.vt100 import Vt100_Output

from portico.client.prompt.completion import Completion
from portico.client.prompt.memory import Memory
from portico.client.prompt.outlet import Outlet
from portico.client.prompt.paint import Paint
from portico.client.prompt.talk import Talk
from portico.client.prompt.wording import HINT, echo, notice

MENU_LINES = 6
"""Lines that Tab's offers may take."""


WATCH_SECONDS = 0.15
"""How often the lines of transfers are drawn."""


class Screen:
    """One person's terminal."""

    def __init__(self, talk: Talk, memory: Memory, paint: Paint, *, coloured: bool) -> None:
        """Prepare the editor."""
        self._talk, self._coloured = talk, coloured
        self._watching: asyncio.TimerHandle | None = None
        self._outlet = Outlet(self._write, paint, fold=True)
        talk.show = self._outlet.show
        talk.errands.began = self._watch
        completion = Completion(talk.client)
        talk.heard.append(completion.heard)
        self._output = _output(coloured=coloured)
        self._session: PromptSession[str] = PromptSession(
            self._prompt,
            completer=_Completer(completion),
            complete_while_typing=False,
            reserve_space_for_menu=MENU_LINES,
            history=_History(memory),
            key_bindings=self._keys(),
            enable_suspend=True,
            include_default_pygments_style=False,
            erase_when_done=True,
            output=self._output,
        )
        self._buffer.accept_handler = self._accept

    @property
    def _buffer(self) -> Buffer:
        return self._session.default_buffer

    async def run(self) -> None:
        """Talk until the goodbye."""
        app = self._session.app
        editing = asyncio.ensure_future(self._edit())
        try:
            await self._talk.run()
        finally:
            self._outlet.flush()
            if app.is_running:
                app.exit()
            await editing

    async def _edit(self) -> None:
        """Let lines be edited; a terminal that went away is a goodbye."""
        try:
            with contextlib.suppress(EOFError):
                await self._session.app.run_async()
        finally:
            self._talk.leave_now()

    def _prompt(self) -> StyleAndTextTuples:
        """Show how far files are above the line that is typed."""
        lines = self._talk.errands.lines(self._output.get_size().columns - 1)
        above = [("", f"{line}\n") for line in lines]
        return [*above, ("bold" if self._coloured else "", f"{self._talk.name}: ")]

    def _watch(self) -> None:
        """Draw now and then while files are on their way."""
        if self._watching is None and self._talk.errands.under_way:
            self._watching = asyncio.get_running_loop().call_later(WATCH_SECONDS, self._look)

    def _look(self) -> None:
        self._watching = None
        self._session.app.invalidate()
        self._watch()

    def _accept(self, buffer: Buffer) -> bool:
        self._enter(buffer.text)
        return False

    def _enter(self, text: str) -> None:
        if text:
            self._outlet.show([echo(self._talk.name, text)])
            self._talk.typed(text)

    def _write(self, text: str) -> None:
        """Write in the place of the editor, which appears below at the end of this turn."""
        app = self._session.app
        if app.is_running:
            app.renderer.erase()
        self._output.write_raw(text)
        self._output.flush()
        app.invalidate()

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        empty = Condition(lambda: not self._buffer.text)

        @keys.add("c-c")
        @keys.add("<sigint>")
        def clear(_event: KeyPressEvent) -> None:
            if self._buffer.text:
                self._buffer.reset()
            else:
                self._outlet.show([notice(HINT)])

        @keys.add("c-d", filter=empty)
        def leave(_event: KeyPressEvent) -> None:
            self._enter("bye")

        return keys


def _output(*, coloured: bool) -> Output:
    """Return the terminal; it is never asked where its cursor is, since not every one answers."""
    if sys.platform == "win32":
        return create_output()
    depth = None if coloured else ColorDepth.DEPTH_1_BIT
    output = Vt100_Output.from_pty(sys.stdout, default_color_depth=depth)
    output.enable_cpr = False
    return output


class _History(History):
    """The memory, as the editor reads it."""

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self._memory = memory

    def load_history_strings(self) -> Iterable[str]:
        return reversed(self._memory.lines)

    def store_string(self, string: str) -> None:
        self._memory.keep(string)


class _Completer(Completer):
    """The completion, as the editor asks for it."""

    def __init__(self, completion: Completion) -> None:
        self._completion = completion

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Offer]:  # noqa: ARG002 - theirs
        return ()

    async def get_completions_async(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002 - theirs
    ) -> AsyncGenerator[Offer, None]:
        for each in await self._completion.candidates(document.text_before_cursor):
            yield Offer(each.text, -each.back, display_meta=each.note)
