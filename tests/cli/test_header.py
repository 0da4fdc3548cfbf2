"""What is said again and again of a room that asks nobody."""

from __future__ import annotations

from portico.cli import header


async def test_a_room_without_a_door_is_told_every_hour(monkeypatch):
    planned = []

    class Loop:
        def call_later(self, seconds, call, *arguments):
            planned.append((seconds, lambda: call(*arguments)))

    monkeypatch.setattr(header.asyncio, "get_running_loop", Loop)
    said = []
    header.say_hourly("nobody is asked", said.append)
    assert said == ["nobody is asked"]
    seconds, again = planned.pop()
    assert seconds == 3_600
    again()
    assert said == ["nobody is asked"] * 2
    assert len(planned) == 1
