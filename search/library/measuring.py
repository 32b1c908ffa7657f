"""The facts of a library, clip by clip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from search.catalog.store import Catalog
from search.columns import ClipColumns
from search.columns.parsing import parse
from search.facts.definitions import DEFECTS, VERSION, FactValue, unpacked
from search.model import Ids


def facts(catalog: Catalog, clip_ids: Iterable[int]) -> dict[int, dict[str, FactValue]]:
    """The facts of clips, without those that nobody measured, or an earlier version did."""
    content_of = {clip.id: clip.content_id for clip in catalog.clips(list(clip_ids))}
    stored = catalog.facts(set(content_of.values()))
    return {
        clip_id: unpacked(stored[content_id].numbers)
        for clip_id, content_id in content_of.items()
        if content_id in stored and stored[content_id].version == VERSION
    }


@dataclass(frozen=True, slots=True)
class DefectReport:
    """The ids of the clips that have each defect (``of``, by its name), and of those that have none (``clean``)."""

    of: Mapping[str, Ids]
    clean: Ids


def defects(columns: ClipColumns, where: str | None = None) -> DefectReport:
    """What is amiss with the clips that pass a filter, or with all; of those that nobody measured nothing is known.

    Raises WhereError for a filter that does not parse.
    """
    rows = columns.present if where is None else columns.clips_where(parse(where))
    numbers = columns.fact("defects")
    rows = rows & ~np.isnan(numbers)
    bits, ids = np.nan_to_num(numbers[rows]).astype(np.int64), columns.clip_ids[rows]
    return DefectReport(
        {name: np.sort(ids[bits >> place & 1 == 1]) for place, name in enumerate(DEFECTS)}, np.sort(ids[bits == 0])
    )


def unmeasured(catalog: Catalog) -> int:
    """How many contents with sound have no facts."""
    return len(catalog.without_facts(VERSION))
