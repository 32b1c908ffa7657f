"""Helpers for tests of the catalog: small encodings, and changes with defaults for what a test is not about."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from search.catalog.store import Catalog
from search.columns import ClipColumns, files
from search.model import (
    AddContent,
    CatalogChange,
    Content,
    ContentEncoding,
    EncoderSpec,
    FileFacts,
    LinkClip,
    MoveClip,
    Root,
    SegmentTags,
    Space,
)
from search.ports import Lease

if TYPE_CHECKING:
    from tests.postgresql import Server

DIM = 4
VOCABULARY = ("Dog", "Rain", "Dog bark", "Horn", "Speech")


def spec(
    name: str = "spectral", fingerprint: str = "f" * 64, vocabulary: tuple[str, ...] | None = VOCABULARY
) -> EncoderSpec:
    return EncoderSpec(name, "1", fingerprint, DIM, 16000, 1.0, 0.5, vocabulary, calibration=(9.0, -4.0))


def digest(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()


def encoding(n: int, seed: int = 0, tags: bool = True) -> ContentEncoding:
    """``n`` segments of random vectors and tags; the same for the same seed."""
    rng = np.random.default_rng([seed, n])
    vectors = rng.normal(size=(n, DIM))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    classes = np.array([rng.permutation(len(VOCABULARY))[:3] for _ in range(n)], np.uint16).reshape(n, 3)
    found = SegmentTags(classes, -np.sort(-rng.random((n, 3)), axis=1).astype(np.float16))
    starts = np.arange(n) * 0.5
    return ContentEncoding(
        np.stack([starts, starts + 1], axis=1),
        vectors.astype(np.float16),
        rng.random(n) < 0.5,
        found if tags else None,
    )


def facts(path: str, size_bytes: int = 1000, mtime_ns: int = 1) -> FileFacts:
    return FileFacts(path, size_bytes, mtime_ns)


_servers: list[Server] = []


@contextmanager
def in_databases_of(server: Server) -> Iterator[None]:
    """Within the block, `new_catalog` makes databases on ``server``."""
    _servers.append(server)
    try:
        yield
    finally:
        _servers.pop()


def new_catalog(folder: Path) -> Path | str:
    """A new, migrated, empty catalog: a file in ``folder``, or a database (`in_databases_of`)."""
    if _servers:
        return _servers[-1].new()
    Catalog.open(folder / "catalog.sqlite").close()
    return folder / "catalog.sqlite"


class FilledCatalog:
    """A catalog with one root and one space, and functions that make changes for them."""

    def __init__(self, path: Path) -> None:
        self.catalog = Catalog.open(new_catalog(path))
        self.space: Space = self.catalog.space(spec())
        self.root: Root = self.catalog.root("/sounds")
        self.lease: Lease | None = None

    def add(
        self,
        path: str,
        what: str | None = None,
        n: int = 2,
        *,
        title: str | None = None,
        metadata: Mapping[str, str] | None = None,
        seed: int | None = None,
        space: Space | None = None,
        duration_s: float = 1.5,
    ) -> AddContent:
        """A file with ``n`` segments; files with the same ``what`` (by default the path) have the same content."""
        what = path if what is None else what
        stem = path.rpartition("/")[2].rpartition(".")[0]
        own_seed = int(digest(what)[:6], 16) if seed is None else seed
        return AddContent(
            self.root.id,
            facts(path),
            Content(digest(what), duration_s, 16000, 1, "WAV", "PCM_16"),
            stem if title is None else title,
            metadata or {},
            (space or self.space).id,
            encoding(n, own_seed),
        )

    def link(self, path: str, content_id: int) -> LinkClip:
        return LinkClip(self.root.id, facts(path), content_id, path, {})

    def move(self, clip_id: int, path: str) -> MoveClip:
        return MoveClip(clip_id, self.root.id, facts(path))

    def apply(self, *changes: CatalogChange) -> int:
        """Write a batch, under ``self.lease`` or else under a new lease."""
        if self.lease is not None:
            return self.catalog.apply(self.lease, changes)
        with self.catalog.lease("test", 5.0) as lease:
            return self.catalog.apply(lease, changes)

    def ids(self) -> dict[str, int]:
        """Path -> clip id."""
        return {path: known.clip_id for path, known in self.files().items()}

    def files(self):
        return self.catalog.files(self.root.id, self.space.id)


def replayed(
    catalog: Catalog, space: Space, since: int = 0, state: dict[int, np.ndarray] | None = None
) -> dict[int, np.ndarray]:
    """Segment id -> vector: ``state`` with the catalog's changes after ``since`` applied, as an index does it."""
    present = dict(state or {})
    for change in catalog.changes(space.id, since):
        for place, id_ in enumerate(change.segment_ids.tolist()):
            if change.vectors is None:
                present.pop(id_, None)
            else:
                present[id_] = change.vectors[place]
    return present


def saved(columns: ClipColumns, directory: Path) -> ClipColumns:
    """The same columns, written to ``directory`` and mapped from there."""
    snapshots = files.snapshots(directory)
    with snapshots.publication(columns.sequence) as new:
        columns.save(new)
    return ClipColumns.load(snapshots.open(columns.sequence))
