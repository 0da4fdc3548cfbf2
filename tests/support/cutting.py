"""Bytes in packets: every way to cut a stream in two, and ways to cut it into many."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from hypothesis import strategies as st

from portico.model.errors import PorticoError
from portico.wire import Codec

Meaning = list[object]


def halves(data: bytes) -> Iterator[list[bytes]]:
    """The data whole, cut in two at every place, and byte by byte."""
    yield [data]
    for at in range(1, len(data)):
        yield [data[:at], data[at:]]
    yield [data[at : at + 1] for at in range(len(data))]


def pieces(data: bytes, places: Sequence[int]) -> list[bytes]:
    """The data cut at these places."""
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(ends)]


def meaning(codec: Codec, packets: Sequence[bytes], *, ended: bool = True) -> Meaning:
    """What a codec makes of packets: requests, and errors by their class and sentence."""
    found: Meaning = []
    for packet in packets:
        found += codec.receive(packet)
    if ended:
        found += codec.end()
    return [(type(each), str(each)) if isinstance(each, PorticoError) else each for each in found]


places = st.lists(st.integers(0, 1 << 20), max_size=8)
"""Where to cut."""
