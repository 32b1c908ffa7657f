"""The read copy of a snapshot on a GPU: every vector as float16, scanned whole: its nearest are the true ones."""

from __future__ import annotations

import threading

import faiss
import numpy as np

from search.errors import UsageError
from search.model import HalfVectors, Ids, Vectors
from search.settings import Device
from search.vectors import scoring
from search.vectors.layers import LayerRows

MOST_CANDIDATES = 2048
"""The largest k of FAISS's selection on a GPU."""

_COPY_ROWS = 65_536


class GpuCopy:
    """A flat index on the first GPU. FAISS's GPU resources belong to one thread at a time, so searches queue."""

    def __init__(self, rows: HalfVectors | LayerRows[np.float16]) -> None:
        self._turn = threading.Lock()
        self._resources = faiss.StandardGpuResources()
        config = faiss.GpuIndexFlatConfig()
        config.useFloat16 = True
        self._index = faiss.GpuIndexFlatIP(self._resources, rows.shape[1], config)
        for start in range(0, len(rows), _COPY_ROWS):
            self._index.add(scoring.widen(rows[start : start + _COPY_ROWS]))

    @classmethod
    def of(cls, rows: HalfVectors | LayerRows[np.float16], device: Device) -> GpuCopy | None:
        """A copy of ``rows`` (n, dim), or None where ``device`` is the CPU or "auto" finds no GPU.

        Raises UsageError when a GPU was asked for by name and FAISS sees none.
        """
        if device == "cpu":
            return None
        if hasattr(faiss, "GpuIndexFlatIP") and faiss.get_num_gpus() > 0:
            return cls(rows)
        if device == "cuda":
            raise UsageError("device cuda was asked for but FAISS sees no GPU; use auto or cpu")
        return None

    def nearest(self, queries: Vectors, n: int) -> Ids:
        """The rows (q, min(wanted, 2048)) nearest to ``queries`` (q, dim); the copy must hold as many."""
        with self._turn:
            rows: Ids = self._index.search(queries, min(n, MOST_CANDIDATES))[1]
        return rows.astype(np.int64)
