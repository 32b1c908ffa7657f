"""The contours of a library's tunes on disk (`search.snapshots.folders`), and keeping them up to date.

    tune.npy, first_id.npy                         (t,) int64
    offset.npy, window_offset.npy, knot_offset.npy (t + 1,) int64
    cents.i2, window_s.f4, knots.f8                the values; see `search.analysis.melody.contourtable.ContourTable`

A reader maps the newest snapshot and keeps newer contours in memory. Removed contours stay in a snapshot until the next
one is written; that is harmless, because no index has their windows any more.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from operator import attrgetter
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from search.analysis.melody.contourtable import ContourLookup, ContourTable, TwoTables, offsets
from search.model import Ids, StoredContour
from search.snapshots.folders import Snapshots
from search.snapshots.snapshot import Kind, NewSnapshot, Snapshot

KIND: Final = Kind("contours", 2, "soundalike reindex rebuilds them from the catalog")
_TUNE, _FIRST_ID, _OFFSET, _WINDOW_OFFSET, _KNOT_OFFSET = _SMALL = (
    "tune.npy", "first_id.npy", "offset.npy", "window_offset.npy", "knot_offset.npy"
)  # fmt: skip
_CENTS, _WINDOW_S, _KNOTS = _BARE = "cents.i2", "window_s.f4", "knots.f8"


class ContourSource(Protocol):
    """One state of the catalog's tunes (`search.catalog.contours.ContourReader`)."""

    @property
    def sequence(self) -> int:
        """Its sequence number."""

    def since(self, sequence: int) -> Iterator[StoredContour]:
        """The present tunes that were added after ``sequence``, by ascending segment id."""

    def contents(self) -> Ids:
        """The first segment id and the content id of every present content (n, 2), ascending."""


ContourOpener = Callable[[], AbstractContextManager[ContourSource]]


class ContourFollower:
    """Follows the tunes of one space, through the folder in which they are published. One thread uses it."""

    def __init__(self, directory: Path, source: ContourOpener) -> None:
        self._snapshots = Snapshots(directory, KIND)
        self._source = source
        self._opened = -1
        self._base = self._recent = ContourTable.of(())
        self._sequence = 0

    def follow(self) -> ContourLookup:
        """All tunes at the catalog's present sequence: the newest readable snapshot plus newer tunes from the catalog.

        Without a snapshot, all are read from the catalog.
        """
        newer = self._snapshots.newest(read, self._opened)
        if newer is not None:
            (self._opened, self._base), self._recent = newer, ContourTable.of(())
            self._sequence = self._opened
        with self._source() as reader:
            if reader.sequence != self._sequence:
                news = list(reader.since(self._sequence))
                if news:
                    pages = {page.first_segment_id: page for page in (*self._recent.pages(), *news)}
                    self._recent = ContourTable.of([pages[first_id] for first_id in sorted(pages)])
                self._sequence = reader.sequence
        return TwoTables(self._base, self._recent) if len(self._recent) else self._base

    def publish(self) -> None:
        """Publish the catalog's present state, if it is not yet. Only the lease's holder may.

        Raises LibraryUnwritable.
        """
        newer = self._snapshots.newest(read, self._opened)
        if newer is not None:
            self._opened, self._base = newer
        with self._source() as reader:
            if reader.sequence != self._opened:
                news = reader.since(max(self._opened, 0))
                merged = heapq.merge(self._base.pages(), news, key=attrgetter("first_segment_id"))
                with self._snapshots.publication(reader.sequence) as new:
                    write(new, _of_contents(merged, reader.contents()))


def read(snapshot: Snapshot) -> ContourTable:
    """Open the contours of a snapshot; large arrays are mapped. Raises SnapshotError if they are damaged."""
    if set(snapshot.files) != {*_SMALL, *_BARE}:
        raise snapshot.damaged("its manifest does not list the files of contours")
    try:
        for name in _SMALL:  # these are read completely anyway
            snapshot.check(name)
        tune, first_id, offset, window_offset, knot_offset = (
            np.load(snapshot.folder / name, allow_pickle=False) for name in _SMALL
        )
        return ContourTable(
            tune=tune,
            first_id=first_id,
            offset=offset,
            cents=snapshot.mapped(_CENTS, np.dtype("<i2"), (int(offset[-1]),)),
            window_offset=window_offset,
            window_s=snapshot.mapped(_WINDOW_S, np.dtype("<f4"), (int(window_offset[-1]),)),
            knot_offset=knot_offset,
            knots=snapshot.mapped(_KNOTS, np.dtype("<f8"), (int(knot_offset[-1]), 2)),
        )
    except (OSError, ValueError, EOFError, IndexError) as error:
        raise snapshot.unreadable(error) from error


def problems(snapshot: Snapshot) -> list[str]:
    """Return the defects of a snapshot whose digests match. Raises SnapshotError if it cannot be opened."""
    read(snapshot)
    return []


def differences(sequence: int, table: ContourTable, reader: ContourSource) -> Iterator[str]:
    """Yield one line for each tune in which a table of ``sequence`` differs from the catalog."""
    later = {page.first_segment_id for page in reader.since(sequence)}
    row_of = {first_id: row for row, first_id in enumerate(table.first_id.tolist())}
    present = set()
    for page in reader.since(0):
        present.add(page.first_segment_id)
        if page.first_segment_id in later:
            continue
        row = row_of.get(page.first_segment_id)
        if row is None:
            yield f"the contours lack the tune of content {page.content_id}"
        elif not _same(table.page(row), page):
            yield f"the contours and the catalog hold different tunes of content {page.content_id}"
    if sequence == reader.sequence and row_of.keys() - present:
        yield f"the contours still hold {len(row_of.keys() - present)} tunes that are gone"


def _same(one: StoredContour, other: StoredContour) -> bool:
    return one.content_id == other.content_id and all(
        np.array_equal(getattr(one.contour, name), getattr(other.contour, name))
        for name in ("cents", "window_s", "knots")
    )


def write(new: NewSnapshot, pages: Iterable[StoredContour]) -> None:
    """Write ``pages``, ascending by first window, with one in memory at a time.

    Raises OSError (disk full, read-only).
    """
    tune, first_id = [], []
    lengths: tuple[list[int], list[int], list[int]] = ([], [], [])
    with new.file(_CENTS) as cents, new.file(_WINDOW_S) as window_s, new.file(_KNOTS) as knots:
        for page in pages:
            contour = page.contour
            tune.append(page.content_id)
            first_id.append(page.first_segment_id)
            lengths[0].append(len(contour.cents))
            lengths[1].append(len(contour.window_s))
            lengths[2].append(len(contour.knots))
            cents.write(np.asarray(contour.cents, "<i2"))
            window_s.write(np.asarray(contour.window_s, "<f4"))
            knots.write(np.asarray(contour.knots, "<f8"))
    new.array(_TUNE, np.array(tune, np.int64))
    new.array(_FIRST_ID, np.array(first_id, np.int64))
    for name, length in zip((_OFFSET, _WINDOW_OFFSET, _KNOT_OFFSET), lengths, strict=True):
        new.array(name, offsets(length))


def _of_contents(pages: Iterable[StoredContour], contents: Ids) -> Iterator[StoredContour]:
    """Yield the pages whose content still exists. If two have the same first window, only the later one."""
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
