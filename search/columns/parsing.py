"""The ``--where`` grammar: a small filter language for the command line and REST.

::

    filter     = and_part { "or" and_part }
    and_part   = not_part { "and" not_part }
    not_part   = "not" not_part | "(" filter ")" | comparison
    comparison = column operator value | column ["not"] "in" "(" text { "," text } ")"
               | "tag" "[" text "]" operator number | "silent" | "missing"
           | "has" text [">" number] ["for" number ["s"]]
    operator   = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~"
    value      = number | text | "true" | "false" | "none"
    text       = "'" characters "'" | '"' characters '"'

Columns: ``duration_s``, ``size_bytes`` (numbers); ``added`` (a number of seconds since 1970, or a quoted ISO date or
time, UTC unless it has an offset); ``path`` and ``folder`` (below their root), ``title``, ``format``, ``remark``
(text); ``own_tag`` (a person's tag), ``tag`` (an own tag, or a class of the encoder's vocabulary); ``silent``,
``missing`` (true or false; alone, they mean true); and the facts of `search.analysis.facts.definitions` (numbers or
words).

- Text is compared without case; ``~`` means "contains". A quote inside a text is doubled, as in
  ``'rock ''n'' roll'``; a backslash is a plain character, because paths have them.
- A date or time covers the whole unit that is written: ``added = '2026-11-20'`` is that day, ``added > '2026-11-20'``
  is after it.
- ``tag = 'Dog'``: the tag's probability is at least 0.3. ``tag ~ 'dog'``: some tag with "dog" in its name has that
  probability. ``tag['Dog'] > 0.8`` sets another threshold. Own tags need no probability. ``tag = ''``: no tag at all.
- ``has 'Speech' > 0.5 for 10 s`` asks for events (`search.analysis.time`): the least probability (default 0.3), and the
  least total duration.
- ``folder in ('a', 'b')`` is short for ``folder = 'a' or folder = 'b'``. All text columns have ``in`` and ``not in``.
- A clip without a fact passes no comparison with it: ``tempo < 100`` and ``tempo != 100`` both exclude rain.
  ``tempo = none`` finds clips without a tempo. Words of facts are texts: ``key = 'A minor'``, ``defects ~ 'silence'``.
  If no clip was measured, a comparison with a fact is an error.
- Keywords may be in any case: ``NOT missing AND duration_s < 5``.

The parser is a hand-written recursive descent: six rules need no parser library, and its errors can say what was
expected and where. The result is a tree of frozen values (`search.columns.where`) that `search.columns.filtering`
evaluates. None of it ever becomes SQL.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, cast

from search.analysis.facts.definitions import FACTS
from search.columns import meant
from search.columns.where import (
    EVENT_PROBABILITY,
    AddedIs,
    And,
    ColumnIs,
    FlagColumn,
    FlagIs,
    HasEvent,
    IsPresent,
    Not,
    NumberIs,
    Operator,
    Or,
    OwnTagIs,
    TagIs,
    TagProbabilityIs,
    TextColumnName,
    TextIs,
    Where,
    WordIs,
    interval_of,
)
from search.errors import WhereError, printable

MAX_CHARACTERS: Final = 10_000
MAX_DEPTH: Final = 50
MAX_COMPARISONS: Final = 64

OWN_COLUMNS: Final = (
    "added", "duration_s", "folder", "format", "has", "missing", "own_tag", "path", "remark", "silent", "size_bytes",
    "tag", "title",
)  # fmt: skip
"""Columns that every clip has."""
NUMBERS: Final = ("duration_s", "size_bytes", *(fact.name for fact in FACTS if not fact.words))
WORDS: Final = {fact.name: fact.words for fact in FACTS if fact.words}
"""`NUMBERS` are the columns of numbers; `WORDS` maps facts of words to their words."""
COLUMNS: Final = (*OWN_COLUMNS, *(fact.name for fact in FACTS))


def parse(text: str) -> Where:
    """Parse a filter. Raises WhereError, which says where parsing failed and what was expected."""
    if len(text) > MAX_CHARACTERS:
        raise WhereError(f"the filter has {len(text)} characters; at most {MAX_CHARACTERS} are allowed")
    parser = _Parser(text)
    where = parser.filter(0)
    parser.expect_end()
    return where


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Literal["number", "text", "word", "sign", "end"]
    text: str
    at: int


_TOKEN: Final = re.compile(
    r"""\s*(?: (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
             | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
             | (?P<word>[^\W\d]\w*)
             | (?P<sign>!=|<=|>=|==|[=<>~()\[\],]) )""",
    re.VERBOSE,
)


class _Parser:
    """Parses one filter from its tokens, left to right."""

    def __init__(self, text: str) -> None:
        self._source = text
        self._tokens = self._cut()
        self._place = 0
        self._comparisons = 0

    def filter(self, depth: int) -> Where:
        if depth > MAX_DEPTH:
            raise self._error(f"is nested deeper than {MAX_DEPTH} levels")
        parts = [self._and_part(depth)]
        while self._take_word("or"):
            parts.append(self._and_part(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def expect_end(self) -> None:
        if self._next.kind != "end":
            raise self._error("expected `and`, `or` or the end")

    def _and_part(self, depth: int) -> Where:
        parts = [self._not_part(depth)]
        while self._take_word("and"):
            parts.append(self._not_part(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _not_part(self, depth: int) -> Where:
        if depth > MAX_DEPTH:
            raise self._error(f"is nested deeper than {MAX_DEPTH} levels")
        if self._take_word("not"):
            return Not(self._not_part(depth + 1))
        if self._take_sign("("):
            inner = self.filter(depth + 1)
            if not self._take_sign(")"):
                raise self._error("expected `)`")
            return inner
        return self._comparison()

    def _comparison(self) -> Where:
        self._count()
        column = self._next.text.lower() if self._next.kind == "word" else ""
        if column not in COLUMNS:
            raise self._error(self._no_column())
        self._place += 1
        if column in NUMBERS or column in WORDS:
            return self._fact(column)
        if column in ("silent", "missing"):
            return self._flag(cast(FlagColumn, column))
        by_itself = {"added": self._added, "tag": self._tag, "has": self._has}
        if column in by_itself:
            return by_itself[column]()
        return self._named(OwnTagIs if column == "own_tag" else partial(TextIs, cast(TextColumnName, column)))

    def _count(self) -> None:
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            raise self._error(f"has more than {MAX_COMPARISONS} comparisons")

    def _named(self, made: Callable[[Operator, str], ColumnIs]) -> Where:
        """Parse a comparison with a text, or with several texts (``in``)."""
        is_not = self._take_word("not")
        if not (is_not or self._next_is_word("in")):
            return made(self._operator("text"), self._text())
        if not self._take_word("in"):
            raise self._error("expected `in`")
        if not self._take_sign("("):
            raise self._error("expected `(` and texts in quotes")
        parts: list[Where] = [made("=", self._text())]
        while self._take_sign(","):
            self._count()
            parts.append(made("=", self._text()))
        if not self._take_sign(")"):
            raise self._error("expected `,` or `)`")
        one_of = parts[0] if len(parts) == 1 else Or(tuple(parts))
        return Not(one_of) if is_not else one_of

    def _added(self) -> Where:
        operator = self._operator("a number")
        if self._next.kind != "text":
            return AddedIs(operator, self._number("a number of seconds, or a quoted date like '2026-11-20'"))
        value = self._unquoted(self._next)
        try:
            interval_of(value)
        except (ValueError, OverflowError) as error:
            raise self._error("expected a date or time like '2026-11-20' or '2026-11-20 18:30'") from error
        self._place += 1
        return AddedIs(operator, value)

    def _flag(self, column: FlagColumn) -> Where:
        if self._next.kind != "sign" or self._next.text in ("(", ")", "[", "]", ","):
            return FlagIs(column, "=", True)
        operator = self._operator("true or false")
        for word, value in (("true", True), ("false", False)):
            if self._take_word(word):
                return FlagIs(column, operator, value)
        raise self._error("expected true or false")

    def _fact(self, column: str) -> Where:
        if column in ("duration_s", "size_bytes"):  # which every clip has
            return NumberIs(column, self._operator("a number"), self._number())
        after = self._tokens[min(self._place + 1, len(self._tokens) - 1)]
        if self._next.kind == "sign" and after.kind == "word" and after.text.lower() == "none":
            operator = self._operator("none")
            self._place += 1
            return IsPresent(column, operator)
        if column in NUMBERS:
            return NumberIs(column, self._operator("a number"), self._number("a number or none"))
        return self._named(partial(self._word, column))

    def _word(self, column: str, operator: Operator, text: str) -> WordIs:
        if operator != "~" and text and text.casefold() not in (word.casefold() for word in WORDS[column]):
            self._place -= 1
            raise self._error(f"expected one of {', '.join(WORDS[column])}")
        return WordIs(column, operator, text)

    def _tag(self) -> Where:
        if not self._take_sign("["):
            return self._named(TagIs)
        tag = self._text()
        if not self._take_sign("]"):
            raise self._error("expected `]`")
        return TagProbabilityIs(tag, self._operator("a number"), self._number())

    def _has(self) -> Where:
        name, least, seconds = self._text(), EVENT_PROBABILITY, 0.0
        if self._take_sign(">"):
            least = self._number()
        if self._take_word("for"):
            seconds = self._number("a number of seconds")
            self._take_word("s")
        return HasEvent(name, least, seconds)

    def _operator(self, compared: Literal["a number", "text", "true or false", "none"]) -> Operator:
        allowed = {
            "a number": ("=", "!=", "<", "<=", ">", ">="),
            "text": ("=", "!=", "~"),
            "true or false": ("=", "!="),
            "none": ("=", "!="),
        }[compared]
        if self._next.kind != "sign" or self._next.text not in allowed:
            raise self._error(f"expected one of {' '.join(allowed)}" + (" in" if compared == "text" else ""))
        self._place += 1
        return cast(Operator, self._tokens[self._place - 1].text)

    def _number(self, expected: str = "a number") -> float:
        token = self._next
        if token.kind != "number" or not math.isfinite(float(token.text)):
            raise self._error(f"expected {expected}")
        self._place += 1
        return float(token.text)

    def _text(self) -> str:
        if self._next.kind != "text":
            raise self._error("expected a text in quotes")
        self._place += 1
        return self._unquoted(self._tokens[self._place - 1])

    @staticmethod
    def _unquoted(token: _Token) -> str:
        quote = token.text[0]
        return token.text[1:-1].replace(quote * 2, quote)

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _next_is_word(self, word: str) -> bool:
        return self._next.kind == "word" and self._next.text.lower() == word

    def _take_word(self, word: str) -> bool:
        return self._take("word", word)

    def _take_sign(self, sign: str) -> bool:
        return self._take("sign", sign)

    def _take(self, kind: str, text: str) -> bool:
        if self._next.kind == kind and self._next.text.lower() == text:
            self._place += 1
            return True
        return False

    def _cut(self) -> list[_Token]:
        tokens: list[_Token] = []
        at, end = 0, len(self._source.rstrip())
        while at < end:
            found = _TOKEN.match(self._source, at)
            if found is None:
                at += len(self._source[at:]) - len(self._source[at:].lstrip())
                raise self._error_at(at, meant.unread(self._source[at:]))
            kind = cast(Literal["number", "text", "word", "sign"], found.lastgroup)
            tokens.append(_Token(kind, found[kind], found.start(kind)))
            at = found.end()
        return [*tokens, _Token("end", "", end)]

    def _no_column(self) -> str:
        near = meant.column(self._next.text, COLUMNS)
        hint = f", perhaps `{near}`" if near else ""
        return f"expected a column{hint} ({', '.join(COLUMNS)})"

    def _error(self, what: str) -> WhereError:
        return self._error_at(self._next.at, what)

    def _error_at(self, at: int, what: str) -> WhereError:
        before, after = self._source[max(0, at - 40) : at], self._source[at : at + 40]
        shown = printable(f"{before}▸{after}")
        return WhereError(f"the filter at character {at + 1} (after ▸ in: {shown}): {what}")
