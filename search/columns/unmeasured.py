"""Clips without facts: a filter over facts does not silently ignore them.

If no clip was measured, such a filter is refused. If some were not, the clips are counted whose result might change.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from functools import reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.definitions import PLACES
from search.columns.table import ColumnPart
from search.columns.where import And, IsPresent, Not, NumberIs, Or, Where, WordIs
from search.errors import WhereError
from search.model import NOTES

ClipFlags = NDArray[np.bool_]
Passing = Callable[[Where], ClipFlags]

REMEDY: Final = "soundalike facts --measure"


def facts_in(where: Where) -> Iterator[str]:
    """Yield the facts that a filter uses."""
    match where:
        case And(parts) | Or(parts):
            for part in parts:
                yield from facts_in(part)
        case Not(part):
            yield from facts_in(part)
        case NumberIs(column) | WordIs(column) | IsPresent(column) if column in PLACES:
            yield column


def unmeasured(part: ColumnPart) -> ClipFlags:
    """Return (n_clips,) which clips have sound and no facts."""
    if not part.n_clips:
        return np.empty(0, np.bool_)
    return np.asarray(~part.measured & ~part.formats.equals(NOTES)[part.format_codes])


def uncertain(part: ColumnPart, where: Where, passing: Passing) -> ClipFlags:
    """Return (n_clips,) which clips may or may not pass ``where``, depending on facts that were not measured.

    ``passing`` evaluates a filter by the known facts.
    """
    unknown = unmeasured(part)
    best, worst = (_assumed(where, passing, unknown, holds=holds) for holds in (True, False))
    return best & ~worst


def _assumed(where: Where, passing: Passing, unknown: ClipFlags, *, holds: bool) -> ClipFlags:
    match where:
        case And(parts) | Or(parts):
            both = operator.and_ if isinstance(where, And) else operator.or_
            return reduce(both, (_assumed(part, passing, unknown, holds=holds) for part in parts))
        case Not(part):
            return ~_assumed(part, passing, unknown, holds=not holds)
        case _:
            passes = passing(where)
            if next(facts_in(where), None) is None:
                return passes
            return passes | unknown if holds else passes & ~unknown


def refusal(fact: str) -> WhereError:
    """Return the error for a filter or an order that uses a ``fact`` if no clip was measured.

    Examples:
        >>> print(refusal("loudness"))
        `loudness` needs facts, and none were measured in this library yet; run: soundalike facts --measure
    """
    return WhereError(f"`{fact}` needs facts, and none were measured in this library yet; run: {REMEDY}")


def warning(count: int) -> str:
    """Return the warning of an answer about ``count`` clips that a filter or an order could not judge.

    Examples:
        >>> warning(3)
        '3 clips could not be judged: their facts were not measured; run: soundalike facts --measure'
    """
    clips = "1 clip could not be judged: its" if count == 1 else f"{count} clips could not be judged: their"
    return f"{clips} facts were not measured; run: {REMEDY}"
