"""The layout on disk, in the folder of its space: one file of columns, replaced as a whole."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.errors import LibraryUnwritable, printable
from search.model import Ids

FILE: Final = "map.npz"
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class StoredMap:
    """Places ``xy`` (n, 2) float32 of ``content_ids`` (n,) ascending; ``fitted`` (n,) bool: laid out together."""

    sequence: int
    content_ids: Ids
    xy: NDArray[np.float32]
    fitted: NDArray[np.bool_]


def stamp(folder: Path) -> tuple[int, int, int] | None:
    """What tells one layout below ``folder`` from the next without reading it; None where there is none."""
    try:
        facts = (folder / FILE).stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_ino, facts.st_size


def read(folder: Path) -> StoredMap | None:
    """The layout below ``folder``; None where there is none, or it is damaged (drawing it again heals it)."""
    try:
        with np.load(folder / FILE, allow_pickle=False) as arrays:
            head, ids, xy, fitted = (arrays[name] for name in ("head", "content_ids", "xy", "fitted"))
            if (
                head[0] != _FORMAT
                or xy.shape != (len(ids), 2)
                or fitted.shape != ids.shape
                or not np.isfinite(xy).all()
            ):
                return None
            return StoredMap(int(head[1]), ids, xy, fitted)
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile):
        return None


def write(folder: Path, drawn: StoredMap) -> None:
    """Put the layout in the file's place, whole or not at all. Raises LibraryUnwritable when it cannot be written."""
    partial = folder / f".{FILE}.{os.getpid()}"
    try:
        with partial.open("wb") as file:
            head = np.array([_FORMAT, drawn.sequence], np.int64)
            np.savez(file, head=head, content_ids=drawn.content_ids, xy=drawn.xy, fitted=drawn.fitted)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(folder / FILE)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise LibraryUnwritable.because(f"{printable(str(folder / FILE))}: the map cannot be written", error) from error
