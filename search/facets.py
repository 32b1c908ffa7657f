"""Facets of a library: what a person can narrow a search by, with how many clips each choice leaves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from search.columns import facets as counting
from search.errors import QueryError
from search.parts import SpaceView
from search.steering import FacetCount, Facets
from search.where import parse

if TYPE_CHECKING:
    from search.library import Library

MAX_VALUES = 1000


def of_filter(library: Library, where: str | None, limit: int) -> Facets:
    """Facets of every clip that passes ``where`` (None: all), ``limit`` tags and folders at most.

    Raises WhereError for a filter that does not parse, QueryError for a limit that is not from 1 to `MAX_VALUES`.
    """
    view = library.views()[0]
    rows = view.columns.present if where is None else view.columns.clips_where(parse(where))
    return _facets(library, view, rows, limit)


def of_clips(library: Library, clip_ids: Iterable[int], limit: int) -> Facets:
    """Facets of these clips; those that are not there are not counted. Raises QueryError for a bad limit."""
    view = library.views()[0]
    wanted = np.array([clip_id for clip_id in clip_ids if 0 <= clip_id < 2**63], np.int64)
    return _facets(library, view, counting.rows_of(view.columns, wanted), limit)


def _facets(library: Library, view: SpaceView, rows: NDArray[np.bool_], limit: int) -> Facets:
    if not 1 <= limit <= MAX_VALUES:
        raise QueryError(f"{limit} values of a facet; it must be from 1 to {MAX_VALUES}")
    found = counting.folders(view.columns, rows, limit)
    names = {clip.id: clip.path.rpartition("/")[0] for clip in library.clips.clips([one.clip_id for one in found])}
    folders = tuple(
        FacetCount(names[one.clip_id], one.count, f"folder = {counting.quoted(names[one.clip_id])}")
        for one in found
        if one.clip_id in names
    )
    return counting.facets(view.columns, rows, folders, limit)
