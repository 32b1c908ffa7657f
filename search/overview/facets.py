"""Facets of a library: values by which a search can be narrowed, with the number of clips for each."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from search.columns import counting
from search.columns.counting import ValueCount
from search.columns.parsing import parse
from search.columns.text import folded
from search.engine.views import SpaceView
from search.errors import QueryError
from search.model import Clip, FacetCount, Facets
from search.ports import CatalogReader

MAX_VALUES = 1000


def of_filter(view: SpaceView, catalog: CatalogReader, where: str | None, limit: int) -> Facets:
    """Facets of all clips that pass ``where`` (None: all), with at most ``limit`` tags, own tags and folders.

    Raises WhereError for an invalid filter, QueryError for a limit outside of 1 to `MAX_VALUES`.
    """
    rows = view.columns.present if where is None else view.columns.clips_where(parse(where))
    return _facets(view, catalog, rows, limit)


def of_clips(view: SpaceView, catalog: CatalogReader, clip_ids: Iterable[int], limit: int) -> Facets:
    """Facets of these clips; unknown clips are not counted. Raises QueryError for a bad limit."""
    wanted = np.array([clip_id for clip_id in clip_ids if 0 <= clip_id < 2**63], np.int64)
    return _facets(view, catalog, counting.rows_of(view.columns, wanted), limit)


def _facets(view: SpaceView, catalog: CatalogReader, rows: NDArray[np.bool_], limit: int) -> Facets:
    if not 1 <= limit <= MAX_VALUES:
        raise QueryError(f"limit is {limit}; it must be from 1 to {MAX_VALUES}")
    folders = counting.folders(view.columns, rows, limit)
    own_tags = counting.own_tags(view.columns, rows, limit)
    clips = {clip.id: clip for clip in catalog.clips([one.clip_id for one in (*folders, *own_tags)])}
    return counting.facets(
        view.columns,
        rows,
        tuple(_own_tag(one, clips[one.clip_id]) for one in own_tags if one.clip_id in clips),
        tuple(_folder(one, clips[one.clip_id]) for one in folders if one.clip_id in clips),
        limit,
    )


def _folder(counted: ValueCount, example: Clip) -> FacetCount:
    name = example.path.rpartition("/")[0]
    return FacetCount(name, counted.count, f"folder = {counting.quoted(name)}")


def _own_tag(counted: ValueCount, example: Clip) -> FacetCount:
    """An own tag as a clip spells it; in its folded form if that clip has lost the tag meanwhile."""
    written = (name for name in example.own_tags if folded(name) == counted.folded)
    name = next(written, counted.folded.decode())
    return FacetCount(name, counted.count, f"own_tag = {counting.quoted(name)}")
