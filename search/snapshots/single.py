"""One file that is replaced whole: a reader sees the old one or the new one, after a loss of power too.

The new bytes go to a file beside the old one, are flushed to the disk, and take its name; then the folder is flushed,
so that the name survives as well. Nothing here knows what is written: errors of the system pass as they are, and the
caller says what they mean.
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
"""A file in the making that nobody wrote to for so long was left by a process that was killed."""

_UNREADABLE: Final = (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What reading a damaged archive raises: RuntimeError where a changed bit says that it is encrypted."""


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of ``path`` when the block ends, or vanishes when it fails.

    Several processes may replace one file: the last one counts. Raises OSError (disk full, read-only).

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
    """The same for what a library writes by its path: the name of a file that is not there yet."""
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
    """Replace ``path`` by a .npz file of ``arrays``. Raises OSError (disk full, read-only)."""
    with replacing(path) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # its stub takes every keyword for an option


def read_arrays(path: Path, remedy: str) -> dict[str, NDArray[Any]] | None:
    """The arrays of a .npz file, every one checked by its checksum; None where there is no file.

    Raises SnapshotError, which names the ``remedy``, when it is damaged or cannot be read.
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
    """What tells a file from the next one of its name without reading it; None where there is none."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_ino, facts.st_size


def damaged(path: Path, cause: str, remedy: str) -> SnapshotError:
    """The error of a file that is not what was written."""
    return SnapshotError(f"{printable(str(path))}: {cause}; {remedy}")


def flush(path: Path) -> None:
    """Bring a file's bytes to the disk. Raises OSError."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk: new ones, others' new places, and that some are gone. Raises OSError."""
    if os.name == "nt":  # Windows has no handle to flush a folder by; NTFS journals the rename
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _clear(path: Path) -> None:
    """Take away what killed processes left in the making of ``path``."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT_OVER_S:
                left.unlink()
