"""Filtering, sorting and counting the clips of a library."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from search.catalog.store import Catalog
from search.columns import ClipColumns
from search.columns.ordering import order
from search.columns.parsing import parse
from search.library.spaces import Spaces
from search.model import Facets, Ids
from search.overview import facets


class Clips:
    """Filters, sorts and counts clips (`Library.clips`). The state is at most half a second old."""

    def __init__(self, catalog: Catalog, spaces: Spaces) -> None:
        self._catalog = catalog
        self._spaces = spaces

    def ids(self, where: str | None = None) -> Ids:
        """Return the ids (n,) of the clips that pass a filter (None: all clips), ascending.

        Raises WhereError for a filter that does not parse.

        Examples:
            >>> [clip.title for clip in library.reader.clips(library.clips.ids('path ~ "rain"').tolist())]
            ['rain', 'rain_again']
        """
        columns = self._columns()
        return np.sort(columns.clip_ids[columns.present if where is None else columns.clips_where(parse(where))])

    def sorted_ids(self, where: str | None = None, by: str = "id") -> Ids:
        """Return the same ids sorted by a column or a fact; "-" before the name sorts from high to low.

        Clips without a value come last. Raises WhereError for a filter that does not parse, for a column that clips
        cannot be sorted by, or for a fact if no clip was measured.

        Examples:
            >>> [clip.title for clip in library.reader.clips(library.clips.sorted_ids(by="-size_bytes")[:1].tolist())]
            ['door_slam']
        """
        columns = self._columns()
        passing = columns.present if where is None else columns.clips_where(parse(where))
        rows = order(columns, by)
        return columns.clip_ids[rows[passing[rows]]]

    def facets(self, where: str | None = None, *, limit: int = 20) -> Facets:
        """Count the tags, durations, dates, folders and facts of the clips that pass a filter (None: all clips).

        Each list has at most ``limit`` values.

        Raises WhereError for a filter that does not parse.

        Examples:
            >>> [(facet.value, facet.count) for facet in library.clips.facets('format = "wav"').durations]
            [('2 to 5 s', 5)]
        """
        return facets.of_filter(self._spaces.view().of()[0], self._catalog, where, limit)

    def facets_of(self, clip_ids: Iterable[int], *, limit: int = 20) -> Facets:
        """Count the same for these clips, for example the hits of an answer.

        Examples:
            >>> hits = library.search(soundalike.Query((soundalike.TextPart("rain"),))).hits
            >>> library.clips.facets_of(hit.clip_id for hit in hits).clips
            2
        """
        return facets.of_clips(self._spaces.view().of()[0], self._catalog, clip_ids, limit)

    def _columns(self) -> ClipColumns:
        return self._spaces.view().of()[0].columns
