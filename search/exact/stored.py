"""The fingerprints of a library as snapshots (`search.snapshots.folders`): the arrays of `FingerprintTable`.

    contents.npy (c,), begins.npy (c + 1,), keys.npy (k,), offsets.npy (k + 1,), places.npy (p,)

They follow from the files, not from the catalog: `search.exact.filling` listens to what they lack. A reader maps them.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np

from search.errors import LibraryUnwritable, printable
from search.exact.table import FingerprintTable
from search.snapshots.folders import Snapshots, discard
from search.snapshots.snapshot import MANIFEST, Kind, NewSnapshot, Snapshot

FOLDER: Final = "fingerprints"
"""In the library's folder."""
KIND: Final = Kind("fingerprints", 1, "soundalike fingerprints --again makes them anew from the files")
_NAMES: Final = tuple(f"{field.name}.npy" for field in fields(FingerprintTable))
_TYPES: Final = {"contents": "<i8", "begins": "<i8", "keys": "<u4", "offsets": "<i8", "places": "<u4"}


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a manifest says: how landmarks were made. Others cannot be compared with these."""

    revision: int


REVISION: Final = 1
"""Goes up when a sound gets other landmarks."""


class Fingerprints:
    """The published fingerprints of one library, opened again when newer ones are there. Threads share it."""

    def __init__(self, library: Path) -> None:
        self._folder = library / FOLDER
        self.snapshots = Snapshots(self._folder, KIND)
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._table = FingerprintTable.empty()

    def table(self) -> FingerprintTable:
        """What is published; empty where nothing is, or what is there is damaged (the next run heals it)."""
        with self._lock:
            stamp = self._newest()
            if stamp != self._stamp:
                opened = self.snapshots.newest(read)
                self._table = FingerprintTable.empty() if opened is None else opened[1]
                self._stamp = stamp
            return self._table

    def publish(self, table: FingerprintTable, sequence: int) -> None:
        """Publish a table made at a catalog sequence; the lease's holder may. Raises LibraryUnwritable."""
        with self.snapshots.publication(sequence) as new:
            write(new, table)

    def discard(self) -> None:
        """Take all of them away, before they are made anew. Raises LibraryUnwritable."""
        try:
            discard(self._folder)
        except OSError as error:
            what = f"{printable(str(self._folder))}: fingerprints cannot be taken away"
            raise LibraryUnwritable.because(what, error) from error

    def _newest(self) -> tuple[int, int] | None:
        """The newest snapshot's sequence, and when its manifest was written: one of the same sequence may follow it."""
        for sequence in self.snapshots.sequences():
            try:
                return sequence, (self.snapshots.folder(sequence) / MANIFEST).stat().st_mtime_ns
            except OSError:  # it was taken away this moment, or is damaged
                continue
        return None


def write(new: NewSnapshot, table: FingerprintTable) -> None:
    """Write the arrays. Raises OSError (disk full, read-only)."""
    for name, dtype in _TYPES.items():
        new.array(f"{name}.npy", np.asarray(getattr(table, name), dtype))
    new.describe(_Facts(REVISION))


def read(snapshot: Snapshot) -> FingerprintTable:
    """Map the arrays of a snapshot. Raises SnapshotError when they are damaged, or not what this version makes."""
    facts = snapshot.facts(_Facts)
    if facts.revision != REVISION:
        raise snapshot.damaged(f"it has landmarks of revision {facts.revision}; this version makes {REVISION}")
    if set(snapshot.files) != set(_NAMES):
        raise snapshot.damaged("its manifest lists other files than fingerprints have")
    try:
        for name in ("contents.npy", "begins.npy"):
            snapshot.check(name)
        arrays = {name: snapshot.array(f"{name}.npy") for name in _TYPES}
    except (OSError, ValueError, EOFError) as error:
        raise snapshot.unreadable(error) from error
    table = FingerprintTable(**arrays)
    fits = (
        all(values.dtype == _TYPES[name] and values.ndim == 1 for name, values in arrays.items())
        and len(table.begins) == len(table.contents) + 1
        and len(table.offsets) == len(table.keys) + 1
        and int(table.offsets[-1]) == len(table.places)
    )
    if not fits:
        raise snapshot.damaged("its arrays do not belong together")
    return table


def problems(snapshot: Snapshot) -> list[str]:
    """What is wrong with a snapshot whose files are whole, beyond the SnapshotError that opening it raises."""
    table = read(snapshot)
    ascend = (np.diff(table.contents) > 0).all() and (np.diff(table.keys.astype(np.int64)) > 0).all()
    inside = not len(table.places) or int(table.places.max()) < int(table.begins[-1])
    return [] if ascend and (np.diff(table.offsets) >= 0).all() and inside else ["its places are none of its contents"]
