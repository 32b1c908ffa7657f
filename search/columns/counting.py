"""Counts tags, own tags, durations, dates and folders over whole columns at once.

What does not depend on the counted clips (codes of durations, likely tags) is computed once for each part of the
columns and cached there, so counting a hundred thousand clips takes a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from search.columns.clipcolumns import ClipColumns
from search.columns.factcounts import fact_counts
from search.columns.table import ColumnPart
from search.columns.text import CodedColumn, folded
from search.columns.where import TagIs
from search.model import FacetCount, Facets, Ids

DURATION_EDGES_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
"""The edges of the buckets of durations: short effects to long recordings."""

MOST_DATES: Final = 24
_DAY_S: Final = 86_400
_DATE_UNITS: Final = ("D", "M", "Y")
"""numpy's codes for days, months and years. The first with at most `MOST_DATES` values is used."""


@dataclass(frozen=True, slots=True)
class ValueCount:
    """How many clips have a value (``folded``), and one of them, from which the original spelling can be read."""

    folded: bytes
    clip_id: int
    count: int


def tags(columns: ClipColumns, rows: NDArray[np.bool_], limit: int) -> tuple[FacetCount, ...]:
    """Return the encoder's ``limit`` most frequent tags among ``rows`` (rows,) bool of the columns, ties by name.

    They count as in ``tag = "..."``: clips with an own tag of that name are included.
    """
    counts = np.zeros(len(columns.vocabulary), np.int64)
    for part, mask in _parts(columns, rows):
        classes, likely_rows = part.likely_tags
        counts += np.bincount(classes[mask[likely_rows]], minlength=len(counts))
    for place in np.flatnonzero(counts):
        name = columns.vocabulary[place]
        if any(folded(name) in part.own_tags.places for part in (columns.base, columns.recent)):
            counts[place] = (columns.clips_where(TagIs("=", name)) & rows).sum()
    found = sorted((-int(counts[place]), columns.vocabulary[place]) for place in np.flatnonzero(counts))
    return tuple(FacetCount(name, -count, f"tag = {quoted(name)}") for count, name in found[:limit])


def durations(columns: ClipColumns, rows: NDArray[np.bool_]) -> tuple[FacetCount, ...]:
    """Count the clips in each bucket between `DURATION_EDGES_S`, shortest first."""
    counts = np.zeros(len(DURATION_EDGES_S) + 1, np.int64)
    for part, mask in _parts(columns, rows):
        codes = np.searchsorted(DURATION_EDGES_S, part.duration_s[mask], side="right")
        counts += np.bincount(codes, minlength=len(counts))
    return tuple(_duration(place, int(counts[place])) for place in np.flatnonzero(counts).tolist())


def added(columns: ClipColumns, rows: NDArray[np.bool_]) -> tuple[FacetCount, ...]:
    """Count clips by the day, month or year (UTC) in which they were added, earliest first."""
    moments = [part.added[mask] for part, mask in _parts(columns, rows)]
    days, counts = np.unique(np.floor(np.concatenate(moments) / _DAY_S).astype(np.int64), return_counts=True)
    for unit in _DATE_UNITS:
        dates = days.astype("datetime64[D]").astype(f"datetime64[{unit}]")
        different, place = np.unique(dates, return_inverse=True)
        if len(different) <= MOST_DATES:
            break
    sums = np.bincount(place, weights=counts, minlength=len(different)).astype(np.int64)
    first = max(0, len(different) - MOST_DATES)  # if there are more years, the latest
    return tuple(
        _date(date, unit, int(count)) for date, count in zip(different[first:], sums[first:].tolist(), strict=True)
    )


def folders(columns: ClipColumns, rows: NDArray[np.bool_], limit: int) -> list[ValueCount]:
    """Return the ``limit`` folders with most clips among ``rows``, each with one clip in it."""
    return _most_frequent([_Counted.of(part, part.folder_of_clip, mask) for part, mask in _parts(columns, rows)], limit)


def own_tags(columns: ClipColumns, rows: NDArray[np.bool_], limit: int) -> list[ValueCount]:
    """Return the ``limit`` most frequent own tags among ``rows``, each with one clip that has it."""
    return _most_frequent([_Counted.of(part, part.own_tags, mask) for part, mask in _parts(columns, rows)], limit)


def _most_frequent(counted: Sequence[_Counted], limit: int) -> list[ValueCount]:
    """Return the most frequent values of a large and a small part together, ignoring case as filters do."""
    # a value that is frequent in both together is frequent in the large part, or occurs in the small one
    names = {name for one, most in zip(counted, (limit, None), strict=False) for name in one.names(most)}
    found = {name: [count for one in counted if (count := one.count(name)) is not None] for name in names}
    totals = {name: ValueCount(name, many[0].clip_id, sum(one.count for one in many)) for name, many in found.items()}
    return [totals[name] for name in sorted(totals, key=lambda name: (-totals[name].count, name))[:limit]]


def facets(
    columns: ClipColumns,
    rows: NDArray[np.bool_],
    own_tag_counts: tuple[FacetCount, ...],
    folder_counts: tuple[FacetCount, ...],
    limit: int,
) -> Facets:
    """Count all facets over ``rows`` (rows,) bool of the columns. The caller passes own tags and folders with names."""
    if not rows.any():
        return Facets(0, (), (), (), (), (), {})
    return Facets(
        clips=int(rows.sum()),
        own_tags=own_tag_counts,
        tags=tags(columns, rows, limit),
        durations=durations(columns, rows),
        added=added(columns, rows),
        folders=folder_counts,
        facts=fact_counts(columns, rows),
    )


def rows_of(columns: ClipColumns, clip_ids: Ids) -> NDArray[np.bool_]:
    """Return (rows,) which rows are existing clips of ``clip_ids``."""
    return np.isin(columns.clip_ids, clip_ids) & columns.present


def quoted(text: str) -> str:
    """Return ``text`` as a quoted value of the filter language."""
    return '"' + text.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class _Counted:
    """``counts`` (values,) of a column of one part, and ``examples`` (values,): a clip that has each."""

    column: CodedColumn
    counts: NDArray[np.int64]
    examples: Ids

    @classmethod
    def of(cls, part: ColumnPart, column: CodedColumn, mask: NDArray[np.bool_]) -> Self:
        here = mask[column.rows]
        codes = column.folded_codes[here]
        examples = np.zeros(len(column.values), np.int64)
        examples[codes] = part.clip_ids[column.rows[here]]
        return cls(column, np.bincount(codes, minlength=len(column.values)), examples)

    def names(self, most: int | None) -> list[bytes]:
        order = np.argsort(-self.counts, kind="stable")[:most]
        return [self.column.values.value(code) for code in order.tolist() if self.counts[code]]

    def count(self, name: bytes) -> ValueCount | None:
        code = self.column.places.get(name)
        if code is None or not self.counts[code]:
            return None
        return ValueCount(name, int(self.examples[code]), int(self.counts[code]))


def _parts(columns: ClipColumns, rows: NDArray[np.bool_]) -> Iterator[tuple[ColumnPart, NDArray[np.bool_]]]:
    split = columns.base.n_clips
    yield columns.base, rows[:split] & ~columns.gone_clips
    if columns.recent.n_clips:
        yield columns.recent, rows[split:]


def _duration(place: int, count: int) -> FacetCount:
    low = DURATION_EDGES_S[place - 1] if place else None
    high = DURATION_EDGES_S[place] if place < len(DURATION_EDGES_S) else None
    if low is None:
        return FacetCount(f"under {high:g} s", count, f"duration_s < {high:g}")
    if high is None:
        return FacetCount(f"{low:g} s and longer", count, f"duration_s >= {low:g}")
    return FacetCount(f"{low:g} to {high:g} s", count, f"duration_s >= {low:g} and duration_s < {high:g}")


def _date(date: np.datetime64, unit: str, count: int) -> FacetCount:
    """Return a day, month or year with its filter. Only days have a short form in the filter language."""
    text = str(date)
    if unit == "D":
        return FacetCount(text, count, f'added = "{text}"')
    start, end = (str(edge.astype("datetime64[D]")) for edge in (date, date + 1))
    return FacetCount(text, count, f'added >= "{start}" and added < "{end}"')
