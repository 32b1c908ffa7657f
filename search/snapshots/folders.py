"""Immutable snapshots of what follows from the catalog: one folder for each sequence, written whole or not at all.

    <directory>/<sequence>/
        manifest.json   format, sequence, size and digest of every other file, and what the kind says of itself
        ...             the files of the kind

A snapshot is written under a name that starts with a dot, flushed to the disk and then renamed, so that a folder with a
number for a name is complete, or was damaged later. It never changes; the last two are kept, since a reader may just be
opening the one before the newest. On POSIX a reader's memory map outlives the deletion of its file; on Windows the
deletion fails while a map is open, is ignored, and is made up for by the next publication.

Folders whose number has leading zeros are of earlier versions, which kept no digests: they are not read, what was in
them is made from the catalog again, and the next publication takes them away.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from search.errors import LibraryUnwritable, SnapshotError, printable
from search.snapshots.single import flush, flush_folder

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

KEPT: Final = 2
"""How many snapshots stay after a publication."""
MANIFEST: Final = "manifest.json"

_UNFINISHED, _REMOVED = ".writing-", ".removing-"
_CHANGED: Final = "is not what was written (its digest differs)"
_READ_BYTES: Final = 1 << 20

F = TypeVar("F")
T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of snapshot: its ``name`` in messages, its ``format`` number, and the ``remedy`` for a damaged one."""

    name: str
    format: int
    remedy: str


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What a manifest says of a file: its size and the BLAKE2b digest (128 bits, hex) of its bytes."""

    size_bytes: int
    digest: str


class DigestedFile:
    """A new file whose digest is taken on the way to the disk. A context manager; flushed to the disk on leaving."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")
        self._digest = hashlib.blake2b(digest_size=16)
        self._size_bytes = 0

    def write(self, data: NDArray[np.generic] | bytes) -> int:
        """Append the bytes of ``data``; how many that are."""
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
    """A snapshot in the making: files are written into ``folder``, and `describe` says what they are."""

    folder: Path
    files: dict[str, FileRecord] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def file(self, name: str) -> Iterator[DigestedFile]:
        """A new file of the snapshot."""
        with DigestedFile(self.folder / name) as file:
            yield file
        self.files[name] = file.record

    def array(self, name: str, values: NDArray[Any]) -> None:
        """Write ``values`` as a .npy file."""
        with self.file(name) as file:
            np.lib.format.write_array(file, np.ascontiguousarray(values), allow_pickle=False)

    def describe(self, facts: DataclassInstance) -> None:
        """Put what the kind says of itself into the manifest: a dataclass of what JSON can hold."""
        self.facts = asdict(facts)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot on disk whose manifest was read and whose files have the sizes that they were written with."""

    kind: Kind
    folder: Path
    sequence: int
    files: dict[str, FileRecord]
    fields: dict[str, Any]

    def facts(self, of: Callable[..., F]) -> F:
        """What `NewSnapshot.describe` was told, as the same dataclass. Raises SnapshotError when it is another."""
        try:
            return of(**self.fields)
        except (TypeError, ValueError, KeyError) as error:
            raise self.damaged(f"{MANIFEST} describes something else ({error})") from error

    def check(self, name: str) -> None:
        """Raise SnapshotError unless a file's bytes are what was written."""
        if name not in self.files:
            raise self.damaged(f"{name} is not in its manifest")
        if digest_of(self.folder / name) != self.files[name].digest:
            raise self.damaged(f"{name} {_CHANGED}")

    def changed(self) -> Iterator[str]:
        """What is to be said of each file whose bytes are not what was written. Raises OSError."""
        for name, record in self.files.items():
            if digest_of(self.folder / name) != record.digest:
                yield f"{name} {_CHANGED}"

    def array(self, name: str) -> NDArray[Any]:
        """A .npy file's values, mapped. Raises OSError or ValueError when that fails."""
        try:
            # a plain view: numpy's memmap class costs every operation some microseconds
            return np.asarray(np.load(self.folder / name, mmap_mode="r", allow_pickle=False))
        except ValueError:  # nothing to map: an array without values
            return np.asarray(np.load(self.folder / name, allow_pickle=False))

    def mapped(self, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        """A file of bare values as an array of ``shape``, mapped. Raises OSError or ValueError when that fails."""
        if self.files[name].size_bytes != dtype.itemsize * int(np.prod(shape, dtype=np.int64)):
            raise self.damaged(f"{name} does not hold an array of the shape {shape}")
        return map_values(self.folder / name, dtype, shape)

    def damaged(self, cause: str) -> SnapshotError:
        """The error that says what is wrong with it, and what to do."""
        return _damaged(self.kind, self.folder, cause)


class Snapshots:
    """The snapshots of one kind in one directory. One thread uses it.

    Any process may read; only the one that holds the library's lease may publish.
    """

    def __init__(self, directory: Path, kind: Kind) -> None:
        self._directory = directory
        self._kind = kind
        self._passed_over: set[tuple[int, int]] = set()  # sequence and time of making: a healed one is tried again

    def sequences(self) -> list[int]:
        """The sequence numbers that have a folder, newest first; none where the directory is absent."""
        if not self._directory.is_dir():
            return []
        names = (entry.name for entry in self._directory.iterdir())
        return sorted((int(name) for name in names if _is_sequence(name)), reverse=True)

    def folder(self, sequence: int) -> Path:
        """Where the snapshot of ``sequence`` is."""
        return self._directory / str(sequence)

    def open(self, sequence: int) -> Snapshot:
        """Read a manifest and compare every file's size with it. Raises SnapshotError that says what is wrong."""
        folder = self.folder(sequence)
        try:
            fields = json.loads((folder / MANIFEST).read_bytes())
            found = fields.pop("format"), fields.pop("sequence")
            files = {name: FileRecord(**record) for name, record in fields.pop("files").items()}
            sizes = {name: (folder / name).stat().st_size for name in files}
        except OSError as error:
            raise _damaged(self._kind, folder, f"it cannot be read ({error})") from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _damaged(self._kind, folder, f"{MANIFEST} cannot be understood ({error})") from error
        if found[0] != self._kind.format:
            cause = f"it has format {found[0]}; this version reads format {self._kind.format}"
            raise _damaged(self._kind, folder, cause)
        if found[1] != sequence:
            raise _damaged(self._kind, folder, f"{MANIFEST} describes another snapshot")
        for name, size_bytes in sizes.items():
            if size_bytes != files[name].size_bytes:
                cause = f"{name} has {size_bytes} bytes where {files[name].size_bytes} were written"
                raise _damaged(self._kind, folder, cause)
        return Snapshot(self._kind, folder, sequence, files, fields)

    def newest(self, read: Callable[[Snapshot], T], after: int = -1) -> tuple[int, T] | None:
        """The newest snapshot after sequence ``after`` that ``read`` can read, and its sequence; None without any.

        Damaged ones (``read`` raises SnapshotError) are passed over, told of in the log once: an older one, or the
        catalog, leads to the same.
        """
        for sequence in self.sequences():
            if sequence <= after:
                return None
            made = _time_of(self.folder(sequence))
            if made is None or (sequence, made) in self._passed_over:
                continue
            try:
                return sequence, read(self.open(sequence))
            except SnapshotError as error:
                if _time_of(self.folder(sequence)) is not None:  # it was not taken away this moment
                    log.warning("%s", error)
                    self._passed_over.add((sequence, made))
        return None

    @contextmanager
    def publication(self, sequence: int) -> Iterator[NewSnapshot]:
        """The snapshot of ``sequence`` to write; it takes its place when the block ends, or vanishes when it fails.

        A folder in that place is replaced: whoever publishes found it damaged. What a killed process left unfinished is
        cleared. Raises LibraryUnwritable when the disk is full, read-only or refuses.
        """
        folder = self._directory / f"{_UNFINISHED}{sequence}"
        try:
            _make_folders(self._directory)
            self._clear()
            folder.mkdir()
            new = NewSnapshot(folder)
            yield new
            self._finish(new, sequence)
            self._remove(self.folder(sequence))
            folder.rename(self.folder(sequence))
            flush_folder(self._directory)
        except OSError as error:
            where = printable(str(self._directory))
            what = f"{where}: snapshot {sequence} could not be written"
            raise LibraryUnwritable.because(what, error) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # what cannot be taken away now is taken away by the next publication
            for old in self.sequences()[KEPT:]:
                self._remove(self.folder(old))

    def verify(self, problems: Callable[[Snapshot], Iterable[str]]) -> list[str]:
        """Everything that is wrong with the snapshots on disk, a line each; empty when they are sound.

        Reads every byte: each file's digest, then what ``problems`` finds in a snapshot whose files are whole.
        What was interrupted in the making is no problem.
        """
        found: list[str] = []
        for sequence in self.sequences():
            try:
                snapshot = self.open(sequence)
                causes = list(snapshot.changed()) or problems(snapshot)
                found += [str(snapshot.damaged(cause)) for cause in causes]
            except SnapshotError as error:
                found.append(str(error))
            except OSError as error:
                found.append(str(_damaged(self._kind, self.folder(sequence), f"it cannot be read ({error})")))
        return found

    def _finish(self, new: NewSnapshot, sequence: int) -> None:
        """Describe what was written by its path, write the manifest, and flush the folder."""
        for path in sorted(new.folder.iterdir()):
            if path.name not in new.files:
                flush(path)
                new.files[path.name] = FileRecord(path.stat().st_size, digest_of(path))
        manifest = {
            "format": self._kind.format,
            "sequence": sequence,
            **new.facts,
            "files": {name: asdict(record) for name, record in new.files.items()},
        }
        with DigestedFile(new.folder / MANIFEST) as file:
            file.write(json.dumps(manifest, indent=1).encode())
        flush_folder(new.folder)

    def _remove(self, folder: Path) -> None:
        """Take a snapshot away: its name first, so that one that is gone in part is never taken for a damaged one."""
        if folder.exists():
            gone = folder.with_name(f"{_REMOVED}{folder.name}")
            folder.rename(gone)
            flush_folder(self._directory)
            shutil.rmtree(gone, ignore_errors=True)

    def _clear(self) -> None:
        """Take away what was left unfinished, and what earlier versions wrote."""
        for entry in self._directory.iterdir():
            earlier = entry.name.isdecimal() and not _is_sequence(entry.name)
            if entry.is_dir() and (entry.name.startswith(".") or earlier):
                shutil.rmtree(entry, ignore_errors=earlier)


def digest_of(path: Path) -> str:
    """The digest of a file's bytes, as a manifest keeps it. Raises OSError."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while part := file.read(_READ_BYTES):
            digest.update(part)
    return digest.hexdigest()


def map_values(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """A file of bare values, mapped read-only as ``shape``. Raises OSError or ValueError when it cannot be."""
    if 0 in shape:  # an empty file cannot be mapped
        return np.empty(shape, dtype)
    return np.asarray(np.memmap(path, dtype, "r", shape=shape))


def _is_sequence(name: str) -> bool:
    return name.isdecimal() and name == str(int(name))


def _time_of(folder: Path) -> int | None:
    """When a folder was made, in ns; None where it is gone."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return None


def _make_folders(directory: Path) -> None:
    """Make a directory and those above it, each of which survives a loss of power."""
    missing = [folder for folder in (directory, *directory.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        flush_folder(folder.parent)


def _damaged(kind: Kind, folder: Path, cause: str) -> SnapshotError:
    return SnapshotError(f"{kind.name} {printable(str(folder))}: {cause}; {kind.remedy}")
