"""The newest snapshot of one directory, reopened when a newer one appears."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from search.errors import LibraryUnwritable, printable
from search.snapshots.folders import Snapshots, discard
from search.snapshots.snapshot import MANIFEST, Kind, NewSnapshot, Snapshot

T = TypeVar("T")


class Latest(Generic[T]):
    """The newest snapshot of one kind as a value. Threads share it."""

    def __init__(
        self,
        directory: Path,
        kind: Kind,
        read: Callable[[Snapshot], T],
        write: Callable[[NewSnapshot, T], None],
        empty: T,
    ) -> None:
        self.snapshots = Snapshots(directory, kind)
        self._directory = directory
        self._read, self._write, self._empty = read, write, empty
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._value = empty

    def value(self) -> T:
        """The published value; the empty value if none is, or all are damaged (the next job repairs that)."""
        with self._lock:
            stamp = self._newest()
            if stamp != self._stamp:
                opened = self.snapshots.newest(self._read)
                self._value = self._empty if opened is None else opened[1]
                self._stamp = stamp
            return self._value

    def publish(self, value: T, sequence: int) -> None:
        """Publish a value made at a catalog sequence. Only the lease's holder may. Raises LibraryUnwritable."""
        with self.snapshots.publication(sequence) as new:
            self._write(new, value)

    def discard(self) -> None:
        """Delete all snapshots, before they are made again. Raises LibraryUnwritable."""
        try:
            discard(self._directory)
        except OSError as error:
            what = f"{printable(str(self._directory))}: {self._directory.name} cannot be removed"
            raise LibraryUnwritable.because(what, error) from error

    def _newest(self) -> tuple[int, int] | None:
        """The newest snapshot's sequence and its manifest's mtime, since the same sequence may be published again."""
        for sequence in self.snapshots.sequences():
            try:
                return sequence, (self.snapshots.folder(sequence) / MANIFEST).stat().st_mtime_ns
            except OSError:  # it was just deleted, or is damaged
                continue
        return None
