"""The reference of the command line: the ``--help`` output of every command."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from search import plugins

WIDTH = 96
_HEAD = """# Commands

What `soundalike COMMAND --help` prints, for every command. `--library DIR` may be left out everywhere: then
`$SOUNDALIKE_LIBRARY` is used, or the library in your user data folder.

Exit status: 0 done (also when nothing was found), 1 some inputs failed (each is named on standard error), 2 wrong use,
3 could not run, 130 interrupted.
"""


def markdown() -> str:
    """The whole page."""
    installed = sorted(plugins.commands(), key=lambda command: command.name)
    rows = [f"| [`{command.name}`](#soundalike-{command.name}) | {command.help} |" for command in installed]
    parts = [_HEAD, "\n".join(["| command | does |", "|---|---|", *rows])]
    for command in installed:
        parser = _parser(f"soundalike {command.name}", command.help)
        command.configure(parser)
        parts.extend(_described(parser))
    return "\n\n".join(parts) + "\n"


def _described(parser: argparse.ArgumentParser, level: int = 2) -> Iterator[str]:
    parser.formatter_class = _Wide
    yield f"{'#' * level} {parser.prog}"
    yield f"```text\n{parser.format_help().rstrip()}\n```"
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from _described(inner, level + 1)


class _Wide(argparse.HelpFormatter):
    """The usual layout at a fixed width, independent of the terminal in which the build runs."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=WIDTH)


def _parser(prog: str, text: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=prog, description=text)
