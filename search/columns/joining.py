"""Joins tables of clips into one without reading the catalog: recent changes are merged into earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.columns.table import ColumnPart, places_of
from search.columns.text import CodedColumn, TextColumn
from search.model import Ids


@dataclass(frozen=True, slots=True)
class Remaining:
    """A part, and which of its ``clips`` (n,) and ``encodings`` (m,) stay."""

    part: ColumnPart
    clips: NDArray[np.bool_]
    encodings: NDArray[np.bool_]

    @classmethod
    def all_of(cls, part: ColumnPart) -> Remaining:
        """Keep everything."""
        return cls(part, np.ones(part.n_clips, np.bool_), np.ones(len(part.first_segment), np.bool_))


def joined(remaining: Sequence[Remaining]) -> ColumnPart:
    """Join what remains of several parts into one. No clip and no encoding may remain twice."""
    parts = [one.part for one in remaining]
    clips = _Order([np.flatnonzero(one.clips) for one in remaining], [part.clip_ids for part in parts])
    segments = _Order([np.flatnonzero(one.encodings) for one in remaining], [part.first_segment for part in parts])
    content_ids = clips.column([part.content_ids for part in parts])
    encoding_content = segments.column([part.encoding_content for part in parts])
    encoding_by_content = np.argsort(encoding_content, kind="stable").astype(np.int32)
    n_segments = segments.column([part.n_segments for part in parts])
    paths, titles = clips.text([part.paths for part in parts]), clips.text([part.titles for part in parts])
    remarks = clips.text([part.remarks for part in parts])
    folder_codes, folders = clips.codes([part.folder_codes for part in parts], [part.folders for part in parts])
    format_codes, formats = clips.codes([part.format_codes for part in parts], [part.formats for part in parts])
    tag_starts, tag_rows, tag_probabilities = _tags(remaining, clips)
    own_tags = _own_tags(remaining, clips)
    return ColumnPart(
        clip_ids=clips.column([part.clip_ids for part in parts]),
        content_ids=content_ids,
        by_content=np.argsort(content_ids, kind="stable").astype(np.int32),
        clip_encoding=places_of(encoding_content, encoding_by_content, content_ids).astype(np.int32),
        duration_s=clips.column([part.duration_s for part in parts]),
        size_bytes=clips.column([part.size_bytes for part in parts]),
        added=clips.column([part.added for part in parts]),
        silent=clips.column([part.silent for part in parts]),
        missing=clips.column([part.missing for part in parts]),
        facts=clips.column([part.facts for part in parts]),
        path_blob=paths.blob,
        path_starts=paths.starts,
        title_blob=titles.blob,
        title_starts=titles.starts,
        remark_blob=remarks.blob,
        remark_starts=remarks.starts,
        folder_codes=folder_codes,
        folder_blob=folders.blob,
        folder_starts=folders.starts,
        format_codes=format_codes,
        format_blob=formats.blob,
        format_starts=formats.starts,
        tag_starts=tag_starts,
        tag_rows=tag_rows,
        tag_probabilities=tag_probabilities,
        own_tag_rows=own_tags.rows,
        own_tag_codes=own_tags.codes,
        own_tag_blob=own_tags.values.blob,
        own_tag_starts=own_tags.values.starts,
        first_segment=segments.column([part.first_segment for part in parts]),
        n_segments=n_segments,
        encoding_content=encoding_content,
        encoding_by_content=encoding_by_content,
        span_starts=np.concatenate(([0], np.cumsum(n_segments))),
        spans=segments.runs([part.spans for part in parts], [part.span_starts for part in parts]),
    )


class _Order:
    """The remaining rows of several parts, sorted by their keys."""

    def __init__(self, rows: Sequence[Ids], keys: Sequence[Ids]) -> None:
        self._rows = rows
        gathered = np.concatenate([of[some] for of, some in zip(keys, rows, strict=True)])
        self._order = np.argsort(gathered, kind="stable")

    def column(self, columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """Join columns with one value per row."""
        return np.concatenate([of[some] for of, some in zip(columns, self._rows, strict=True)])[self._order]

    def places(self) -> list[Ids]:
        """Return the new positions of the remaining rows of each part."""
        where = np.empty(len(self._order), np.int64)
        where[self._order] = np.arange(len(self._order))
        return np.split(where, np.cumsum([len(some) for some in self._rows])[:-1])

    def runs(self, values: Sequence[NDArray[Any]], starts: Sequence[Ids]) -> NDArray[Any]:
        """Join columns with several values per row: those from its start to the next row's."""
        before = np.cumsum([0, *(len(of) for of in values)])
        first = [of[some] + shift for of, some, shift in zip(starts, self._rows, before, strict=False)]
        length = [of[some + 1] - of[some] for of, some in zip(starts, self._rows, strict=True)]
        return np.concatenate(values)[_ranges(np.concatenate(first)[self._order], np.concatenate(length)[self._order])]

    def text(self, columns: Sequence[TextColumn]) -> TextColumn:
        """Join columns of text."""
        lengths = self.column([np.diff(column.starts) for column in columns])
        begin = columns[0].blob[:1]  # the mark before the first value
        blob = np.concatenate((begin, self.runs([column.blob for column in columns], [c.starts for c in columns])))
        return TextColumn(blob, np.concatenate(([1], 1 + np.cumsum(lengths))))

    def codes(
        self, codes: Sequence[NDArray[np.int32]], tables: Sequence[TextColumn]
    ) -> tuple[NDArray[np.int32], TextColumn]:
        """Join columns of codes. Return the new codes, and the table of their distinct values."""
        anew, values = _one_table(tables)
        return self.column([new[of] for new, of in zip(anew, codes, strict=True)]), values


def _tags(remaining: Sequence[Remaining], clips: _Order) -> tuple[Ids, NDArray[np.int32], NDArray[np.float16]]:
    """Return ``tag_starts``, ``tag_rows`` and ``tag_probabilities``, sorted by class and row."""
    n_tags = len(remaining[0].part.tag_starts) - 1
    classes, rows, probabilities = [], [], []
    for one, places in zip(remaining, clips.places(), strict=True):
        row_of = np.full(one.part.n_clips, -1, np.int64)
        row_of[one.clips] = places
        moved = row_of[one.part.tag_rows]
        classes.append(np.repeat(np.arange(n_tags), np.diff(one.part.tag_starts))[moved >= 0])
        probabilities.append(one.part.tag_probabilities[moved >= 0])
        rows.append(moved[moved >= 0])
    class_, row = np.concatenate(classes), np.concatenate(rows)
    order = np.lexsort((row, class_))
    starts = np.concatenate(([0], np.cumsum(np.bincount(class_, minlength=n_tags))))
    return starts.astype(np.int64), row[order].astype(np.int32), np.concatenate(probabilities)[order]


def _own_tags(remaining: Sequence[Remaining], clips: _Order) -> CodedColumn:
    """Join the own tags, sorted by row."""
    columns = [one.part.own_tags for one in remaining]
    anew, values = _one_table([column.values for column in columns])
    rows, codes = [], []
    for one, column, new, places in zip(remaining, columns, anew, clips.places(), strict=True):
        row_of = np.full(one.part.n_clips, -1, np.int32)
        row_of[one.clips] = places
        moved = row_of[column.rows]
        rows.append(moved[moved >= 0])
        codes.append(new[column.codes][moved >= 0])
    row = np.concatenate(rows)
    order = np.argsort(row, kind="stable")
    return CodedColumn(row[order], np.concatenate(codes)[order], values)


def _one_table(tables: Sequence[TextColumn]) -> tuple[list[NDArray[np.int32]], TextColumn]:
    """Merge tables of values. Return the new codes of each table's values, and the table of distinct values."""
    values: dict[bytes, int] = {}
    anew = [
        np.array([values.setdefault(table.value(code), len(values)) for code in range(len(table))], np.int32)
        for table in tables
    ]
    return anew, TextColumn.of_folded(list(values))


def _ranges(first: Ids, length: Ids) -> Ids:
    """Return the concatenated ranges that begin at ``first`` and have ``length`` numbers each."""
    ends = np.cumsum(length)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(first - (ends - length), length) + np.arange(total)
