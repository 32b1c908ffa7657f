"""The pairs of duplicates on disk, beside the snapshots: one file, replaced as a whole.

They are facts about contents, whose ids are never given twice, so they hold in every space and through re-encoding
and restoring; a pair of which one went is passed over. What came after ``checked_until`` was not looked at yet.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.engine.views import Recordings
from search.errors import LibraryUnwritable, SnapshotError, printable
from search.model import Ids
from search.overview.duplicates.joining import Joined
from search.snapshots import single

FILE: Final = "duplicates.npz"
REMEDY: Final = "soundalike duplicates --again makes it anew"
_FORMAT: Final = 1

log = logging.getLogger(__name__)


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
        self._stamp: tuple[int, int, int] | None = None
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
        arrays = {
            "head": np.array([_FORMAT, pairs.sequence, pairs.checked_until], np.int64),
            "contents": np.stack((pairs.shorter, pairs.longer), axis=1),
            "facts": np.stack((pairs.offset_s, pairs.gain_db, pairs.similarity), axis=1),
        }
        try:
            single.write_arrays(self._path, arrays)
        except OSError as error:
            raise LibraryUnwritable.because(
                f"{printable(str(self._path))}: the duplicates cannot be written", error
            ) from error

    def _refresh(self) -> None:
        stamp = single.stamp(self._path)
        if stamp == self._stamp:
            return
        with self._lock:
            pairs = self._load()
            self._recordings = pairs.recordings()
            self._pairs, self._stamp = pairs, stamp

    def _load(self) -> Pairs:
        try:
            return read_or_raise(self._path.parent) or Pairs.none()
        except SnapshotError as error:
            log.warning("%s", error)
            return Pairs.none()


def read_or_raise(folder: Path) -> Pairs | None:
    """The pairs in ``folder``; None where the search never ran. Raises SnapshotError where the file is damaged."""
    path = folder / FILE
    arrays = single.read_arrays(path, REMEDY)
    if arrays is None:
        return None
    try:
        head, contents, facts = arrays["head"], arrays["contents"], arrays["facts"]
        if head[0] != _FORMAT:
            raise single.damaged(path, f"it has format {head[0]}; this version reads format {_FORMAT}", REMEDY)
        if contents.shape != (len(facts), 2) or facts.shape[1] != 3:
            raise single.damaged(path, "its pairs are none", REMEDY)
        return Pairs(int(head[1]), int(head[2]), *contents.T.copy(), *facts.T.copy())
    except (KeyError, IndexError) as error:
        raise single.damaged(path, "it holds something else", REMEDY) from error
