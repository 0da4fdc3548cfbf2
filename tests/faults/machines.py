"""Other machines and small disks, made of network namespaces and tmpfs; they take root on Linux."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def run(*command: str) -> None:
    """Runs a command of the system; skips the test where that is not allowed."""
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip(f"{command[0]} is not here: apt-get install iproute2 mount")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"{' '.join(command[:3])} needs root and a Linux that lets it: {error.stderr.strip()}")


class Machine:
    """A machine of its own beside this one, by a cable that can be pulled."""

    def __init__(self, number: int) -> None:
        self.name = f"portico-{os.getpid()}-{number}"
        self.link = f"pt{os.getpid() % 100_000}x{number}"
        net = f"10.{200 + number}.{os.getpid() % 250}"
        self.here, self.there = f"{net}.1", f"{net}.2"

    def plug(self) -> None:
        inside = ("ip", "netns", "exec", self.name, "ip")
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        run("ip", "address", "add", f"{self.here}/24", "dev", self.link)
        run("ip", "link", "set", self.link, "up")
        run(*inside, "address", "add", f"{self.there}/24", "dev", "eth0")
        run(*inside, "link", "set", "eth0", "up")

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Starts a program on that machine."""
        return subprocess.Popen(
            ["ip", "netns", "exec", self.name, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def pull(self) -> None:
        """Pulls the cable: nothing comes through any more, and nobody is told."""
        run("ip", "link", "set", self.link, "down")

    def remove(self) -> None:
        subprocess.run(["ip", "netns", "delete", self.name], check=False, capture_output=True)
        subprocess.run(["ip", "link", "delete", self.link], check=False, capture_output=True)


@contextmanager
def machine(number: int) -> Iterator[Machine]:
    """A machine for the time of a test; numbers tell several apart."""
    it = Machine(number)
    try:
        it.plug()
        yield it
    finally:
        it.remove()


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """A disk of this size, mounted at a place that is made for it."""
    place.mkdir()
    run("mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place))
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=False)
