"""Filters as values: the tree that `search.columns.parsing` makes from a text, and `filtering` evaluates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, TypeAlias

from search.errors import WhereError

Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "~"]
NumberColumn: TypeAlias = str
"""``duration_s``, ``size_bytes``, or a fact that is a number."""
TextColumnName: TypeAlias = Literal["path", "folder", "title", "format", "remark"]
FlagColumn: TypeAlias = Literal["silent", "missing"]

TAG_PROBABILITY: Final = 0.3
"""The least probability with which a clip has a tag, unless the filter sets another."""


EVENT_PROBABILITY: Final = 0.3
"""The same for an event."""


@dataclass(frozen=True, slots=True)
class NumberIs:
    """``duration_s < 5``; any operator except ``~``. A clip without the fact never passes."""

    column: NumberColumn
    operator: Operator
    value: float


@dataclass(frozen=True, slots=True)
class WordIs:
    """``defects = 'hum'``; ``=``, ``!=`` or ``~``. For a fact of words; if it has several, one must fit.

    ``''`` means no word at all. A clip without the fact never passes.
    """

    column: str
    operator: Operator
    value: str


@dataclass(frozen=True, slots=True)
class IsPresent:
    """``tempo != none``; ``=`` or ``!=``. Whether a clip has a fact at all."""

    column: str
    operator: Operator


@dataclass(frozen=True, slots=True)
class AddedIs:
    """``added >= '2026-11-20'``; ``value`` is the text, or seconds since 1970."""

    operator: Operator
    value: str | float

    def interval(self) -> tuple[float, float]:
        """Return start (inclusive) and end (exclusive; inclusive if both are equal) in seconds since 1970."""
        if isinstance(self.value, str):
            return interval_of(self.value)
        return self.value, self.value


@dataclass(frozen=True, slots=True)
class TextIs:
    """``title ~ 'rain'``; ``=``, ``!=`` or ``~``."""

    column: TextColumnName
    operator: Operator
    value: str


@dataclass(frozen=True, slots=True)
class FlagIs:
    """``missing = false``; ``=`` or ``!=``."""

    column: FlagColumn
    operator: Operator
    value: bool


@dataclass(frozen=True, slots=True)
class TagIs:
    """``tag = 'Dog'``; ``=``, ``!=`` or ``~``. Compares own tags and the encoder's tags."""

    operator: Operator
    value: str


@dataclass(frozen=True, slots=True)
class OwnTagIs:
    """``own_tag = 'hero'``; ``=``, ``!=`` or ``~``. Compares the tags that people set."""

    operator: Operator
    value: str


@dataclass(frozen=True, slots=True)
class TagProbabilityIs:
    """``tag['Dog'] > 0.8``; any operator except ``~``. A missing tag has the probability 0."""

    tag: str
    operator: Operator
    value: float


@dataclass(frozen=True, slots=True)
class HasEvent:
    """``has 'Speech' > 0.5 for 10 s``: events of a class, likelier than ``least``, last ``seconds`` in total."""

    name: str
    least: float = EVENT_PROBABILITY
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class IsAmong:
    """The clip is one of these. It has no syntax in the filter language; programs use it for a selection of clips."""

    clip_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """``not part``."""

    part: Where


@dataclass(frozen=True, slots=True)
class And:
    """``left and right and ...``; two parts or more."""

    parts: tuple[Where, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """``left or right or ...``; two parts or more."""

    parts: tuple[Where, ...]


ColumnIs: TypeAlias = (
    NumberIs | WordIs | IsPresent | AddedIs | TextIs | FlagIs | TagIs | OwnTagIs | TagProbabilityIs | HasEvent
)
Where: TypeAlias = ColumnIs | IsAmong | Not | And | Or


def unparse(where: Where) -> str:
    """Return a text that `parse` reads as ``where``. Raises WhereError for `IsAmong`, which has no syntax."""
    match where:
        case IsAmong():
            raise WhereError("a choice of clips cannot be written as a filter")
        case IsPresent(column, sign):
            return f"{column} {sign} none"
        case Not(part):
            return f"not ({unparse(part)})"
        case And(parts):
            return " and ".join(f"({unparse(part)})" for part in parts)
        case Or(parts):
            return " or ".join(f"({unparse(part)})" for part in parts)
        case HasEvent(name, least, seconds):
            lasting = f" for {seconds} s" if seconds else ""
            return f"has {_written(name)} > {least}{lasting}"
        case TagIs():
            column = "tag"
        case OwnTagIs():
            column = "own_tag"
        case TagProbabilityIs(tag):
            column = f"tag[{_written(tag)}]"
        case AddedIs():
            column = "added"
        case _:
            column = where.column
    return f"{column} {where.operator} {_written(where.value)}"


def interval_of(text: str) -> tuple[float, float]:
    """Return the start and end, in seconds since 1970, of a date, hour, minute or second.

    Raises ValueError, OverflowError.
    """
    start = datetime.fromisoformat(text)
    if re.fullmatch(r"\d{4}-?(\d\d-?\d\d|W\d\d-?\d)", text):
        length = timedelta(days=1)
    elif re.search(r":\d\d:\d\d|T\d{6}", text):
        length = timedelta(microseconds=1) if start.microsecond else timedelta(seconds=1)
    elif re.search(r"[T ]\d\d$", text):
        length = timedelta(hours=1)
    else:
        length = timedelta(minutes=1)
    if start.tzinfo is None:
        start = start.replace(tzinfo=UTC)
    return start.timestamp(), (start + length).timestamp()


def _written(value: str | float | bool) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower()
