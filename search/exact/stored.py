"""The fingerprints of a library as snapshots (`search.snapshots.folders`): the arrays of `FingerprintTable`.

    contents.npy (c,), begins.npy (c + 1,), keys.npy (k,), offsets.npy (k + 1,), places.npy (p,)

They follow from the files, not from the catalog: `search.exact.filling` listens to what they lack. A reader maps them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np

from search.exact.table import FingerprintTable
from search.snapshots.folders import Snapshots
from search.snapshots.latest import Latest
from search.snapshots.snapshot import Kind, NewSnapshot, Snapshot

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
        self.latest = Latest(library / FOLDER, KIND, read, write, FingerprintTable.empty())

    @property
    def snapshots(self) -> Snapshots:
        """Where they lie."""
        return self.latest.snapshots

    def table(self) -> FingerprintTable:
        """What is published; empty where nothing is, or what is there is damaged (the next run heals it)."""
        return self.latest.value()


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
