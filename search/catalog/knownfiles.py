"""The files of one root by path, in about a hundred bytes per clip, for scans to compare with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from search.catalog.blobs import path_text
from search.model import FileFacts, KnownFile


class KnownFiles(Mapping[str, KnownFile]):
    """Relative path -> `KnownFile`, built on access; the state at one moment."""

    def __init__(self, rows: Iterable[Any], count: int) -> None:
        """Read ``count`` rows, sorted by path and track.

        Rows have id, path, content_id, size_bytes, mtime_ns, changed_ns, digest, encoded, missing and notes. The first
        clip of a file stands for all of its clips; it counts as encoded if all are.
        """
        self._places: dict[str, int] = {}
        self._numbers = np.empty((count, 5), np.int64)  # clip, content, bytes, mtime, change
        self._digests = np.empty(count, "S64")
        self._flags = np.empty((count, 4), np.bool_)  # encoded, missing, notes, whether the last change is known
        for place, row in enumerate(rows):
            known = self._places.setdefault(path_text(row.path), place)
            if known != place:
                self._flags[known, 0] &= row.encoded
                continue
            changed_ns = row.changed_ns
            self._numbers[place] = (row.id, row.content_id, row.size_bytes, row.mtime_ns, changed_ns or 0)
            self._digests[place] = row.digest.encode()
            self._flags[place] = (row.encoded, row.missing, row.notes, changed_ns is not None)

    def __getitem__(self, path: str) -> KnownFile:
        place = self._places[path]
        clip_id, content_id, size_bytes, mtime_ns, changed_ns = self._numbers[place].tolist()
        return KnownFile(
            clip_id=clip_id,
            content_id=content_id,
            digest=self._digests[place].decode(),
            facts=FileFacts(path, size_bytes, mtime_ns, changed_ns if self._flags[place, 3] else None),
            encoded=bool(self._flags[place, 0]),
            missing=bool(self._flags[place, 1]),
            notes=bool(self._flags[place, 2]),
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
