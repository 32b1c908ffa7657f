"""The layout on disk, in the folder of its space: one file of columns, replaced atomically."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from search.errors import LibraryUnwritable, SnapshotError, printable
from search.model import Ids
from search.snapshots import single

FILE: Final = "map.npz"
REMEDY: Final = "soundalike map draws it again (with --space NAME, for that space)"
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class StoredMap:
    """Positions ``xy`` (n, 2) float32 of ``content_ids`` (n,), ascending; ``fitted`` (n,) bool: laid out together."""

    sequence: int
    content_ids: Ids
    xy: NDArray[np.float32]
    fitted: NDArray[np.bool_]


def stamp(folder: Path) -> tuple[int, int, int] | None:
    """A stamp of the layout in ``folder`` that changes with it; None if there is none."""
    return single.stamp(folder / FILE)


def read(folder: Path) -> StoredMap | None:
    """The layout in ``folder``; None if there is none, or it is damaged (drawing again repairs it)."""
    try:
        return read_or_raise(folder)
    except SnapshotError:
        return None


def read_or_raise(folder: Path) -> StoredMap | None:
    """The same, but raises SnapshotError if it is damaged."""
    path = folder / FILE
    arrays = single.read_arrays(path, REMEDY)
    if arrays is None:
        return None
    try:
        head, ids, xy, fitted = (arrays[name] for name in ("head", "content_ids", "xy", "fitted"))
        if head[0] != _FORMAT:
            raise single.damaged(path, f"it has format {head[0]}; this version reads format {_FORMAT}", REMEDY)
        fits = xy.shape == (len(ids), 2) and fitted.shape == ids.shape
        if not fits or not np.isfinite(xy).all() or (np.diff(ids) <= 0).any():
            raise single.damaged(path, "its positions are invalid", REMEDY)
        return StoredMap(int(head[1]), ids, xy, fitted)
    except (KeyError, IndexError) as error:
        raise single.damaged(path, "it holds something else", REMEDY) from error


def write(folder: Path, drawn: StoredMap) -> None:
    """Replace the file atomically with the layout. Raises LibraryUnwritable if it cannot be written."""
    head = np.array([_FORMAT, drawn.sequence], np.int64)
    arrays: dict[str, NDArray[Any]] = {
        "head": head,
        "content_ids": drawn.content_ids,
        "xy": drawn.xy,
        "fitted": drawn.fitted,
    }
    try:
        single.write_arrays(folder / FILE, arrays)
    except OSError as error:
        raise LibraryUnwritable.because(f"{printable(str(folder / FILE))}: the map cannot be written", error) from error
