"""Verifies columns: compares them clip by clip with columns built from the catalog at the same sequence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.columns.clipcolumns import ClipColumns
from search.columns.table import ColumnPart
from search.columns.text import TextColumn


def differences(columns: ClipColumns, anew: ClipColumns) -> Iterator[str]:
    """Yield the differences between ``columns`` and ``anew``, which were just built from the catalog."""
    if columns.vocabulary != anew.vocabulary:
        yield "the columns and the catalog have different tags"
        return
    ours, truth = columns.whole(), anew.whole()
    lacking, gone = np.setdiff1d(truth.clip_ids, ours.clip_ids), np.setdiff1d(ours.clip_ids, truth.clip_ids)
    for what, ids in (("lack", lacking), ("still hold", gone)):
        if len(ids):
            yield f"the columns {what} {len(ids)} clips, the first is {ids[0]}"
    if len(lacking) or len(gone):
        return
    for name, of_ours, of_truth in _of_clips(ours, truth):
        rows = np.flatnonzero(of_ours != of_truth)
        if len(rows):
            yield f"the columns have a different {name} for {len(rows)} clips, the first is {truth.clip_ids[rows[0]]}"
    for name, same in _of_all(ours, truth):
        if not same:
            yield f"the columns and the catalog have different {name}"
    if _own_tags(ours) != _own_tags(truth):
        yield "the columns and the catalog have different own tags"


def _of_clips(ours: ColumnPart, truth: ColumnPart) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
    """Yield the columns with one value per clip of both parts."""
    for name in ("content_ids", "duration_s", "size_bytes", "added", "silent", "missing"):
        yield name.removesuffix("_ids"), getattr(ours, name), getattr(truth, name)
    yield "folder", *_as_one_code(ours.folders, ours.folder_codes, truth.folders, truth.folder_codes)
    yield "format", *_as_one_code(ours.formats, ours.format_codes, truth.formats, truth.format_codes)


def _of_all(ours: ColumnPart, truth: ColumnPart) -> Iterator[tuple[str, bool]]:
    for what, names in (
        ("paths", ("path_starts", "path_blob")),
        ("titles", ("title_starts", "title_blob")),
        ("remarks", ("remark_starts", "remark_blob")),
        ("tags", ("tag_starts", "tag_rows", "tag_probabilities")),
        ("segments", ("first_segment", "n_segments", "encoding_content", "spans")),
    ):
        yield what, all(np.array_equal(getattr(ours, name), getattr(truth, name)) for name in names)


def _own_tags(part: ColumnPart) -> list[tuple[int, bytes]]:
    """Return the row and the name of every own tag."""
    column = part.own_tags
    values = [column.values.value(code) for code in range(len(column.values))]
    return [(row, values[code]) for row, code in zip(column.rows.tolist(), column.codes.tolist(), strict=True)]


def _as_one_code(
    one: TextColumn, codes: NDArray[np.int32], other: TextColumn, other_codes: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Recode two columns with different tables of values to one common table."""
    code_of: dict[bytes, int] = {}

    def recoded(table: TextColumn, some: NDArray[np.int32]) -> NDArray[np.int64]:
        values = (table.value(code) for code in range(len(table)))
        return np.array([code_of.setdefault(value, len(code_of)) for value in values], np.int64)[some]

    return recoded(one, codes), recoded(other, other_codes)
