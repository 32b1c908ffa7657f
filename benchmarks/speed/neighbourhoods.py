"""How long the neighbourhoods of a large library take to make: from nothing, and for clips that are added later.

    python -m benchmarks.speed.neighbourhoods run/bench-serving/cnn-mn04-1000000-7 [--sample 50000] [--more 10000]

The library (``python -m benchmarks.serving.load`` makes one) is not changed: the benchmark works on a copy. With
``--sample`` it searches only the neighbours of that many segments and extrapolates the time to all. CPU seconds are
reported with wall seconds, which other load on the machine increases.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import SEED
from benchmarks.common.report import markdown_table
from benchmarks.index.vectors import SEGMENTS_PER_CLIP
from benchmarks.speed.library import clip_of
from search import wiring
from search.ground import process
from search.ground.ending import with_status
from search.library import publishing
from search.model import Ids
from search.settings import Settings
from search.vectors.neighbourhoods.graph import Graph, NeighbourSource, updated

if TYPE_CHECKING:
    from search.api import Library

QUERIES, WARM_UP, K = 300, 100, 10
NOISE = 0.3
"""Length of the noise that is added to stored vectors to make the vectors of new clips."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one piece of work took, and for how many segments."""

    what: str
    segments: int
    wall_s: float
    cpu_s: float


def timed(what: str, segments: int, work: Callable[[], object]) -> Cost:
    """Do the work and return what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(what, segments, time.perf_counter() - wall, time.process_time() - cpu)


def sampled(library: Library, sample: int, seed: int) -> list[Cost]:
    """Search the neighbours of ``sample`` consecutive segments; return this cost, and that extrapolated to all."""
    (view,) = library.view().of()
    ids = view.index.ids()
    start = int(np.random.default_rng(seed).integers(0, max(1, ids.size - sample)))

    def contents_of(segment_ids: Ids) -> Ids:
        return view.columns.place(segment_ids)[0]

    source = NeighbourSource(view.index, ids[start : start + sample], contents_of)
    cost = timed("a sample", sample, lambda: updated(Graph.empty(), source))
    share = ids.size / sample
    return [cost, Cost("all, in proportion", ids.size, cost.wall_s * share, cost.cpu_s * share)]


def whole(library: Library, more: int, seed: int) -> list[Cost]:
    """Make all neighbourhoods, then add ``more`` segments and update the neighbourhoods."""
    (view,) = library.view().of()
    count = len(view.index)

    def bring_up() -> None:
        publishing.write_neighbourhoods(library.publisher.publication(view.space), library.view().of()[0].columns)

    costs = [timed("from nothing", count, bring_up)]
    add(library, more, seed)
    return [*costs, timed("more, added later", more, bring_up)]


def searches(library: Library, seed: int) -> list[Cost]:
    """Return the medians of `QUERIES` searches by stored segments, without neighbourhoods and with them."""
    costs = []
    for what, on in (("a search, plain", False), ("a search by neighbourhoods", True)):
        settings = replace(library.settings, neighbourhoods=on)
        with wiring.library(library.path, settings, read_only=True) as opened:
            (view,) = opened.view().of()
            segments = np.random.default_rng(seed).choice(view.index.ids(), QUERIES + WARM_UP)
            vectors = view.index.vectors(segments)
            took = [timed(what, 1, partial(opened.engine.rank, vector, K)) for vector in vectors][WARM_UP:]
        wall_s, cpu_s = np.median([(one.wall_s, one.cpu_s) for one in took], axis=0)
        costs.append(Cost(what, 1, float(wall_s), float(cpu_s)))
    return costs


def add(library: Library, more: int, seed: int) -> None:
    """Add clips of about ``more`` segments similar to stored ones, and publish them without neighbourhoods."""
    (view,) = library.view().of()
    rng = np.random.default_rng(seed)
    ids = view.index.ids()
    with library.writer.lease("bench neighbourhoods", wait_s=5) as lease:
        changes = []
        for number in range(more // SEGMENTS_PER_CLIP):
            vectors = view.index.vectors(rng.choice(ids, SEGMENTS_PER_CLIP))
            noise = rng.standard_normal(vectors.shape)
            rows = vectors + NOISE * noise / np.linalg.norm(noise, axis=1, keepdims=True)
            rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
            root = library.writer.root("/synthetic")
            changes.append(clip_of(10_000_000 + number, "more", rows, root.id, view.space.id))
        library.writer.apply(lease, changes)
        library.publisher.publish(view.space, lease, always=True)
    library.refresh()


@with_status
def main() -> None:
    """Measure and print."""
    process.own()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=Path, help="a library with one space")
    parser.add_argument("--sample", type=int, metavar="N", help="use only N of its segments")
    parser.add_argument("--more", type=int, default=10_000, metavar="N", help="segments to add later (10,000)")
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args()
    settings = replace(Settings.from_env(os.environ), neighbourhoods=False)
    with tempfile.TemporaryDirectory(prefix="neighbourhoods-", dir=args.library.resolve().parent) as folder:
        copy = Path(folder) / "library"
        shutil.copytree(args.library, copy, copy_function=_copy, ignore=shutil.ignore_patterns("neighbourhoods"))
        with wiring.library(copy, settings) as library:
            costs = sampled(library, args.sample, args.seed) if args.sample else whole(library, args.more, args.seed)
            if not args.sample:
                costs += searches(library, args.seed)
    print(this_machine().sentence() + "\n")
    rows = [
        (c.what, f"{c.segments:,}", f"{c.wall_s:.4g}", f"{c.cpu_s:.4g}", f"{1e3 * c.cpu_s / c.segments:.2f}")
        for c in costs
    ]
    print(markdown_table(("", "segments", "wall s", "CPU s", "CPU ms each"), rows))
    print(
        f"\npeak of memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, mapped files included"
    )


def _copy(source: str, target: str) -> None:
    """Snapshots never change and are linked; the catalog changes and is copied."""
    if "spaces" in Path(source).parts:
        os.link(source, target)
    else:
        shutil.copy2(source, target)


if __name__ == "__main__":
    raise SystemExit(main())
