"""The fingerprints of a library as snapshots (`search.snapshots.folders`): the arrays of `FingerprintTable`.

    contents.npy (c,), begins.npy (c + 1,), firsts.npy (c + 1,), outlines.npy (r,), places.npy (p,),
    counts.npy (keys,) uint8: the number of places of each key; 255 means the next number of many.npy (m,)

They are derived from the files, not from the catalog: `search.analysis.exact.filling` listens to the files of missing
contents. A reader maps them. Format 1 had no outlines and is still read: its contents are matched by landmarks only,
until they are fingerprinted again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.exact.landmarks import KEYS
from search.analysis.exact.table import FingerprintTable
from search.snapshots.folders import Snapshots
from search.snapshots.latest import Latest
from search.snapshots.snapshot import Kind, NewSnapshot, Snapshot

FOLDER: Final = "fingerprints"
"""The name of the folder in the library's folder."""
_WITHOUT_OUTLINES: Final = 1
KIND: Final = Kind(
    "fingerprints", 2, "soundalike fingerprints --again rebuilds them from the files", reads_too=(_WITHOUT_OUTLINES,)
)
_TYPES: Final = {
    "contents": "<i8",
    "begins": "<i8",
    "firsts": "<i8",
    "outlines": "<u4",
    "places": "<u4",
    "counts": "|u1",
    "many": "<u4",
}
_EARLIER_TYPES: Final = {"contents": "<i8", "begins": "<i8", "keys": "<u4", "offsets": "<i8", "places": "<u4"}
_MANY: Final = 255


@dataclass(frozen=True, slots=True)
class _Facts:
    """The facts of a manifest: the revision of fingerprints. Those of other revisions cannot be compared."""

    revision: int


REVISION: Final = 1
"""Increased whenever sounds get different landmarks or outlines."""


class Fingerprints:
    """The published fingerprints of one library, reopened when newer ones appear. Threads share it."""

    def __init__(self, library: Path) -> None:
        self.folder = library / FOLDER
        self.latest = Latest(self.folder, KIND, read, write, FingerprintTable.empty())

    @property
    def snapshots(self) -> Snapshots:
        """The snapshots of fingerprints."""
        return self.latest.snapshots

    def table(self) -> FingerprintTable:
        """The published fingerprints; empty if there are none, or all are damaged (the next job repairs that)."""
        return self.latest.value()


def write(new: NewSnapshot, table: FingerprintTable) -> None:
    """Write the arrays. Raises OSError (disk full, read-only)."""
    for name, values in arrays(table).items():
        new.array(f"{name}.npy", np.asarray(values, _TYPES[name]))
    new.describe(_Facts(REVISION))


def arrays(table: FingerprintTable) -> dict[str, NDArray[Any]]:
    """The arrays to store, by file name without ".npy"."""
    counts = np.diff(table.offsets)
    kept = {name: getattr(table, name) for name in ("contents", "begins", "firsts", "outlines", "places")}
    return {**kept, "counts": np.minimum(counts, _MANY).astype(np.uint8), "many": counts[counts >= _MANY]}


def read(snapshot: Snapshot) -> FingerprintTable:
    """Map the arrays of a snapshot. Raises SnapshotError if they are damaged, or of another revision."""
    if snapshot.format == _WITHOUT_OUTLINES:
        return _read_without(snapshot)
    values = _arrays(snapshot, _TYPES)
    counts = values["counts"].astype(np.int64)
    is_many = counts == _MANY
    contents, begins, firsts = values["contents"], values["begins"], values["firsts"]
    fits = (
        len(begins) == len(firsts) == len(contents) + 1
        and len(counts) == KEYS
        and int(is_many.sum()) == len(values["many"])
        and int(firsts[-1]) == len(values["outlines"])
    )
    if fits:
        counts[is_many] = values["many"]
    if not fits or int(counts.sum()) != len(values["places"]):
        raise snapshot.damaged("its arrays do not match each other")
    return FingerprintTable(contents, begins, _offsets(counts), values["places"], firsts, values["outlines"])


def _read_without(snapshot: Snapshot) -> FingerprintTable:
    values = _arrays(snapshot, _EARLIER_TYPES)
    keys, offsets = values["keys"], values["offsets"]
    fits = (
        len(values["begins"]) == len(values["contents"]) + 1
        and len(offsets) == len(keys) + 1
        and int(offsets[-1]) == len(values["places"])
        and (not len(keys) or int(keys.max()) < KEYS)
    )
    if not fits:
        raise snapshot.damaged("its arrays do not match each other")
    counts = np.zeros(KEYS, np.int64)
    counts[keys] = np.diff(offsets)
    none = np.zeros(len(values["contents"]) + 1, np.int64)
    rows = np.empty(0, np.uint32)
    return FingerprintTable(values["contents"], values["begins"], _offsets(counts), values["places"], none, rows)


def _arrays(snapshot: Snapshot, types: dict[str, str]) -> dict[str, NDArray[Any]]:
    """The arrays of the files by name, with checked types. Raises SnapshotError."""
    facts = snapshot.facts(_Facts)
    if facts.revision != REVISION:
        raise snapshot.damaged(f"it has fingerprints of revision {facts.revision}; this version makes {REVISION}")
    if set(snapshot.files) != {f"{name}.npy" for name in types}:
        raise snapshot.damaged("its manifest does not list the files of fingerprints")
    try:
        for name in ("contents.npy", "begins.npy"):
            snapshot.check(name)
        values = {name: snapshot.array(f"{name}.npy") for name in types}
    except (OSError, ValueError, EOFError) as error:
        raise snapshot.unreadable(error) from error
    if any(array.dtype != types[name] or array.ndim != 1 for name, array in values.items()):
        raise snapshot.damaged("its arrays are not of the types that fingerprints have")
    return values


def _offsets(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))


def problems(snapshot: Snapshot) -> list[str]:
    """Return the defects of a snapshot whose digests match. Raises SnapshotError if it cannot be opened."""
    table = read(snapshot)
    ascend = (np.diff(table.contents) > 0).all() and (np.diff(table.begins) > 0).all()
    inside = not len(table.places) or int(table.places.max()) < int(table.begins[-1])
    fine = ascend and (np.diff(table.firsts) >= 0).all() and inside
    return [] if fine else ["its contents and places are not in order"]
