"""What is fuzzed, and what must hold whatever comes: any error that is raised is a finding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from fuzz import corpus
from fuzz.mutate import cut
from portico.model.errors import PorticoError
from portico.model.requests import Line
from portico.wire import CODECS, Wire, sniff
from portico.wire.resp import REQUEST_BYTES
from tests.support.service import InMemory

HELD_BYTES = 2 * REQUEST_BYTES + (1 << 18)
"""What a codec may hold: the largest request, in words and as bytes, and a packet."""

Target = Callable[[Random, bytes], None]


def _meaning(codec: Any, packets: Sequence[bytes]) -> list[Any]:  # noqa: ANN401 - a codec that holds
    """Feed packets; return what they mean, errors as their sentences."""
    found: list[Any] = []
    for packet in packets:
        found += codec.receive(packet)
        assert len(codec._held) <= HELD_BYTES  # noqa: SLF001 - what is held is what is looked at
    found += codec.end()
    for each in found:
        if isinstance(each, PorticoError):
            assert codec.reply(each)
    return [str(each) if isinstance(each, PorticoError) else each for each in found]


def _codec(wire: Wire) -> Target:
    def target(random: Random, data: bytes) -> None:
        whole, parts = _meaning(CODECS[wire](), [data]), _meaning(CODECS[wire](), cut(random, data))
        assert parts == whole, "cut into packets it means something else"

    return target


def _sniff(random: Random, data: bytes) -> None:
    verdict, seen = sniff(data), b""
    assert sniff(data, ended=True) is not Wire.MORE
    for packet in cut(random, data):
        seen += packet
        early = sniff(seen)
        assert early in (Wire.MORE, verdict), "cut into packets it is another wire"


def _bind(random: Random, data: bytes) -> None:
    """Bind the input and carry it out: as words of a program, or as a line of a person."""
    room = InMemory()
    room.resp().call("SAY", "hi")
    name, *words = data.split(b"\x00")
    person = random.random() < 1 / 2
    guest = room.text() if person else room.resp()
    rest = b" ".join(words).decode(errors="replace")
    answer = guest.answer(Line(name, rest) if person else [name, *words])
    said = guest.codec.reply(answer)
    if isinstance(answer, PorticoError):
        assert said.count(b"\n") == 1, "an error is more than one line"
        assert not set(said.rstrip(b"\r\n")) & set(range(32)), "an error holds a control character"


TARGETS: dict[str, tuple[list[bytes], Target]] = {
    "resp": (corpus.RESP, _codec(Wire.RESP)),
    "text": (corpus.TEXT, _codec(Wire.TEXT)),
    "http": (corpus.HTTP, _codec(Wire.HTTP)),
    "sniff": (corpus.SNIFF, _sniff),
    "bind": (corpus.BIND, _bind),
}
