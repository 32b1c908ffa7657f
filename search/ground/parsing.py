"""The parser of command lines. Its errors are one readable line, with a suggestion of what was probably meant."""

from __future__ import annotations

import argparse
import difflib
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from search.errors import UsageError

NO_PATH: Final = "the path is empty; is a variable unset? (the current folder is called .)"
"""The error for an empty path."""
_OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")
_KINDS = {"int": "a whole number", "float": "a number"}
_CHOICE = re.compile(
    r"argument (?P<name>.+?): invalid choice: (?P<value>.*) \(choose from (?P<choices>.*)\)", re.DOTALL
)
_VALUE = re.compile(r"argument (?P<name>.+?): invalid (?P<kind>\w+) value: (?P<value>.*)", re.DOTALL)
_IN_WORDS = (
    (r"the following arguments are required: (.*)", r"it needs \1"),
    (
        r"argument ([^:/]+)([^:]*): expected one argument",
        r"\1\2 needs a value; write one that begins with a dash as \1=-VALUE",
    ),
    (r"argument (.+?): ignored explicit argument .*", r"\1 takes no value"),
    (r"argument (.+?): not allowed with argument (.*)", r"\1 cannot be combined with \2"),
    (r"one of the arguments (.*) is required", r"it needs one of: \1"),
    (r"argument (.*)", r"\1"),
)
"""Messages of argparse, and how they are worded here."""


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that raises UsageError with one line, instead of printing the usage and ending the process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - argparse's
        """As in argparse, but an empty path is refused."""
        super().__init__(*args, **kwargs)
        self.register("type", Path, _path)

    def parse_known_args(  # type: ignore[override]  # argparse's takes a namespace of any type
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As in argparse, but raise UsageError for unknown arguments, from the innermost parser."""
        known, rest = super().parse_known_args(args, namespace)
        if rest:
            words = " ".join(map(shlex.quote, rest))
            command = self.prog.removeprefix("soundalike ")
            raise UsageError(f"{command} does not understand: {words}{self._meant(rest)} ({self.prog} --help)")
        return known, []

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with argparse's message, reworded."""
        raise UsageError(f"{_in_words(message)} ({self.prog} --help)")

    def _meant(self, rest: Sequence[str]) -> str:
        """Return a hint with the option that is similar to the first unknown one, "" if there is none."""
        options = set(_OPTION.findall(self.format_help()))
        unknown = [word.partition("=")[0] for word in rest if word.startswith("--")]
        near = difflib.get_close_matches(unknown[0].lower(), options, n=1, cutoff=0.7) if unknown else []
        return f"; did you mean {near[0]}?" if near else ""


def _path(text: str) -> Path:
    """Return a path. Raises ArgumentTypeError for an empty text, which would mean the current folder."""
    if not text:
        raise argparse.ArgumentTypeError(NO_PATH)
    return Path(text)


def _in_words(message: str) -> str:
    if value := _VALUE.fullmatch(message):
        kind = _KINDS.get(value["kind"], f"a {value['kind']}")
        return f"{value['name']} is {value['value']}; it must be {kind}"
    if choice := _CHOICE.fullmatch(message):
        choices = [one.strip("'") for one in choice["choices"].split(", ")]
        near = difflib.get_close_matches(choice["value"].strip("'"), choices, n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        return f"{choice['name']} is {choice['value']}; it must be one of {', '.join(choices)}{meant}"
    for said, words in _IN_WORDS:
        if found := re.fullmatch(said, message, re.DOTALL):
            return found.expand(words)
    return message
