"""What is fuzzed, and what must hold whatever comes: any error that is raised is a finding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from fuzz import corpus
from fuzz.mutate import cut
from portico.commands.named import words_of
from portico.model.errors import PorticoError
from portico.model.requests import Line
from portico.wire import CODECS, Codec, Wire, sniff
from portico.wire.frames import Close
from portico.wire.resp import REQUEST_BYTES
from portico.wire.websocket import JsonCodec
from tests.support.service import Guest, InMemory

HELD_BYTES = 2 * REQUEST_BYTES + (1 << 18)
"""What a codec may hold: the largest request, in words and as bytes, and a packet."""

Target = Callable[[Random, bytes], None]


def _meaning(codec: Any, packets: Sequence[bytes]) -> list[Any]:  # noqa: ANN401 - a codec that holds
    """Feed packets; return what they mean, errors as their sentences."""
    found: list[Any] = []
    for packet in packets:
        found += codec.receive(packet)
        assert _held(codec) <= HELD_BYTES
    found += codec.end()
    for each in found:
        if isinstance(each, PorticoError):
            assert codec.reply(each)
    return [str(each) if isinstance(each, PorticoError) else each for each in found]


def _held(codec: Any) -> int:  # noqa: ANN401 - a codec that holds
    """Return how many bytes a codec holds."""
    if isinstance(codec, JsonCodec):
        frames = codec._frames  # noqa: SLF001 - what is held is what is looked at
        return len(frames._buffer) + len(frames._fragments)  # noqa: SLF001
    return len(codec._held)  # noqa: SLF001


def _of(wire: Wire) -> Callable[[], Codec]:
    def make() -> Codec:
        return CODECS[wire]()

    return make


def _web_codec() -> JsonCodec:
    return JsonCodec(words_of)


def _codec(make: Callable[[], Codec]) -> Target:
    def target(random: Random, data: bytes) -> None:
        whole, parts = _meaning(make(), [data]), _meaning(make(), cut(random, data))
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


def _json(_random: Random, data: bytes) -> None:
    """Carry the input out as the message of a page: it has one answer, in JSON."""
    guest = Guest(InMemory(), _web_codec())
    frame = (b"\x81\xff%b" + bytes(4)) % len(data).to_bytes(8, "big")
    for asked in guest.codec.receive(frame + data):
        said = guest.codec.reply(guest.answer(asked) if isinstance(asked, list) else asked)
        assert isinstance(asked, Close) or len(said) < HELD_BYTES
        assert said.startswith(b"\x88") if isinstance(asked, Close) else said.startswith(b"\x81")


TARGETS: dict[str, tuple[list[bytes], Target]] = {
    "resp": (corpus.RESP, _codec(_of(Wire.RESP))),
    "text": (corpus.TEXT, _codec(_of(Wire.TEXT))),
    "frames": (corpus.FRAMES, _codec(_web_codec)),
    "json": (corpus.JSON, _json),
    "sniff": (corpus.SNIFF, _sniff),
    "bind": (corpus.BIND, _bind),
}
