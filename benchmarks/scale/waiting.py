"""Does `benchmarks.scale.sizing` predict 1, 2, 4 and 8 workers? Real claims and real writes, with simulated work.

    python -m benchmarks.scale.waiting --catalog postgresql:///sounds
    python -m benchmarks.scale.waiting

More workers than processors cannot be measured with real encoding. So each worker is a process that claims chunks from
a real catalog (an empty one; a file without ``--catalog``), sleeps for as long as its work would take, and closes the
chunk with vectors in the transaction that every worker uses. The prediction is about how long workers wait for each
other's writes. The simulation gets two figures from the run with one worker: the time asleep and the time writing, per
chunk.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.synchronize import Barrier
from pathlib import Path
from queue import Queue
from typing import Final

import numpy as np

from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import report_progress
from benchmarks.common.report import markdown_table
from benchmarks.index.vectors import SEGMENTS_PER_CLIP
from benchmarks.scale.sizing import Parts, indexing
from benchmarks.speed.library import clip_of, synthetic_spec
from search import wiring
from search.api import Library
from search.errors import LibraryBusy, SoundalikeError, UsageError
from search.ground.ending import with_status
from search.model import AddContent, Claim, FileFacts, Root, Space, WorkFile, WorkResult
from search.settings import Settings

WORKERS: Final = (1, 2, 4, 8)
CLIPS: Final = 20
"""Clips in a chunk."""
DIM: Final = 384
_BEGUN_IN_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Measured:
    """The results of ``workers``: clips per second; mean seconds asleep, and of claiming and closing, per chunk."""

    workers: int
    clips_per_s: float
    asleep_s: float
    written_s: float


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.waiting", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--catalog", default="", metavar="URL", help="an empty database for the catalog (default: a file)"
    )
    parser.add_argument(
        "--work", type=float, default=0.5, metavar="S", help="mean encoding time of a chunk, simulated (0.5)"
    )
    parser.add_argument("--chunks", type=int, default=30, metavar="N", help="chunks for each worker (30)")
    parser.add_argument("--seed", type=int, default=7, metavar="N")
    args = parser.parse_args(argv)
    if not args.work > 0 or args.chunks < 1:
        raise UsageError("--work must be more than 0, --chunks at least 1")
    settings = Settings.from_env(os.environ)
    with tempfile.TemporaryDirectory(prefix="soundalike-waiting-") as folder:
        path = Path(folder) / "library"
        wiring.new_library(path, settings, catalog=args.catalog)
        found = []
        for workers in WORKERS:
            report_progress(f"{workers} workers ...")
            found.append(measured(path, settings, workers, args))
    print(table(found))
    print(f"chunks of {CLIPS} clips, {SEGMENTS_PER_CLIP} segments of {DIM} each; {args.chunks} for each worker")
    print(this_machine().sentence(), f"load {os.getloadavg()[0]:.1f}")
    return 0


def measured(path: Path, settings: Settings, workers: int, args: argparse.Namespace) -> Measured:
    """Measure ``workers`` processes with ``args.chunks`` chunks each. Raises SoundalikeError if one fails."""
    with wiring.library(path, settings) as library:
        space, root = library.writer.space(synthetic_spec(DIM)), library.writer.root("/synthetic")
        begun = library.chunks.begin(space.id, ())
        for chunk in range(workers * args.chunks):
            names = [f"{workers}/{chunk}/{clip}.wav" for clip in range(CLIPS)]
            library.chunks.put(begun.id, [WorkFile(root.id, FileFacts(name, 1_000_000, 1)) for name in names])
    context = multiprocessing.get_context("spawn")
    together, said = context.Barrier(workers), context.Queue()
    processes = [
        context.Process(
            target=_work,
            args=(path, settings),
            kwargs={"work_s": args.work, "seed": args.seed + number, "together": together, "said": said},
        )
        for number in range(workers)
    ]
    for process in processes:
        process.start()
    times = np.concatenate([said.get(timeout=_BEGUN_IN_S + 20 * args.work * args.chunks) for _ in processes])
    for process in processes:
        process.join()
    if len(times) != workers * args.chunks:
        raise SoundalikeError(f"{len(times)} chunks were done of {workers * args.chunks}")
    begun_s, ended_s = times[:, 0].min(), times[:, 1].max()
    asleep_s, written_s = times[:, 2].mean(), times[:, 3].mean()
    return Measured(workers, len(times) * CLIPS / (ended_s - begun_s), asleep_s, written_s)


def table(found: Sequence[Measured]) -> str:
    """Return the measured figures and those of the simulation, which gets its input from the first of ``found``."""
    alone = found[0]
    parts = replace(
        Parts(),
        cpu_ms=1000 * alone.asleep_s / CLIPS,
        clip_s=1.0,
        worker_cores=1,
        chunk_s=alone.asleep_s,
        write_clips=CLIPS / alone.written_s,
    )
    rows = []
    for one in found:
        predicted = indexing(parts, one.workers)
        rows.append(
            (
                str(one.workers), f"{one.clips_per_s:,.1f}", f"{predicted:,.1f}", f"{one.clips_per_s / predicted:.2f}",
                f"{1e3 * one.written_s:,.0f}",
            )
        )  # fmt: skip
    header = ("workers", "clips a second", "predicted", "measured / predicted", "ms to claim and close a chunk")
    fed = f"predicted from {1e3 * alone.asleep_s:.0f} ms asleep and {1e3 * alone.written_s:.0f} ms of writing a chunk"
    return f"{markdown_table(header, rows)}\n\n{fed}"


def _work(
    path: Path,
    settings: Settings,
    *,
    work_s: float,
    seed: int,
    together: Barrier,
    said: Queue[np.ndarray[tuple[int, int]]],
) -> None:
    """Run one worker once all have started. Send for each chunk: begin, end, seconds asleep, seconds writing."""
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((CLIPS, SEGMENTS_PER_CLIP, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    times = []
    with wiring.library(path, settings) as library:
        (space,), (root,) = library.reader.spaces(), library.roots()
        library.chunks.current()  # connect first
        together.wait(_BEGUN_IN_S)
        while True:
            begun_s = time.monotonic()
            claim = library.chunks.claim(f"worker {seed}")
            if claim is None:
                break
            claimed_s = time.monotonic()
            time.sleep(work_s * rng.uniform(0.5, 1.5))
            awake_s = time.monotonic()
            _close(library, claim, vectors, root, space)
            closed_s = time.monotonic()
            times.append((begun_s, closed_s, awake_s - claimed_s, claimed_s - begun_s + closed_s - awake_s))
    said.put(np.asarray(times).reshape(-1, 4))


def _close(library: Library, claim: Claim, vectors: np.ndarray[tuple[int, int, int]], root: Root, space: Space) -> None:
    changes: list[AddContent] = []
    for file, rows in zip(claim.files, vectors, strict=True):
        number = int.from_bytes(file.facts.path.encode(), "big") % (1 << 60)
        changes.append(replace(clip_of(number, "waiting", rows, root.id, space.id), file=file.facts))
    results = [WorkResult("indexed", root.absolute(one.file.path)) for one in changes]
    while True:
        try:
            library.chunks.close(claim, changes, results)
        except LibraryBusy:  # keep waiting for its turn, as a worker does
            continue
        return


if __name__ == "__main__":
    sys.exit(main())
