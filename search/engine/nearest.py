"""Describes what comes nearest to a query without a match: "no cat here; nearest: 12 baby cries".

The description uses tags of the first hits. A tag is the better, the more of these hits have it and the fewer clips of
the library. Each tag covers hits that the earlier ones do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.columns import ClipColumns, counting
from search.columns.where import TagIs
from search.model import FacetCount, Ids, Part, TextPart

MOST: Final = 3
"""The most tags that are named."""
ALL_TAGS: Final = 100_000
LONGEST: Final = 60
"""The longest query, in characters, that is quoted in the answer."""


def descriptive_tags(
    columns: ClipColumns, rows: NDArray[np.bool_], among: NDArray[np.bool_], most: int, least: int = 1
) -> Iterator[FacetCount]:
    """Yield up to ``most`` tags that describe ``rows`` (rows,), with the number of clips ``among`` (rows,) that have
    it.

    Rows that an earlier tag covers no longer count. A tag needs at least ``least`` of the other rows.
    """
    total = max(int(among.sum()), 1)
    everywhere = {one.value: one.count for one in counting.tags(columns, among, ALL_TAGS)}
    for _ in range(most):
        here = [one for one in counting.tags(columns, rows, ALL_TAGS) if one.count >= least]
        if not here:
            return
        best = max(here, key=lambda one: one.count * np.log1p(total / max(everywhere.get(one.value, 0), 1)))
        yield FacetCount(best.value, everywhere.get(best.value, 0), best.where)
        rows = rows & ~columns.clips_where(TagIs("=", best.value))


def nearest(columns: ClipColumns, first: Ids, among: NDArray[np.bool_]) -> tuple[FacetCount, ...]:
    """Return tags of the ``first`` hits (n,), with the number of clips ``among`` (rows,) that have each."""
    return tuple(descriptive_tags(columns, counting.rows_of(columns, first), among, MOST))


def as_sentence(parts: tuple[Part, ...], tags: tuple[FacetCount, ...]) -> str:
    """Return the tags as a sentence for a query of these parts; empty if there are no tags."""
    if not tags:
        return ""
    wanted = [part for part in parts if part.weight > 0]
    words = " ".join(part.text for part in wanted if isinstance(part, TextPart))
    is_words = len(words) <= LONGEST and all(isinstance(part, TextPart) for part in wanted)
    missing = f'no "{words}" here' if is_words else "nothing here sounds like that"
    return f"{missing}; nearest: {', '.join(f'{one.count} of {one.value}' for one in tags)}"
