"""The events of a space as snapshots (`search.snapshots.folders`): the arrays of `EventTable`.

    contents.npy (c,), begins.npy (c + 1,), and for all n events classes.npy, starts_ms.npy, lengths_ms.npy and
    probabilities.npy, (n,) each

They are derived from the files by the space's encoder, not from the catalog: if some are missing, the files are
listened to again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from search.analysis.time.journal import Journal
from search.analysis.time.table import EventTable
from search.snapshots.latest import Latest
from search.snapshots.snapshot import Kind, NewSnapshot, Snapshot

FOLDER: Final = "events"
"""The name of the folder in a space's folder."""
KIND: Final = Kind("events", 1, "soundalike events --again rebuilds them from the files")
REVISION: Final = 3
"""Increased whenever sounds get different events."""
_TYPES: Final = {
    "contents": "<i8",
    "begins": "<i8",
    "classes": "<u2",
    "starts_ms": "<u4",
    "lengths_ms": "<u4",
    "probabilities": "|u1",
}


@dataclass(frozen=True, slots=True)
class _Facts:
    """The facts of a manifest: the revision of events, and the fingerprint of the encoder."""

    revision: int
    fingerprint: str


def latest(space_folder: Path, fingerprint: str) -> Latest[EventTable]:
    """The published events in the folder of a space whose encoder has this ``fingerprint``."""

    def write(new: NewSnapshot, table: EventTable) -> None:
        for name, dtype in _TYPES.items():
            new.array(f"{name}.npy", np.asarray(getattr(table, name), dtype))
        new.describe(_Facts(REVISION, fingerprint))

    def read(snapshot: Snapshot) -> EventTable:
        facts = snapshot.facts(_Facts)
        if facts != _Facts(REVISION, fingerprint):
            raise snapshot.damaged("its events are of another encoder or another version")
        return _table(snapshot)

    return Latest(space_folder / FOLDER, KIND, read, write, EventTable.of(()))


def journal(space_folder: Path, fingerprint: str) -> Journal:
    """The file in which a job keeps events of that space and encoder until they are published."""
    return Journal(space_folder / FOLDER / "found", f"{REVISION} {fingerprint}")


def problems(snapshot: Snapshot) -> list[str]:
    """Return the defects of a snapshot whose digests match. Raises SnapshotError if it cannot be opened."""
    table = _table(snapshot)
    ascend = (np.diff(table.contents) > 0).all() and (np.diff(table.begins) >= 0).all()
    return [] if ascend else ["its contents and events are not in order"]


def _table(snapshot: Snapshot) -> EventTable:
    """Map the arrays of a snapshot. Raises SnapshotError if they are damaged."""
    if set(snapshot.files) != {f"{name}.npy" for name in _TYPES}:
        raise snapshot.damaged("its manifest does not list the files of events")
    try:
        for name in ("contents.npy", "begins.npy"):
            snapshot.check(name)
        arrays = {name: snapshot.array(f"{name}.npy") for name in _TYPES}
    except (OSError, ValueError, EOFError) as error:
        raise snapshot.unreadable(error) from error
    table = EventTable(**arrays)
    n = len(table.classes)
    fits = (
        all(values.dtype == _TYPES[name] and values.ndim == 1 for name, values in arrays.items())
        and len(table.begins) == len(table.contents) + 1
        and int(table.begins[-1]) == n
        and all(len(getattr(table, name)) == n for name in ("starts_ms", "lengths_ms", "probabilities"))
    )
    if not fits:
        raise snapshot.damaged("its arrays do not match each other")
    return table
