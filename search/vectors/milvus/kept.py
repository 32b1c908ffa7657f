"""Keeping an index in Milvus: the snapshots in the folder name a collection and say which ids count in it.

    ids.npy         (bytes,) uint8, the ids as a bitmap (`search.vectors.bitmaps`)
    manifest.json   the collection, and which of its publications this is

The holder of the lease is the one that writes: it puts into the collection what came since its last snapshot, and when
all of it was acknowledged, it publishes the next. Killed before that, the next one does it again, which changes nothing
more: rows have keys. Readers find a new state as they find any snapshot, and lay what came since on top.

A copy of the library's folder names the same collection, which stays the original's: ``milvus.json`` says what was made
here, and which file it is, so a copy of it says nothing. Besides, each publication leaves its name in the collection;
what has another there than was left from here is neither written to nor dropped. Who may not write makes its own.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from search.errors import LibraryError, LibraryUnwritable, SnapshotError, printable
from search.model import Bitmap, Ids, IndexChange, Vectors
from search.settings import Device
from search.snapshots.folders import Snapshots
from search.snapshots.single import replacing
from search.snapshots.snapshot import Kind, Snapshot
from search.vectors import bitmaps
from search.vectors.base import NEVER, Base
from search.vectors.milvus.base import MilvusBase
from search.vectors.milvus.collection import MilvusCollection, require, server
from search.vectors.scoring import check_rows
from search.vectors.snapshot import SnapshotIndex

KIND: Final = Kind("snapshot in Milvus", 1, "soundalike reindex makes it anew from the catalog")
IDS: Final = "ids.npy"
NAMES: Final = "milvus.json"
"""Beside the folder of snapshots: its own number in the file system; the marks that collections made here may have."""

Names: TypeAlias = dict[str, list[str]]
"""The collections that were made from here, oldest first, and with each what it may be marked with: the publication
under way, and the one before. A collection that was never marked has ''."""


@dataclass(frozen=True, slots=True)
class MilvusFacts:
    """What a manifest says. ``publication`` is what the collection was marked with."""

    collection: str
    publication: str
    count: int
    dim: int


class InMilvus:
    """A `Keeping` of collections; ``directory`` is that of the snapshots."""

    def __init__(self, directory: Path, dim: int) -> None:
        self.snapshots = Snapshots(directory, KIND)
        self._file = directory.parent / NAMES
        self._dim = dim

    def open(self, snapshot: Snapshot) -> Base:
        """As `Keeping.open`. Asks the server nothing."""
        facts, ids = self._read(snapshot)
        return MilvusBase(snapshot.sequence, MilvusCollection(facts.collection), ids, self._dim)

    def is_whole(self, sequence: int) -> bool:
        """As `Keeping.is_whole`: the collection is there, was made from this folder, and nobody else wrote to it."""
        if sequence == NEVER:
            return False
        facts, _ = self._read(self.snapshots.open(sequence))
        return _is_ours(facts.collection, self._names())

    def write(self, since: int, changes: Iterable[IndexChange], sequence: int) -> None:
        """As `Keeping.write`. Raises LibraryUnwritable, and LibraryError where the server does not do it."""
        publication = secrets.token_hex(8)
        names = self._names()
        if since == NEVER:
            collection, ids = MilvusCollection(f"soundalike_{publication}"), np.zeros(0, np.uint8)
            # what was found until now stays until the next publication: readers come over within a second
            stays = list(names)[-1:] if self.snapshots.sequences() else []
        else:
            facts, ids = self._read(self.snapshots.open(since))
            collection, stays = MilvusCollection(facts.collection), []
        self._keep({**names, collection.name: [*names.get(collection.name, [""]), publication]})
        if since == NEVER:
            collection.make(self._dim)
        collection.mark(publication)
        ids = _followed(collection, ids, changes, self._dim)
        with self.snapshots.publication(sequence) as new:
            new.array(IDS, ids)
            new.describe(MilvusFacts(collection.name, publication, bitmaps.count(ids), self._dim))
        for name in names:
            if name not in (collection.name, *stays) and _is_ours(name, names):
                MilvusCollection(name).drop()
        self._keep({**{name: names[name] for name in stays}, collection.name: [publication]})

    def problems(self) -> list[str]:
        """As `Keeping.problems`: every file's digest, and whether the newest snapshot has its collection still."""
        found = self.snapshots.verify(self._problems)
        for sequence in self.snapshots.sequences()[:1]:
            try:
                facts, _ = self._read(self.snapshots.open(sequence))
                if not _is_ours(facts.collection, {facts.collection: [facts.publication], **self._names()}):
                    found.append(f"the collection of snapshot {sequence} is gone from Milvus, or another library's")
            except SnapshotError:  # said above
                pass
            except LibraryError as error:
                found.append(str(error))
        return found

    def _read(self, snapshot: Snapshot) -> tuple[MilvusFacts, Bitmap]:
        facts = snapshot.facts(MilvusFacts)
        if facts.dim != self._dim:
            raise snapshot.damaged(f"it holds vectors of {facts.dim} dimensions where the space has {self._dim}")
        snapshot.check(IDS)
        try:
            ids = snapshot.array(IDS)
        except (OSError, ValueError) as error:
            raise snapshot.unreadable(error) from error
        if ids.dtype != np.uint8 or ids.ndim != 1 or bitmaps.count(ids) != facts.count:
            raise snapshot.damaged(f"{IDS} does not hold the {facts.count} ids of its manifest")
        return facts, ids

    def _problems(self, snapshot: Snapshot) -> Iterable[str]:
        self._read(snapshot)
        return ()

    def _names(self) -> Names:
        """What was made here; nothing where the file is a copy of another folder's."""
        try:
            with self._file.open("rb") as file:
                said, number = json.load(file), os.fstat(file.fileno()).st_ino
            if said["file"] != number:
                return {}
            return {str(name): [str(mark) for mark in marks] for name, marks in said["collections"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):  # nothing was made, or nobody knows any more
            return {}

    def _keep(self, names: Names) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self._file) as file:
                said = {"file": os.fstat(file.fileno()).st_ino, "collections": names}
                file.write(json.dumps(said).encode())
        except OSError as error:
            raise LibraryUnwritable.because(f"{printable(str(self._file))}: cannot be written", error) from error


def _is_ours(name: str, names: Names) -> bool:
    """Whether the server has a collection with one of the marks that were given to it from here."""
    return name in names and MilvusCollection(name).publication() in names[name]


def _followed(collection: MilvusCollection, ids: Bitmap, changes: Iterable[IndexChange], dim: int) -> Bitmap:
    """Write ``changes`` in their order; the ids that are there afterwards, which were ``ids`` before."""
    for change in changes:
        segment_ids = np.asarray(change.segment_ids, np.int64)
        if change.vectors is None:
            collection.take_away(segment_ids)
            ids = bitmaps.without(ids, segment_ids)
        else:
            segment_ids, vectors = _last(*check_rows(segment_ids, change.vectors, dim))
            collection.put(segment_ids, vectors.astype(np.float16).astype(np.float32))
            ids = _with(ids, segment_ids)
    return ids


def _last(ids: Ids, vectors: Vectors) -> tuple[Ids, Vectors]:
    """Of an id that is given twice the last vector."""
    _, from_end = np.unique(ids[::-1], return_index=True)
    kept = ids.size - 1 - from_end
    return ids[kept], vectors[kept]


def _with(bitmap: Bitmap, ids: Ids) -> Bitmap:
    added = bitmaps.from_ids(ids)
    longer, shorter = (bitmap.copy(), added) if bitmap.size >= added.size else (added, bitmap)
    longer[: shorter.size] |= shorter
    return longer


class MilvusIndexes:
    """The kind of index ``milvus``: at ``MILVUS_URI``, whatever ``device``, ``effort`` and ``recall`` say."""

    def __call__(
        self,
        directory: Path,
        dim: int,
        device: Device,
        *,
        searches: bool = True,
        effort: float = 1.0,
        recall: float | None = None,
    ) -> SnapshotIndex:
        """As `search.ports.IndexFactory`. Raises UsageError where pymilvus is not installed."""
        require()
        return SnapshotIndex(InMilvus(directory, dim), dim, searches=searches)

    def server(self) -> str:
        """As `search.ports.OnServer`."""
        require()
        return server()


open_milvus = MilvusIndexes()
