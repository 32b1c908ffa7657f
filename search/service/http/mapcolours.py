"""The colours of a map. By default, a clip has the colour of its likeliest tag, or of its folder if the encoder has no
tags. On request, colours show a facet, or ranges of a number with about equally many clips each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.definitions import FACTS, PLACES, FactDefinition
from search.columns import ClipColumns
from search.columns.counting import quoted
from search.columns.factcounts import word_counts
from search.columns.parsing import parse
from search.columns.table import ColumnPart
from search.model import FacetCount, Feedback, Ids

MOST: Final = 8
"""Most groups: more colours cannot be distinguished at a glance."""
RANGES: Final = 6
"""Into how many ranges a number is divided."""


@dataclass(frozen=True, slots=True)
class Groups:
    """``names`` of at most `MOST` groups, and ``places`` (n,): the group of each clip, -1 for none.

    ``wheres`` are the filters that select the groups.
    """

    names: tuple[str, ...]
    places: NDArray[np.int64]
    wheres: tuple[str, ...]


def groups_of(columns: ClipColumns, clip_ids: Ids) -> Groups:
    """The groups of these clips (n,), whose ids ascend; largest group first."""
    if columns.vocabulary:
        names = {place: (name, f"tag = {quoted(name)}") for place, name in enumerate(columns.vocabulary)}
        codes = np.concatenate([_likeliest(part) for part in (columns.base, columns.recent)])
    else:
        names, codes = _folders(columns)
    return _largest(names, codes[_rows(columns, clip_ids)])


def groups_by(columns: ClipColumns, clip_ids: Ids, values: Sequence[FacetCount]) -> Groups:
    """The groups of these clips (n,), whose ids ascend: the most frequent values of a facet, in their order."""
    frequent = sorted(values, key=lambda one: -one.count)[:MOST]
    chosen = [one for one in values if one in frequent]
    codes = np.full(len(columns.clip_ids), -1, np.int64)
    for place, one in enumerate(chosen):
        codes[columns.clips_where(parse(one.where)) & (codes < 0)] = place
    names, wheres = tuple(one.value for one in chosen), tuple(one.where for one in chosen)
    return Groups(names, codes[_rows(columns, clip_ids)], wheres)


def values_of(columns: ClipColumns, name: str) -> Sequence[FacetCount]:
    """The words of a fact; for a number, ranges with about equally many clips each, lowest first.

    The ends of ranges have two digits. Empty if no clip was measured.
    """
    numbers = columns.fact(name)[columns.present]
    numbers = numbers[~np.isnan(numbers)]
    if FACTS[PLACES[name]].kind != "number":
        return word_counts(FACTS[PLACES[name]], numbers)
    if not len(numbers):
        return ()
    edges = sorted({float(f"{edge:.2g}") for edge in np.quantile(numbers, np.linspace(0, 1, RANGES + 1)[1:-1])})
    counts = np.bincount(np.searchsorted(edges, numbers, side="right"), minlength=len(edges) + 1).tolist()
    ends = zip([None, *edges], [*edges, None], counts, strict=True)
    return [_range(FACTS[PLACES[name]], low, high, count) for low, high, count in ends if count]


def _range(fact: FactDefinition, low: float | None, high: float | None, count: int) -> FacetCount:
    least = [] if low is None else [f"{fact.name} >= {low:g}"]
    most = [] if high is None else [f"{fact.name} < {high:g}"]
    where = " and ".join([*least, *most]) or f"{fact.name} != none"
    said = "all" if low is high else f"{'' if low is None else f'{low:g}'} … {'' if high is None else f'{high:g}'}"
    return FacetCount(f"{said.strip()} {fact.unit}".strip(), count, where)


def groups_by_opinion(clip_ids: Ids, feedback: Sequence[Feedback], profile: str) -> Groups:
    """The groups of these clips (n,): liked by a profile, and disliked by it. Their filters are lists."""
    opinions = {one.clip_id: one.opinion for one in feedback}
    codes = {"like": 0, "dislike": 1}
    places = np.array([codes[opinions[one]] if one in opinions else -1 for one in clip_ids.tolist()], np.int64)
    return Groups(("liked", "disliked"), places, (f"liked:{profile}", f"disliked:{profile}"))


def _rows(columns: ClipColumns, clip_ids: Ids) -> NDArray[np.int64]:
    order = np.argsort(columns.clip_ids, kind="stable")
    found: NDArray[np.int64] = order[np.searchsorted(columns.clip_ids[order], clip_ids, side="right") - 1]
    return found


def _largest(names: dict[int, tuple[str, str]], codes: NDArray[np.int64]) -> Groups:
    """The `MOST` most frequent codes (-1: none) as groups."""
    found, counts = np.unique(codes[codes >= 0], return_counts=True)
    chosen = found[np.argsort(-counts, kind="stable")][:MOST]
    places = np.full(len(codes), -1, np.int64)
    for place, code in enumerate(chosen.tolist()):
        places[codes == code] = place
    said = [names[code] for code in chosen.tolist()]
    return Groups(tuple(name for name, _ in said), places, tuple(where for _, where in said))


def _likeliest(part: ColumnPart) -> NDArray[np.int64]:
    """(n_clips,) the class of each clip's likeliest tag, -1 for a clip without any."""
    codes = np.full(part.n_clips, -1, np.int64)
    classes = np.repeat(np.arange(len(part.tag_starts) - 1), np.diff(part.tag_starts))
    # in ascending probability, so that the likeliest is written last
    order = np.argsort(part.tag_probabilities, kind="stable")
    codes[part.tag_rows[order]] = classes[order]
    return codes


def _folders(columns: ClipColumns) -> tuple[dict[int, tuple[str, str]], NDArray[np.int64]]:
    """Name and filter of each folder by its code, and the folder code of each clip (rows,)."""
    codes: dict[bytes, int] = {}
    parts = []
    for part in (columns.base, columns.recent):
        own = [codes.setdefault(part.folders.value(code), len(codes)) for code in range(len(part.folders))]
        parts.append(np.array(own, np.int64)[part.folder_codes])
    paths = {code: value.decode("utf-8", "replace") for value, code in codes.items()}
    names = {code: (p.rpartition("/")[2] or "top folder", f"folder = {quoted(p)}") for code, p in paths.items()}
    return names, np.concatenate(parts)
