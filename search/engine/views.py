"""What a search reads: the state of a library, of its spaces and of its tunes, at one moment. None of it changes."""

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
    """What a search reads of one space: its index and columns, both at least as new as when the view was taken.

    ``neighbourhoods`` are as of the last snapshot that has some, None where a ranking is by plain similarity.
    """

    space: Space
    index: VectorIndex
    columns: ClipColumns
    neighbourhoods: Neighbourhoods | None = None

    def reaching(self, recall: float) -> SpaceView:
        """The same, whose index finds this part of the nearest ten, where it can be asked to."""
        return replace(self, index=self.index.reaching(recall)) if isinstance(self.index, RecallIndex) else self

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

    def reaching(self, recall: float) -> MelodyView:
        """As `SpaceView.reaching`."""
        view = self.view.reaching(recall)
        return MelodyView(view, self.index.over(view.index))


@dataclass(frozen=True, slots=True, eq=False)
class SameRecordings:
    """Which contents are one recording: ``contents`` (n,) ascending, for each the ``first`` (n,) of its group.

    That is what the search for duplicates found last; a content that is not among them is a recording of its own.
    """

    contents: Ids
    first: Ids

    @classmethod
    def none(cls) -> SameRecordings:
        """Every content is a recording of its own."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64))

    def of(self, content_ids: Ids) -> Ids:
        """(n,) for each of these contents the one that stands for its recording: itself, or its group's first."""
        if not len(self.contents):
            return content_ids
        place = np.minimum(np.searchsorted(self.contents, content_ids), len(self.contents) - 1)
        return np.where(self.contents[place] == content_ids, self.first[place], content_ids)

    def with_versions(self, content_ids: Ids) -> Ids:
        """These contents, and every other one of their recordings."""
        others = self.contents[np.isin(self.first, self.of(content_ids))]
        return np.union1d(content_ids, others)


@dataclass(frozen=True, slots=True)
class LibraryView:
    """All that searches read of the ``library`` in a folder: its ``spaces``, active ones first, tunes, recordings.

    ``asked_space`` names the space of sounds that is asked where a question names none, None for every one of them.
    ``recall`` is the part of the nearest ten that its indexes are to find, None for what the usual effort finds.
    """

    library: str
    spaces: tuple[SpaceView, ...]
    melody: MelodyView | None = None
    recordings: SameRecordings = field(default_factory=SameRecordings.none)
    asked_space: str | None = None
    recall: float | None = None

    def reaching(self, recall: float | None) -> LibraryView:
        """The same, for a question that asks for this part of the nearest ten; None: as the library is set.

        Raises QueryError for a recall that nobody may ask for.
        """
        if recall is None:
            return self
        least, most = RECALLS
        if not least <= recall <= most:
            raise QueryError(f"recall is {recall:g}; it must be {least:g} to {most:g}, a part of the nearest ten")
        spaces = tuple(view.reaching(recall) for view in self.spaces)
        melody = None if self.melody is None else self.melody.reaching(recall)
        return replace(self, spaces=spaces, melody=melody, recall=recall)

    def of(self, name: str | None = None) -> list[SpaceView]:
        """The spaces called ``name``, or without a name those that are asked: every space of sounds, or the one chosen.

        The melody space is given by its name only: what has a vector there is no sound. Raises QueryError that lists
        what is there when none is meant.
        """
        meant = [v for v in self.spaces if (not v.space.is_melody if name is None else v.space.name == name)]
        if meant:
            chosen = [v for v in meant if v.space.name == self.asked_space] if name is None else []
            return chosen or meant  # one that was dropped since is asked no more
        known = ", ".join(dict.fromkeys(view.space.name for view in self.spaces))
        if name is None or not known:
            raise QueryError(
                f"the library at {printable(self.library)} is empty; fill it with: soundalike index FOLDER"
            )
        raise QueryError(f"this library has no space called {name!r}; its spaces: {known}")

    def sounds(self) -> Ids:
        """The contents (n,) of the library's clips that are sounds, and no notes, ascending."""
        columns = [view.columns for view in self.spaces if not view.space.is_melody]
        encoded = [part.encoding_content for each in columns for part in (each.base, each.recent)]
        present = [each.content_ids[each.present] for each in columns]
        none = np.empty(0, np.int64)
        return np.intersect1d(np.concatenate([none, *encoded]), np.concatenate([none, *present]))


Look: TypeAlias = Callable[[], LibraryView]
"""Gives what is there to be searched now, without waiting."""
