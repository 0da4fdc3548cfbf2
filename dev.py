"""All that a checkout needs: python3 dev.py COMMAND.

    serve [DIRECTORY] [flags]   run the server, on examples/repository unless a directory is given
    connect [flags]             join the room of a server and talk, in another terminal
    token create|list|revoke    who may come in, where a room wants a token
    invite [flags]              an address, a link and a code for somebody who shall come in
    test [--all] [pytest args]  the static checks and the tests; with --all a missing peer is a failure,
                                and the quick tests run on every Python of this machine
    check                       the static checks alone
    bench wire|client|files|http|page
                                the benchmarks, each beside its peers; --quick for a look
    docs                        write docs/commands.md anew from the command table
    fuzz [args]                 the fuzzer
    faults all|WHAT [args]      what is promised when things go wrong, at full size: kills, restart, crowd,
                                readers, disk, hostile, and our client and transfers disturbed

It keeps a virtual environment in .venv: made when there is none, installed into once per change of
pyproject.toml, with the tools of development only for the commands that need them. It uses the standard
library alone, and every tool runs as `python -m tool`, so that a checkout may be moved.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST = (3, 11)

# Stands before everything that an older Python could not run.
if sys.version_info < OLDEST:
    sys.exit(
        f"Portico needs Python 3.11 or newer. This is Python {sys.version.split()[0]}, {sys.executable}."
    )

ROOT = Path(__file__).resolve().parent
EXAMPLE = ROOT / "examples" / "repository"

# Any file of the checkout will do: nothing is written to it.
LOCK = ROOT / "dev.py"

# The extras of pyproject.toml, each with all of those before it.
EXTRAS = ("", "test", "dev")

# The oldest and the newest version that are supported; `test --all` tries both where they are here.
PYTHONS = ("3.11", "3.13")

# Client libraries of other languages that the tests talk to; the tests look for them in this folder.
NODE_FOLDER = ROOT / ".venv" / "node"
NODE_PACKAGES = ("ioredis@5", "tus-js-client@4")

# More workers than this gain nothing: the tests wait for servers more than they compute.
MOST_WORKERS = 4

CHECKS = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "mypy": ["-m", "mypy"],
    "import-linter": ["-c", "from importlinter.cli import lint_imports_command as main; main(['--no-logo'])"],
    "generated docs": ["-m", "portico.cli.docs", "--check"],
}


class Failure(Exception):
    """What went wrong, as a sentence for the person who ran the command."""


# --- the environment ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Environment:
    """A virtual environment of this checkout, and the Python it is made from."""

    directory: Path
    creator: str
    version: str

    @property
    def python(self) -> str:
        folder = "Scripts" if os.name == "nt" else "bin"
        return str(self.directory / folder / "python")

    @property
    def stamp(self) -> Path:
        return self.directory / "installed.json"

    @property
    def log(self) -> Path:
        return self.directory / "install.log"

    def usable(self) -> bool:
        """Whether its Python is there and of the version wanted."""
        try:
            settings = (self.directory / "pyvenv.cfg").read_text()
        except OSError:
            return False
        made_from = re.search(r"^version\S* = (\d+\.\d+)", settings, re.MULTILINE)
        right = made_from is not None and made_from[1] == self.version
        return right and shutil.which(self.python) is not None

    def installed(self, extra: str) -> bool:
        """Whether this checkout's pyproject.toml, with at least this extra, is what was installed last."""
        try:
            last = json.loads(self.stamp.read_text())
        except (OSError, ValueError):
            return False
        wanted = stamp_of(extra)
        enough = EXTRAS.index(last.pop("extra", "")) >= EXTRAS.index(extra)
        return enough and last == {key: wanted[key] for key in wanted if key != "extra"}


def stamp_of(extra: str) -> dict[str, str]:
    pyproject = (ROOT / "pyproject.toml").read_bytes()
    return {"pyproject": hashlib.sha256(pyproject).hexdigest(), "checkout": str(ROOT), "extra": extra}


def main_environment() -> Environment:
    return Environment(ROOT / ".venv", sys.executable, "{}.{}".format(*sys.version_info))


def prepare(environment: Environment, extra: str = "") -> None:
    """Makes the environment and installs the project into it, unless that is done already."""
    with one_at_a_time():
        if environment.usable() and environment.installed(extra):
            return
        name = environment.directory.name
        with progress(f"Installing Portico in {name}, once") as tick:
            if not environment.usable():
                make(environment, tick)
            environment.stamp.unlink(missing_ok=True)
            target = f".[{extra}]" if extra else "."
            pip = [environment.python, "-m", "pip", "--disable-pip-version-check", "--no-input"]
            run_logged([*pip, "install", "--editable", target], environment.log, tick)
            environment.stamp.write_text(json.dumps(stamp_of(extra)))


def make(environment: Environment, tick: "Tick") -> None:
    environment.directory.mkdir(exist_ok=True)
    log = environment.directory.with_name(f"{environment.directory.name}-failed.log")
    try:
        run_logged([environment.creator, "-m", "venv", "--clear", str(environment.directory)], log, tick)
    except Failure as failure:
        hint = "\nOn Debian and Ubuntu: apt-get install python3-venv" if sys.platform == "linux" else ""
        raise Failure(f"{failure}{hint}") from None
    log.unlink()


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Holds a lock, for two terminals that start at once in a fresh checkout."""
    try:
        import fcntl  # noqa: PLC0415 - not on Windows
    except ImportError:
        yield
        return
    with LOCK.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for the installation that another terminal has begun ...", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


# --- running things -------------------------------------------------------------------------------


class Tick:
    """One line that says what is being waited for; on a terminal with the seconds so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.began = time.monotonic()
        self.live = sys.stderr.isatty()
        if not self.live:
            self._write(f"{text} ...")

    def __call__(self) -> None:
        if self.live:
            self._write(f"\r{self.text} ... {self._seconds()}")

    def end(self, outcome: str) -> None:
        start = f"\r{self.text} ..." if self.live else ""
        self._write(f"{start} {outcome} after {self._seconds()}.\n")

    def _seconds(self) -> str:
        return f"{time.monotonic() - self.began:.0f} s"

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


@contextlib.contextmanager
def progress(text: str) -> Iterator[Tick]:
    tick = Tick(text)
    try:
        yield tick
    except BaseException:
        tick.end("stopped")
        raise
    tick.end("done")


def run_logged(command: list[str], log: Path, tick: Tick) -> None:
    """Runs a command with its output in a file; when it fails, the last lines become the sentence."""
    with log.open("w+b") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        with process:
            while process.poll() is None:
                tick()
                time.sleep(0.1)
    if process.returncode:
        raise Failure(f"This command failed: {' '.join(command)}\n{last_lines(log)}\nAll of it is in {log}.")


def last_lines(log: Path, count: int = 12) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return "\n".join(f"  {line[:200]}" for line in lines[-count:])


def succeeds(environment: Environment, arguments: list[str], **variables: str) -> bool:
    """Runs the environment's Python in the checkout, its output for all to see."""
    command = [environment.python, *arguments]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, check=False).returncode == 0


def become(command: list[str]) -> int:
    """Replaces this process, so that signals go straight to the program; where that exists."""
    if os.name == "nt":
        return subprocess.run(command, check=False).returncode
    os.execv(command[0], command)  # noqa: S606 - a list, no shell
    return 0  # never reached; for the type checker


# --- the commands ---------------------------------------------------------------------------------


def serve(arguments: list[str]) -> int:
    return portico("serve", *serve_arguments(arguments))


def connect(arguments: list[str]) -> int:
    return portico("connect", *arguments)


def token(arguments: list[str]) -> int:
    return portico("token", *arguments)


def invite(arguments: list[str]) -> int:
    return portico("invite", *arguments)


def portico(*arguments: str) -> int:
    """Becomes a command of Portico, which is told how to name itself in what it advises."""
    prepare(main_environment())
    os.environ["PORTICO_COMMAND"] = "python3 dev.py"
    return become([main_environment().python, "-m", "portico", *arguments])


def serve_arguments(arguments: list[str]) -> list[str]:
    """The server's arguments: the example's directory first, unless one is given."""
    if arguments and not arguments[0].startswith("-"):
        return arguments
    return [os.path.relpath(EXAMPLE), *arguments]


def check(arguments: list[str]) -> int:
    if arguments:
        raise Failure("check takes no arguments.")
    prepare(main_environment(), "dev")
    return conclude(failed_checks(main_environment()))


def failed_checks(environment: Environment) -> list[str]:
    """Runs every check, shows the output of those that fail, and returns their names."""
    failed = []
    for name, arguments in CHECKS.items():
        command = [environment.python, *arguments]
        result = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        say(f"{name}: {'failed' if result.returncode else 'ok'}")
        if result.returncode:
            say((result.stdout + result.stderr).decode(errors="replace").rstrip())
            failed.append(name)
    return failed


def test(arguments: list[str]) -> int:
    everything = "--all" in arguments
    arguments = [argument for argument in arguments if argument != "--all"]
    environment = main_environment()
    prepare(environment, "dev")
    install_node_packages()
    failed = failed_checks(environment)
    if everything:
        failed += failed_on_other_pythons(arguments)
    if not run_tests(environment, arguments, everything=everything):
        failed.append("tests")
    return conclude(failed)


def run_tests(environment: Environment, arguments: list[str], *, everything: bool) -> bool:
    """Runs pytest; tests/conftest.py lists what was skipped, or makes a failure of it."""
    # The tests start hundreds of servers and commands; none shall compile the same modules again.
    variables = {"PYTHONDONTWRITEBYTECODE": ""} | ({"PORTICO_TEST_ALL": "1"} if everything else {})
    return succeeds(environment, ["-m", "pytest", *workers(arguments), *arguments], **variables)


def workers(arguments: list[str]) -> list[str]:
    """The flags that share the tests out, unless the person chose or a debugger needs the terminal."""
    if any(argument.startswith(("-n", "--numprocesses", "--pdb", "--trace")) for argument in arguments):
        return []
    # Two more than there are processors, as two of them always wait.
    return ["-n", str(min(MOST_WORKERS, 2 + (os.cpu_count() or 1))), "--dist", "worksteal"]


def failed_on_other_pythons(arguments: list[str]) -> list[str]:
    failed = []
    for environment in other_environments():
        prepare(environment, "test")
        say(f"The quick tests on Python {environment.version}")
        if not run_tests(environment, ["-q", "-m", "not slow", *arguments], everything=True):
            failed.append(f"tests on Python {environment.version}")
    return failed


def bench(arguments: list[str]) -> int:
    return run_module("bench", arguments)


def fuzz(arguments: list[str]) -> int:
    return run_module("fuzz", arguments)


def faults(arguments: list[str]) -> int:
    return run_module("faults", arguments)


def docs(arguments: list[str]) -> int:
    return run_module("portico.cli.docs", arguments)


def run_module(module: str, arguments: list[str]) -> int:
    prepare(main_environment(), "dev")
    os.chdir(ROOT)
    return become([main_environment().python, "-m", module, *arguments])


def conclude(failed: list[str]) -> int:
    if failed:
        say(f"Failed: {', '.join(failed)}.")
    return 1 if failed else 0


def say(text: str) -> None:
    print(text, flush=True)


# --- what else is on this machine -----------------------------------------------------------------


def other_environments() -> list[Environment]:
    """One environment for each further version of Python that this machine has."""
    mine = main_environment().version
    found = {version: find_python(version) for version in PYTHONS if version != mine}
    return [Environment(ROOT / f".venv-{v}", python, v) for v, python in found.items() if python]


def find_python(version: str) -> str | None:
    """The first Python of this version that runs and can make virtual environments."""
    return next((python for python in candidates(version) if runs(python, version)), None)


def candidates(version: str) -> Iterator[str]:
    for folder in os.get_exec_path():
        python = shutil.which(f"python{version}", path=folder)
        if python:
            yield python
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    yield from (str(path) for path in sorted(pyenv.glob(f"versions/{version}.*/bin/python"), reverse=True))


def runs(python: str, version: str) -> bool:
    """Whether it really runs: pyenv leaves commands on the PATH that only say what is not chosen."""
    question = "import ensurepip, sqlite3, ssl, sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([python, "-c", question], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and answer.stdout.decode().strip() == version


def install_node_packages() -> None:
    """Installs the Node packages when there is npm; without them their tests say what is missing."""
    npm, stamp, wanted = shutil.which("npm"), NODE_FOLDER / "installed.txt", " ".join(NODE_PACKAGES)
    if npm is None or (stamp.exists() and stamp.read_text() == wanted):
        return
    NODE_FOLDER.mkdir(parents=True, exist_ok=True)
    flags = ["--prefix", str(NODE_FOLDER), "--no-audit", "--no-fund", "--ignore-scripts"]
    try:
        with progress(f"Installing {wanted} in .venv/node, once") as tick:
            run_logged([npm, "install", *flags, *NODE_PACKAGES], NODE_FOLDER / "install.log", tick)
        stamp.write_text(wanted)
    except Failure as failure:
        say(str(failure))


COMMANDS = {
    "serve": serve,
    "connect": connect,
    "token": token,
    "invite": invite,
    "test": test,
    "check": check,
    "bench": bench,
    "docs": docs,
    "fuzz": fuzz,
    "faults": faults,
}


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(__doc__)
        return 0 if arguments else 2
    command = COMMANDS.get(arguments[0])
    if command is None:
        print(f"There is no command {arguments[0]}. There are: {', '.join(COMMANDS)}.", file=sys.stderr)
        return 2
    try:
        return command(arguments[1:])
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
