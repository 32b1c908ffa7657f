"""The root of the one command, ``soundalike``: finds the subcommand, runs it, turns errors into exit statuses.

Exit status: 0 done (also with no match), 1 some inputs failed, 2 wrong use, 3 could not run, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from search import plugins
from search.errors import QueryError, SoundalikeError, UsageError
from search.ground import process
from search.ground.extras import why_missing
from search.settings import Settings

if TYPE_CHECKING:
    from search.plugins import Command

WRONG_USE = 2
COULD_NOT_RUN = 3
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``soundalike`` with ``argv`` (the process's own when None); the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _let_any_name_be_printed()
    process.own()
    try:
        commands = {command.name: command for command in plugins.commands()}
        args = _parser(commands, arguments).parse_args(arguments)
        settings = Settings.from_env(os.environ)
        return commands[args.command].run(args, settings)
    except (UsageError, QueryError) as error:
        return _fail(str(error), WRONG_USE)
    except SoundalikeError as error:
        return _fail(str(error), COULD_NOT_RUN)
    except ModuleNotFoundError as error:
        why = why_missing("this", error.name)
        if why is None:
            raise
        return _fail(why, WRONG_USE)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # the reader of our output went away (head, less): not an error of ours; keep the interpreter from reporting it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser(commands: dict[str, Command], arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The whole parser, but only the options of the subcommand that is called: the rest would cost start-up time."""
    parser = argparse.ArgumentParser(
        prog="soundalike",
        description="Find sounds by example, by passage, by words, by humming. Start with: soundalike index FOLDER",
    )
    parser.add_argument("--version", action="version", version=f"soundalike {version('soundalike')}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    called = next((argument for argument in arguments if not argument.startswith("-")), None)
    for command in commands.values():
        subparser = subparsers.add_parser(command.name, help=command.help, description=command.help)
        if command.name == called:
            command.configure(subparser)
    return parser


def _let_any_name_be_printed() -> None:
    """File names may hold bytes that are no UTF-8, and a pipe may be ASCII: never die of printing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _fail(message: str, status: int) -> int:
    print(f"soundalike: {message}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
