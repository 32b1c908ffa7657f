"""The files of a snapshot of columns (`search.snapshots.folders`): one memory-mapped .npy file for each array."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.definitions import FACTS
from search.columns.table import ColumnPart
from search.snapshots.folders import Snapshots
from search.snapshots.snapshot import Kind, NewSnapshot, Snapshot

KIND: Final = Kind("columns", 5, "soundalike reindex rebuilds them from the catalog")
_BASE, _RECENT, _GONE_CLIPS, _GONE_ENCODINGS = "base_", "recent_", "gone_clips", "gone_encodings"


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """The facts about columns in a manifest: fields of `ClipColumns` with the same names."""

    space_id: int
    vocabulary: tuple[str, ...]
    base_sequence: int


@dataclass(frozen=True, slots=True)
class Parts:
    """The arrays: fields of `ClipColumns` with the same names."""

    base: ColumnPart
    recent: ColumnPart
    gone_clips: NDArray[np.bool_]
    gone_encodings: NDArray[np.bool_]


def snapshots(directory: Path) -> Snapshots:
    """Return the snapshots of columns in ``directory``."""
    return Snapshots(directory, KIND)


def write(new: NewSnapshot, facts: ColumnFacts, parts: Parts) -> None:
    """Write the arrays and the facts about them. Raises OSError (disk full, read-only)."""
    for name, values in _arrays(parts):
        new.array(f"{name}.npy", values)
    new.describe(facts)


def read(snapshot: Snapshot) -> tuple[ColumnFacts, Parts]:
    """Map the arrays of a snapshot. Raises SnapshotError if anything is missing or damaged.

    Every byte is checked, because an impossible number would otherwise fail in the middle of a request. That takes
    15 ms for 100,000 segments.
    """
    facts = snapshot.facts(_facts)
    names = {f"{name}.npy" for name in _names()}
    if set(snapshot.files) != names:
        missing = ", ".join(sorted(names ^ set(snapshot.files)))
        raise snapshot.damaged(f"its manifest does not list the files of columns ({missing})")
    try:
        for name in sorted(names):
            snapshot.check(name)
        arrays = {name: snapshot.array(f"{name}.npy") for name in _names()}
    except (OSError, ValueError, EOFError) as error:
        raise snapshot.unreadable(error) from error
    for prefix in (_BASE, _RECENT):
        width = arrays[f"{prefix}facts"].shape[-1]
        if width != len(FACTS):
            raise snapshot.damaged(f"it has {width} facts of each clip; this version has {len(FACTS)}")
    return facts, Parts(_part(_BASE, arrays), _part(_RECENT, arrays), arrays[_GONE_CLIPS], arrays[_GONE_ENCODINGS])


def problems(snapshot: Snapshot) -> list[str]:
    """Return the defects of a snapshot with intact files. Raises SnapshotError if it cannot be opened."""
    read(snapshot)
    return []


def _facts(space_id: int, vocabulary: list[str], base_sequence: int) -> ColumnFacts:
    return ColumnFacts(space_id, tuple(vocabulary), base_sequence)


def _names() -> Iterator[str]:
    for prefix in (_BASE, _RECENT):
        yield from (f"{prefix}{field.name}" for field in fields(ColumnPart))
    yield from (_GONE_CLIPS, _GONE_ENCODINGS)


def _arrays(parts: Parts) -> Iterator[tuple[str, NDArray[Any]]]:
    for prefix, part in ((_BASE, parts.base), (_RECENT, parts.recent)):
        for field in fields(ColumnPart):
            yield f"{prefix}{field.name}", getattr(part, field.name)
    yield _GONE_CLIPS, parts.gone_clips
    yield _GONE_ENCODINGS, parts.gone_encodings


def _part(prefix: str, arrays: dict[str, NDArray[Any]]) -> ColumnPart:
    return ColumnPart(**{field.name: arrays[f"{prefix}{field.name}"] for field in fields(ColumnPart)})
