"""Snapshots on disk: one folder per catalog sequence number, written whole or not at all.

    <directory>/<sequence>/
        manifest.json   format, sequence, count, dim, kind; size and digest of every other file
        ids.npy         (count,) int64 segment ids, ascending
        vectors.f16     (count, dim) float16, row by row in the order of ids.npy: the sidecar
        index.faiss     the compressed index, where kind is "faiss"

A snapshot is written under a name that starts with a dot, flushed to the disk and then renamed, so that a folder
with a number for a name is complete, or was damaged later. It never changes; the last two are kept, since a reader
may just be opening the one before the newest. On POSIX a reader's memory map outlives the deletion of its file; on
Windows the deletion fails while a map is open, is ignored, and is made up for by the next publication.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search.errors import LibraryUnwritable, SnapshotError, printable
from search.model import HalfVectors, Ids

FORMAT = 1
KEPT = 2
"""How many snapshots stay after a publication."""

MANIFEST, IDS, SIDECAR, COMPRESSED = "manifest.json", "ids.npy", "vectors.f16", "index.faiss"
_UNFINISHED = ".writing-"
_READ_BYTES = 1 << 20

Kind: TypeAlias = Literal["exact", "faiss"]


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the manifest says of a file: its size and the BLAKE2b digest (128 bits, hex) of its bytes."""

    size_bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot is. ``trained_count`` is how many rows its compressed index was trained for, 0 without one."""

    sequence: int
    count: int
    dim: int
    kind: Kind
    trained_count: int
    files: dict[str, FileFacts]
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Stored:
    """An opened snapshot: ``ids`` (count,) and ``rows`` (count, dim) float16, both mapped from their files."""

    folder: Path
    manifest: Manifest
    ids: Ids
    rows: HalfVectors


class Writer:
    """A new file whose digest is taken on the way to the disk. A context manager; flushed to the disk on leaving."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")
        self._digest = hashlib.blake2b(digest_size=16)
        self._size_bytes = 0

    def write(self, data: NDArray[np.generic] | bytes) -> None:
        """Append the bytes of ``data``."""
        view = data if isinstance(data, bytes) else np.ascontiguousarray(data).reshape(-1).view(np.uint8).data
        self._file.write(view)
        self._digest.update(view)
        self._size_bytes += len(view)

    @property
    def facts(self) -> FileFacts:
        """Size and digest of what was written so far."""
        return FileFacts(self._size_bytes, self._digest.hexdigest())

    def __enter__(self) -> Writer:
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


def sequences(directory: Path) -> list[int]:
    """The sequence numbers that have a folder, newest first; none where ``directory`` is absent."""
    if not directory.is_dir():
        return []
    return sorted((int(entry.name) for entry in directory.iterdir() if entry.name.isdecimal()), reverse=True)


def folder_of(directory: Path, sequence: int) -> Path:
    """Where the snapshot of ``sequence`` is."""
    return directory / str(sequence)


def read(folder: Path, dim: int | None = None) -> Stored:
    """Open a snapshot and check what can be checked at once: the manifest, every size, the ids and their digest.

    The sidecar is mapped, not read. Raises SnapshotError that says what is wrong.
    """
    try:
        manifest = read_manifest(folder)
        for name, facts in manifest.files.items():
            size_bytes = (folder / name).stat().st_size
            if size_bytes != facts.size_bytes:
                raise _damaged(folder, f"{name} has {size_bytes} bytes where {facts.size_bytes} were written")
        if manifest.files[IDS].digest != digest_of(folder / IDS):
            raise _damaged(folder, f"{IDS} is not what was written")
        ids = np.load(folder / IDS, mmap_mode="r" if manifest.count else None, allow_pickle=False)
        size_bytes = 2 * manifest.count * manifest.dim
        if ids.shape != (manifest.count,) or manifest.files[SIDECAR].size_bytes != size_bytes:
            raise _damaged(folder, f"its files do not hold the {manifest.count} vectors of its manifest")
        rows = map_rows(folder / SIDECAR, manifest.count, manifest.dim)
    except (OSError, ValueError, KeyError) as error:
        raise _damaged(folder, f"it cannot be read ({error})") from error
    if dim is not None and manifest.dim != dim:
        raise _damaged(folder, f"it holds vectors of {manifest.dim} dimensions where the space has {dim}")
    return Stored(folder, manifest, np.asarray(ids), rows)


def map_rows(path: Path, count: int, dim: int) -> HalfVectors:
    """A file of float16 rows as (count, dim), mapped read-only. Raises OSError or ValueError when it cannot be."""
    if not count:  # an empty file cannot be mapped
        return np.empty((0, dim), np.float16)
    return np.asarray(np.memmap(path, np.float16, "r", shape=(count, dim)))


def release(rows: HalfVectors) -> None:
    """Let the system drop the pages of mapped ``rows`` that this process has read; they are read again when needed.

    Without this a job that walks through a large sidecar once seems to hold all of it. Arrays in memory stay as they
    are, and so does everything on systems that have no such call.
    """
    holder: object = rows
    while isinstance(holder, np.ndarray):
        holder = holder.base
    if isinstance(holder, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        holder.madvise(mmap.MADV_DONTNEED)


def read_manifest(folder: Path) -> Manifest:
    """A snapshot's manifest. Raises SnapshotError when it is incomplete or of another format, OSError when absent."""
    try:
        fields = json.loads((folder / MANIFEST).read_bytes())
        files = {name: FileFacts(**facts) for name, facts in fields.pop("files").items()}
        manifest = Manifest(files=files, **fields)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged(folder, f"{MANIFEST} cannot be understood ({error})") from error
    if manifest.format != FORMAT:
        raise _damaged(folder, f"it has format {manifest.format}; this version reads format {FORMAT}")
    needed = {IDS, SIDECAR, COMPRESSED} if manifest.kind == "faiss" else {IDS, SIDECAR}
    if str(manifest.sequence) != folder.name or set(manifest.files) != needed:
        raise _damaged(folder, f"{MANIFEST} describes another snapshot")
    return manifest


def digest_of(path: Path) -> str:
    """The digest of a file's bytes, as the manifest keeps it."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while part := file.read(_READ_BYTES):
            digest.update(part)
    return digest.hexdigest()


def facts_of(path: Path) -> FileFacts:
    """Flush a file that a library wrote by its path to the disk, and describe it."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())
    return FileFacts(path.stat().st_size, digest_of(path))


@contextmanager
def publication(directory: Path, sequence: int) -> Iterator[Path]:
    """A folder to write the snapshot of ``sequence`` into; it takes its place when the block ends, or vanishes.

    A damaged folder in that place is replaced, and folders that a killed process left unfinished are cleared: only
    the holder of the library's lease may publish. Raises LibraryUnwritable when the disk is full, read-only or refuses.
    """
    folder = directory / f"{_UNFINISHED}{sequence}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for left in directory.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(left)
        folder.mkdir()
        yield folder
        _flush_folder(folder)
        place = folder_of(directory, sequence)
        if place.exists():
            shutil.rmtree(place)
        folder.rename(place)
        _flush_folder(directory)
    except OSError as error:
        what = f"{printable(str(directory))}: snapshot {sequence} could not be written"
        raise LibraryUnwritable.because(what, error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for old in sequences(directory)[KEPT:]:
        shutil.rmtree(folder_of(directory, old), ignore_errors=True)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, the last file of a snapshot."""
    with Writer(folder / MANIFEST) as file:
        file.write(json.dumps(asdict(manifest), indent=1).encode())


def write_ids(path: Path, ids: Ids) -> FileFacts:
    """Write ``ids`` (n,) as a .npy file."""
    np.save(path, ids, allow_pickle=False)
    return facts_of(path)


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows has no handle to flush a folder by; NTFS journals the rename
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _damaged(folder: Path, cause: str) -> SnapshotError:
    where = printable(str(folder))
    return SnapshotError(f"snapshot {where}: {cause}; delete the folder, the index is built again from the catalog")
