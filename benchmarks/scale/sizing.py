"""What libraries of 10 million to a billion segments need, and from how many workers on they wait for the writer.

    python -m benchmarks.scale.sizing
    python -m benchmarks.scale.sizing --rate 20 --write-clips 1200 --cpu-ms 2.7

This measures nothing. It combines measured values (`Parts`, each with its source; options replace values measured on
another machine) in two simulations. In one, workers encode chunks and write them in turn, under one lock. In the other,
questions arrive at random at the cores of readers. Prices are what the options say.
"""

from __future__ import annotations

import argparse
import heapq
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from benchmarks.common.report import markdown_table
from search.ground.ending import with_status

WORKERS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
SEGMENTS = (10_000_000, 100_000_000, 1_000_000_000)
MIN_WORKER_EFFICIENCY = 0.9
"""Workers are too many from the number on that reaches less than this share of linear scaling."""
_CHUNKS = 10_000
_QUESTIONS = 20_000
HOURS_A_MONTH = 730


@dataclass(frozen=True, slots=True)
class Parts:
    """Measured values, and assumed ones (prices).

    ``cpu_ms``: a core's time for a second of sound (docs/figures/indexing.md). ``write_clips``: clips per second that
    one writer writes to PostgreSQL (docs/decisions/0020-postgresql.md). ``search_ms``: a core's time for a question
    among a million segments (docs/decisions/0005-vector-index.md); it grows with the square root of the number of
    segments, as the index's lists do, and the same is assumed for Milvus. ``resident_bytes``, ``disk_bytes``,
    ``catalog_bytes``: per segment. ``milvus_bytes``: per segment in Milvus's memory, vectors of 384 float32 and 32
    links. ``files_up_to``: up to so many segments are kept in files, more of them in Milvus.
    """

    cpu_ms: float = 2.7
    write_clips: float = 1_166
    clip_s: float = 10.0
    segments_a_clip: float = 8.0
    chunk_s: float = 10.0
    worker_cores: int = 2
    search_ms: float = 0.9
    service_ms: float = 0.7
    resident_bytes: float = 84
    disk_bytes: float = 1_656
    catalog_bytes: float = 1_650
    milvus_bytes: float = 1_800
    files_up_to: float = 300e6
    core_dollars: float = 25.0
    gib_dollars: float = 3.0
    disk_dollars: float = 0.08


@dataclass(frozen=True, slots=True)
class Indexing:
    """The output of ``workers``: clips per second, and their share of linear scaling."""

    workers: int
    clips_per_s: float
    efficiency: float


@dataclass(frozen=True, slots=True)
class Size:
    """What a library of ``segments`` needs (a reader, the catalog, cores, cost), and the time of a question."""

    segments: int
    is_in_files: bool
    memory_gib: float
    disk_gib: float
    catalog_gib: float
    cores: int
    p50_ms: float
    p99_ms: float
    core_hours: float
    dollars: float


def indexing(parts: Parts, workers: int, seed: int = 7) -> float:
    """Return the clips per second of ``workers`` that encode a chunk each, then wait for their turn to write it.

    A chunk takes 0.5 to 1.5 times its mean time. The first quarter of the chunks is not counted.
    """
    rng = np.random.default_rng(seed)
    takes = iter(rng.uniform(0.5, 1.5, _CHUNKS + workers))
    clip_s = parts.cpu_ms / 1000 * parts.clip_s / parts.worker_cores
    clips = max(1, round(parts.chunk_s * parts.worker_cores / (parts.cpu_ms / 1000 * parts.clip_s)))
    work_s, write_s = clips * clip_s, clips / parts.write_clips
    due = [work_s * next(takes) for _ in range(workers)]
    heapq.heapify(due)
    free_s, begun_s, written = 0.0, 0.0, 0
    counted_from = _CHUNKS // 4
    for done in range(_CHUNKS):
        free_s = max(free_s, heapq.heappop(due)) + write_s
        heapq.heappush(due, free_s + work_s * next(takes))
        if done == counted_from:
            begun_s = free_s
        elif done > counted_from:
            written += clips
    return written / (free_s - begun_s)


def indexing_by(parts: Parts, counts: Sequence[int] = WORKERS) -> list[Indexing]:
    """Return `indexing` for each number of workers, compared with one."""
    alone = indexing(parts, 1)
    found = [(workers, indexing(parts, workers)) for workers in counts]
    return [Indexing(workers, clips_per_s, clips_per_s / (workers * alone)) for workers, clips_per_s in found]


def knee(found: Sequence[Indexing]) -> int | None:
    """Return the first number of workers that are too many, None if none are."""
    return next((one.workers for one in found if one.efficiency < MIN_WORKER_EFFICIENCY), None)


def waiting_ms(service_ms: float, per_s: float, cores: int, seed: int) -> tuple[float, float]:
    """Return median and 99th percentile, in ms, of questions that arrive at random and take ``service_ms`` of a
    core.
    """
    rng = np.random.default_rng(seed)
    arrivals_s = rng.exponential(1 / per_s, _QUESTIONS).cumsum()
    free_s = [0.0] * cores
    took_s = np.empty(_QUESTIONS)
    for place, arrival_s in enumerate(arrivals_s):
        end_s = max(heapq.heappop(free_s), arrival_s) + service_ms / 1000
        heapq.heappush(free_s, end_s)
        took_s[place] = end_s - arrival_s
    return float(np.median(took_s)) * 1000, float(np.quantile(took_s, 0.99)) * 1000


def size(parts: Parts, segments: int, per_s: float, seed: int = 0) -> Size:
    """Return what a library of ``segments`` needs for ``per_s`` questions per second with half of its cores busy."""
    in_files = segments <= parts.files_up_to
    question_ms = parts.search_ms * math.sqrt(segments / 1e6) + parts.service_ms
    cores = max(2, math.ceil(2 * per_s * question_ms / 1000))
    p50_ms, p99_ms = waiting_ms(question_ms, per_s, cores, seed)
    memory_gib = segments * (parts.resident_bytes if in_files else parts.milvus_bytes) / 2**30 + 2
    disk_gib = segments * parts.disk_bytes / 2**30
    catalog_gib = segments * parts.catalog_bytes / 2**30
    core_hours = segments / parts.segments_a_clip * parts.clip_s * parts.cpu_ms / 1000 / 3600
    dollars = (
        cores * parts.core_dollars + memory_gib * parts.gib_dollars + (disk_gib + catalog_gib) * parts.disk_dollars
    )
    return Size(segments, in_files, memory_gib, disk_gib, catalog_gib, cores, p50_ms, p99_ms, core_hours, dollars)


def report(parts: Parts, per_s: float, seed: int) -> str:
    """Return both tables in Markdown."""
    found = indexing_by(parts)
    rows = [(str(one.workers), f"{one.clips_per_s:,.0f}", f"{one.efficiency:.2f}") for one in found]
    workers = markdown_table(("workers", "clips a second", "share of linear scaling"), rows)
    too_many = knee(found)
    said = (
        "none of these worker counts is too many"
        if too_many is None
        else f"the knee: {too_many} workers; {_why(parts)}"
    )
    sizes = [size(parts, segments, per_s, seed) for segments in SEGMENTS]
    needs = markdown_table(
        (
            "segments", "kept in", "memory, GiB", "disk, GiB", "catalog, GiB", "cores",
            "p50, ms", "p99, ms", "to index, core hours", "a month, $",
        ),
        [
            (
                f"{one.segments:,}", "files" if one.is_in_files else "Milvus", f"{one.memory_gib:,.0f}",
                f"{one.disk_gib:,.0f}", f"{one.catalog_gib:,.0f}", str(one.cores),
                f"{one.p50_ms:.0f}", f"{one.p99_ms:.0f}", f"{one.core_hours:,.0f}", f"{one.dollars:,.0f}",
            )
            for one in sizes
        ],
    )  # fmt: skip
    given = ", ".join(f"{part.name} {getattr(parts, part.name):g}" for part in fields(parts))
    return f"{workers}\n\n{said}\n\n{needs}\n\n{per_s:g} questions a second; seed {seed}; {given}\n"


def _why(parts: Parts) -> str:
    alone = parts.worker_cores / (parts.cpu_ms / 1000 * parts.clip_s)
    return f"the writer takes {parts.write_clips:,.0f} clips a second, and each worker encodes {alone:.0f}"


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.sizing", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--rate", type=float, default=50.0, metavar="N", help="questions a second (50)")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="random seed of arrival times (7)")
    usual = Parts()
    for part in fields(Parts):
        value = getattr(usual, part.name)
        parser.add_argument(f"--{part.name.replace('_', '-')}", type=type(value), default=value, metavar="X")
    args = parser.parse_args(argv)
    if not args.rate > 0 or not all(getattr(args, part.name) > 0 for part in fields(Parts)):
        parser.error("every figure must be more than 0")
    parts = replace(usual, **{part.name: getattr(args, part.name) for part in fields(Parts)})
    sys.stdout.write(report(parts, args.rate, args.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
