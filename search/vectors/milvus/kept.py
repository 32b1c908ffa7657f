"""Keeping an index in Milvus: the snapshots in the folder name a collection and list the ids that count in it.

    ids.npy         (bytes,) uint8, the ids as a bitmap (`search.vectors.bitmaps`)
    manifest.json   the collection, and which of its publications this is

Only the lease's holder writes. It writes the changes since its last snapshot into the collection, and publishes the
next snapshot when the server has acknowledged all of them. If it is killed before that, the next holder repeats the
writes, which is harmless because rows have keys. Readers find a new state like any snapshot, and apply later changes.

A copy of the library's folder names the same collection, but the collection belongs to the original. ``milvus.json``
lists the collections made from this folder and contains its own inode number, so a copied file is recognized and
ignored. In addition, each publication marks the collection with its name. A collection with a mark that was not set
from this folder is neither written nor dropped; the publisher makes its own instead.
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

KIND: Final = Kind("snapshot in Milvus", 1, "soundalike reindex rebuilds it from the catalog")
IDS: Final = "ids.npy"
NAMES: Final = "milvus.json"
"""A file beside the folder of snapshots: its own inode number, and the marks that collections made here may have."""

Names: TypeAlias = dict[str, list[str]]
"""The collections made from this folder, oldest first, each with its possible marks: the publication in progress, and
the one before. The mark of a collection that was never marked is ''."""


@dataclass(frozen=True, slots=True)
class MilvusFacts:
    """The facts of a manifest. ``publication`` is the mark of the collection."""

    collection: str
    publication: str
    count: int
    dim: int


class InMilvus:
    """A `Keeping` with collections in Milvus; ``directory`` holds the snapshots."""

    def __init__(self, directory: Path, dim: int) -> None:
        self.snapshots = Snapshots(directory, KIND)
        self._file = directory.parent / NAMES
        self._dim = dim

    def open(self, snapshot: Snapshot) -> Base:
        """As `Keeping.open`. Does not contact the server."""
        facts, ids = self._read(snapshot)
        return MilvusBase(snapshot.sequence, MilvusCollection(facts.collection), ids, self._dim)

    def is_whole(self, sequence: int) -> bool:
        """As `Keeping.is_whole`: the collection exists, was made from this folder, and nobody else wrote to it."""
        if sequence == NEVER:
            return False
        facts, _ = self._read(self.snapshots.open(sequence))
        return _is_ours(facts.collection, self._names())

    def write(self, since: int, changes: Iterable[IndexChange], sequence: int) -> None:
        """As `Keeping.write`. Raises LibraryUnwritable, and LibraryError if the server fails."""
        publication = secrets.token_hex(8)
        names = self._names()
        if since == NEVER:
            collection, ids = MilvusCollection(f"soundalike_{publication}"), np.zeros(0, np.uint8)
            # the old collection stays until the next publication: readers switch within a second
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
        """As `Keeping.problems`: check every file's digest, and whether the newest snapshot's collection exists."""
        found = self.snapshots.verify(self._problems)
        for sequence in self.snapshots.sequences()[:1]:
            try:
                facts, _ = self._read(self.snapshots.open(sequence))
                if not _is_ours(facts.collection, {facts.collection: [facts.publication], **self._names()}):
                    found.append(f"the collection of snapshot {sequence} is gone from Milvus, or is another library's")
            except SnapshotError:  # reported above
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
        """The collections made from this folder; none if the file was copied from another folder."""
        try:
            with self._file.open("rb") as file:
                said, number = json.load(file), os.fstat(file.fileno()).st_ino
            if said["file"] != number:
                return {}
            return {str(name): [str(mark) for mark in marks] for name, marks in said["collections"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):  # the file is missing or damaged
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
    """Whether the server has this collection, with one of the marks that were set from this folder."""
    return name in names and MilvusCollection(name).publication() in names[name]


def _followed(collection: MilvusCollection, ids: Bitmap, changes: Iterable[IndexChange], dim: int) -> Bitmap:
    """Write ``changes`` to the collection in order; return the bitmap of its ids afterwards (``ids`` before)."""
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
    """Keep only the last vector of each id."""
    _, from_end = np.unique(ids[::-1], return_index=True)
    kept = ids.size - 1 - from_end
    return ids[kept], vectors[kept]


def _with(bitmap: Bitmap, ids: Ids) -> Bitmap:
    added = bitmaps.from_ids(ids)
    longer, shorter = (bitmap.copy(), added) if bitmap.size >= added.size else (added, bitmap)
    longer[: shorter.size] |= shorter
    return longer


class MilvusIndexes:
    """The index kind ``milvus``, on the server at ``MILVUS_URI``. Ignores ``device``, ``effort`` and ``recall``."""

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
        """As `search.ports.IndexFactory`. Raises UsageError if pymilvus is not installed."""
        require()
        return SnapshotIndex(InMilvus(directory, dim), dim, searches=searches)

    def server(self) -> str:
        """As `search.ports.OnServer`."""
        require()
        return server()


open_milvus = MilvusIndexes()
