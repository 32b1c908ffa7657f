"""What a publication of vectors writes, and what its layers cost a search, compared with exact search, with filters.

    python -m benchmarks.scale.layers --segments 1000000

Vectors are generated as for `soundalike bench speed --only search`. The index is published, and then again with 1 %
more segments. Separately, it is published from the first state on until it has eight layers. After the first, the
second and the last of these publications another process opens the index and asks.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import report_progress
from benchmarks.common.report import markdown_table
from benchmarks.index import mapped
from benchmarks.index.child import recall
from benchmarks.index.vectors import VectorSource, synthetic_anchors
from search.ground import process
from search.ground.ending import with_status
from search.model import Bitmap, Ids, IndexChange, Vectors
from search.vectors import bitmaps, files, scoring
from search.vectors.snapshot import SnapshotIndex, SnapshotView

DIM: Final = 384
SHARES: Final = (1.0, 0.9, 0.5, 0.1, 0.01, 0.001, 0.0001)
K: Final = 10
ADDED_SHARE: Final = 0.01
LAYERS: Final = (0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001)
"""Sizes of seven more publications, relative to the first layer; each is more than twice the next."""


@dataclass(frozen=True, slots=True)
class FilterResult:
    """One filter: the share that passes, how it lies, mean recall@10, the worst query's, and the median CPU time."""

    share: float
    lies: str
    recall: float
    worst: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Opened:
    """The findings of the other process: rows of each layer, resident bytes per segment (on Linux, else None)."""

    layers: tuple[int, ...]
    resident_bytes: float | None
    filters: tuple[FilterResult, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """A publication: rows of its layers, bytes that it wrote out of those it has, wall and CPU seconds."""

    layers: tuple[int, ...]
    written_bytes: int
    bytes: int
    wall_s: float
    cpu_s: float


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    process.own()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.layers", description=__doc__)
    parser.add_argument(
        "--segments", type=int, default=1_000_000, metavar="N", help="segments in the first layer (1000000)"
    )
    parser.add_argument("--queries", type=int, default=100, metavar="N", help="queries for each filter (100)")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="random seed (7)")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="folder for the index (a temporary one)")
    parser.add_argument("--ask", type=Path, metavar="DIR", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    source = VectorSource(synthetic_anchors(3_000, DIM, args.seed), args.seed)
    if args.ask:
        print(json.dumps(asdict(ask(args.ask, source.queries(args.queries), args.seed))))
        return 0
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        published, opened = [], []
        grown = Grown(source, 2 * args.segments)
        steps = [(folder / "more", count) for count in (args.segments, _sizes(args.segments, ADDED_SHARE)[0])]
        steps += [(folder / "eight", count) for count in _sizes(args.segments, *LAYERS)]
        for number, (directory, count) in enumerate(steps, start=1):
            if number == 3:  # both continue from the first
                linked(folder / "more" / "1", folder / "eight" / "1")
                grown.last = args.segments
            report_progress(f"{count:,} segments ...")
            published.append(publish(directory, number, grown, count))
            if number in (1, 2, len(steps)):
                report_progress("asking ...")
                opened.append(_asked_elsewhere(directory, args.queries, args.seed))
    print(markdown(published, opened, args.queries))
    return 0


class Grown:
    """Vectors as index changes, with ids from 1 on and without repeats."""

    def __init__(self, source: VectorSource, most: int) -> None:
        self._parts = source.chunks(most)
        self._left = np.empty((0, DIM), np.float32)
        self.last = 0

    def changes(self, count: int, sequence: int) -> Iterator[IndexChange]:
        """Yield ``count`` more vectors."""
        while count:
            if not len(self._left):
                self._left = next(self._parts)
            rows, self._left = self._left[:count], self._left[count:]
            yield IndexChange(sequence, np.arange(self.last + 1, self.last + len(rows) + 1), rows)
            self.last += len(rows)
            count -= len(rows)


def publish(directory: Path, sequence: int, grown: Grown, count: int) -> Published:
    """Publish ``count`` more segments and return what that took."""
    index = SnapshotIndex.open(directory, DIM, device="cpu", searches=False)
    before = _inodes(directory)
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    index.publish(lambda _: grown.changes(count, sequence), sequence)
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    after = list((directory / str(sequence)).iterdir())
    written = sum(path.stat().st_size for path in after if path.stat().st_ino not in before)
    layers = files.read(files.snapshots(directory).open(sequence)).layers
    every = sum(path.stat().st_size for path in after)
    return Published(tuple(layer.ids.size for layer in layers), written, every, wall_s, cpu_s)


def ask(directory: Path, queries: Vectors, seed: int) -> Opened:
    """Open the newest snapshot and ask it through every filter, one query at a time."""
    import faiss  # noqa: F401  imported first, so that its memory does not count

    before = mapped.resident_bytes(".f16")
    view = SnapshotIndex.open(directory, DIM, device="cpu").view
    view.search(queries[:1], K)
    after = mapped.resident_bytes(".f16")
    stored = files.read(files.snapshots(directory).open(view.sequence))
    asked = []
    for lies in ("at random", "all alike"):
        order = _order(stored, queries, lies, seed)
        for share in SHARES if lies == "at random" else SHARES[1:]:
            rows = None if share == 1.0 else np.sort(order[: round(share * order.size)])
            among = None if rows is None else bitmaps.from_ids(stored.ids[rows])
            truth = scoring.scan(queries, stored.rows, stored.ids, K, rows)[1]
            asked.append(FilterResult(share, lies, *_ask(view, queries, truth, among)))
            if after is not None:
                after = max(after, mapped.resident_bytes(".f16") or 0) if share == 1.0 else after
    each = None if before is None or after is None else (after - before) / len(view)
    return Opened(tuple(layer.ids.size for layer in stored.layers), each, tuple(asked))


def markdown(published: Sequence[Published], opened: Sequence[Opened], queries: int) -> str:
    """Return the report."""
    rows = [
        (
            " + ".join(f"{count:,}" for count in one.layers),
            f"{one.written_bytes / 1e6:,.1f}",
            f"{one.bytes / 1e6:,.1f}",
            f"{one.written_bytes / one.bytes:.1%}",
            f"{one.cpu_s:.1f}",
            f"{one.wall_s:.1f}",
        )
        for one in published
    ]
    names = [f"layers: {len(one.layers)}" for one in opened]
    asked = []
    for number, one in enumerate(opened[0].filters):
        cells = [each.filters[number] for each in opened]
        found = [f"{cell.recall:.3f} ({cell.worst:.1f}), {cell.cpu_ms:.2f}" for cell in cells]
        asked.append((f"{one.share:.2%} {one.lies}" if one.share < 1 else "all", *found))
    resident = [("resident bytes per segment", *(f"{one.resident_bytes or 0:.1f}" for one in opened))]
    return "\n\n".join(
        [
            "## Layers of vectors",
            this_machine().sentence(),
            markdown_table(("layers", "written, MB", "total, MB", "share", "CPU s", "wall s"), rows),
            f"Recall@10 (the worst query's) and CPU ms of a query, the median of {queries}:",
            markdown_table(("segments that pass", *names), [*asked, *resident]),
        ]
    )


def _sizes(segments: int, *parts: float) -> list[int]:
    return [max(1, round(part * segments)) for part in parts]


def linked(source: Path, target: Path) -> None:
    """Make a folder with hard links to the same files."""
    target.mkdir(parents=True)
    for path in source.iterdir():
        (target / path.name).hardlink_to(path)


def _inodes(directory: Path) -> set[int]:
    return {path.stat().st_ino for path in directory.glob("*/*")}


def _asked_elsewhere(directory: Path, queries: int, seed: int) -> Opened:
    command = [sys.executable, "-m", "benchmarks.scale.layers", "--ask", str(directory)]
    command += ["--queries", str(queries), "--seed", str(seed)]
    said = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)  # noqa: S603  this interpreter
    return Opened(tuple(said["layers"]), said["resident_bytes"], tuple(FilterResult(**one) for one in said["filters"]))


def _order(stored: files.StoredVectors, queries: Vectors, lies: str, seed: int) -> Ids:
    """The rows in the order in which filters let them pass: at random, or by similarity to one query."""
    if lies == "at random":
        return np.random.default_rng(seed).permutation(stored.ids.size)
    near = np.empty(stored.ids.size, np.float32)
    rows = stored.rows
    for start in range(0, near.size, 65_536):
        near[start : start + 65_536] = rows[start : start + 65_536].astype(np.float32) @ queries[0]
    return np.argsort(-near, kind="stable")


def _ask(view: SnapshotView, queries: Vectors, truth: Ids, among: Bitmap | None) -> tuple[float, float, float]:
    reached, took_ms = [], []
    for query, right in zip(queries, truth, strict=True):
        begun = time.thread_time()
        found = view.search(query[np.newaxis], K, among)[1][0]
        took_ms.append(1e3 * (time.thread_time() - begun))
        reached.append(recall(found, right))
    return float(np.mean(reached)), float(np.min(reached)), float(np.median(took_ms))


if __name__ == "__main__":
    sys.exit(main())
