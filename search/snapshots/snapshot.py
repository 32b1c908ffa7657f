"""What one snapshot is: files with their digests, and a manifest that lists them."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from search.errors import CLOSE_FILES, NO_HANDLES, SnapshotError, printable
from search.snapshots.single import flush

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MANIFEST: Final = "manifest.json"

_CHANGED: Final = "is not what was written (its digest differs)"
_READ_BYTES: Final = 1 << 20
MAPPED_FROM_BYTES: Final = 1 << 18
"""Smaller arrays are read instead of mapped: each map holds a file handle, and a system may allow only 256 of them."""

F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of snapshot: its ``name`` in messages, its ``format`` number, and the ``remedy`` for a damaged one.

    Snapshots of the earlier formats in ``reads_too`` are read as well; those of any other format are skipped.
    """

    name: str
    format: int
    remedy: str
    reads_too: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file's entry in the manifest: its size and the BLAKE2b digest (128 bits, hex) of its bytes."""

    size_bytes: int
    digest: str


class DigestedFile:
    """A new file whose digest is computed while it is written. A context manager; leaving it flushes to disk."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")
        self._digest = hashlib.blake2b(digest_size=16)
        self._size_bytes = 0

    def write(self, data: NDArray[np.generic] | bytes) -> int:
        """Append the bytes of ``data`` and return how many they are."""
        view = data if isinstance(data, bytes) else np.ascontiguousarray(data).reshape(-1).view(np.uint8).data
        self._file.write(view)
        self._digest.update(view)
        self._size_bytes += len(view)
        return len(view)

    @property
    def record(self) -> FileRecord:
        """Size and digest of what was written so far."""
        return FileRecord(self._size_bytes, self._digest.hexdigest())

    def __enter__(self) -> DigestedFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._file.flush()
                os.fsync(self._file.fileno())
        finally:
            self._file.close()


@dataclass(slots=True)
class NewSnapshot:
    """A snapshot being written: its files go into ``folder``, and `describe` sets the facts for the manifest."""

    folder: Path
    files: dict[str, FileRecord] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def file(self, name: str) -> Iterator[DigestedFile]:
        """Open a new file of the snapshot for writing."""
        with DigestedFile(self.folder / name) as file:
            yield file
        self.files[name] = file.record

    def array(self, name: str, values: NDArray[Any]) -> None:
        """Write ``values`` as a .npy file."""
        with self.file(name) as file:
            np.lib.format.write_array(file, np.ascontiguousarray(values), allow_pickle=False)

    def link(self, name: str, old: Snapshot) -> None:
        """Add a file of an ``old`` snapshot: as a hard link if the file system supports it, otherwise as a copy."""
        link_or_copy(old.folder / name, self.folder / name)
        self.files[name] = old.files[name]

    def describe(self, facts: DataclassInstance) -> None:
        """Put ``facts`` into the manifest: a dataclass whose values JSON can hold."""
        self.facts = asdict(facts)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot on disk whose manifest has been read and whose file sizes match it."""

    kind: Kind
    folder: Path
    sequence: int
    files: dict[str, FileRecord]
    fields: dict[str, Any]
    format: int

    def facts(self, of: Callable[..., F]) -> F:
        """The facts given to `NewSnapshot.describe`, as the dataclass ``of``; SnapshotError if they do not fit it."""
        try:
            return of(**self.fields)
        except (TypeError, ValueError, KeyError) as error:
            raise self.damaged(f"{MANIFEST} describes something else ({error})") from error

    def check(self, name: str) -> None:
        """Raise SnapshotError unless a file's digest matches the manifest."""
        if name not in self.files:
            raise self.damaged(f"{name} is not in its manifest")
        if digest_of(self.folder / name) != self.files[name].digest:
            raise self.damaged(f"{name} {_CHANGED}")

    def changed(self) -> Iterator[str]:
        """Yield one message for each file whose digest differs from the manifest. Raises OSError."""
        for name, record in self.files.items():
            if digest_of(self.folder / name) != record.digest:
                yield f"{name} {_CHANGED}"

    def array(self, name: str) -> NDArray[Any]:
        """The values of a .npy file: mapped, or read if the file is small. Raises OSError or ValueError on failure."""
        if self.files[name].size_bytes < MAPPED_FROM_BYTES:
            return np.asarray(np.load(self.folder / name, allow_pickle=False))
        try:
            # a plain view: numpy's memmap class costs every operation some microseconds
            return np.asarray(np.load(self.folder / name, mmap_mode="r", allow_pickle=False))
        except ValueError:  # nothing to map: an array without values
            return np.asarray(np.load(self.folder / name, allow_pickle=False))

    def mapped(self, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        """A raw file, mapped as an array of ``shape``. Raises SnapshotError (wrong size), OSError or ValueError."""
        if self.files[name].size_bytes != dtype.itemsize * int(np.prod(shape, dtype=np.int64)):
            raise self.damaged(f"{name} does not hold an array of the shape {shape}")
        return map_values(self.folder / name, dtype, shape)

    def unreadable(self, error: Exception) -> SnapshotError:
        """The error to raise when ``error`` prevents reading this snapshot."""
        return unreadable(self.kind, self.folder, error)

    def damaged(self, cause: str) -> SnapshotError:
        """The error that names this snapshot, the cause, and the remedy."""
        return damaged(self.kind, self.folder, cause)


def digest_of(path: Path) -> str:
    """The digest of a file's bytes, as a manifest keeps it. Raises OSError."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while part := file.read(_READ_BYTES):
            digest.update(part)
    return digest.hexdigest()


def link_or_copy(source: Path, target: Path) -> None:
    """Make ``target`` a hard link to ``source``, or a copy if links are not supported. Raises OSError.

    Systems refuse links with different errors, so any failed link leads to a copy; copying reports all other problems.
    """
    link = getattr(os, "link", None)  # Android's Python has none
    if link is not None:
        with suppress(OSError):
            link(source, target)
            return
    if target.exists():  # it may be a hard link: writing to it would change the file under its other names too
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    shutil.copyfile(source, target)
    flush(target)


def map_values(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """A raw file mapped read-only as an array of ``shape``. Raises OSError or ValueError if it cannot be mapped."""
    if 0 in shape:  # an empty file cannot be mapped
        return np.empty(shape, dtype)
    return np.asarray(np.memmap(path, dtype, "r", shape=shape))


def unreadable(kind: Kind, folder: Path, error: Exception) -> SnapshotError:
    """The error for a snapshot that cannot be read. If the process is out of file handles, it is not called damaged."""
    if isinstance(error, OSError) and error.errno in NO_HANDLES:
        return SnapshotError(f"{kind.name} {printable(str(folder))}: not read: {CLOSE_FILES}")
    return damaged(kind, folder, f"it cannot be read ({error})")


def damaged(kind: Kind, folder: Path, cause: str) -> SnapshotError:
    """The error for a damaged snapshot: its folder, the cause, and the remedy."""
    return SnapshotError(f"{kind.name} {printable(str(folder))}: {cause}; {kind.remedy}")
