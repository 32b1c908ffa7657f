"""The pairs of duplicates on disk, beside the snapshots: one file, replaced as a whole.

They are facts about contents, whose ids are never given twice, so they hold in every space and through re-encoding
and restoring; a pair of which one went is passed over. What came after ``checked_until`` was not looked at yet.
"""

from __future__ import annotations

import os
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.engine.views import Recordings
from search.errors import LibraryUnwritable, printable
from search.model import Ids
from search.overview.duplicates.joining import Joined

FILE: Final = "duplicates.npz"
_FORMAT: Final = 1


@dataclass(frozen=True)
class Pairs:
    """p pairs: ``shorter``, ``longer`` (p,) content ids, ``offset_s``, ``gain_db`` (NaN: not heard), ``similarity``."""

    sequence: int
    checked_until: int
    shorter: Ids
    longer: Ids
    offset_s: NDArray[np.float64]
    gain_db: NDArray[np.float64]
    similarity: NDArray[np.float64]

    @classmethod
    def none(cls) -> Pairs:
        """Before anything was looked for."""
        empty = np.empty(0, np.float64)
        return cls(0, 0, np.empty(0, np.int64), np.empty(0, np.int64), empty, empty, empty)

    def recordings(self) -> Recordings:
        """Contents with a duplicate, and for each the first content of its group."""
        joined = Joined(zip(self.shorter.tolist(), self.longer.tolist(), strict=True))
        contents = joined.contents()
        first = [joined.first(content) for content in contents]
        return Recordings(np.array(contents, np.int64), np.array(first, np.int64))


class PairsFile:
    """The file, read again when it changed. Threads may share it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._pairs = Pairs.none()
        self._recordings = self._pairs.recordings()

    def read(self) -> Pairs:
        """The pairs found last; none where the search never ran, or the file is damaged (the next run heals it)."""
        self._refresh()
        return self._pairs

    def recordings(self) -> Recordings:
        """Which contents are one recording, by these pairs."""
        self._refresh()
        return self._recordings

    def write(self, pairs: Pairs) -> None:
        """Put ``pairs`` in the file's place, whole or not at all. Raises LibraryUnwritable."""
        partial = self._path.with_name(f".{FILE}.{os.getpid()}")
        try:
            with partial.open("wb") as file:
                np.savez(
                    file,
                    head=np.array([_FORMAT, pairs.sequence, pairs.checked_until], np.int64),
                    contents=np.stack((pairs.shorter, pairs.longer), axis=1),
                    facts=np.stack((pairs.offset_s, pairs.gain_db, pairs.similarity), axis=1),
                )
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise LibraryUnwritable.because(
                f"{printable(str(self._path))}: the duplicates cannot be written", error
            ) from error

    def _refresh(self) -> None:
        try:
            facts = self._path.stat()
            stamp = (facts.st_mtime_ns, facts.st_ino)
        except OSError:
            stamp = None
        if stamp == self._stamp:
            return
        with self._lock:
            pairs = _load(self._path) if stamp is not None else Pairs.none()
            self._recordings = pairs.recordings()
            self._pairs, self._stamp = pairs, stamp


def _load(path: Path) -> Pairs:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            head, contents, facts = arrays["head"], arrays["contents"], arrays["facts"]
            if head[0] != _FORMAT or contents.shape != (len(facts), 2) or facts.shape[1] != 3:
                return Pairs.none()
            return Pairs(int(head[1]), int(head[2]), *contents.T.copy(), *facts.T.copy())
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile):
        return Pairs.none()
