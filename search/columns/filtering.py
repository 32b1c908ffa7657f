"""Evaluates filters over a part: every comparison works on whole columns at once."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache, reduce
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.definitions import FACTS, PLACES
from search.analysis.time.table import EventTable
from search.columns.table import ColumnPart
from search.columns.text import TextColumn, folded
from search.columns.where import (
    TAG_PROBABILITY,
    AddedIs,
    And,
    FlagIs,
    HasEvent,
    IsAmong,
    IsPresent,
    Not,
    NumberIs,
    Operator,
    Or,
    OwnTagIs,
    TagIs,
    TagProbabilityIs,
    TextIs,
    Where,
    WordIs,
)
from search.errors import WhereError

_COMPARE: Final[dict[Operator, Callable[[Any, Any], Any]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def passing(
    part: ColumnPart, where: Where, vocabulary: tuple[str, ...], events: EventTable | None = None
) -> NDArray[np.bool_]:
    """Return (n_clips,) which clips pass. ``vocabulary`` has the classes of the part's tags, and of the events.

    Raises WhereError if the filter uses events and none were found yet.
    """
    match where:
        case And(parts) | Or(parts):
            both = operator.and_ if isinstance(where, And) else operator.or_
            return reduce(both, (passing(part, inner, vocabulary, events) for inner in parts))
        case Not(inner):
            return ~passing(part, inner, vocabulary, events)
        case IsAmong(clip_ids):
            return np.isin(part.clip_ids, clip_ids)
        case HasEvent():
            return _by_event(part, where, vocabulary, events)
        case TagIs() | OwnTagIs() | TagProbabilityIs():
            return _by_tag(part, where, vocabulary)
        case _:
            return _by_column(part, where)


def _by_column(part: ColumnPart, where: NumberIs | WordIs | IsPresent | AddedIs | TextIs | FlagIs) -> NDArray[np.bool_]:
    match where:
        case FlagIs(column, sign, flag):
            return np.asarray(_COMPARE[sign](part.silent if column == "silent" else part.missing, flag))
        case AddedIs():
            return _by_time(part.added, where)
        case TextIs():
            return _by_text(part, where)
        case _:
            return _by_fact(part, where)


def _by_fact(part: ColumnPart, where: NumberIs | WordIs | IsPresent) -> NDArray[np.bool_]:
    match where:
        case NumberIs("duration_s", sign, value):
            return np.asarray(_COMPARE[sign](part.duration_s, value))
        case NumberIs("size_bytes", sign, value):
            return np.asarray(_COMPARE[sign](part.size_bytes, value))
        case NumberIs(column, sign, value):
            numbers = part.fact(column)
            with np.errstate(over="ignore"):  # a value beyond float32 is beyond every fact
                as_stored = np.float32(value)
            return np.asarray(_COMPARE[sign](numbers, as_stored)) & ~np.isnan(numbers)
        case WordIs():
            return _by_word(part, where)
        case IsPresent(column, sign):
            return np.asarray(_COMPARE[sign](np.isnan(part.fact(column)), True))


def _by_word(part: ColumnPart, where: WordIs) -> NDArray[np.bool_]:
    """If a fact has several words, one must fit; for ``!=``, none may."""
    numbers, fact = part.fact(where.column), FACTS[PLACES[where.column]]
    present = ~np.isnan(numbers)
    codes = np.where(present, numbers, 0).astype(np.int64)
    wanted = where.value.casefold()
    if where.operator == "~":
        places = [place for place, word in enumerate(fact.words) if wanted in word.casefold()]
    else:
        places = [place for place, word in enumerate(fact.words) if wanted == word.casefold()]
    if fact.kind == "choice":
        fits = np.isin(codes, places)
    elif wanted:
        fits = codes & sum(1 << place for place in places) != 0
    else:  # "~" with an empty text matches any word
        fits = codes != 0 if where.operator == "~" else codes == 0
    return (~fits if where.operator == "!=" else fits) & present


def _by_time(added: NDArray[np.float64], where: AddedIs) -> NDArray[np.bool_]:
    start, end = where.interval()
    # A plain number is a moment: its interval has the same start and end, both inclusive
    ended = added > end if start == end else added >= end
    before = added < start
    match where.operator:
        case "<":
            return before
        case "<=":
            return ~ended
        case ">":
            return ended
        case ">=":
            return ~before
        case "!=":
            return before | ended
        case _:
            return ~(before | ended)


def _by_text(part: ColumnPart, where: TextIs) -> NDArray[np.bool_]:
    match where.column:
        case "path":
            found = _in_text(part.paths, where)
        case "title":
            found = _in_text(part.titles, where)
        case "remark":
            found = _in_text(part.remarks, where)
        case "folder":
            found = _in_text(part.folders, where)[part.folder_codes]
        case "format":
            found = _in_text(part.formats, where)[part.format_codes]
    return ~found if where.operator == "!=" else found


def _in_text(column: TextColumn, where: TextIs) -> NDArray[np.bool_]:
    return column.contains(where.value) if where.operator == "~" else column.equals(where.value)


def _by_tag(
    part: ColumnPart, where: TagIs | OwnTagIs | TagProbabilityIs, vocabulary: tuple[str, ...]
) -> NDArray[np.bool_]:
    if isinstance(where, TagProbabilityIs):
        return _by_probability(part, where, vocabulary)
    is_none = where.operator != "~" and not where.value.strip()  # asks for clips without any tag
    text, inside = ("", True) if is_none else (where.value, where.operator == "~")
    has_it = _own_tagged(part, text, inside=inside)
    if isinstance(where, TagIs):
        has_it |= _encoder_tagged(part, text, vocabulary, inside=inside)
    return ~has_it if is_none != (where.operator == "!=") else has_it


def _by_event(
    part: ColumnPart, where: HasEvent, vocabulary: tuple[str, ...], events: EventTable | None
) -> NDArray[np.bool_]:
    if events is None or not len(events):
        raise WhereError("`has` needs events, and none were found in this library yet; run: soundalike events")
    classes = _classes(vocabulary, where.name, inside=False)
    return np.isin(part.content_ids, events.contents_with(classes, where.least, where.seconds))


def _by_probability(part: ColumnPart, where: TagProbabilityIs, vocabulary: tuple[str, ...]) -> NDArray[np.bool_]:
    # two classes of one name: the likelier counts
    highest = np.zeros(part.n_clips, np.float64)
    for class_ in _classes(vocabulary, where.tag, inside=False):
        rows, probabilities = part.tag_values(class_)
        highest[rows] = np.maximum(highest[rows], probabilities)
    return np.asarray(_COMPARE[where.operator](highest, where.value))


def _encoder_tagged(part: ColumnPart, text: str, vocabulary: tuple[str, ...], *, inside: bool) -> NDArray[np.bool_]:
    """Return (n_clips,) which clips have an encoder's tag named ``text``; ``inside``: a tag that contains it."""
    has_it = np.zeros(part.n_clips, np.bool_)
    for class_ in _classes(vocabulary, text, inside=inside):
        rows, probabilities = part.tag_values(class_)
        has_it[rows[probabilities.astype(np.float64) >= TAG_PROBABILITY]] = True
    return has_it


def _own_tagged(part: ColumnPart, text: str, *, inside: bool) -> NDArray[np.bool_]:
    """Return (n_clips,) which clips have an own tag named ``text``; ``inside``: a tag that contains it."""
    has_it = np.zeros(part.n_clips, np.bool_)
    own_tags = part.own_tags
    if len(own_tags.values):
        meant = own_tags.values.contains(text) if inside else own_tags.values.equals(text)
        has_it[own_tags.rows[meant[own_tags.codes]]] = True
    return has_it


def _classes(vocabulary: tuple[str, ...], text: str, *, inside: bool) -> list[int]:
    wanted = folded(text)
    names = _folded_names(vocabulary)
    if inside:
        return [place for place, name in enumerate(names) if wanted in name]
    return [place for place, name in enumerate(names) if wanted == name]


@lru_cache(maxsize=8)
def _folded_names(vocabulary: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(map(folded, vocabulary))
