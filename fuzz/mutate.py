"""How one input becomes another: bytes changed, cut out, doubled, and pieces spliced in."""

from __future__ import annotations

from random import Random

from fuzz.corpus import PIECES

MOST_CHANGES = 6


def _place(random: Random, data: bytes) -> tuple[int, int]:
    start = random.randint(0, len(data))
    return start, min(len(data), start + random.choice((1, 2, 8, 64)))


def _change(random: Random, data: bytes) -> bytes:
    start, end = _place(random, data)
    return data[:start] + random.randbytes(end - start) + data[end:]


def _remove(random: Random, data: bytes) -> bytes:
    start, end = _place(random, data)
    return data[:start] + data[end:]


def _double(random: Random, data: bytes) -> bytes:
    start, end = _place(random, data)
    return data[:end] + data[start:]


def _splice(random: Random, data: bytes) -> bytes:
    start, _ = _place(random, data)
    return data[:start] + random.choice(PIECES) + data[start:]


CHANGES = (_change, _remove, _double, _splice, _splice)


def mutate(random: Random, corpus: list[bytes]) -> bytes:
    """Return a new input: one or two of the corpus, changed a few times."""
    data = random.choice(corpus) + random.choice([b"", random.choice(corpus)])
    for _ in range(random.randint(0, MOST_CHANGES)):
        data = random.choice(CHANGES)(random, data)
    return data


def cut(random: Random, data: bytes) -> list[bytes]:
    """Return the input in packets."""
    places = sorted(random.randint(0, len(data)) for _ in range(random.randint(0, 6)))
    ends = [0, *places, len(data)]
    return [data[ends[at] : ends[at + 1]] for at in range(len(ends) - 1)]
