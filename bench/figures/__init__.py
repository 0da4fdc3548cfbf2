"""Every figure of `python -m bench wire`, `client`, `files`, `http` and `page`, in the order of the table."""

from bench.figures import beside, bulk, copies, crash, fanout, memory, requests, start, threads
from bench.figures import client as library
from bench.figures import page as browser
from bench.figures.base import Measurable


def wire() -> list[Measurable]:
    """Requests, fan-out, memory, the report's server, and last the one that asks for correctness."""
    return [*requests.figures(), *fanout.figures(), *memory.figures(), *threads.figures(), crash.FIGURE]


def client() -> list[Measurable]:
    """What the client's side costs: the library, the shell."""
    return [*library.figures(), *start.figures()]


def files() -> list[Measurable]:
    """Files: long ones, trees, and what others notice of transfers."""
    return [*bulk.figures(), *copies.figures(), *beside.figures()]


def http() -> list[Measurable]:
    """Long files over HTTP."""
    return [*bulk.http_figures()]


def page() -> list[Measurable]:
    """The page in a browser."""
    return [*browser.figures()]
