"""Every figure of `python -m bench wire` and `python -m bench client`, in the order of their tables."""

from bench.figures import client as library
from bench.figures import crash, fanout, memory, requests, threads
from bench.figures.base import Measurable


def wire() -> list[Measurable]:
    """Requests, fan-out, memory, the report's server, and last the one that asks for correctness."""
    return [*requests.figures(), *fanout.figures(), *memory.figures(), *threads.figures(), crash.FIGURE]


def client() -> list[Measurable]:
    """The client library beside redis-py's."""
    return [*library.figures()]


GROUPS = {
    "wire": "requests, durable messages, fan-out, memory, crashes",
    "client": "the client library beside redis-py's",
}
"""What the command line offers: the functions above, and what they measure."""
