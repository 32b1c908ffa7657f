"""The pairs of duplicates on disk, beside the snapshots: one file, replaced atomically.

Pairs are between contents, whose ids are never reused, so they stay valid in every space, and after re-encoding and
restoring. Pairs with a removed content are skipped. Contents after ``checked_until`` were not compared yet.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from search.engine.views import SameRecordings
from search.errors import LibraryUnwritable, SnapshotError, printable
from search.model import Ids
from search.overview.duplicates.evidence import Evidence
from search.overview.duplicates.hearing import FINGERPRINT
from search.snapshots import single

FILE: Final = "duplicates.npz"
REMEDY: Final = "soundalike duplicates --again rebuilds it"
_FORMAT: Final = 2
_OLDER: Final = 1
"""A format with pairs of a less strict comparison: they are searched for again."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pairs:
    """p pairs: ``shorter``, ``longer`` (p,) content ids, ``offset_s``, ``gain_db`` (NaN: samples not compared),
    ``similarity``; ``printed`` (n,) contents with their fingerprints ``prints`` (n, FINGERPRINT); ``evidence`` of
    contents in pairs.
    """

    sequence: int
    checked_until: int
    shorter: Ids
    longer: Ids
    offset_s: NDArray[np.float64]
    gain_db: NDArray[np.float64]
    similarity: NDArray[np.float64]
    printed: Ids
    prints: NDArray[np.float32]
    evidence: Mapping[int, Evidence]

    @classmethod
    def none(cls) -> Pairs:
        """The pairs before the first search."""
        empty = np.empty(0, np.float64)
        no_ids = np.empty(0, np.int64)
        no_prints = np.empty((0, FINGERPRINT), np.float32)
        return cls(0, 0, no_ids, no_ids, empty, empty, empty, no_ids, no_prints, {})

    def recordings(self) -> SameRecordings:
        """Contents with a duplicate, and for each the smallest one of its group.

        A group is a content and its direct duplicates, not those joined only through them. Contents with the most
        duplicates get their group first.
        """
        partners: dict[int, set[int]] = defaultdict(set)
        for one, other in zip(self.shorter.tolist(), self.longer.tolist(), strict=True):
            partners[one].add(other)
            partners[other].add(one)
        first: dict[int, int] = {}
        for content in sorted(partners, key=lambda c: (-len(partners[c]), c)):
            group = {content, *partners[content]} - first.keys()
            if content in group and len(group) > 1:
                first.update(dict.fromkeys(group, min(group)))
        contents = sorted(first)
        return SameRecordings(np.array(contents, np.int64), np.array([first[c] for c in contents], np.int64))


class PairsFile:
    """The file, read again when it changes. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._pairs = Pairs.none()
        self._recordings = self._pairs.recordings()

    def read(self) -> Pairs:
        """The latest pairs; none if the search never ran, or the file is damaged (the next run repairs it)."""
        self._refresh()
        return self._pairs

    def recordings(self) -> SameRecordings:
        """Which contents are one recording, by these pairs."""
        self._refresh()
        return self._recordings

    def write(self, pairs: Pairs) -> None:
        """Replace the file atomically with ``pairs``. Raises LibraryUnwritable."""
        arrays: dict[str, NDArray[Any]] = {
            "head": np.array([_FORMAT, pairs.sequence, pairs.checked_until], np.int64),
            "contents": np.stack((pairs.shorter, pairs.longer), axis=1),
            "facts": np.stack((pairs.offset_s, pairs.gain_db, pairs.similarity), axis=1),
            "printed": pairs.printed,
            "prints": pairs.prints.astype(np.float16),
            "measured": np.array(list(pairs.evidence), np.int64),
            "evidence": np.array([astuple(e) for e in pairs.evidence.values()], np.float64).reshape(-1, 3),
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
    """The pairs in ``folder``; None if the search never ran. Raises SnapshotError if the file is damaged."""
    path = folder / FILE
    arrays = single.read_arrays(path, REMEDY)
    if arrays is None:
        return None
    try:
        head, contents, facts = arrays["head"], arrays["contents"], arrays["facts"]
        if head[0] == _OLDER:
            return None
        if head[0] != _FORMAT:
            raise single.damaged(path, f"it has format {head[0]}; this version reads format {_FORMAT}", REMEDY)
        if contents.shape != (len(facts), 2) or facts.shape[1] != 3:
            raise single.damaged(path, "its pairs are invalid", REMEDY)
        printed, prints = arrays["printed"], arrays["prints"].astype(np.float32)
        if prints.shape != (len(printed), FINGERPRINT) or arrays["evidence"].shape != (len(arrays["measured"]), 3):
            raise single.damaged(path, "its fingerprints are invalid", REMEDY)
        rows = zip(arrays["measured"].tolist(), arrays["evidence"].tolist(), strict=True)
        evidence = {content: Evidence(*row) for content, row in rows}
        shorter, longer = contents.T.copy()
        offset_s, gain_db, similarity = facts.T.copy()
        head_ = int(head[1]), int(head[2])
        return Pairs(*head_, shorter, longer, offset_s, gain_db, similarity, printed, prints, evidence)
    except (KeyError, IndexError) as error:
        raise single.damaged(path, "it holds something else", REMEDY) from error
