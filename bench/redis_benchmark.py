"""Driving redis-benchmark: the generator for single requests, written in C and nobody's friend.

It must never meet a server that does not listen or refuses the command: towards the first it spins for ever,
the second it would count as answered. So every request is tried once by hand before time is taken.
"""

import csv
import subprocess
from collections.abc import Sequence
from dataclasses import replace

from bench import resp
from bench.context import Meter
from bench.errors import BenchError
from bench.ratios import Sample
from bench.servers import HOST, Server, tool

GRACE_SECONDS = 60.0


def try_once(server: Server, request: Sequence[str]) -> None:
    """The request is understood, or the figure means nothing."""
    with resp.Client(server.port) as client:
        try:
            client.call(*request)
        except (resp.RespError, OSError) as error:
            raise BenchError(f"{server.process.name} answered {request[0]} with: {error}") from error


def run(server: Server, request: Sequence[str], clients: int, pipeline: int, count: int) -> Sample:
    """Requests per second with `clients` connections, each with `pipeline` requests in flight."""
    command = [
        tool("redis-benchmark"),
        "-h",
        HOST,
        "-p",
        str(server.port),
        "-c",
        str(clients),
        "-n",
        str(count),
    ]
    command += ["-P", str(pipeline), "--csv", *request]
    with Meter(server.process) as meter:
        output = _bounded(command)
    server.process.settle()
    return without_start(meter.sample(rate(output)), count)


def without_start(sample: Sample, count: int) -> Sample:
    """The sample over the time redis-benchmark counts: it first pauses for every 64 connections it opens."""
    wall = min(sample.wall, count / sample.value)
    return replace(sample, wall=wall, others_cpu=sample.others_cpu * wall / sample.wall)


def calibrate(server: Server, request: Sequence[str], clients: int, pipeline: int) -> float:
    """A rough rate, for choosing how many requests make a run of the wanted length."""
    few = 20 * clients * pipeline
    first = run(server, request, clients, pipeline, few).value
    return run(server, request, clients, pipeline, max(few, int(first * 0.3))).value


def rate(output: str) -> float:
    """The requests per second in the CSV output."""
    rows = [row for row in csv.reader(output.splitlines()) if len(row) > 1 and row[0] != "test"]
    if not rows:
        raise BenchError(f"redis-benchmark measured nothing: {output.strip()[-200:]}")
    return float(rows[-1][1])


def _bounded(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GRACE_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"redis-benchmark had no end after {GRACE_SECONDS:.0f} s") from error
    if done.returncode or "Error from server" in done.stderr + done.stdout:
        raise BenchError(f"redis-benchmark failed: {(done.stderr or done.stdout).strip()[-200:]}")
    return done.stdout
