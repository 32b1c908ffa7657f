"""What a search reads: an immutable state of a library, its spaces and its tunes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from search.analysis.melody.index import MelodyIndex
from search.columns import ClipColumns
from search.errors import QueryError, printable
from search.model import Ids, Segment, Space
from search.ports import RecallIndex, VectorIndex
from search.settings import RECALLS
from search.vectors.neighbourhoods import Neighbourhoods


@dataclass(frozen=True, slots=True)
class SpaceView:
    """The state of one space: its index and columns, both at least as new as when the view was made.

    ``neighbourhoods`` are those of the last snapshot that has some; None: rank by plain similarity.
    """

    space: Space
    index: VectorIndex
    columns: ClipColumns
    neighbourhoods: Neighbourhoods | None = None

    def reaching(self, recall: float) -> SpaceView:
        """Return the view with an index that finds this share of the ten nearest, if the index supports that."""
        return replace(self, index=self.index.reaching(recall)) if isinstance(self.index, RecallIndex) else self

    def segments(self, segment_ids: Ids) -> dict[int, Segment]:
        """Map these ids (n,) to their segments. Segments that were just deleted are left out."""
        contents, starts, ends = self.columns.place(segment_ids)
        there = contents >= 0
        rows = zip(segment_ids[there].tolist(), starts[there].tolist(), ends[there].tolist(), strict=True)
        return {segment_id: Segment(segment_id, start_s, end_s) for segment_id, start_s, end_s in rows}


@dataclass(frozen=True, slots=True)
class MelodyView:
    """The state that a search for tunes reads: the melody space's windows and columns, and its tunes."""

    view: SpaceView
    index: MelodyIndex

    def reaching(self, recall: float) -> MelodyView:
        """See `SpaceView.reaching`."""
        view = self.view.reaching(recall)
        return MelodyView(view, self.index.over(view.index))


@dataclass(frozen=True, slots=True, eq=False)
class SameRecordings:
    """Which contents are one recording: ``contents`` (n,) ascending, and for each the ``first`` (n,) of its group.

    The groups are from the last search for duplicates. Any other content is a recording of its own.
    """

    contents: Ids
    first: Ids

    @classmethod
    def none(cls) -> SameRecordings:
        """Return a value in which every content is a recording of its own."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64))

    def of(self, content_ids: Ids) -> Ids:
        """Return (n,) the content that represents each one's recording: itself, or the first of its group."""
        if not len(self.contents):
            return content_ids
        place = np.minimum(np.searchsorted(self.contents, content_ids), len(self.contents) - 1)
        return np.where(self.contents[place] == content_ids, self.first[place], content_ids)

    def with_versions(self, content_ids: Ids) -> Ids:
        """Return these contents and all others of their recordings."""
        others = self.contents[np.isin(self.first, self.of(content_ids))]
        return np.union1d(content_ids, others)


@dataclass(frozen=True, slots=True)
class LibraryView:
    """Everything that searches read of a ``library`` (its folder): ``spaces``, active ones first, tunes, recordings.

    ``asked_space`` names the space of sounds that queries without a space use; None: all of them. ``recall`` is the
    share of the ten nearest that its indexes must find; None: whatever the normal effort finds.
    """

    library: str
    spaces: tuple[SpaceView, ...]
    melody: MelodyView | None = None
    recordings: SameRecordings = field(default_factory=SameRecordings.none)
    asked_space: str | None = None
    recall: float | None = None

    def reaching(self, recall: float | None) -> LibraryView:
        """Return the view for a query with this recall; None: the library's setting.

        Raises QueryError for a recall out of range.
        """
        if recall is None:
            return self
        least, most = RECALLS
        if not least <= recall <= most:
            raise QueryError(f"recall is {recall:g}; it must be from {least:g} to {most:g}, a share of the nearest ten")
        spaces = tuple(view.reaching(recall) for view in self.spaces)
        melody = None if self.melody is None else self.melody.reaching(recall)
        return replace(self, spaces=spaces, melody=melody, recall=recall)

    def of(self, name: str | None = None) -> list[SpaceView]:
        """Return the spaces called ``name``; without a name the chosen space of sounds, or else every space of sounds.

        The melody space is returned only by its name, because its vectors are not of sounds. Raises QueryError, which
        lists the spaces, if there is none.
        """
        meant = [v for v in self.spaces if (not v.space.is_melody if name is None else v.space.name == name)]
        if meant:
            chosen = [v for v in meant if v.space.name == self.asked_space] if name is None else []
            return chosen or meant  # the chosen space may have been dropped
        known = ", ".join(dict.fromkeys(view.space.name for view in self.spaces))
        if name is None or not known:
            raise QueryError(
                f"the library at {printable(self.library)} is empty; fill it with: soundalike index FOLDER"
            )
        raise QueryError(f"this library has no space called {name!r}; its spaces: {known}")

    def sounds(self) -> Ids:
        """Return the contents (n,) of the library's clips that are sounds, not notes, ascending."""
        columns = [view.columns for view in self.spaces if not view.space.is_melody]
        encoded = [part.encoding_content for each in columns for part in (each.base, each.recent)]
        present = [each.content_ids[each.present] for each in columns]
        none = np.empty(0, np.int64)
        return np.intersect1d(np.concatenate([none, *encoded]), np.concatenate([none, *present]))


Look: TypeAlias = Callable[[], LibraryView]
"""Returns the current view without waiting."""
