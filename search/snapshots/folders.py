"""Immutable snapshots of data derived from the catalog: one folder for each sequence, written atomically.

    <directory>/<sequence>/
        manifest.json   format, sequence, size and digest of every other file, and the facts of this kind
        ...             the files of the kind

A snapshot is written under a name that starts with a dot, flushed to disk and then renamed. So a folder named by a
number is complete, unless it was damaged later. A snapshot never changes. The last two are kept, because a reader may
still be opening the older one. On POSIX a reader's memory map outlives the deletion of its file. On Windows deletion
fails while a map is open; the failure is ignored, and the next publication deletes the files.

Snapshots of an earlier format are not read: their data is made from the catalog again, and the next publication
replaces them. The same holds for folders whose number has leading zeros: versions that kept no digests wrote those.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final, TypeVar

from search.errors import CLOSE_FILES, NO_HANDLES, LibraryError, LibraryUnwritable, SnapshotError, printable
from search.snapshots.single import flush, flush_folder
from search.snapshots.snapshot import (
    MANIFEST,
    DigestedFile,
    FileRecord,
    Kind,
    NewSnapshot,
    Snapshot,
    damaged,
    digest_of,
    unreadable,
)

KEPT: Final = 2
"""How many snapshots stay after a publication."""

_UNFINISHED, _REMOVED = ".writing-", ".removing-"

T = TypeVar("T")

log = logging.getLogger(__name__)


class EarlierFormat(SnapshotError):
    """The snapshot was written by an earlier version: it is not damaged, but this version does not read it."""


class Snapshots:
    """The snapshots of one kind in one directory. One thread uses it.

    Any process may read; only the one that holds the library's lease may publish.
    """

    def __init__(self, directory: Path, kind: Kind) -> None:
        self._directory = directory
        self._kind = kind
        self._passed_over: set[tuple[int, int]] = set()  # sequence and mtime, so that a rewritten one is tried again

    def sequences(self) -> list[int]:
        """The sequence numbers that have a folder, newest first; empty if the directory is absent."""
        return sequences(self._directory)

    def folder(self, sequence: int) -> Path:
        """Where the snapshot of ``sequence`` is."""
        return self._directory / str(sequence)

    def open(self, sequence: int) -> Snapshot:
        """Read the manifest and compare every file's size with it. Raises SnapshotError with the cause."""
        folder = self.folder(sequence)
        try:
            fields = json.loads((folder / MANIFEST).read_bytes())
            found = fields.pop("format"), fields.pop("sequence")
            files = {name: FileRecord(**record) for name, record in fields.pop("files").items()}
            sizes = {name: (folder / name).stat().st_size for name in files}
        except OSError as error:
            raise unreadable(self._kind, folder, error) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise damaged(self._kind, folder, f"{MANIFEST} cannot be understood ({error})") from error
        if found[0] != self._kind.format and found[0] not in self._kind.reads_too:
            cause = f"it has format {found[0]}; this version reads format {self._kind.format}"
            refusal = damaged(self._kind, folder, cause)
            raise EarlierFormat(str(refusal)) if _is_before(found[0], self._kind.format) else refusal
        if found[1] != sequence:
            raise damaged(self._kind, folder, f"{MANIFEST} describes another snapshot")
        for name, size_bytes in sizes.items():
            if size_bytes != files[name].size_bytes:
                cause = f"{name} has {size_bytes} bytes where {files[name].size_bytes} were written"
                raise damaged(self._kind, folder, cause)
        return Snapshot(self._kind, folder, sequence, files, fields, found[0])

    def newest(self, read: Callable[[Snapshot], T], after: int = -1) -> tuple[int, T] | None:
        """The newest snapshot after sequence ``after`` that ``read`` can read, and its sequence; None if there is none.

        Skips damaged snapshots (``read`` raises SnapshotError) and those of an earlier format, and logs each once.
        Skipping is safe: an older snapshot plus the catalog, or the catalog alone, gives the same state.
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
                if _time_of(self.folder(sequence)) is not None:  # else it was just deleted, not damaged
                    log.log(logging.INFO if isinstance(error, EarlierFormat) else logging.WARNING, "%s", error)
                    self._passed_over.add((sequence, made))
        return None

    def is_published(self) -> bool:
        """Whether a snapshot of the present format was published here, even if it was damaged later."""
        for sequence in self.sequences():
            try:
                self.open(sequence)
            except EarlierFormat:
                continue
            except SnapshotError:
                pass
            return True
        return False

    @contextmanager
    def publication(self, sequence: int) -> Iterator[NewSnapshot]:
        """Write the snapshot of ``sequence``: it is put in place when the block ends, and discarded if the block fails.

        Replaces a folder already in that place, because a caller only republishes a sequence that it found damaged.
        Clears what killed processes left. Raises LibraryUnwritable if the disk is full, read-only or refuses.
        """
        folder = self._directory / f"{_UNFINISHED}{sequence}"
        try:
            make_folders(self._directory)
            self._clear()
            folder.mkdir()
            new = NewSnapshot(folder)
            yield new
            self._finish(new, sequence)
            adopt(folder, self.folder(sequence))
        except OSError as error:
            where = printable(str(self._directory))
            what = f"{where}: snapshot {sequence} could not be written"
            raise LibraryUnwritable.because(what, error) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        prune(self._directory)

    def verify(self, problems: Callable[[Snapshot], Iterable[str]]) -> list[str]:
        """Return one line for each defect of the snapshots on disk; empty if there is none.

        Reads every byte: checks each file's digest, then, if all match, runs ``problems`` on the snapshot.
        An interrupted publication is not a defect.
        """
        found: list[str] = []
        for sequence in self.sequences():
            try:
                snapshot = self.open(sequence)
                causes = list(snapshot.changed()) or problems(snapshot)
                found += [str(snapshot.damaged(cause)) for cause in causes]
            except EarlierFormat:
                continue
            except SnapshotError as error:
                cause = str(error)
            except OSError as error:
                cause = str(unreadable(self._kind, self.folder(sequence), error))
            else:
                continue
            if self.folder(sequence).exists():  # else it was just deleted, not damaged
                found.append(cause)
        return found

    def _finish(self, new: NewSnapshot, sequence: int) -> None:
        """Record the files that were written by path, write the manifest, and flush the folder."""
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

    def _clear(self) -> None:
        """Delete unfinished snapshots and the folders of earlier versions."""
        for entry in self._directory.iterdir():
            earlier = entry.name.isdecimal() and not _is_sequence(entry.name)
            if entry.is_dir() and (entry.name.startswith(".") or earlier):
                shutil.rmtree(entry, ignore_errors=earlier)


def sequences(directory: Path) -> list[int]:
    """The sequence numbers that have a folder in ``directory``, newest first; empty if the directory is absent.

    Raises LibraryError if the directory cannot be listed.
    """
    try:
        names = [entry.name for entry in directory.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        shown = printable(str(directory))
        raise LibraryError(f"{shown}: cannot be read ({error.strerror}); {_remedy(error)}") from error
    return sorted((int(name) for name in names if _is_sequence(name)), reverse=True)


def adopt(folder: Path, place: Path) -> None:
    """Move a complete folder to ``place``, replacing the snapshot there, if any. Raises OSError."""
    discard(place)
    folder.rename(place)
    flush_folder(place.parent)


def prune(directory: Path) -> None:
    """Delete all but the last two snapshots. If one cannot be deleted now, the next publication deletes it."""
    with suppress(OSError):
        for old in sequences(directory)[KEPT:]:
            discard(directory / str(old))


def discard(folder: Path) -> None:
    """Delete a snapshot, or a directory of them. It is renamed first, so that nobody opens it half deleted.

    Raises OSError.
    """
    gone = folder.with_name(f"{_REMOVED}{folder.name}")
    shutil.rmtree(gone, ignore_errors=True)  # left by a process that was killed here
    if folder.exists():
        folder.rename(gone)
        flush_folder(folder.parent)
        shutil.rmtree(gone, ignore_errors=True)


def _is_sequence(name: str) -> bool:
    return name.isdecimal() and name == str(int(name))


def _remedy(error: OSError) -> str:
    if error.errno in NO_HANDLES:
        return CLOSE_FILES
    return "ask its owner" if isinstance(error, PermissionError) else "check the disk, then try again"


def _is_before(number: object, present: int) -> bool:
    return isinstance(number, int) and 0 < number < present


def _time_of(folder: Path) -> int | None:
    """A folder's modification time in ns; None if the folder is gone."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return None


def make_folders(directory: Path) -> None:
    """Make a directory and its missing parents, and flush each so that it survives a loss of power."""
    missing = [folder for folder in (directory, *directory.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        flush_folder(folder.parent)
