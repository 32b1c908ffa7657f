"""The ``soundalike`` command: finds the subcommand, runs it, and turns errors into exit statuses.

Exit status: 0 done (also with no match), 1 some inputs failed, 2 wrong use, 3 could not run, 130 interrupted.
"""

from __future__ import annotations

import argparse
import difflib
import os
import shlex
import shutil
import sys
import textwrap
from collections.abc import Container, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from search import plugins
from search.errors import UsageError
from search.ground import process
from search.ground.ending import WRONG_USE, with_status
from search.ground.parsing import Parser
from search.settings import Settings

if TYPE_CHECKING:
    from search.plugins import Command

ASK_HELP = ("-h", "--help")
SECTIONS = (
    ("Begin", ("index", "search", "serve")),
    ("Find", ("identify", "recommend", "path", "goes-with", "suggest", "listen", "map")),
    ("Describe sounds", ("facts", "defects", "events", "speech", "tags", "remarks")),
    ("Save and export", ("collections", "searches", "watch", "export", "backup", "restore")),
    ("Maintain the library", ("info", "verify", "remove", "relocate", "duplicates", "merge", "unmerge")),
    ("Encoders and spaces", ("reindex", "fingerprints", "spaces", "compare")),
    ("Storage, workers and access", ("init", "doctor", "migrate", "work", "keys", "mcp")),
    ("Make sounds", ("make", "compose", "say")),
    ("Measure and train", ("bench", "train")),
)
"""The headings of ``--help``, each with Soundalike's own commands. Commands of plug-ins come last."""
OTHERS = "From other packages"
_NAME_WIDTH = 14


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``soundalike`` with ``argv`` (default: this process's arguments). Return the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _let_any_name_be_printed()
    process.own()
    return _run(arguments)


@with_status
def _run(arguments: Sequence[str]) -> int:
    commands = {command.name: command for command in plugins.commands()}
    arguments = _command_first(arguments, commands)
    called = next((argument for argument in arguments if not argument.startswith("-")), None)
    if called is not None and called not in commands:
        raise UsageError(_no_command(called, commands))
    parser = _parser(commands, called, described=not arguments or arguments[0] in ASK_HELP)
    if not arguments:
        parser.print_help(sys.stderr)
        return WRONG_USE
    args = parser.parse_args(arguments)
    return commands[args.command].run(args, Settings.from_env(os.environ))


def _command_first(arguments: Sequence[str], commands: Container[str]) -> Sequence[str]:
    """Move options that stand before the command behind it, so that ``--library L search dog`` works."""
    if not arguments or not arguments[0].startswith("-") or arguments[0] in (*ASK_HELP, "--version"):
        return arguments
    words = [place for place, argument in enumerate(arguments) if not argument.startswith("-")]
    named = [place for place in words if arguments[place] in commands]
    no_values = [place for place in words if not arguments[place - 1].startswith("-") or "=" in arguments[place - 1]]
    # what follows an option is its value, unless no other word can be the command
    place = next(iter([*(each for each in named if each in no_values), *named, *no_values]), None)
    if place is None:
        raise UsageError(f"which command? Options come after it: soundalike COMMAND {shlex.join(arguments)}")
    return [arguments[place], *arguments[:place], *arguments[place + 1 :]]


def _parser(commands: dict[str, Command], called: str | None, *, described: bool = False) -> argparse.ArgumentParser:
    """Build the parser with only the called subcommand: the others would cost start-up time.

    ``described``: list all commands in the help, which costs start-up time too.
    """
    parser = Parser(
        prog="soundalike",
        description="Find sounds by example, by passage, by words, by humming. Start with: soundalike index FOLDER",
        epilog=overview({name: command.help for name, command in commands.items()}) if described else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"soundalike {version('soundalike')}")
    subparsers = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", help="one of these; its options: soundalike COMMAND --help"
    )
    if called is not None:
        command = commands[called]
        command.configure(subparsers.add_parser(command.name, description=command.help))
    return parser


def overview(commands: Mapping[str, str]) -> str:
    """Return the commands with their help lines, grouped under headings."""
    return "\n\n".join("\n".join([f"{heading}:", *lines]) for heading, lines in _listed(commands))


def _listed(commands: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    width = min(shutil.get_terminal_size().columns, 100)
    known = {name for _, names in SECTIONS for name in names}
    for heading, names in (*SECTIONS, (OTHERS, tuple(name for name in commands if name not in known))):
        lines = [_line(name, commands[name], width) for name in names if name in commands]
        if lines:
            yield heading, lines


def _line(name: str, text: str, width: int) -> str:
    first = f"  {name}".ljust(_NAME_WIDTH + 1) + " "
    return textwrap.fill(text, width, initial_indent=first, subsequent_indent=" " * (_NAME_WIDTH + 2))


def _no_command(called: str, commands: dict[str, Command]) -> str:
    near = difflib.get_close_matches(called.lower(), commands, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return (
        f"there is no command {called!r}{meant} (soundalike --help lists all; "
        f"soundalike search {shlex.quote(called)} looks for it)"
    )


def _let_any_name_be_printed() -> None:
    """Make printing never fail: file names may hold bytes that are not UTF-8, and a pipe may be ASCII."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
