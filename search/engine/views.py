"""What a search reads: the state of a space, and of its tunes, at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from search.columns import ClipColumns
from search.melody.index import MelodyIndex
from search.model import Ids, Segment, Space
from search.neighbourhoods import Neighbourhoods
from search.ports import VectorIndex


@dataclass(frozen=True, slots=True)
class SpaceView:
    """What a search reads of one space: its index and columns, both at least as new as when the view was taken.

    ``neighbourhoods`` are as of the last snapshot that has some, None where a ranking is by plain similarity.
    """

    space: Space
    index: VectorIndex
    columns: ClipColumns
    neighbourhoods: Neighbourhoods | None = None

    def segments(self, segment_ids: Ids) -> dict[int, Segment]:
        """The segments of these ids (n,), by id; those that just went are left out."""
        contents, starts, ends = self.columns.place(segment_ids)
        there = contents >= 0
        rows = zip(segment_ids[there].tolist(), starts[there].tolist(), ends[there].tolist(), strict=True)
        return {segment_id: Segment(segment_id, start_s, end_s) for segment_id, start_s, end_s in rows}


@dataclass(frozen=True, slots=True)
class MelodyView:
    """What a search for tunes reads: the melody space's windows and columns, and its tunes."""

    view: SpaceView
    index: MelodyIndex
