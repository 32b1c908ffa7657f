"""Neighbourhoods on disk: one folder per catalog sequence number, written whole or not at all.

    <directory>/<sequence>/
        manifest.json      format, sequence, count, dim; size and digest of every other file
        ids.npy            (count,) int64 segment ids, ascending
        neighbours.npy     (count, 10) int64
        similarities.npy   (count, 10) float32
        smoothed.f16       (count, dim) float16

They follow from the snapshot of the vectors at that sequence, so a damaged folder costs nothing but its making.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from search.errors import SnapshotError, printable
from search.model import HalfVectors, Vectors
from search.neighbourhoods.graph import Graph, Segments, Source, updated
from search.neighbourhoods.smoothing import NEIGHBOURS, smoothed
from search.vectors import files
from search.vectors.base import rows_of

FORMAT: Final = 1
LEAST_CONTENTS: Final = 100
"""Smaller libraries have no neighbourhoods: the ten nearest of a few dozen clips are no neighbours."""
MANIFEST, IDS, NEAR, SIMILAR, SMOOTH = (
    "manifest.json", "ids.npy", "neighbours.npy", "similarities.npy", "smoothed.f16"
)  # fmt: skip
_ROWS_AT_ONCE: Final = 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder holds."""

    sequence: int
    count: int
    dim: int
    files: dict[str, files.FileFacts]
    format: int = FORMAT


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """Opened neighbourhoods at ``sequence``: a graph and its ``smoothed`` (n, dim) vectors, all mapped."""

    sequence: int
    graph: Graph
    smoothed: HalfVectors

    @classmethod
    def empty(cls, dim: int) -> Shelf:
        """What there is before the first."""
        return cls(-1, Graph.empty(), np.empty((0, dim), np.float16))


def newest(directory: Path, dim: int, after: int = -1, damaged: set[int] | None = None) -> Shelf | None:
    """The newest neighbourhoods after sequence ``after`` that can be read, None where there are none.

    Those that cannot be are logged and added to ``damaged``; what is in it is not tried.
    """
    for sequence in files.sequences(directory):
        if sequence <= after:
            return None
        if damaged is not None and sequence in damaged:
            continue
        try:
            return read(files.folder_of(directory, sequence), dim)
        except SnapshotError as error:
            log.warning("%s", error)
            if damaged is not None:
                damaged.add(sequence)
    return None


def read(folder: Path, dim: int) -> Shelf:
    """Open a folder; sizes and the ids' digest are checked. Raises SnapshotError that says what is wrong."""
    try:
        fields = json.loads((folder / MANIFEST).read_bytes())
        facts = {name: files.FileFacts(**one) for name, one in fields.pop("files").items()}
        manifest = Manifest(files=facts, **fields)
        if (manifest.format, manifest.dim) != (FORMAT, dim) or set(facts) != {IDS, NEAR, SIMILAR, SMOOTH}:
            raise _damaged(folder, "it is of another format or space")
        for name, one in facts.items():
            if (folder / name).stat().st_size != one.size_bytes:
                raise _damaged(folder, f"{name} is not as long as it was written")
        if files.digest_of(folder / IDS) != facts[IDS].digest:
            raise _damaged(folder, f"{IDS} is not what was written")
        ids, near, similar = (np.load(folder / name, mmap_mode="r") for name in (IDS, NEAR, SIMILAR))
        if ids.shape != (manifest.count,) or not near.shape == similar.shape == (manifest.count, NEIGHBOURS):
            raise _damaged(folder, "its files do not fit together")
        rows = files.map_rows(folder / SMOOTH, manifest.count, dim)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(folder, f"it cannot be read ({error})") from error
    return Shelf(manifest.sequence, Graph(np.asarray(ids), np.asarray(near), np.asarray(similar)), rows)


def update(directory: Path, sequence: int, dim: int, source: Source) -> None:
    """Bring the neighbourhoods in ``directory`` up to ``source`` at ``sequence``.

    Holds ids and similarities of a whole library in memory (some 300 bytes a segment), never its vectors. Raises
    LibraryError when the disk is full or read-only.
    """
    ids = source.ids
    old = newest(directory, dim) or Shelf.empty(dim)
    if np.unique(source.contents_of(ids)).size < LEAST_CONTENTS or old.sequence == sequence:
        return
    graph, changed = updated(old.graph, source)
    places = rows_of(old.graph.ids, ids)
    with files.publication(directory, sequence) as folder:
        np.save(folder / NEAR, graph.neighbours, allow_pickle=False)
        np.save(folder / SIMILAR, graph.similarities, allow_pickle=False)
        written = {IDS: files.write_ids(folder / IDS, ids)}
        written |= {name: files.facts_of(folder / name) for name in (NEAR, SIMILAR)}
        with files.Writer(folder / SMOOTH) as out:
            for start in range(0, ids.size, _ROWS_AT_ONCE):
                some = slice(start, start + _ROWS_AT_ONCE)
                new = changed[some]
                block = np.empty((new.size, dim), np.float16)
                block[~new] = old.smoothed[places[some][~new]]
                block[new] = _smoothed(source.index, graph.at(start + np.flatnonzero(new)), dim)
                out.write(block)
                files.release(old.smoothed)
        written[SMOOTH] = out.facts
        with files.Writer(folder / MANIFEST) as file:
            file.write(json.dumps(asdict(Manifest(sequence, ids.size, dim, written)), indent=1).encode())


def _smoothed(index: Segments, graph: Graph, dim: int) -> Vectors:
    if not graph.ids.size:
        return np.empty((0, dim), np.float32)
    near = np.zeros((*graph.neighbours.shape, dim), np.float32)
    there = graph.neighbours >= 0
    near[there] = index.vectors(graph.neighbours[there])
    return smoothed(index.vectors(graph.ids), near, graph.similarities)


def _damaged(folder: Path, cause: str) -> SnapshotError:
    where = printable(str(folder))
    return SnapshotError(f"neighbourhoods {where}: {cause}; they are left out, and made again by: soundalike reindex")
