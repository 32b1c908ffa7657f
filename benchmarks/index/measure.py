"""How fast the vector index is at growing sizes, compared with exact search and three HNSW libraries at equal recall.

Every engine answers the same queries one at a time on one thread, in a process of its own. Before that, its search
effort is tuned on other queries to a recall@10 against exact search (.97 by default). Without a filter each effort is
measured, so that engines can be compared at one recall. Engines take turns over several rounds. The figures are
processor times, medians over the rounds. Vectors and indexes are kept under ``work``, so that the next run need not
make them. Filters are random sets of segments, given as bitmaps.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.common.machine import Machine, Version, installed, this_machine
from benchmarks.index.child import EQUAL_RECALLS, SIDECAR, TARGET_RECALL, K, Task, Timing
from benchmarks.index.engines import (
    ALL_CORES,
    Exact,
    Soundalike,
    SoundalikeAsked,
    SoundalikeGpu,
    SoundalikeTuned,
)
from benchmarks.index.named import PEERS, built_as, engine_of
from benchmarks.index.vectors import VectorSource, intrinsic_dimension
from benchmarks.quality.encoding import Progress
from search.errors import SoundalikeError

FILTERS = {"all": 1.0, "half": 0.5, "hundredth": 0.01, "ten-thousandth": 0.0001}
"""Name -> the share of the segments that pass."""

TUNING_QUERIES = 100
SIZES = (10_000, 100_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class EngineFigures:
    """One engine at one size. Bytes and pages are None if they could not be counted.

    ``resident_bytes``: the process's share of memory after all queries, less that before opening (with the libraries'
    code loaded), without our sidecar. ``sidecar_pages``: mean number of sidecar pages that a query reads.
    """

    size: int
    engine: str
    settings: str
    filtering: str
    build_s: float
    disk_bytes: int
    open_s: float
    resident_bytes: int | None
    sidecar_resident_bytes: int | None
    sidecar_pages: float | None
    timings: tuple[Timing, ...]
    curve: tuple[Timing, ...] = ()

    def timing(self, name: str) -> Timing:
        """Return the figures with the filter of that name."""
        return next(timing for timing in self.timings if timing.filter == name)

    def ms_at(self, recall: float) -> float | None:
        """Return the milliseconds without a filter at exactly this recall, interpolated between two efforts.

        The interpolation assumes that the share of missed hits is a power of the time. None if no effort reaches the
        recall.
        """
        found = next((n for n, point in enumerate(self.curve) if point.recall >= recall), None)
        if found is None:
            return None
        more = self.curve[found]
        if found == 0 or more.recall == recall:
            return more.median_ms
        less = self.curve[found - 1]
        missed = [math.log(max(1 - each, 1e-6)) for each in (less.recall, recall, more.recall)]
        part = (missed[0] - missed[1]) / (missed[0] - missed[2])
        return float(less.median_ms * (more.median_ms / less.median_ms) ** part)

    @property
    def resident_per_segment(self) -> float | None:
        """Resident bytes per segment."""
        return None if self.resident_bytes is None else self.resident_bytes / self.size


@dataclass(frozen=True, slots=True)
class Distribution:
    """The vectors of one size: the local dimension around queries, and the median score of the 1st and 10th hit."""

    size: int
    intrinsic_dimension: float
    first_score: float
    tenth_score: float


@dataclass(frozen=True, slots=True)
class SearchSpeedReport:
    """The figures of `run`. ``vectors`` describes how they were made."""

    machine: Machine
    versions: tuple[Version, ...]
    vectors: str
    dim: int
    queries: int
    seed: int
    k: int
    target_recall: float
    filters: dict[str, float]
    distributions: tuple[Distribution, ...]
    figures: tuple[EngineFigures, ...]
    rounds: int = 1
    load: float = 0.0
    equal_recalls: tuple[float, ...] = EQUAL_RECALLS


def run(
    sizes: Sequence[int],
    source: VectorSource,
    *,
    queries: int,
    seed: int,
    peers: Sequence[str] = PEERS,
    recall: float = TARGET_RECALL,
    filters: Sequence[str] = tuple(FILTERS),
    work: Path | None = None,
    build_threads: int = ALL_CORES,
    rounds: int = 1,
    progress: Progress = lambda line: None,
) -> SearchSpeedReport:
    """Measure ours, exact search and ``peers`` at each of ``sizes``; ``progress`` is called with one line at a time.

    Engines take turns, ``rounds`` times; exact search has one round. ``filters`` are names in `FILTERS`, "all" among
    them. ``work`` keeps vectors and indexes (1.5 kB per segment and engine); None discards them. ``build_threads`` are
    for the peers; one thread always builds the same graph. Raises UsageError for an unknown peer, SoundalikeError if an
    engine fails.
    """
    machine = this_machine()
    ours = [Soundalike.name, SoundalikeTuned.name, SoundalikeAsked.name]
    names = [*ours, *([SoundalikeGpu.name] if machine.gpus else []), Exact.name, *peers]
    for name in names:
        engine_of(name)
    with tempfile.TemporaryDirectory() as temporary:
        bench = _Bench(source, queries, seed, recall, tuple(filters), work or Path(temporary), build_threads, progress)
        distributions, figures = [], []
        for size in sizes:
            task = bench.prepare(size)
            distributions.append(_distribution(task))
            figures += bench.measure_by_turns(task, names, rounds)
    versions = tuple(Version(name, found) for name in peers if (found := installed(name)) is not None)
    return SearchSpeedReport(
        machine, versions, source.description, source.dim, queries, seed, K, recall,
        {name: FILTERS[name] for name in filters},
        tuple(distributions), tuple(figures), rounds, os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Bench:
    """One run: makes what is missing under ``work`` and starts the children."""

    source: VectorSource
    queries: int
    seed: int
    recall: float
    filters: tuple[str, ...]
    work: Path
    build_threads: int
    progress: Progress

    def prepare(self, size: int) -> Task:
        """Make the vectors, queries, filters and exact answers of one size, if missing; return its task."""
        folder = self.work / f"{size}-{self.queries}-{self.seed}-{self.source.digest[:12]}"
        task = Task(
            "truth", Exact.name, str(folder), size, self.source.dim, TUNING_QUERIES, tuple(FILTERS), self.build_threads,
            self.recall,
        )  # fmt: skip
        ready = folder / "ready"
        if not ready.exists():
            self.progress(f"{size:,} segments: making vectors and exact answers")
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / SIDECAR).open("wb") as file:
                for rows in self.source.chunks(size):
                    file.write(rows.astype(np.float16).tobytes())
            np.save(folder / "queries.npy", self.source.queries(TUNING_QUERIES + self.queries))
            for name, share in FILTERS.items():
                if name != "all":
                    np.save(folder / f"filter-{name}.npy", _random_filter(size, share, self.seed))
            self._child(task, threads=None)
            ready.touch()
        return task

    def measure_by_turns(self, task: Task, names: Sequence[str], rounds: int) -> list[EngineFigures]:
        """Measure each of ``names`` in each round, exact search only in the first; return the medians."""
        found: dict[str, list[EngineFigures]] = {name: [] for name in names}
        for number in range(rounds):
            for name in names:
                if number == 0 or name != Exact.name:
                    found[name].append(self.measure(replace(task, engine=name)))
        return [_median_of(figures) for figures in found.values()]

    def measure(self, task: Task) -> EngineFigures:
        """Build the index if it is not built yet, then measure."""
        folder, engine = Path(task.work), engine_of(task.engine)
        name = built_as(task.engine)
        built = folder / f"{name}-built.json"
        if not built.exists():
            self.progress(f"{task.count:,} segments: building {name}")
            _clear(folder / name)
            built.write_text(json.dumps(self._child(replace(task, step="build", engine=name), threads=None)))
        self.progress(f"{task.count:,} segments: measuring {task.engine}")
        measured = self._child(replace(task, step="search", filters=self.filters), threads=1)
        timings, curve = (tuple(Timing(**fields) for fields in measured.pop(name)) for name in ("timings", "curve"))
        cost = json.loads(built.read_bytes())
        return EngineFigures(
            size=task.count,
            engine=task.engine,
            settings=engine.settings,
            filtering=engine.filtering,
            build_s=cost["build_s"],
            disk_bytes=cost["disk_bytes"],
            open_s=measured["open_s"],
            resident_bytes=measured["resident_bytes"],
            sidecar_resident_bytes=measured["sidecar_resident_bytes"],
            sidecar_pages=measured["sidecar_pages_per_query"],
            timings=timings,
            curve=curve,
        )

    def _child(self, task: Task, threads: int | None) -> dict[str, Any]:
        """Run `benchmarks.index.child`; ``threads`` bounds every pool. Raises SoundalikeError if it fails."""
        file = Path(task.work) / "task.json"
        file.write_text(json.dumps(asdict(task)))
        bounds = {} if threads is None else dict.fromkeys(_POOLS, str(threads))
        done = subprocess.run(  # noqa: S603  # our own module
            [sys.executable, "-m", "benchmarks.index.child", str(file)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **bounds},
        )
        if done.returncode:
            cause = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise SoundalikeError(f"{task.step} of {task.engine} at {task.count} segments failed: {cause}")
        answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return answer


_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def _median_of(rounds: Sequence[EngineFigures]) -> EngineFigures:
    """The first of several rounds of one engine, with the median times of all rounds. Recall is the same in each."""
    first = rounds[0]

    def together(parts: Sequence[tuple[Timing, ...]]) -> tuple[Timing, ...]:
        return tuple(
            replace(
                each[0],
                median_ms=median(one.median_ms for one in each),
                p95_ms=median(one.p95_ms for one in each),
                p99_ms=median(one.p99_ms for one in each),
            )
            for each in zip(*parts, strict=True)
        )

    return replace(
        first,
        open_s=median(one.open_s for one in rounds),
        timings=together([one.timings for one in rounds]),
        curve=together([one.curve for one in rounds]),
    )


def _random_filter(size: int, share: float, seed: int) -> np.ndarray:
    """A bitmap over the ids 1 to ``size``; ``share`` of them pass, at least one."""
    chosen = np.random.default_rng(seed).choice(size, max(1, round(share * size)), replace=False)
    bits = np.zeros(size + 1, np.bool_)
    bits[chosen + 1] = True
    return np.packbits(bits, bitorder="little")


def _distribution(task: Task) -> Distribution:
    with np.load(Path(task.work) / "truth-all.npz") as exact:
        scores = exact["scores"]
    first, tenth = (float(value) for value in np.median(scores[:, [0, K - 1]], axis=0))
    return Distribution(task.count, intrinsic_dimension(scores), first, tenth)


def _clear(folder: Path) -> None:
    if folder.exists():
        for file in sorted(folder.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        folder.rmdir()
