"""The files of a snapshot of vectors (`search.snapshots.folders`), and how they are mapped.

It has one or more layers. From the second layer on, file names contain the layer's number (``ids.1.npy``):

ids.npy         (rows,) int64 segment ids, ascending, and above those of the previous layer
vectors.f16     (rows, dim) float16, row by row in the order of ids.npy: the sidecar
index.faiss     the compressed index, if the manifest's kind is "faiss"; only the first layer's has the centres

gone.npy        int64, ascending, if there are any: ids of rows deleted after their layer was written

Format 1 had a single layer. Format 2 had no calibration. Both are still read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

import numpy as np

from search.model import HalfVectors, Ids
from search.snapshots.folders import Snapshots
from search.snapshots.snapshot import Kind, Snapshot
from search.vectors.layers import LayerRows

KIND: Final = Kind("snapshot", 3, "soundalike reindex rebuilds it from the catalog", reads_too=(1, 2))
IDS, SIDECAR, COMPRESSED, GONE = "ids.npy", "vectors.f16", "index.faiss", "gone.npy"

Form: TypeAlias = Literal["exact", "faiss"]


@dataclass(frozen=True, slots=True)
class VectorFacts:
    """The facts of a manifest of vectors: ``count`` segments, and the number of rows of each of the ``layers``.

    ``trained_count``: the number of rows that the compressed index was trained for, or 0. ``calibration``: efforts with
    their recalls, as measured at that training (`search.vectors.calibration`); empty if not measured.
    """

    count: int
    dim: int
    kind: Form
    trained_count: int
    layers: Sequence[int] = ()
    calibration: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """An opened layer: ``ids`` (n,) and ``rows`` (n, dim) float16, both mapped.

    ``compressed`` is the path of its compressed index, whether there is one or not. ``names`` are its files.
    """

    ids: Ids
    rows: HalfVectors
    compressed: Path
    names: tuple[str, ...]

    @property
    def sidecar(self) -> str:
        """The file of ``rows``."""
        return self.names[1]


@dataclass(frozen=True, slots=True)
class StoredVectors:
    """An opened snapshot: its ``layers``, and their joined contents.

    ``ids`` (n,) are ascending, ``rows`` (n, dim) in the same order; the ids in ``gone`` (m,) are deleted.
    """

    snapshot: Snapshot
    facts: VectorFacts
    layers: tuple[Layer, ...]
    ids: Ids
    rows: LayerRows[np.float16]
    gone: Ids


def snapshots(directory: Path) -> Snapshots:
    """The snapshots of vectors in ``directory``."""
    return Snapshots(directory, KIND)


def named(name: str, layer: int) -> str:
    """The name of a layer's file.

    >>> named(SIDECAR, 0), named(SIDECAR, 1)
    ('vectors.f16', 'vectors.1.f16')
    """
    stem, _, end = name.partition(".")
    return f"{stem}.{layer}.{end}" if layer else name


def read(snapshot: Snapshot, dim: int | None = None) -> StoredVectors:
    """Open a snapshot and check what is quick to check: the manifest, the ids and their digests. Maps the sidecars.

    Raises SnapshotError with the cause.
    """
    facts = snapshot.facts(VectorFacts)
    if dim is not None and facts.dim != dim:
        raise snapshot.damaged(f"it holds vectors of {facts.dim} dimensions where the space has {dim}")
    try:
        layers = tuple(_layer(snapshot, facts, *one) for one in enumerate(facts.layers or (facts.count,)))
        needed = {name for layer in layers for name in layer.names}
        if set(snapshot.files) - {GONE} != needed:
            raise snapshot.damaged(f"it should hold {', '.join(sorted(needed))}")
        gone = np.empty(0, np.int64)
        if GONE in snapshot.files:
            snapshot.check(GONE)
            gone = snapshot.array(GONE)
        ids = layers[0].ids if len(layers) == 1 else np.concatenate([layer.ids for layer in layers])
        if ids.size - gone.size != facts.count:
            raise snapshot.damaged(f"it does not hold the {facts.count} ids of its manifest")
    except (OSError, ValueError, TypeError) as error:
        raise snapshot.unreadable(error) from error
    return StoredVectors(snapshot, facts, layers, ids, LayerRows([layer.rows for layer in layers]), gone)


def _layer(snapshot: Snapshot, facts: VectorFacts, number: int, count: int) -> Layer:
    kinds = (IDS, SIDECAR, COMPRESSED) if facts.kind == "faiss" else (IDS, SIDECAR)
    names = tuple(named(name, number) for name in kinds)
    if not set(names) <= set(snapshot.files):
        raise snapshot.damaged(f"it should hold {', '.join(names)}")
    snapshot.check(names[0])
    ids = snapshot.array(names[0])
    rows = snapshot.mapped(names[1], np.dtype(np.float16), (count, facts.dim))
    if ids.shape != (count,):
        raise snapshot.damaged(f"{names[0]} does not hold the {count} ids of its manifest")
    return Layer(ids, rows, snapshot.folder / named(COMPRESSED, number), names)
