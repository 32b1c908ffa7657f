"""The clips of a library: filtered, sorted and counted."""

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
    """The clips of a library, on the state of the last half second. `Library.clips` is one."""

    def __init__(self, catalog: Catalog, spaces: Spaces) -> None:
        self._catalog = catalog
        self._spaces = spaces

    def ids(self, where: str | None = None) -> Ids:
        """The ids (n,) of the clips that pass a filter, or of all, ascending.

        Raises WhereError for a filter that does not parse.

        Examples:
            >>> [clip.title for clip in library.reader.clips(library.clips.ids('path ~ "rain"').tolist())]
            ['rain', 'rain_again']
        """
        columns = self._columns()
        return np.sort(columns.clip_ids[columns.present if where is None else columns.clips_where(parse(where))])

    def sorted_ids(self, where: str | None = None, by: str = "id") -> Ids:
        """The same in the order of a column or a fact, with "-" before its name from high to low; absent ones last.

        Raises WhereError for a filter that does not parse, or a column that clips are not sorted by, and for a fact
        where no clip was measured.

        Examples:
            >>> [clip.title for clip in library.reader.clips(library.clips.sorted_ids(by="-size_bytes")[:1].tolist())]
            ['door_slam']
        """
        columns = self._columns()
        passing = columns.present if where is None else columns.clips_where(parse(where))
        rows = order(columns, by)
        return columns.clip_ids[rows[passing[rows]]]

    def facets(self, where: str | None = None, *, limit: int = 20) -> Facets:
        """How many of the clips that pass a filter have which tag, duration, date and folder (``limit`` at most).

        Raises WhereError for a filter that does not parse.

        Examples:
            >>> [(facet.value, facet.count) for facet in library.clips.facets('format = "wav"').durations]
            [('2 to 5 s', 5)]
        """
        return facets.of_filter(self._spaces.view().of()[0], self._catalog, where, limit)

    def facets_of(self, clip_ids: Iterable[int], *, limit: int = 20) -> Facets:
        """The same of these clips: the hits of an answer.

        Examples:
            >>> hits = library.search(soundalike.Query((soundalike.TextPart("rain"),))).hits
            >>> library.clips.facets_of(hit.clip_id for hit in hits).clips
            2
        """
        return facets.of_clips(self._spaces.view().of()[0], self._catalog, clip_ids, limit)

    def _columns(self) -> ClipColumns:
        return self._spaces.view().of()[0].columns
