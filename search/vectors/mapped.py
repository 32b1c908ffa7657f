"""Mapped files of vectors: opening them, and releasing memory while a job reads through one."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.model import HalfVectors
from search.snapshots.snapshot import map_values


def map_rows(path: Path, count: int, dim: int) -> HalfVectors:
    """A file of float16 rows, mapped read-only as (count, dim). Raises OSError or ValueError if that fails."""
    return map_values(path, np.dtype(np.float16), (count, dim))


def release(rows: NDArray[Any]) -> None:
    """Let the system drop the pages of mapped ``rows`` that this process has read; they are read again when needed.

    Without this, a job that reads through a large sidecar once appears to hold all of it in memory. Does nothing for
    arrays in memory, or on systems without madvise.
    """
    holder: object = rows
    while isinstance(holder, np.ndarray):
        holder = holder.base
    if isinstance(holder, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        holder.madvise(mmap.MADV_DONTNEED)
