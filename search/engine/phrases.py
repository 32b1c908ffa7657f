"""Splits a line that people type into wanted and unwanted words, and into the two sounds of a moment.

Unwanted words: `dog -cat`, `dog NOT cat`, `dog, not cat`. Two sounds: `dog THEN car`, also with WHILE and WITHOUT.
Phrases in quotes stay together for names (`search.catalog.words`); encoders read them without quotes. Emoji are read as
words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal, TypeAlias, cast

from search.errors import QueryError
from search.ground.emoji import in_words
from search.model import Part, TextPart

_QUOTES: Final = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d\u300e\u300f\uff02", '"'))
"""Quotes of phones, word processors and other languages."""

_MINUS: Final = "-\u2010\u2011\u2013\u2212\uff0d"
"""Hyphens, the en dash that text programs make of one, the minus sign."""

_UNWANTED: Final = re.compile(
    rf"(?:(?<=\s)|^)(?:[{_MINUS}](?=[^{_MINUS}\s\d])|(?P<said>(?:(?:but|and)\s+)?(?:NOT|not))\s+[{_MINUS}]?(?:(?:an?|the|any)\s+)?)"
    r'(?P<what>"[^"]*"|[^\s"]+)|"[^"]*"',
    re.IGNORECASE,
)
"""A minus after a space and before a word, or a "not", each with the unwanted word. Or a phrase in quotes, in which
both have no meaning. Neither `sci-fi` nor `-20 dB` has an unwanted word."""

_NO_REFUSAL: Final = re.compile(
    r"(?:^|[\s\"])(?:do|does|did|is|are|am|was|were|be|been|can|could|will|would|shall|shalt|should|may|might|must|have|has|had"
    r"|if|why|or|whether|than|\w+['\u2019](?:m|re|s|ll|d|ve))\s+$|^\s*$",
    re.IGNORECASE,
)
"""Matches text before a "not" that marks no unwanted word: empty, or certain words ("do not disturb")."""
_DEGREES: Final = frozenset(["only", "so", "too", "very", "quite", "just", "even", "really", "all", "sure", "yet"])
"""Words after a "not" that marks no unwanted word: "not too loud"."""


def spread(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return the parts, followed by a negative part for each unwanted word or phrase in a wanted text.

    A text with only unwanted words is replaced by the first of them. All quotes become plain quotes.
    """
    own: list[Part] = []
    behind: list[Part] = []
    for asked in parts:
        if not isinstance(asked, TextPart):
            own.append(asked)
            continue
        part = replace(asked, text=asked.text.translate(_QUOTES))
        rest, unwanted = _wanted_and_not(part.text) if part.weight > 0 else (part.text, [])
        refused = [TextPart(in_words(text), -part.weight) for text in unwanted]
        if rest:
            own.append(replace(part, text=in_words(rest)))
        elif refused:
            own.append(refused.pop(0))
        behind += refused
    return (*own, *behind)


def _wanted_and_not(line: str) -> tuple[str, list[str]]:
    """Return the wanted rest of a line, and its unwanted words; the unchanged line if there are none."""
    unwanted: list[str] = []

    def take(match: re.Match[str]) -> str:
        if match["what"] is None or not _refuses(match):
            return match[0]
        unwanted.append(match["what"].rstrip(",;"))
        return " "

    rest = _UNWANTED.sub(take, line)
    if not unwanted:
        return line, []
    return " ".join(rest.split()).rstrip(" ,;"), [text for text in unwanted if text.strip(' "')]


def _refuses(match: re.Match[str]) -> bool:
    """Return whether a "not" makes the next word unwanted: always in capitals, else depending on its context."""
    if match["said"] is None or match["said"].endswith("NOT"):
        return True
    before = match.string[: match.start()]
    return _NO_REFUSAL.search(before) is None and match["what"].lower().rstrip(",;") not in _DEGREES


OrderWord: TypeAlias = Literal["THEN", "WHILE", "WITHOUT"]
_ORDERS: Final = re.compile(r"\s+(THEN|WHILE|WITHOUT)\s+")


def is_ordered(parts: Sequence[Part]) -> bool:
    """Return whether a text asks for one sound before, with or without another: `dog THEN car`."""
    return any(isinstance(part, TextPart) and _ORDERS.search(part.text) for part in parts)


def orders(parts: Sequence[Part]) -> tuple[OrderWord | None, list[tuple[Part, ...]]]:
    """Return the order word and the two sides of a query; None and all parts as one side if there is no order word.

    Raises QueryError for more than two sides, for other parts beside them, or for a side without words.
    """
    if not is_ordered(parts):
        return None, [tuple(parts)]
    if len(parts) > 1 or not isinstance(parts[0], TextPart):
        raise QueryError("THEN, WHILE and WITHOUT join two sounds in words; leave out other parts")
    first, order, second, *more = _ORDERS.split(parts[0].text)
    if more:
        raise QueryError("THEN, WHILE and WITHOUT join two sounds; search for the others separately")
    if not (first.strip() and second.strip()):
        raise QueryError(f"{order} joins two sounds: name both")
    sides: list[tuple[Part, ...]] = [(replace(parts[0], text=text.strip()),) for text in (first, second)]
    return cast(OrderWord, order), sides
