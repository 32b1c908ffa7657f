"""A read-only copy of a snapshot on a GPU: all vectors as float16, scanned completely, so its answers are exact."""

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
    """A flat index on the first GPU. Only one thread at a time may use FAISS's GPU resources, so searches queue."""

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
        """A copy of ``rows`` (n, dim), or None if ``device`` is "cpu", or "auto" and there is no GPU.

        Raises UsageError if ``device`` is "cuda" and FAISS sees no GPU.
        """
        if device == "cpu":
            return None
        if hasattr(faiss, "GpuIndexFlatIP") and faiss.get_num_gpus() > 0:
            return cls(rows)
        if device == "cuda":
            raise UsageError("device cuda was asked for but FAISS sees no GPU; use auto or cpu")
        return None

    def nearest(self, queries: Vectors, n: int) -> Ids:
        """The numbers (q, min(n, 2048)) of the rows nearest to ``queries`` (q, dim); the copy must hold that many."""
        with self._turn:
            rows: Ids = self._index.search(queries, min(n, MOST_CANDIDATES))[1]
        return rows.astype(np.int64)
