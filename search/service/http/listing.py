"""Pages of clips, from the columns of the snapshot, so that no table is sorted for each page."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from werkzeug.exceptions import NotFound

from search.columns import ClipColumns
from search.columns.ordering import order
from search.columns.parsing import parse
from search.columns.where import Where
from search.library.library import Library
from search.library.lists import clips_among
from search.model import Clip, Ids
from search.service.http.answers.clips import ClipOut, ClipsOut
from search.service.http.answers.hits import FacetsOut
from search.service.http.hits import MAX_FACETS
from search.service.http.requests.clips import ClipList

ORDERS_KEPT = 8
LOOKS = 3
"""How often to make a page again if some of its clips were removed in between; once is usually enough."""


class Listing:
    """Lists the clips of a library. Thread-safe."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._orders: OrderedDict[tuple[int, int, str], Ids] = OrderedDict()

    def page(self, query: ClipList) -> ClipsOut:
        """A page of the clips that pass the filter. Raises WhereError."""
        where = parse(query.where) if query.where else None
        if all(space.is_melody for space in self._library.reader.spaces()):
            return ClipsOut(total=0, offset=query.offset, clips=[])
        for _ in range(LOOKS):
            columns = self._library.view().of()[0].columns
            among = clips_among(self._library, query.region, query.within)
            passing = rows_passing(columns, where, among)
            order = self._order(columns, query.sort)
            rows = order[passing[order]]
            ids = columns.clip_ids[rows[query.offset : query.offset + query.limit]]
            clips = self._library.reader.clips(ids.tolist())
            if len(clips) == len(ids):
                break
            self._library.refresh()  # another process removed one of them since the columns were read
        answer = ClipsOut(
            total=len(rows),
            unmeasured=columns.unjudged(where, query.sort),
            offset=query.offset,
            clips=[clip_out(clip) for clip in clips],
        )
        if query.facets:
            if among is None:
                counted = self._library.clips.facets(query.where, limit=MAX_FACETS)
            else:
                counted = self._library.clips.facets_of(columns.clip_ids[passing].tolist(), limit=MAX_FACETS)
            answer.facets = FacetsOut.model_validate(counted)
        return answer

    def _order(self, columns: ClipColumns, sort: str) -> Ids:
        """(rows,) every row of the columns, sorted; cached for each state of the library."""
        key = (columns.space_id, columns.sequence, sort)
        with self._lock:
            found = self._orders.get(key)
            if found is not None:
                return found
        made = order(columns, sort)
        with self._lock:
            self._orders[key] = made
            if len(self._orders) > ORDERS_KEPT:
                self._orders.popitem(last=False)
        return made


def rows_passing(columns: ClipColumns, where: Where | None, among: Sequence[int] | None) -> NDArray[np.bool_]:
    """(rows,) which clips pass a filter and have ids that are in ``among``; None: all."""
    passing = columns.clips_where(where) if where is not None else columns.present
    if among is not None:
        passing = passing & np.isin(columns.clip_ids, np.array(among, np.int64))
    return passing


def the_clip(library: Library, clip_id: int) -> Clip:
    """The clip with this id. Raises NotFound."""
    clips = library.reader.clips([clip_id])
    if not clips:
        raise gone(clip_id)
    return clips[0]


def gone(clip_id: int) -> NotFound:
    """404 for a clip."""
    return NotFound(f"no clip has the id {clip_id}")


def clip_out(clip: Clip) -> ClipOut:
    """A clip as clients see it."""
    return ClipOut.model_validate(
        {
            "id": clip.id,
            "root_id": clip.root.id,
            "path": clip.path,
            "title": clip.title,
            "duration_s": clip.duration_s,
            "size_bytes": clip.size_bytes,
            "added": clip.added,
            "silent": clip.silent,
            "missing": clip.missing,
            "metadata": dict(clip.metadata),
            "own_tags": clip.own_tags,
            "tags": clip.tags,
            "track": clip.track,
            "tracks": clip.tracks,
            "warnings": list(clip.warnings),
            "notes": clip.notes,
            "remark": clip.remark,
        }
    )
