"""Inputs until the time is up, or so many; the first that breaks something is raised with it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from fuzz.mutate import mutate
from fuzz.targets import TARGETS


class Found(Exception):
    """An input that breaks something; the error is its cause."""

    def __init__(self, data: bytes) -> None:
        """Keep the input."""
        super().__init__(f"{len(data)} bytes: {data!r}")
        self.data = data


def run(name: str, seed: int, more: Callable[[int], bool]) -> int:
    """Try inputs while `more` says so of their count; return the count, or raise `Found`."""
    corpus, target = TARGETS[name]
    count = 0
    while more(count):
        random = Random(f"{name} {seed} {count}")
        data = corpus[count] if count < len(corpus) else mutate(random, corpus)
        try:
            target(random, data)
        except Exception as error:
            raise Found(data) from error
        count += 1
    return count
