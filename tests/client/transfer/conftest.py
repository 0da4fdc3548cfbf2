"""A server of files that the test plays, a client of it, and a job that nobody watches."""

import asyncio

import pytest

from portico import AsyncClient
from portico.client.transfer import job as job_module
from portico.client.transfer import route as route_module
from portico.client.transfer.job import Job
from tests.support.filehost import FileHost


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """Uploads are remembered in a place of the test's own, and pauses are short."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(route_module, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(route_module, "LONGEST_PAUSE", 0.01)
    monkeypatch.setattr(route_module, "BUSY_PAUSE", 0.001)
    monkeypatch.setattr(job_module, "REPORT_SECONDS", 0.0)
    return tmp_path / "state" / "portico" / "uploads.json"


@pytest.fixture
def host():
    with FileHost() as made:
        yield made


@pytest.fixture
async def client(host):
    async with AsyncClient(host.address, timeout=5) as made:
        yield made


@pytest.fixture
async def job():
    return Job(asyncio.get_running_loop(), None)
