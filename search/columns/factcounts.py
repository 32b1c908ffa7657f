"""Facets over facts: counts of keys, tempos, loudness, brightness, forms and defects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.definitions import FACTS, PLACES, FactDefinition
from search.columns.clipcolumns import ClipColumns
from search.model import FacetCount

EDGES: Final = {
    "loudness": (-50.0, -40.0, -30.0, -23.0, -18.0, -14.0, -9.0),
    "tempo": (70.0, 85.0, 100.0, 115.0, 130.0, 150.0, 175.0),
}
"""The edges of the buckets of a number."""
COUNTED: Final = ("loudness", "brightness", "tempo", "key", "form", "defects")


def fact_counts(columns: ClipColumns, rows: NDArray[np.bool_]) -> dict[str, tuple[FacetCount, ...]]:
    """Count the facts of ``rows`` (rows,) bool of the columns: numbers in order, words most frequent first.

    Facts that none of the clips has are left out.
    """
    found, rows = {}, rows & columns.present
    for name in COUNTED:
        numbers = columns.fact(name)[rows]
        numbers = numbers[~np.isnan(numbers)]
        counts = _ranges(FACTS[PLACES[name]], numbers) if name in EDGES else word_counts(FACTS[PLACES[name]], numbers)
        if counts:
            found[name] = counts
    return found


def _ranges(fact: FactDefinition, numbers: NDArray[np.float32]) -> tuple[FacetCount, ...]:
    edges = EDGES[fact.name]
    counts = np.bincount(np.searchsorted(edges, numbers, side="right"), minlength=len(edges) + 1).tolist()
    return tuple(_range(fact, edges, place, count) for place, count in enumerate(counts) if count)


def _range(fact: FactDefinition, edges: Sequence[float], place: int, count: int) -> FacetCount:
    low = edges[place - 1] if place else None
    high = edges[place] if place < len(edges) else None
    least = "" if low is None else f"{fact.name} >= {low:g}"
    most = "" if high is None else f"{fact.name} < {high:g}"
    where = " and ".join(filter(None, (least, most)))
    if low is None:
        return FacetCount(f"under {high:g} {fact.unit}", count, where)
    if high is None:
        return FacetCount(f"{low:g} {fact.unit} and more", count, where)
    return FacetCount(f"{low:g} to {high:g} {fact.unit}", count, where)


def word_counts(fact: FactDefinition, numbers: NDArray[np.float32]) -> tuple[FacetCount, ...]:
    """Count the words of a fact in ``numbers`` (n,), as the catalog stores them; most frequent first."""
    values = numbers.astype(np.int64)
    if fact.kind == "several":
        counts = [int(np.count_nonzero(values >> place & 1)) for place in range(len(fact.words))]
    else:
        counts = np.bincount(values, minlength=len(fact.words)).tolist()
    found = sorted((-count, place) for place, count in enumerate(counts) if count)
    return tuple(FacetCount(fact.words[p], -count, f"{fact.name} = '{fact.words[p]}'") for count, p in found)
