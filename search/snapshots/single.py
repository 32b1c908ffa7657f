"""Replacing one file atomically: a reader sees the old file or the new one, even after a loss of power.

The new bytes go to a file beside the old one, which is flushed to disk and then renamed. The folder is flushed too, so
that the rename survives. System errors are passed on unchanged; the caller knows what they mean.
"""

from __future__ import annotations

import glob
import io
import os
import secrets
import time
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from search.errors import SnapshotError, printable

LEFT_OVER_S: Final = 24 * 3600.0
"""A partial file that nobody wrote to for this long was left by a killed process."""

_UNREADABLE: Final = (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""Errors of reading a damaged archive; RuntimeError if a flipped bit marks it as encrypted."""


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that replaces ``path`` when the block ends, and is discarded if the block fails.

    If several processes replace the same file, the last one wins. Raises OSError (disk full, read-only).

    Examples:
        >>> import tempfile
        >>> place = Path(tempfile.mkdtemp()) / "note.txt"
        >>> with replacing(place) as file:
        ...     _ = file.write(b"whole")
        >>> place.read_bytes()
        b'whole'
    """
    with new_file_for(path) as partial, partial.open("xb") as file:
        yield file


@contextmanager
def new_file_for(path: Path) -> Iterator[Path]:
    """Like `replacing`, for writers that need a path: yields the path of a file that does not exist yet."""
    _clear(path)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        yield partial
        flush(partial)
        partial.replace(path)
        flush_folder(path.parent)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Replace ``path`` with a .npz file of ``arrays``. Raises OSError (disk full, read-only)."""
    with replacing(path) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # its stub takes every keyword for an option


def read_arrays(path: Path, remedy: str) -> dict[str, NDArray[Any]] | None:
    """The arrays of a .npz file, each verified by its checksum; None if there is no file.

    Raises SnapshotError, which names the ``remedy``, if it is damaged or cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise damaged(path, f"it cannot be read ({error.strerror})", remedy) from error
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if (bad := archive.testzip()) is not None:
                raise damaged(path, f"{bad} is not what was written", remedy)
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except _UNREADABLE as error:
        raise damaged(path, "it is cut short or was overwritten", remedy) from error


def stamp(path: Path) -> tuple[int, int, int] | None:
    """Modification time, inode and size, which change when a file is replaced; None if there is no file."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_ino, facts.st_size


def damaged(path: Path, cause: str, remedy: str) -> SnapshotError:
    """The error for a damaged file."""
    return SnapshotError(f"{printable(str(path))}: {cause}; {remedy}")


def flush(path: Path) -> None:
    """Flush a file's bytes to disk (fsync). Raises OSError."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Flush a folder's entries to disk: creations, renames and deletions. Raises OSError."""
    if os.name == "nt":  # Windows cannot flush a folder; NTFS journals the rename
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _clear(path: Path) -> None:
    """Delete partial files of ``path`` that killed processes left."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT_OVER_S:
                left.unlink()
