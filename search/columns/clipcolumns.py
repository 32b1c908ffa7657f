"""`ClipColumns`: maps segments to contents to clips, and filters to bitmaps, at one sequence of the catalog.

It has two parts. ``base`` is large, and mapped from files once it was published. ``recent`` has the clips and segments
that came or changed since; every refresh adds to it. Rows of the base that were deleted, or that ``recent`` replaces,
are marked as gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.definitions import PLACES
from search.analysis.time.table import EventTable
from search.columns import files, unmeasured
from search.columns.filtering import passing
from search.columns.joining import Remaining, joined
from search.columns.table import ColumnPart
from search.columns.where import Where
from search.model import Bitmap, Ids, Space
from search.snapshots.snapshot import NewSnapshot, Snapshot

if TYPE_CHECKING:
    from search.catalog.columnar import ColumnReader
    from search.catalog.store import Catalog

REBUILD_CLIPS: Final = 1000
REBUILD_SHARE: Final = 16
"""If there are more recent clips than `REBUILD_CLIPS`, and than 1 / `REBUILD_SHARE` of the base, they are merged into
the base."""


@dataclass(frozen=True)
class ClipColumns:
    """The columns of one space's clips. Immutable; `refreshed` returns the next version. Rows are clips, unordered.

    ``gone_clips`` (base.n_clips,) and ``gone_encodings`` mark rows of the base that no longer count. So some rows of
    `clip_ids` are dead, and no method returns or accepts them as clips.
    """

    sequence: int
    space_id: int
    vocabulary: tuple[str, ...]
    base_sequence: int
    base: ColumnPart
    recent: ColumnPart
    gone_clips: NDArray[np.bool_]
    gone_encodings: NDArray[np.bool_]
    tag_space_id: int | None = None
    """The space that the tags come from, -1 if there is none; None for columns from a file."""
    events: EventTable | None = None
    """The events of the contents, in classes of ``vocabulary``; None if they were not attached."""

    # --- making ---------------------------------------------------------------------------------------------

    @classmethod
    def build(cls, catalog: Catalog, space: Space) -> ClipColumns:
        """Build the columns from the whole catalog. This takes a few seconds for a million segments."""
        return cls._built(catalog, space.id)

    @classmethod
    def load(cls, snapshot: Snapshot) -> ClipColumns:
        """Map the columns that `save` wrote. Raises SnapshotError."""
        facts, parts = files.read(snapshot)
        return cls(
            sequence=snapshot.sequence,
            space_id=facts.space_id,
            vocabulary=facts.vocabulary,
            base_sequence=facts.base_sequence,
            base=parts.base,
            recent=parts.recent,
            gone_clips=parts.gone_clips,
            gone_encodings=parts.gone_encodings,
        )

    def save(self, new: NewSnapshot) -> None:
        """Write the columns into the snapshot of their sequence. Raises OSError (disk full, read-only)."""
        facts = files.ColumnFacts(self.space_id, self.vocabulary, self.base_sequence)
        files.write(new, facts, files.Parts(self.base, self.recent, self.gone_clips, self.gone_encodings))

    def refreshed(self, catalog: Catalog) -> ClipColumns:
        """Return the columns at the catalog's current sequence; the same object if nothing changed.

        Only changes since this sequence are read.
        """
        with catalog.columns(self.space_id) as reader:
            tags_stay = self.tag_space_id in (None, reader.tag_space_id) and reader.vocabulary == self.vocabulary
            if tags_stay and reader.sequence == self.sequence:
                return self
            # A sequence below ours means that the catalog was restored from a backup
            if tags_stay and reader.pruned <= self.sequence < reader.sequence:
                return self._with_news(reader)
        return self._built(catalog, self.space_id)

    @classmethod
    def _built(cls, catalog: Catalog, space_id: int) -> ClipColumns:
        with catalog.columns(space_id) as reader:
            n_tags = len(reader.vocabulary)
            base = ColumnPart.build(reader.clips(0), reader.encodings(0), n_tags)
            return cls(
                sequence=reader.sequence,
                space_id=space_id,
                tag_space_id=reader.tag_space_id,
                vocabulary=reader.vocabulary,
                base_sequence=reader.sequence,
                base=base,
                recent=ColumnPart.build([], [], n_tags),
                gone_clips=np.zeros(base.n_clips, np.bool_),
                gone_encodings=np.zeros(len(base.first_segment), np.bool_),
            )

    def _with_news(self, reader: ColumnReader) -> ClipColumns:
        """Apply the changes since this sequence. If there are many, merge them into the base."""
        news = ColumnPart.build(reader.clips(self.sequence), reader.encodings(self.sequence), len(self.vocabulary))
        clip_ids, first_segments = reader.removed(self.sequence)
        changed = np.concatenate((clip_ids, news.clip_ids))
        recent = Remaining(
            self.recent,
            ~np.isin(self.recent.clip_ids, changed),
            ~np.isin(self.recent.first_segment, first_segments),
        )
        gone_clips, gone_encodings = self.gone_clips.copy(), self.gone_encodings.copy()
        gone_clips[self.base.rows_of_clips(changed)] = True
        gone_encodings[self.base.encodings_from(first_segments)] = True
        now = replace(
            self,
            sequence=reader.sequence,
            tag_space_id=reader.tag_space_id,
            recent=joined([recent, Remaining.all_of(news)]),
            gone_clips=gone_clips,
            gone_encodings=gone_encodings,
        )
        too_long = now.recent.n_clips > max(REBUILD_CLIPS, self.base.n_clips // REBUILD_SHARE)
        return now._as_base() if too_long else now

    def whole(self) -> ColumnPart:
        """Return all rows that are not gone as one table."""
        return joined([Remaining(self.base, ~self.gone_clips, ~self.gone_encodings), Remaining.all_of(self.recent)])

    def _as_base(self) -> ClipColumns:
        """Merge everything into the base."""
        base = self.whole()
        return replace(
            self,
            base_sequence=self.sequence,
            base=base,
            recent=ColumnPart.build([], [], len(self.vocabulary)),
            gone_clips=np.zeros(base.n_clips, np.bool_),
            gone_encodings=np.zeros(len(base.first_segment), np.bool_),
        )

    # --- clips ----------------------------------------------------------------------------------------------

    @cached_property
    def clip_ids(self) -> Ids:
        """(rows,) the id of the clip in each row."""
        if not self.recent.n_clips:
            return self.base.clip_ids
        return np.concatenate((self.base.clip_ids, self.recent.clip_ids))

    @cached_property
    def content_ids(self) -> Ids:
        """(rows,) the content of the clip in each row."""
        if not self.recent.n_clips:
            return self.base.content_ids
        return np.concatenate((self.base.content_ids, self.recent.content_ids))

    @cached_property
    def silent(self) -> NDArray[np.bool_]:
        """(rows,) whether the clip in each row is silent."""
        return np.concatenate((self.base.silent, self.recent.silent))

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """(rows,) whether each row is a clip that still exists."""
        return np.concatenate((~self.gone_clips, np.ones(self.recent.n_clips, np.bool_)))

    def content_of(self, clip_id: int) -> int | None:
        """Return the content of a clip, None if there is no such clip."""
        found = self._place_of(clip_id)
        return None if found is None else int(found[0].content_ids[found[1]])

    def duration_of(self, content_id: int) -> float:
        """Return the duration of a content in seconds, NaN if it has no clips."""
        rows = np.flatnonzero((self.content_ids == content_id) & self.present)
        durations = np.concatenate((self.base.duration_s, self.recent.duration_s))
        return float(durations[rows[0]]) if len(rows) else float("nan")

    def is_silent(self, clip_id: int) -> bool:
        """Return whether a clip exists and is silent."""
        found = self._place_of(clip_id)
        return found is not None and bool(found[0].silent[found[1]])

    def _place_of(self, clip_id: int) -> tuple[ColumnPart, int] | None:
        """Return the part of a clip, and its row there; None if there is no such clip."""
        wanted = np.array([clip_id], np.int64)
        for part, gone in ((self.recent, None), (self.base, self.gone_clips)):
            rows = part.rows_of_clips(wanted)
            if len(rows) and (gone is None or not gone[rows[0]]):
                return part, int(rows[0])
        return None

    def contents_of(self, clip_ids: Ids) -> Ids:
        """Return the contents of the existing clips among ``clip_ids`` (q,), ascending."""
        wanted = np.unique(clip_ids)
        base = self.base.rows_of_clips(wanted)
        base = base[~self.gone_clips[base]]
        recent = self.recent.rows_of_clips(wanted)
        return np.unique(np.concatenate((self.base.content_ids[base], self.recent.content_ids[recent])))

    def titles(self, clip_ids: Ids) -> list[str]:
        """Return the titles of clips (q,) in lower case; empty for an unknown clip."""
        found = [self._place_of(clip_id) for clip_id in clip_ids.tolist()]
        return ["" if one is None else one[0].titles.value(one[1]).decode("utf-8", "replace") for one in found]

    def tag_match(self, meant: Mapping[str, float], clip_ids: Ids) -> NDArray[np.float64]:
        """Return (q,) the probability that a tag drawn from the distribution ``meant`` (by name) is in each clip.

        0 for an unknown clip.
        """
        by_class = np.array([meant.get(name, 0.0) for name in self.vocabulary], np.float64)
        matches = np.zeros(len(clip_ids))
        for part in (self.base, self.recent):  # a changed clip is in both, and the later part wins
            if part.n_clips:
                rows = np.minimum(np.searchsorted(part.clip_ids, clip_ids), part.n_clips - 1)
                here = part.clip_ids[rows] == clip_ids
                matches[here] = part.tag_match(by_class, rows[here])
        return matches

    def clips_where(self, where: Where) -> NDArray[np.bool_]:
        """Return (rows,) which clips pass a filter. Raises WhereError if it uses facts or events and there are none."""
        for fact in unmeasured.facts_in(where):
            self.check_measured(fact)
        return self._by_part(lambda part: self._passing(part, where))

    def check_measured(self, fact: str) -> None:
        """Raises WhereError if there are sounds and none of them was measured."""
        if not (self._by_part(lambda part: part.measured) & self.present).any() and self.unmeasured.any():
            raise unmeasured.refusal(fact)

    @cached_property
    def unmeasured(self) -> NDArray[np.bool_]:
        """(rows,) which clips have sound and no facts."""
        return self._by_part(unmeasured.unmeasured) & self.present

    def unjudged(self, where: Where | None, by: str = "id") -> int:
        """Count the clips that a filter, or an order ``by`` a fact, could not judge because they were not measured."""
        by_fact = by.removeprefix("-") in PLACES
        if where is None:
            return int(np.count_nonzero(self.unmeasured)) if by_fact else 0
        unsure = np.zeros(len(self.clip_ids), np.bool_)
        if any(unmeasured.facts_in(where)):
            unsure = self._by_part(
                lambda part: unmeasured.uncertain(part, where, lambda inner: self._passing(part, inner))
            )
        if by_fact:
            unsure |= self.unmeasured & self.clips_where(where)
        return int(np.count_nonzero(unsure))

    def fact(self, name: str) -> NDArray[np.float32]:
        """Return (rows,) a fact of each clip as a number; NaN if it is absent."""
        return np.concatenate((self.base.fact(name), self.recent.fact(name)))

    def _passing(self, part: ColumnPart, where: Where) -> NDArray[np.bool_]:
        return passing(part, where, self.vocabulary, self.events)

    def _by_part(self, of: Callable[[ColumnPart], NDArray[np.bool_]]) -> NDArray[np.bool_]:
        """Return (rows,) the results of ``of`` for both parts; false for rows that are gone."""
        base = of(self.base) & ~self.gone_clips
        return np.concatenate((base, of(self.recent))) if self.recent.n_clips else base

    def clips_of(self, content_ids: Ids) -> dict[int, list[int]]:
        """Map content id -> ids of its clips, ascending; contents without a clip are left out."""
        wanted = np.unique(content_ids)
        found: dict[int, list[int]] = {}
        for part, gone in ((self.base, self.gone_clips), (self.recent, None)):
            starts, ends = part.rows_of_contents(wanted)
            for content_id, start, end in zip(wanted.tolist(), starts.tolist(), ends.tolist(), strict=True):
                rows = part.by_content[start:end]
                if gone is not None:
                    rows = rows[~gone[rows]]
                if len(rows):
                    found.setdefault(content_id, []).extend(part.clip_ids[rows].tolist())
        for clip_ids in found.values():
            clip_ids.sort()
        return found

    # --- segments -------------------------------------------------------------------------------------------

    def bitmap(self, clip_rows: NDArray[np.bool_]) -> Bitmap:
        """Return the segments of every content with a clip in ``clip_rows`` (rows,) bool."""
        base_rows = clip_rows[: self.base.n_clips] & ~self.gone_clips
        recent_rows = clip_rows[self.base.n_clips :]
        in_base = _marked(self.base.clip_encoding[base_rows], len(self.base.first_segment))
        in_recent = _marked(self.recent.clip_encoding[recent_rows], len(self.recent.first_segment))
        # a new clip of an old content
        elsewhere = self.recent.content_ids[recent_rows][self.recent.clip_encoding[recent_rows] < 0]
        places = self.base.encodings_of_contents(elsewhere)
        in_base[places[places >= 0]] = True
        in_base &= ~self.gone_encodings
        segments = np.zeros(max(self.base.end_segment, self.recent.end_segment), np.bool_)
        segments[: self.base.end_segment] = self.base.segments_of_encodings(in_base)
        if in_recent.any():
            segments[: self.recent.end_segment] |= self.recent.segments_of_encodings(in_recent)
        return np.packbits(segments, bitorder="little")

    def place(self, segment_ids: Ids) -> tuple[Ids, NDArray[np.float64], NDArray[np.float64]]:
        """Return (q,) content id, start and end in seconds of each segment; -1 and NaN for an unknown one."""
        contents = np.full(len(segment_ids), -1, np.int64)
        spans = np.full((len(segment_ids), 2), np.nan)
        for part, gone in ((self.base, self.gone_encodings), (self.recent, None)):
            place = part.encodings_of_segments(segment_ids)
            here = place >= 0
            if gone is not None and here.any():
                here[here] = ~gone[place[here]]
            at = place[here]
            contents[here] = part.encoding_content[at]
            spans[here] = part.spans[part.span_starts[at] + segment_ids[here] - part.first_segment[at]]
        return contents, spans[:, 0], spans[:, 1]

    def segments_of(self, content_id: int) -> Ids:
        """Return the ids (n,) of a content's segments, ascending; empty for an unknown content."""
        wanted = np.array([content_id], np.int64)
        place = int(self.recent.encodings_of_contents(wanted)[0])
        part = self.recent
        if place < 0:
            place, part = int(self.base.encodings_of_contents(wanted)[0]), self.base
            if place < 0 or self.gone_encodings[place]:
                return np.empty(0, np.int64)
        first = int(part.first_segment[place])
        return np.arange(first, first + int(part.n_segments[place]), dtype=np.int64)


def _marked(places: NDArray[np.int32], count: int) -> NDArray[np.bool_]:
    marked = np.zeros(count, np.bool_)
    marked[places[places >= 0]] = True
    return marked
