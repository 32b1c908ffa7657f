"""Immutable snapshots of what follows from the catalog: one folder for each sequence, written whole or not at all.

    <directory>/<sequence>/
        manifest.json   format, sequence, size and digest of every other file, and what the kind says of itself
        ...             the files of the kind

A snapshot is written under a name that starts with a dot, flushed to the disk and then renamed, so that a folder with a
number for a name is complete, or was damaged later. It never changes; the last two are kept, since a reader may just be
opening the one before the newest. On POSIX a reader's memory map outlives the deletion of its file; on Windows the
deletion fails while a map is open, is ignored, and is made up for by the next publication.

What has an earlier format is not read: what is in it is made from the catalog again, and the next publication takes its
place. So are folders whose number has leading zeros, of versions that kept no digests.
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
    """A snapshot as an earlier version wrote it: nothing is wrong with it, and nobody reads it."""


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
        return sequences(self._directory)

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
        """The newest snapshot after sequence ``after`` that ``read`` can read, and its sequence; None without any.

        Damaged ones (``read`` raises SnapshotError) and those of an earlier format are passed over, the damaged ones
        logged once: an older one, or the catalog, leads to the same.
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
                    log.log(logging.INFO if isinstance(error, EarlierFormat) else logging.WARNING, "%s", error)
                    self._passed_over.add((sequence, made))
        return None

    def is_published(self) -> bool:
        """Whether anything was published here in the present format, also if it was damaged later."""
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
        """The snapshot of ``sequence`` to write; it takes its place when the block ends, or vanishes when it fails.

        A folder in that place is replaced: whoever publishes found it damaged. What a killed process left unfinished is
        cleared. Raises LibraryUnwritable when the disk is full, read-only or refuses.
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
            except EarlierFormat:
                continue
            except SnapshotError as error:
                cause = str(error)
            except OSError as error:
                cause = str(unreadable(self._kind, self.folder(sequence), error))
            else:
                continue
            if self.folder(sequence).exists():  # it was not taken away this moment
                found.append(cause)
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

    def _clear(self) -> None:
        """Take away what was left unfinished, and what earlier versions wrote."""
        for entry in self._directory.iterdir():
            earlier = entry.name.isdecimal() and not _is_sequence(entry.name)
            if entry.is_dir() and (entry.name.startswith(".") or earlier):
                shutil.rmtree(entry, ignore_errors=earlier)


def sequences(directory: Path) -> list[int]:
    """The sequence numbers that have a folder in ``directory``, newest first; none where it is absent.

    Raises LibraryError where it cannot be looked into.
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
    """Let a folder that is whole be the snapshot at ``place``, instead of one that is there. Raises OSError."""
    discard(place)
    folder.rename(place)
    flush_folder(place.parent)


def prune(directory: Path) -> None:
    """Take away what is older than the last two. What cannot be taken away now is by the next publication."""
    with suppress(OSError):
        for old in sequences(directory)[KEPT:]:
            discard(directory / str(old))


def discard(folder: Path) -> None:
    """Take a snapshot, or a directory of them, away: its name first, so that one that is gone in part is never opened.

    Raises OSError.
    """
    gone = folder.with_name(f"{_REMOVED}{folder.name}")
    shutil.rmtree(gone, ignore_errors=True)  # of one that was killed on the way
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
    """When a folder was made, in ns; None where it is gone."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return None


def make_folders(directory: Path) -> None:
    """Make a directory and those above it, each of which survives a loss of power."""
    missing = [folder for folder in (directory, *directory.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        flush_folder(folder.parent)
