"""What was published last in one directory, opened again when something newer is there."""

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
        """What is published; the empty value where nothing is, or what is there is damaged (the next run heals it)."""
        with self._lock:
            stamp = self._newest()
            if stamp != self._stamp:
                opened = self.snapshots.newest(self._read)
                self._value = self._empty if opened is None else opened[1]
                self._stamp = stamp
            return self._value

    def publish(self, value: T, sequence: int) -> None:
        """Publish a value made at a catalog sequence; the lease's holder may. Raises LibraryUnwritable."""
        with self.snapshots.publication(sequence) as new:
            self._write(new, value)

    def discard(self) -> None:
        """Take all of it away, before it is made anew. Raises LibraryUnwritable."""
        try:
            discard(self._directory)
        except OSError as error:
            what = f"{printable(str(self._directory))}: {self._directory.name} cannot be taken away"
            raise LibraryUnwritable.because(what, error) from error

    def _newest(self) -> tuple[int, int] | None:
        """The newest snapshot's sequence, and when its manifest was written: one of the same sequence may follow it."""
        for sequence in self.snapshots.sequences():
            try:
                return sequence, (self.snapshots.folder(sequence) / MANIFEST).stat().st_mtime_ns
            except OSError:  # it was taken away this moment, or is damaged
                continue
        return None
