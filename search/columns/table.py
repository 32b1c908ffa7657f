"""The arrays of some clips and segments, with lookups. `ClipColumns` combines two of these."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.definitions import FACTS, PLACES, row_of
from search.columns.text import CodeBuilder, CodedColumn, TextBuilder, TextColumn
from search.columns.where import TAG_PROBABILITY
from search.model import Ids, Spans

if TYPE_CHECKING:
    from search.catalog.columnar import ClipRow, EncodingRow


@dataclass(frozen=True)
class ColumnPart:
    """n clips by ascending id, and m encodings (the segments of a content) by ascending segment id.

    The arrays are in memory or in mapped files. ``by_content`` sorts the clips by content, ``encoding_by_content`` the
    encodings. ``clip_encoding`` (n,) is the index of each clip's encoding, -1 if it is not in this part. Tags are
    stored by class: those of class ``c`` are the entries ``tag_starts[c]`` to ``tag_starts[c + 1]`` of ``tag_rows`` and
    ``tag_probabilities``. Own tags are pairs of a row and a code, by row. ``facts`` (n, facts) has a column for each of
    `search.analysis.facts.definitions.FACTS`, NaN if a clip has no value.
    """

    clip_ids: Ids
    content_ids: Ids
    by_content: NDArray[np.int32]
    clip_encoding: NDArray[np.int32]
    duration_s: NDArray[np.float64]
    size_bytes: Ids
    added: NDArray[np.float64]
    silent: NDArray[np.bool_]
    missing: NDArray[np.bool_]
    facts: NDArray[np.float32]
    path_blob: NDArray[np.uint8]
    path_starts: Ids
    title_blob: NDArray[np.uint8]
    title_starts: Ids
    remark_blob: NDArray[np.uint8]
    remark_starts: Ids
    folder_codes: NDArray[np.int32]
    folder_blob: NDArray[np.uint8]
    folder_starts: Ids
    format_codes: NDArray[np.int32]
    format_blob: NDArray[np.uint8]
    format_starts: Ids
    tag_starts: Ids
    tag_rows: NDArray[np.int32]
    tag_probabilities: NDArray[np.float16]
    own_tag_rows: NDArray[np.int32]
    own_tag_codes: NDArray[np.int32]
    own_tag_blob: NDArray[np.uint8]
    own_tag_starts: Ids
    first_segment: Ids
    n_segments: Ids
    encoding_content: Ids
    encoding_by_content: NDArray[np.int32]
    span_starts: Ids
    spans: Spans

    @classmethod
    def build(cls, clips: Iterable[ClipRow], encodings: Iterable[EncodingRow], n_tags: int) -> ColumnPart:
        """Build the part from rows: ``clips`` by ascending id, ``encodings`` by ascending first segment id."""
        gathered = _Clips()
        for clip in clips:
            gathered.add(clip)
        segments = _Encodings()
        for encoding in encodings:
            segments.add(encoding)
        content_ids = np.array(gathered.content_ids, np.int64)
        encoding_content = np.array(segments.content_ids, np.int64)
        encoding_by_content = np.argsort(encoding_content, kind="stable").astype(np.int32)
        tag_starts, tag_rows, tag_probabilities = gathered.tags(n_tags)
        path_blob, path_starts = gathered.paths.arrays()
        title_blob, title_starts = gathered.titles.arrays()
        remark_blob, remark_starts = gathered.remarks.arrays()
        folder_codes, folder_blob, folder_starts = gathered.folders.arrays()
        format_codes, format_blob, format_starts = gathered.formats.arrays()
        own_tag_codes, own_tag_blob, own_tag_starts = gathered.own_tags.arrays()
        return cls(
            clip_ids=np.array(gathered.ids, np.int64),
            content_ids=content_ids,
            by_content=np.argsort(content_ids, kind="stable").astype(np.int32),
            clip_encoding=places_of(encoding_content, encoding_by_content, content_ids).astype(np.int32),
            duration_s=np.array(gathered.duration_s, np.float64),
            size_bytes=np.array(gathered.size_bytes, np.int64),
            added=np.array(gathered.added, np.float64),
            silent=np.frombuffer(bytes(gathered.silent), np.bool_),
            missing=np.frombuffer(bytes(gathered.missing), np.bool_),
            facts=np.frombuffer(bytes(gathered.facts), "<f4").reshape(-1, len(FACTS)),
            path_blob=path_blob,
            path_starts=path_starts,
            title_blob=title_blob,
            title_starts=title_starts,
            remark_blob=remark_blob,
            remark_starts=remark_starts,
            folder_codes=folder_codes,
            folder_blob=folder_blob,
            folder_starts=folder_starts,
            format_codes=format_codes,
            format_blob=format_blob,
            format_starts=format_starts,
            tag_starts=tag_starts,
            tag_rows=tag_rows,
            tag_probabilities=tag_probabilities,
            own_tag_rows=np.array(gathered.own_tag_rows, np.int32),
            own_tag_codes=own_tag_codes,
            own_tag_blob=own_tag_blob,
            own_tag_starts=own_tag_starts,
            first_segment=np.array(segments.firsts, np.int64),
            n_segments=np.array(segments.counts, np.int64),
            encoding_content=encoding_content,
            encoding_by_content=encoding_by_content,
            span_starts=np.concatenate(([0], np.cumsum(np.array(segments.counts, np.int64)))),
            spans=np.frombuffer(bytes(segments.spans), "<f8").reshape(-1, 2),
        )

    @property
    def n_clips(self) -> int:
        """The number of clips."""
        return len(self.clip_ids)

    @property
    def end_segment(self) -> int:
        """The highest segment id plus one; 0 if there are no segments."""
        return int(self.first_segment[-1] + self.n_segments[-1]) if len(self.first_segment) else 0

    @cached_property
    def paths(self) -> TextColumn:
        """The clips' paths below their root."""
        return TextColumn(self.path_blob, self.path_starts)

    @cached_property
    def titles(self) -> TextColumn:
        """The clips' titles."""
        return TextColumn(self.title_blob, self.title_starts)

    @cached_property
    def remarks(self) -> TextColumn:
        """The clips' remarks."""
        return TextColumn(self.remark_blob, self.remark_starts)

    @cached_property
    def folders(self) -> TextColumn:
        """The distinct folders, by code."""
        return TextColumn(self.folder_blob, self.folder_starts)

    @cached_property
    def formats(self) -> TextColumn:
        """The distinct containers, by code."""
        return TextColumn(self.format_blob, self.format_starts)

    def fact(self, name: str) -> NDArray[np.float32]:
        """Return (n,) a fact of every clip as a number; NaN if it is absent."""
        column: NDArray[np.float32] = self.facts[:, PLACES[name]]
        return column

    @cached_property
    def measured(self) -> NDArray[np.bool_]:
        """(n,) which clips were measured: every measured sound has its number of channels."""
        return np.asarray(~np.isnan(self.fact("channels")))

    def rows_of_clips(self, clip_ids: Ids) -> Ids:
        """Return the rows of the ``clip_ids`` that are in this part, in their order."""
        if not self.n_clips:
            return np.empty(0, np.int64)
        rows = np.minimum(np.searchsorted(self.clip_ids, clip_ids), self.n_clips - 1)
        found: Ids = rows[self.clip_ids[rows] == clip_ids]
        return found

    def rows_of_contents(self, content_ids: Ids) -> tuple[Ids, Ids]:
        """Return (q,) the start and end of each content's clips in ``by_content``."""
        ordered = self._contents_ordered
        return np.searchsorted(ordered, content_ids), np.searchsorted(ordered, content_ids, side="right")

    def encodings_of_contents(self, content_ids: Ids) -> Ids:
        """Return (q,) the encodings of the contents, -1 if they are not in this part."""
        return places_of(self.encoding_content, self.encoding_by_content, content_ids)

    def encodings_of_segments(self, segment_ids: Ids) -> Ids:
        """Return (q,) the encodings that contain these segments, -1 if none does."""
        if not len(self.first_segment):
            return np.full(len(segment_ids), -1, np.int64)
        place = np.searchsorted(self.first_segment, segment_ids, side="right") - 1
        inside = (place >= 0) & (segment_ids < self.first_segment[place] + self.n_segments[place])
        return np.where(inside, place, -1)

    def encodings_from(self, first_segments: Ids) -> Ids:
        """Return the encodings that begin with one of these segment ids, including those without segments."""
        if not len(self.first_segment):
            return np.empty(0, np.int64)
        place = np.minimum(np.searchsorted(self.first_segment, first_segments), len(self.first_segment) - 1)
        found: Ids = place[self.first_segment[place] == first_segments]
        return found

    def tag_values(self, class_: int) -> tuple[NDArray[np.int32], NDArray[np.float16]]:
        """Return the rows with a tag, and its probabilities there."""
        low, high = self.tag_starts[class_], self.tag_starts[class_ + 1]
        return self.tag_rows[low:high], self.tag_probabilities[low:high]

    @cached_property
    def tags_by_clip(self) -> tuple[Ids, NDArray[np.uint16], NDArray[np.float16]]:
        """The tags by row instead of by class: the starts of the rows (n + 1,), the classes, and the probabilities."""
        order = np.argsort(self.tag_rows, kind="stable")
        classes = np.repeat(np.arange(len(self.tag_starts) - 1, dtype=np.uint16), np.diff(self.tag_starts))
        starts = np.concatenate(([0], np.cumsum(np.bincount(self.tag_rows, minlength=self.n_clips))))
        return starts, classes[order], self.tag_probabilities[order]

    def tag_match(self, meant: NDArray[np.float64], rows: Ids) -> NDArray[np.float64]:
        """Return (q,) the sum over the tags of each row of probability times ``meant`` (classes,)."""
        starts, classes, probabilities = self.tags_by_clip
        counts = starts[rows + 1] - starts[rows]
        owner = np.repeat(np.arange(len(rows)), counts)
        at = np.arange(len(owner)) + np.repeat(starts[rows] - np.cumsum(counts) + counts, counts)
        return np.bincount(owner, meant[classes[at]] * probabilities[at], minlength=len(rows)).astype(np.float64)

    @cached_property
    def likely_tags(self) -> tuple[NDArray[np.uint16], NDArray[np.int32]]:
        """The class and row of every tag with at least `search.columns.where.TAG_PROBABILITY`."""
        likely = self.tag_probabilities.astype(np.float64) >= TAG_PROBABILITY
        classes = np.repeat(np.arange(len(self.tag_starts) - 1, dtype=np.uint16), np.diff(self.tag_starts))
        return classes[likely], self.tag_rows[likely]

    @cached_property
    def folder_of_clip(self) -> CodedColumn:
        """The folder of each row."""
        return CodedColumn(np.arange(self.n_clips, dtype=np.int32), self.folder_codes, self.folders)

    @cached_property
    def own_tags(self) -> CodedColumn:
        """The own tags of the rows."""
        return CodedColumn(self.own_tag_rows, self.own_tag_codes, TextColumn(self.own_tag_blob, self.own_tag_starts))

    def segments_of_encodings(self, marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return (end_segment,) which segment ids belong to the ``marked`` (m,) encodings."""
        inside = np.zeros(2 * len(marked), np.bool_)
        inside[1::2] = marked
        return np.repeat(inside, self._runs)

    @cached_property
    def _runs(self) -> Ids:
        """(2 m,) the number of unused ids before each encoding, and of ids in it."""
        runs = np.empty(2 * len(self.first_segment), np.int64)
        ends = self.first_segment + self.n_segments
        runs[0::2] = self.first_segment - np.concatenate(([0], ends[:-1]))
        runs[1::2] = self.n_segments
        return runs

    @cached_property
    def _contents_ordered(self) -> Ids:
        return self.content_ids[self.by_content]


def places_of(contents: Ids, order: NDArray[np.int32], some: Ids) -> Ids:
    """Return (q,) the index of each of ``some`` in ``contents`` (m,), which ``order`` (m,) sorts; -1 if absent."""
    if not len(contents):
        return np.full(len(some), -1, np.int64)
    at = np.minimum(np.searchsorted(contents, some, sorter=order), len(contents) - 1)
    place = order[at].astype(np.int64)
    return np.where(contents[place] == some, place, -1)


class _Clips:
    """Collects the columns of clips, row by row, with little memory overhead."""

    def __init__(self) -> None:
        self.ids = array("q")
        self.content_ids = array("q")
        self.duration_s = array("d")
        self.size_bytes = array("q")
        self.added = array("d")
        self.silent = bytearray()
        self.missing = bytearray()
        self.facts = bytearray()
        self.paths = TextBuilder()
        self.titles = TextBuilder()
        self.remarks = TextBuilder()
        self.folders = CodeBuilder()
        self.formats = CodeBuilder()
        self.own_tags = CodeBuilder()
        self.own_tag_rows = array("i")
        self._tag_counts = array("i")
        self._tag_classes = bytearray()
        self._tag_probabilities = bytearray()

    def add(self, clip: ClipRow) -> None:
        for own_tag in clip.own_tags:
            self.own_tags.add(own_tag)
            self.own_tag_rows.append(len(self.ids))
        self.ids.append(clip.id)
        self.content_ids.append(clip.content_id)
        self.duration_s.append(clip.duration_s)
        self.size_bytes.append(clip.size_bytes)
        self.added.append(clip.added)
        self.silent.append(clip.silent)
        self.missing.append(clip.missing)
        self.facts += row_of(clip.facts_version, clip.facts)
        self.paths.add(clip.path)
        self.titles.add(clip.title)
        self.remarks.add(clip.remark)
        self.folders.add(clip.path.rpartition("/")[0])
        self.formats.add(clip.container)
        self._tag_counts.append(len(clip.tag_classes) // 2)
        self._tag_classes += clip.tag_classes
        self._tag_probabilities += clip.tag_probabilities

    def tags(self, n_tags: int) -> tuple[Ids, NDArray[np.int32], NDArray[np.float16]]:
        """Return ``tag_starts``, ``tag_rows`` and ``tag_probabilities`` of a `ColumnPart`."""
        classes = np.frombuffer(bytes(self._tag_classes), "<u2")
        rows = np.repeat(np.arange(len(self.ids), dtype=np.int32), np.array(self._tag_counts, np.int64))
        order = np.argsort(classes, kind="stable")
        probabilities = np.frombuffer(bytes(self._tag_probabilities), "<f2")
        starts = np.concatenate(([0], np.cumsum(np.bincount(classes, minlength=n_tags))))
        return starts.astype(np.int64), rows[order], probabilities[order]


class _Encodings:
    """Collects the encodings of contents: their segment ids and spans."""

    def __init__(self) -> None:
        self.content_ids = array("q")
        self.firsts = array("q")
        self.counts = array("q")
        self.spans = bytearray()

    def add(self, encoding: EncodingRow) -> None:
        self.content_ids.append(encoding.content_id)
        self.firsts.append(encoding.first_segment_id)
        self.counts.append(encoding.n_segments)
        self.spans += encoding.spans
