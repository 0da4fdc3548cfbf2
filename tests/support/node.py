"""Scripts for Node, with the client libraries that dev.py installs in .venv/node."""

import os
import subprocess
from pathlib import Path

from tests.support.stream import PATIENCE

NODE_MODULES = Path(__file__).resolve().parents[2] / ".venv" / "node" / "node_modules"


def run_node(script: str, *arguments: str, timeout: float = 2 * PATIENCE) -> str:
    """Runs a script with `require` finding the installed packages; returns what it prints."""
    done = subprocess.run(
        ["node", "-e", script, "--", *arguments],
        env={**os.environ, "NODE_PATH": str(NODE_MODULES)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, f"node ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout
