"""What a library has that comes nearest to a question which it has no answer to: "no cat here; nearest: 12 baby cries".

Told by the tags of the first hits. A tag says the more, the more of these have it and the fewer of the library; each
that is named covers hits that those before it do not.
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
"""Tags that are named."""
ALL_TAGS: Final = 100_000
LONGEST: Final = 60
"""Characters of a question that are repeated in its answer."""


def telling_tags(
    columns: ClipColumns, rows: NDArray[np.bool_], among: NDArray[np.bool_], most: int, least: int = 1
) -> Iterator[FacetCount]:
    """Up to ``most`` tags that tell what ``rows`` (rows,) are, of clips ``among`` (rows,), with how many of these have
    each.

    A tag that fewer than ``least`` of the rows have, beside those of tags before it, is not named.
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
    """What the ``first`` hits (n,) are, with how many clips ``among`` (rows,) are that; nothing without tags."""
    return tuple(telling_tags(columns, counting.rows_of(columns, first), among, MOST))


def said(parts: tuple[Part, ...], tags: tuple[FacetCount, ...]) -> str:
    """The same in a sentence, for a question of some parts; empty where nothing is known."""
    if not tags:
        return ""
    wanted = [part for part in parts if part.weight > 0]
    words = " ".join(part.text for part in wanted if isinstance(part, TextPart))
    is_words = len(words) <= LONGEST and all(isinstance(part, TextPart) for part in wanted)
    missing = f'no "{words}" here' if is_words else "nothing here sounds like that"
    return f"{missing}; nearest: {', '.join(f'{one.count} of {one.value}' for one in tags)}"
