"""Fingerprints made by a job, kept in a file until they are published; contents may not be in the catalog yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from search.analysis.exact.landmarks import Landmarks
from search.analysis.exact.listening import Fingerprint
from search.analysis.exact.stored import REVISION
from search.snapshots.records import FoundArrays, RecordFile

_PAIRS: Final = {"frame": "<u4", "band": "|u1", "up": "|i1", "on": "|u1"}
_TYPES: Final = {**_PAIRS, "frames": "<u4", "rows": "<u4"}


@dataclass(frozen=True, slots=True)
class FoundFingerprint:
    """The fingerprint of a content: sound track ``track`` of the files whose bytes have this ``digest``."""

    digest: str
    track: int
    fingerprint: Fingerprint


class FoundFingerprints:
    """A file of fingerprints (`search.snapshots.records`), in the ``folder`` of a library's fingerprints."""

    def __init__(self, folder: Path) -> None:
        self._records = RecordFile(folder / "found", f"fingerprints of revision {REVISION}", _TYPES)

    def add(self, fingerprints: Iterable[FoundFingerprint]) -> None:
        """Append fingerprints; they survive if the process is killed. Raises LibraryUnwritable (disk full)."""
        self._records.add(map(_arrays, fingerprints))

    def read(self) -> list[FoundFingerprint]:
        """Return the fingerprints added since the last `clear`; none if another version made them."""
        return [FoundFingerprint(one.digest, one.track, _fingerprint(one)) for one in self._records.read()]

    def clear(self) -> None:
        """Delete the file, once its fingerprints are published. Raises LibraryUnwritable."""
        self._records.clear()


def _arrays(made: FoundFingerprint) -> FoundArrays:
    landmarks = made.fingerprint.landmarks
    arrays = {name: getattr(landmarks, name) for name in _PAIRS}
    arrays |= {"frames": np.array([landmarks.frames]), "rows": made.fingerprint.rows}
    return FoundArrays(made.digest, made.track, arrays)


def _fingerprint(record: FoundArrays) -> Fingerprint:
    pairs = {name: record.arrays[name].astype(np.int64) for name in _PAIRS}
    landmarks = Landmarks(**pairs, frames=int(record.arrays["frames"][0]))
    return Fingerprint(landmarks, record.arrays["rows"].astype(np.uint32))
