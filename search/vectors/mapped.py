"""Mapped files of vectors: how they are opened, and how a job that walks through one holds none of it."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.model import HalfVectors
from search.snapshots.snapshot import map_values


def map_rows(path: Path, count: int, dim: int) -> HalfVectors:
    """A file of float16 rows as (count, dim), mapped read-only. Raises OSError or ValueError when it cannot be."""
    return map_values(path, np.dtype(np.float16), (count, dim))


def release(rows: NDArray[Any]) -> None:
    """Let the system drop the pages of mapped ``rows`` that this process has read; they are read again when needed.

    Without this a job that walks through a large sidecar once seems to hold all of it. Arrays in memory stay as they
    are, and so does everything on systems that have no such call.
    """
    holder: object = rows
    while isinstance(holder, np.ndarray):
        holder = holder.base
    if isinstance(holder, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        holder.madvise(mmap.MADV_DONTNEED)
