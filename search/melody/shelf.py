"""The contours of a library's tunes on disk: a book for each published sequence, derived from the catalog.

    <space>/contours/<N>/   the book (`search.melody.book`) of the tunes at catalog sequence N

A reader maps the newest one and keeps what came since beside it in memory. What was removed stays in a book until the
next is written: its windows are in no index, so nothing leads there.
"""

from __future__ import annotations

import heapq
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Protocol

import numpy as np

from search.errors import SnapshotError
from search.melody.book import Book, ContourBook, TwoBooks, write
from search.model import Ids, StoredContour

KEPT = 2


class ContourSource(Protocol):
    """One state of the catalog's tunes (`search.catalog.contours.ContourReader`)."""

    @property
    def sequence(self) -> int:
        """Its sequence number."""

    def since(self, sequence: int) -> Iterator[StoredContour]:
        """The tunes that came after ``sequence`` and are there, by ascending segment id."""

    def contents(self) -> Ids:
        """(n, 2) first segment id and content id of every content that is there, ascending."""


Source = Callable[[], AbstractContextManager[ContourSource]]


@dataclass(frozen=True, slots=True, eq=False)
class OpenBook:
    """The tunes of a space as of ``sequence``."""

    base: ContourBook
    recent: ContourBook
    sequence: int
    published: int = 0
    """The sequence of the newest book there was, whether or not it could be read."""

    @classmethod
    def open(cls, folder: Path, source: Source) -> OpenBook:
        """The newest book in ``folder`` that is whole, brought up to the catalog; without one, all is read from it."""
        base, sequence = ContourBook.of(()), 0
        numbered = _numbered(folder)
        published = numbered[0][0] if numbered else 0
        for number, path in numbered:
            try:
                base, sequence = ContourBook.load(path), number
                break
            except SnapshotError:
                continue  # an older one, or the catalog, gives the same
        return cls(base, ContourBook.of(()), sequence, published).refreshed(source)

    def refreshed(self, source: Source) -> OpenBook:
        """With what came since."""
        with source() as reader:
            if reader.sequence == self.sequence:
                return self
            news = list(reader.since(self.sequence))
            recent = ContourBook.of([*self.recent.pages(), *news]) if news else self.recent
            return OpenBook(self.base, recent, reader.sequence, self.published)

    def followed(self, folder: Path, source: Source) -> OpenBook:
        """The same on the newest book in ``folder``, where one was published since, with what came since."""
        if any(number > self.published for number, _ in _numbered(folder)):
            return OpenBook.open(folder, source)
        return self.refreshed(source)

    @property
    def book(self) -> Book:
        """All tunes."""
        return TwoBooks(self.base, self.recent) if len(self.recent) else self.base


def save(folder: Path, source: Source) -> None:
    """Write the book of the catalog's present state into ``folder``; only the holder of the lease may.

    Raises LibraryError when the disk is full or read-only.
    """
    known = next(iter(_numbered(folder)), None)
    base, sequence = ContourBook.of(()), 0
    if known is not None:
        try:
            base, sequence = ContourBook.load(known[1]), known[0]
        except SnapshotError:
            shutil.rmtree(known[1], ignore_errors=True)
    with source() as reader:
        target = folder / f"{reader.sequence:020d}"
        if not target.exists():
            by_window = attrgetter("first_segment_id")
            news = reader.since(sequence)
            write(target, _there(heapq.merge(base.pages(), news, key=by_window), reader.contents()))
    for _, old in _numbered(folder)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _there(pages: Iterable[StoredContour], contents: Ids) -> Iterator[StoredContour]:
    """The pages whose content is still there, each first window once: the later of two."""
    waiting: StoredContour | None = None
    for page in pages:
        at = int(np.searchsorted(contents[:, 0], page.first_segment_id, side="right")) - 1
        if at < 0 or contents[at, 1] != page.content_id:
            continue
        if waiting is not None and waiting.first_segment_id != page.first_segment_id:
            yield waiting
        waiting = page
    if waiting is not None:
        yield waiting


def _numbered(folder: Path) -> list[tuple[int, Path]]:
    """The finished books, newest first."""
    if not folder.is_dir():
        return []
    return sorted(((int(f.name), f) for f in folder.iterdir() if f.name.isdigit()), reverse=True)
