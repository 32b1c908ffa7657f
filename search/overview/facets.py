"""Facets of a library: what a person can narrow a search by, with how many clips each choice leaves."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from search.columns import counting
from search.columns.where import parse
from search.engine.views import SpaceView
from search.errors import QueryError
from search.model import FacetCount, Facets
from search.ports import CatalogReader

MAX_VALUES = 1000


def of_filter(view: SpaceView, catalog: CatalogReader, where: str | None, limit: int) -> Facets:
    """Facets of every clip that passes ``where`` (None: all), ``limit`` tags and folders at most.

    Raises WhereError for a filter that does not parse, QueryError for a limit that is not from 1 to `MAX_VALUES`.
    """
    rows = view.columns.present if where is None else view.columns.clips_where(parse(where))
    return _facets(view, catalog, rows, limit)


def of_clips(view: SpaceView, catalog: CatalogReader, clip_ids: Iterable[int], limit: int) -> Facets:
    """Facets of these clips; those that are not there are not counted. Raises QueryError for a bad limit."""
    wanted = np.array([clip_id for clip_id in clip_ids if 0 <= clip_id < 2**63], np.int64)
    return _facets(view, catalog, counting.rows_of(view.columns, wanted), limit)


def _facets(view: SpaceView, catalog: CatalogReader, rows: NDArray[np.bool_], limit: int) -> Facets:
    if not 1 <= limit <= MAX_VALUES:
        raise QueryError(f"{limit} values of a facet; it must be from 1 to {MAX_VALUES}")
    found = counting.folders(view.columns, rows, limit)
    names = {clip.id: clip.path.rpartition("/")[0] for clip in catalog.clips([one.clip_id for one in found])}
    folders = tuple(
        FacetCount(names[one.clip_id], one.count, f"folder = {counting.quoted(names[one.clip_id])}")
        for one in found
        if one.clip_id in names
    )
    return counting.facets(view.columns, rows, folders, limit)
