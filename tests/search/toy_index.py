"""A kind of index as a package of others may add it: every vector in one file, every search a plain product."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from search.errors import LibraryError, QueryError
from search.model import Bitmap, Ids, Scores, Vectors
from search.ports import ChangesSince
from search.settings import Device


@dataclass(frozen=True)
class ToyView:
    """One state: ``held`` has a row for each id."""

    dim: int
    sequence: int = 0
    held: dict[int, Vectors] = field(default_factory=dict)

    def search(self, queries: Vectors, k: int, among: Bitmap | None = None) -> tuple[Scores, Ids]:
        if k < 1:
            raise QueryError(f"k is {k}")
        if queries.ndim != 2 or queries.shape[1] != self.dim:
            raise QueryError(f"queries have the shape {queries.shape}, the index {self.dim} dimensions")
        if not np.isfinite(queries).all():
            raise QueryError("a query holds NaN or infinity")
        bits = None if among is None else np.unpackbits(among, bitorder="little")
        ids = [i for i in sorted(self.held) if bits is None or (i < len(bits) and bits[i])]
        rows = np.array([self.held[i] for i in ids], np.float64).reshape(-1, self.dim)
        scores, found = np.full((len(queries), k), -np.inf, np.float32), np.full((len(queries), k), -1, np.int64)
        for n, query in enumerate(queries.astype(np.float64)):
            each = np.array([np.dot(query, row) for row in rows], np.float32)
            best = np.argsort(-each, kind="stable")[:k]
            scores[n, : len(best)], found[n, : len(best)] = each[best], np.array(ids, np.int64)[best]
        return scores, found

    def vectors(self, ids: Ids) -> Vectors:
        if lost := [i for i in ids.tolist() if i not in self.held]:
            raise LibraryError(f"segment {lost[0]} is not in the index")
        return np.array([self.held[i] for i in ids.tolist()], np.float32).reshape(-1, self.dim)

    def ids(self) -> Ids:
        return np.array(sorted(self.held), np.int64)

    def __len__(self) -> int:
        return len(self.held)


class ToyIndex:
    """Follows a catalog; publishes one file."""

    def __init__(self, directory: Path, dim: int, device: Device, *, searches: bool = True) -> None:
        self.file, self.view = directory / "toy.npz", ToyView(dim)
        if self.file.exists():
            with np.load(self.file) as kept:
                held = dict(zip(kept["ids"].tolist(), kept["vectors"], strict=True))
                self.view = ToyView(dim, int(kept["sequence"]), held)

    def follow(self, changes: ChangesSince) -> ToyView:
        held, sequence = dict(self.view.held), self.view.sequence
        for change in changes(sequence):
            for place, segment_id in enumerate(change.segment_ids.tolist()):
                held.pop(segment_id, None)
                if change.vectors is not None:
                    held[segment_id] = change.vectors[place].astype(np.float16).astype(np.float32)
            sequence = max(sequence, change.sequence)
        if sequence != self.view.sequence:
            self.view = ToyView(self.view.dim, sequence, held)
        return self.view

    def publish(self, changes: ChangesSince, sequence: int) -> None:
        self.follow(lambda since: (change for change in changes(since) if change.sequence <= sequence))
        self.file.parent.mkdir(parents=True, exist_ok=True)
        ids = self.view.ids()
        np.savez(self.file, ids=ids, vectors=self.view.vectors(ids), sequence=sequence)

    def verify(self) -> list[str]:
        return []
