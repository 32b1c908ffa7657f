"""``python -m benchmarks.index.filter_recall LIBRARY``: what filters cost in recall (docs/figures/serving.md).

A filter lets 90 % to .01 % of the clips pass: random ones, or similar ones (those nearest to one direction). The second
is harder, because perhaps none of them lies where the query searches first. Recall@10 is measured against exact search
among the same segments. It exits with 1 if any recall is below .97.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import report_progress
from benchmarks.common.report import markdown_table
from search import wiring
from search.ground import process
from search.ground.ending import with_status
from search.model import Bitmap, Ids, Vectors
from search.settings import Settings

if TYPE_CHECKING:
    from search.engine.views import SpaceView

SHARES: Final = (0.9, 0.5, 0.1, 0.01, 0.001, 0.0001)
K: Final = 10
TIE: Final = 1e-5
"""Cosines that differ by less count as equal: rounding depends on the order of summation."""
NOISE: Final = 0.3
"""Length of the random vector that is added to a stored vector to make a query."""
_AT_ONCE: Final = 20_000

Kind: TypeAlias = Literal["at random", "all alike"]
KINDS: Final[tuple[Kind, ...]] = ("at random", "all alike")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    kind: Kind
    share: float
    segments: int
    recall: float
    worst: float
    median_ms: float


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    process.own()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.index.filter_recall", description=__doc__)
    parser.add_argument("library", type=Path, help="a library; python -m benchmarks.serving.load makes a large one")
    parser.add_argument("--queries", type=int, default=100, metavar="N", help="queries for each filter (100)")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="random seed (7)")
    parser.add_argument("--report", type=Path, metavar="OUT.md", help="also write the report to this file")
    args = parser.parse_args(argv)
    settings = Settings.from_env(os.environ)
    rng = np.random.default_rng(args.seed)
    with wiring.library(args.library, settings, read_only=True) as library:
        view = library.view().of()[0]
        every = _ids(view.columns.bitmap(view.columns.present))
        chosen = np.sort(rng.choice(every, args.queries, replace=False))
        queries = _moved(view.index.vectors(chosen), rng)
        report_progress("how near each clip is to the middle of the queries ...")
        nearness = _nearness(view, every, queries.mean(axis=0))
        rows = []
        for kind in KINDS:
            for share in SHARES:
                report_progress(f"{kind}, {share:.2%} ...")
                passing = _passing(view, kind, share, nearness, rng)
                rows.append(_measured(view, kind, share, passing, queries))
    markdown = _markdown(rows, len(every), args.queries)
    print(markdown)
    if args.report is not None:
        args.report.write_text(markdown + "\n", encoding="utf-8")
    return int(any(row.recall < 0.97 for row in rows))


def _moved(vectors: Vectors, rng: np.random.Generator) -> Vectors:
    """Unit rows (q, dim) close to ``vectors`` but different from them."""
    noise = rng.standard_normal(vectors.shape)
    moved = vectors + NOISE * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    unit: Vectors = (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _ids(bitmap: Bitmap) -> Ids:
    return np.flatnonzero(np.unpackbits(bitmap, bitorder="little"))


def _nearness(view: SpaceView, segment_ids: Ids, direction: NDArray[np.float32]) -> NDArray[np.float32]:
    """(rows,) of the columns: the best cosine of each clip's segments with ``direction`` (dim,)."""
    best = np.full(int(view.columns.content_ids.max()) + 1, -np.inf, np.float32)
    for start in range(0, len(segment_ids), _AT_ONCE):
        some = segment_ids[start : start + _AT_ONCE]
        contents, _, _ = view.columns.place(some)
        np.maximum.at(best, contents, view.index.vectors(some) @ direction)
    nearness: NDArray[np.float32] = best[view.columns.content_ids]
    return nearness


def _passing(
    view: SpaceView, kind: Kind, share: float, nearness: NDArray[np.float32], rng: np.random.Generator
) -> Bitmap:
    """The segments of the clips that a filter lets pass."""
    rows = np.flatnonzero(view.columns.present)
    count = max(1, round(share * len(rows)))
    passing_rows = (
        rng.choice(rows, count, replace=False) if kind == "at random" else rows[np.argsort(-nearness[rows])[:count]]
    )
    mask = np.zeros(len(view.columns.present), np.bool_)
    mask[passing_rows] = True
    return view.columns.bitmap(mask)


def _measured(view: SpaceView, kind: Kind, share: float, passing: Bitmap, queries: Vectors) -> Row:
    ids = _ids(passing)
    exact = _kth_best(view, ids, queries)
    recalls, took_ms = [], []
    for query, kth in zip(queries, exact, strict=True):
        started_s = time.perf_counter()
        scores, hits = view.index.search(query[np.newaxis], K, passing)
        took_ms.append((time.perf_counter() - started_s) * 1e3)
        expected = min(K, len(ids))
        recalls.append(((hits[0] >= 0) & (scores[0] >= kth - TIE)).sum() / expected)
    return Row(kind, share, len(ids), float(np.mean(recalls)), float(np.min(recalls)), float(np.median(took_ms)))


def _kth_best(view: SpaceView, ids: Ids, queries: Vectors) -> NDArray[np.float32]:
    """(q,): the K-th best cosine among ``ids``, by exhaustive search. A hit that reaches it is one of the best."""
    best = np.full((len(queries), K), -np.inf, np.float32)
    for start in range(0, len(ids), _AT_ONCE):
        scores = queries @ view.index.vectors(ids[start : start + _AT_ONCE]).T
        best = -np.sort(-np.concatenate((best, scores), axis=1), axis=1)[:, :K]
    kth: NDArray[np.float32] = best[:, min(K, len(ids)) - 1]
    return kth


def _markdown(rows: Sequence[Row], segments: int, queries: int) -> str:
    header = ("clips that pass", "share", "segments", "recall@10", "worst query", "median ms")
    cells = [
        (r.kind, f"{r.share:.2%}", f"{r.segments:,}", f"{r.recall:.3f}", f"{r.worst:.1f}", f"{r.median_ms:.2f}")
        for r in rows
    ]
    return "\n\n".join(
        [
            "## Filters inside the search",
            this_machine().sentence(),
            f"{segments:,} segments; {queries} queries for each filter; recall against exact search among what passes.",
            markdown_table(header, cells),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
