"""What a publication of neighbourhoods writes after 1 % more segments, and what its layers cost a search.

    python -m benchmarks.scale.near_layers --segments 100000

Vectors are generated as for `soundalike bench speed --only search`. Their index is published, then the neighbourhoods,
then 1 % more of both. Scores are compared with those of the same neighbourhoods written as a whole.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import report_progress
from benchmarks.common.report import markdown_table
from benchmarks.index.vectors import SEGMENTS_PER_CLIP, VectorSource, synthetic_anchors
from benchmarks.scale.layers import ADDED_SHARE, DIM, Grown, linked
from search.ground import process
from search.ground.ending import with_status
from search.model import Ids, Vectors
from search.vectors.base import rows_of
from search.vectors.neighbourhoods import layering, stored
from search.vectors.neighbourhoods.graph import NeighbourSource
from search.vectors.neighbourhoods.opened import Neighbourhoods
from search.vectors.snapshot import SnapshotIndex, SnapshotView

CANDIDATES: Final = 100


@dataclass(frozen=True, slots=True)
class Written:
    """A publication: rows of its layers, changed lists in each, bytes that it wrote out of all, and seconds."""

    layers: tuple[int, ...]
    changed: tuple[int, ...]
    written_bytes: int
    bytes: int
    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Scored:
    """Median CPU ms of scoring `CANDIDATES` with layers and whole, and the largest difference between their scores."""

    layered_ms: float
    whole_ms: float
    difference: float


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    process.own()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.near_layers", description=__doc__)
    parser.add_argument(
        "--segments", type=int, default=100_000, metavar="N", help="segments in the first layer (100000)"
    )
    parser.add_argument("--queries", type=int, default=100, metavar="N", help="queries to score (100)")
    parser.add_argument("--more", type=int, default=2, metavar="N", help="later publications, each with 1 %% more (2)")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="random seed (7)")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="folder for the index (a temporary one)")
    args = parser.parse_args(argv)
    vectors = VectorSource(synthetic_anchors(3_000, DIM, args.seed), args.seed)
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        grown, written, scored = Grown(vectors, 2 * args.segments), [], []
        for sequence in range(1, args.more + 2):
            count = args.segments if sequence == 1 else round(ADDED_SHARE * args.segments)
            report_progress(f"{count:,} segments ...")
            index = SnapshotIndex.open(folder / "index", DIM, device="cpu")
            index.publish(lambda _, count=count, at=sequence: grown.changes(count, at), sequence)  # type: ignore[misc]
            written.append(publish(folder, sequence, index.view))
            if sequence > 1:
                scored.append(score(folder, index.view, vectors.queries(args.queries)))
    print(markdown(written, scored))
    return 0


def publish(folder: Path, sequence: int, view: SnapshotView) -> Written:
    """Update the neighbourhoods in layers and, for comparison, written as a whole."""
    source = NeighbourSource(view, view.ids(), _contents_of)
    layered, whole = folder / "layered", folder / "whole"
    before = {path.stat().st_ino for path in layered.glob("*/*")}
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    layering.update(layered, sequence, DIM, source)
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    if sequence == 1:
        linked(layered / "1", whole / "1")
    else:
        layering.update(whole, sequence, DIM, source, in_layers=False)
    after = [path.stat() for path in (layered / str(sequence)).iterdir()]
    facts = stored.snapshots(layered).open(sequence).facts(stored.NeighbourhoodFacts)
    size = sum(one.st_size for one in after if one.st_ino not in before)
    return Written(tuple(facts.layers), tuple(facts.changed), size, sum(one.st_size for one in after), wall_s, cpu_s)


def score(folder: Path, view: SnapshotView, queries: Vectors) -> Scored:
    """Score the candidates of queries with the layers and with the version written as a whole."""
    ids = view.ids()
    layered, whole = (_opened(folder / name) for name in ("layered", "whole"))

    def known(some: Ids) -> NDArray[np.bool_]:
        return rows_of(ids, some) >= 0

    took: list[list[float]] = [[], []]
    worst = 0.0
    for query in queries:
        plain, found = (row[0] for row in view.search(query[np.newaxis], CANDIDATES))
        scores = [near.scores(query, found, plain, view.vectors, known) for near in (layered, whole)]
        worst = max(worst, float(np.abs(scores[0] - scores[1]).max()))
        for near, times in zip((layered, whole), took, strict=True):  # both have their pages in memory by now
            begun = time.thread_time()
            near.scores(query, found, plain, view.vectors, known)
            times.append(1e3 * (time.thread_time() - begun))
    return Scored(float(np.median(took[0])), float(np.median(took[1])), worst)


def markdown(written: Sequence[Written], scored: Sequence[Scored]) -> str:
    """Return the report."""
    rows = [
        (
            " + ".join(f"{count:,}" for count in one.layers),
            " + ".join(f"{count:,}" for count in one.changed),
            f"{one.written_bytes / 1e6:,.2f}",
            f"{one.bytes / 1e6:,.2f}",
            f"{one.written_bytes / one.bytes:.1%}",
            f"{one.cpu_s:.1f}",
            f"{one.wall_s:.1f}",
        )
        for one in written
    ]
    found = [
        (str(number), f"{one.layered_ms:.3f}", f"{one.whole_ms:.3f}", f"{one.difference:.1e}")
        for number, one in enumerate(scored, start=1)
    ]
    return "\n\n".join(
        [
            "## Layers of neighbourhoods",
            this_machine().sentence(),
            markdown_table(("layers", "newer lists", "written, MB", "total, MB", "share", "CPU s", "wall s"), rows),
            f"CPU ms of scoring {CANDIDATES} candidates, the median, and the largest difference of a score:",
            markdown_table(("publications of 1 %", "in layers", "written whole", "difference"), found),
        ]
    )


def _opened(directory: Path) -> Neighbourhoods:
    newest = stored.snapshots(directory).newest(lambda snapshot: stored.read(snapshot, DIM))
    if newest is None:
        raise SystemExit(f"{directory} holds no neighbourhoods")
    return Neighbourhoods(newest[1])


def _contents_of(segment_ids: Ids) -> Ids:
    return np.where(segment_ids >= 0, segment_ids // SEGMENTS_PER_CLIP, -1)


if __name__ == "__main__":
    sys.exit(main())
