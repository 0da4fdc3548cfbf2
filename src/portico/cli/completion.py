"""`portico completion SHELL`: a script that completes commands, flags and names, written from the parser.

A `Level` holds what can follow one command. bash and zsh get all of them as one function, in which only the
ways to offer something differ; fish gets a line for each thing.

Names and paths come from other people: a script offers them as they are and never has the shell expand
them (`compgen -W` would run what stands in `$( )`).
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from portico.cli import output

FILES, PEOPLE, PATHS = "FILES", "PEOPLE", "PATHS"
"""What is offered there is not words, but what the shell knows, or the server."""

MANY = (FILES, PATHS)
"""What is offered again and again, not just as the first argument."""

METAVARS = {"FILE": FILES, "DIRECTORY": FILES, "PATH": FILES, "DEST": FILES}
"""What the manual calls an argument that is a file of this machine."""

ELSEWHERE = {"NAME": PEOPLE, "PATH": PATHS, "FROM": PATHS, "TO": PATHS}
"""What the manual calls an argument that somebody else has named. After a flag it is one's own."""

WHO = "command portico status --online 2>/dev/null"

WHAT = "command portico list -- {}'**' 2>/dev/null | head -n 1000"
"""The paths that begin with what was typed: no more than anybody would look at."""


class Flag(NamedTuple):
    """A flag in all its spellings; `values` is None when it takes none, and empty when nobody can know."""

    spelled: Sequence[str]
    help: str
    values: Sequence[str] | None


class Level(NamedTuple):
    """What can follow `command`: the commands below it with their summaries, flags, and its arguments."""

    command: str
    below: dict[str, str]
    flags: list[Flag]
    values: list[str]


def levels(parser: argparse.ArgumentParser) -> Iterator[Level]:
    """Yield a parser's level, then those of the commands below it."""
    getattr(parser, "fill", lambda: None)()
    level = Level(parser.prog, {}, [], [])
    parsers: list[argparse.ArgumentParser] = []
    for action in parser._actions:  # noqa: SLF001 - argparse tells it in no other way
        if action.nargs == argparse.PARSER:
            parsers += (action.choices or {}).values()  # type: ignore[attr-defined]
            level.below.update((each.dest, each.help or "") for each in action._get_subactions())  # type: ignore[attr-defined]  # noqa: SLF001
        elif action.option_strings:
            values = None if action.nargs == 0 else _values(action)
            level.flags.append(Flag(action.option_strings, action.help or "", values))
        else:
            level.values.extend(_values(action))
    yield level
    for each in parsers:
        yield from levels(each)


def _values(action: argparse.Action) -> list[str]:
    if action.choices is not None:
        return [str(choice) for choice in action.choices]
    metavar = str(action.metavar or "")
    if "|" in metavar:
        return metavar.split("|")
    known = METAVARS if action.option_strings else METAVARS | ELSEWHERE
    return [known[metavar]] if metavar in known else []


BODY = """\
_portico() {{
    local command=portico word current previous
    {begin}
        case "$command $word" in
            {commands}) command="$command $word" ;;
        esac
    done
    case "$command $previous" in
{after_flags}
    esac
    if [[ $current == -* ]]; then
        case $command in
{flags}
        esac
        return
    fi
    case $command in
{arguments}
    esac
}}
"""

BASH = """\
# Completion of portico for bash:  source <(portico completion bash)
_portico_offer() {{
    local word
    for word; do
        [[ $word == "$current"* ]] && COMPREPLY+=("$(printf %q "$word")")
    done
}}
_portico_files() {{
    compopt -o default
}}
_portico_people() {{
    local names
    mapfile -t names < <({who})
    _portico_offer "${{names[@]}}"
}}
_portico_paths() {{
    local names
    mapfile -t names < <({what})
    _portico_offer "${{names[@]}}"
}}
{body}complete -F _portico portico
"""

BASH_BEGIN = """\
COMPREPLY=()
    current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do"""

ZSH = """\
#compdef portico
# Completion of portico for zsh:  source <(portico completion zsh)
_portico_offer() {{
    compadd -- "$@"
}}
_portico_files() {{
    _files
}}
_portico_people() {{
    compadd -- ${{(f)"$({who})"}}
}}
_portico_paths() {{
    compadd -- ${{(f)"$({what})"}}
}}
{body}if [[ $funcstack[1] == _portico ]]; then _portico "$@"; else compdef _portico portico; fi
"""

ZSH_BEGIN = """\
current=${words[CURRENT]} previous=${words[CURRENT-1]}
    for word in "${(@)words[2,CURRENT-1]}"; do"""


def bash(found: Sequence[Level]) -> str:
    """Return the script for bash, 4 or newer."""
    what = WHAT.format('"$current"')
    return BASH.format(who=WHO, what=what, body=_body(found, BASH_BEGIN))


def zsh(found: Sequence[Level]) -> str:
    """Return the script for zsh."""
    what = WHAT.format('"$current"')
    return ZSH.format(who=WHO, what=what, body=_body(found, ZSH_BEGIN))


def _body(found: Sequence[Level], begin: str) -> str:
    flags = [(level, word) for level in found for flag in level.flags for word in flag.spelled]
    return BODY.format(
        begin=begin,
        commands="|".join(shlex.quote(level.command) for level in found[1:]),
        after_flags="\n".join(_after_flags(found)),
        flags="\n".join(
            _case([each.command], _offer([w for level, w in flags if level is each])) for each in found
        ),
        arguments="\n".join(
            _case([each.command], _arguments(each)) for each in found if each.below or each.values
        ),
    )


def _after_flags(found: Sequence[Level]) -> Iterator[str]:
    """Yield what offers the values of flags; then those of which nobody can know any."""
    unknown: list[str] = []
    for level in found:
        for flag in level.flags:
            after = [f"{level.command} {word}" for word in flag.spelled]
            if flag.values:
                yield _case(after, f"{_offer(flag.values)}; return")
            elif flag.values is not None:
                unknown += after
    yield _case(unknown, "return")


def _case(patterns: Sequence[str], action: str) -> str:
    return f"        {'|'.join(map(shlex.quote, patterns))}) {action} ;;"


def _arguments(level: Level) -> str:
    """Return what offers the commands below, or arguments: words and people only as the first of them."""
    if level.below or set(level.values) <= set(MANY):
        return _offer([*level.below, *level.values])
    return f"[[ $previous == {level.command.split()[-1]} ]] && {_offer(level.values)}"


def _offer(values: Sequence[str]) -> str:
    if FILES in values:
        return "_portico_files"
    if PEOPLE in values:
        return "_portico_people"
    if PATHS in values:
        return "_portico_paths"
    return f"_portico_offer {shlex.join(values)}"


def fish(found: Sequence[Level]) -> str:
    """Return the script for fish."""
    lines = ["# Completion of portico for fish:  portico completion fish | source", "complete -c portico -f"]
    for level in found:
        when = f"complete -c portico -n {_fish(_condition(level))}"
        lines += [f"{when} -a {name} -d {_fish(summary)}" for name, summary in level.below.items()]
        lines += [f"{when} {_fish_flag(flag)}" for flag in level.flags]
        lines += [f"{when} {_fish_values(level.values)}"] if level.values else []
    return "\n".join(lines) + "\n"


def _condition(level: Level) -> str:
    """Return when fish is at a level: its command was typed, and none below it."""
    seen = [f"__fish_seen_subcommand_from {word}" for word in level.command.split()[1:]]
    return "; and ".join(
        seen + ([f"not __fish_seen_subcommand_from {' '.join(level.below)}"] if level.below else [])
    )


def _fish_flag(flag: Flag) -> str:
    spelled = [f"-l {word[2:]}" if word.startswith("--") else f"-s {word[1:]}" for word in flag.spelled]
    values = [] if flag.values is None else [_fish_values(flag.values, "-r ")]
    return " ".join([*spelled, *values, "-d", _fish(flag.help)])


def _fish_values(values: Sequence[str], needed: str = "") -> str:
    if FILES in values:
        return f"{needed}-F"
    asked = {PEOPLE: WHO, PATHS: WHAT.format("(commandline -ct)")}
    offered = f"({asked[values[0]]})" if values and values[0] in asked else " ".join(values)
    return f"{needed}-f -a {_fish(offered)}" if offered else f"{needed}-f"


def _fish(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


SHELLS: dict[str, Callable[[Sequence[Level]], str]] = {"bash": bash, "zsh": zsh, "fish": fish}


def add_completion(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = (
        "Print a script that completes commands, flags and names. In ~/.bashrc:"
        " source <(portico completion bash). In ~/.zshrc: source <(portico completion zsh)."
        " In ~/.config/fish/config.fish: portico completion fish | source."
    )
    parser.add_argument("shell", choices=SHELLS, metavar="|".join(SHELLS), help="your shell")
    parser.set_defaults(run=completion)


def completion(arguments: argparse.Namespace) -> int:
    """`portico completion`."""
    from portico.cli.main import build_parser

    output.prepare()
    output.lines([SHELLS[arguments.shell](list(levels(build_parser()))).rstrip("\n")])
    return 0
