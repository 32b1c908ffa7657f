"""Checking the snapshots on disk for damage: every byte, or as much as a publication has time to read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from search.errors import SnapshotError
from search.snapshots.snapshot import Snapshot
from search.vectors import files
from search.vectors.base import rows_of

UNIT_TOLERANCE = 0.01
"""A unit row rounded to float16 (relative error at most 2^-11 per component) is within this of unit length."""

CHECKED_UP_TO_BYTES: Final = 1 << 25
"""A publication checks the digests of files up to this size, which takes some hundredths of a second each. That covers
all vectors of an uncompressed library, and all of a layer of 40,000 segments."""

_READ_ROWS = 8192


def verify(directory: Path) -> list[str]:
    """Return one line for each defect of the snapshots under ``directory``; empty if there is none.

    Checks every file's digest, what opening checks, the order of the ids, that each vector is finite and of unit
    length, and that a compressed index holds exactly the ids. Folders of an interrupted publication are ignored.
    """
    return files.snapshots(directory).verify(_problems)


def check_rows(stored: files.StoredVectors) -> None:
    """Raise SnapshotError if vectors are damaged. Checks large sidecars only if the lists are damaged."""
    large = any(_size_bytes(stored, layer.sidecar) > CHECKED_UP_TO_BYTES for layer in stored.layers)
    everything = large and lists_problem(stored) is not None
    for layer in stored.layers:
        if everything or _size_bytes(stored, layer.sidecar) <= CHECKED_UP_TO_BYTES:
            stored.snapshot.check(layer.sidecar)


def lists_problem(stored: files.StoredVectors) -> SnapshotError | None:
    """Why a search could not open the compressed index or would miss hits, as far as quick checks show; else None."""
    if stored.facts.kind != "faiss":
        return None
    from search.vectors import native  # small libraries never load FAISS

    try:
        for layer in stored.layers:
            if _size_bytes(stored, layer.compressed.name) <= CHECKED_UP_TO_BYTES:
                stored.snapshot.check(layer.compressed.name)
        native.Layers([layer.compressed for layer in stored.layers])
    except OSError as error:
        return stored.snapshot.unreadable(error)
    except SnapshotError as error:
        return error
    return None


def _size_bytes(stored: files.StoredVectors, name: str) -> int:
    return stored.snapshot.files[name].size_bytes


def _problems(snapshot: Snapshot) -> Iterator[str]:
    stored = files.read(snapshot)
    if stored.ids.size and (stored.ids[0] < 0 or (np.diff(stored.ids) <= 0).any()):
        yield "its ids are not ascending"
    if (np.diff(stored.gone) <= 0).any() or (rows_of(stored.ids, stored.gone) < 0).any():
        yield f"{files.GONE} names segments that it does not hold"
    rows = stored.rows
    for start in range(0, stored.ids.size, _READ_ROWS):
        some = rows[start : start + _READ_ROWS].astype(np.float32)
        bad = np.flatnonzero(~(np.abs(np.linalg.norm(some, axis=1) - 1.0) < UNIT_TOLERANCE))
        if bad.size:
            yield f"the vector of segment {int(stored.ids[start + bad[0]])} is not of unit length"
            break
    if stored.facts.kind == "faiss":
        from search.vectors import building  # loads FAISS, so only if it is needed

        for layer in stored.layers:
            yield from building.problems(layer.compressed, layer.ids)
