"""One engine at one size in a process of its own: ``python -m benchmarks.index.child <task.json>`` prints JSON.

It is a separate process because memory is measured, and because the thread pools of FAISS, BLAS and the other libraries
would disturb each other. The parent (`benchmarks.index.measure`) sets the number of threads in the environment.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from benchmarks.index import mapped
from benchmarks.index.engines import ALL_CORES, Engine, Exact
from benchmarks.index.named import built_as, engine_of
from search.ground import process
from search.ground.ending import with_status
from search.model import Bitmap, HalfVectors, Ids, Vectors

SIDECAR = "vectors.f16"
K = 10
TARGET_RECALL = 0.97
EQUAL_RECALLS = (0.97, 0.99)
"""The recalls that engines are compared at."""
TOUCHING_QUERIES = 30


@dataclass(frozen=True, slots=True)
class Task:
    """What to do. ``step`` is build, truth or search. ``work`` holds the vectors, queries and filters of one size.

    ``build_threads``: threads for building (0: all cores). ``recall``: the target that the effort is tuned to.
    ``up_to``: without a filter, efforts are measured in rising order until one reaches this recall.
    """

    step: str
    engine: str
    work: str
    count: int
    dim: int
    tuning: int
    filters: tuple[str, ...]
    build_threads: int = ALL_CORES
    recall: float = TARGET_RECALL
    up_to: float = EQUAL_RECALLS[-1]


@dataclass(frozen=True, slots=True)
class Timing:
    """One engine with one filter (``all``: none): effort (0: none), recall@10, and milliseconds of processor time."""

    filter: str
    effort: int
    recall: float
    median_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Measured:
    """The results of a search child. Bytes are None if the system reports none; pages are those of our sidecar."""

    open_s: float
    resident_bytes: int | None
    sidecar_resident_bytes: int | None
    sidecar_pages_per_query: float | None
    timings: tuple[Timing, ...]
    curve: tuple[Timing, ...]
    """One timing for each effort, without a filter."""


def rows_of(work: Path, count: int, dim: int) -> HalfVectors:
    """Return the vectors of one size, mapped."""
    return np.asarray(np.memmap(work / SIDECAR, np.float16, "r", shape=(count, dim)))


def filter_of(work: Path, name: str) -> Bitmap | None:
    """Return the filter called ``name``; None for ``all``."""
    return None if name == "all" else np.load(work / f"filter-{name}.npy")


def build(task: Task) -> dict[str, float]:
    """Build; return the seconds and the bytes on disk, with the sidecar's separately."""
    work = Path(task.work)
    folder = work / task.engine
    folder.mkdir()
    started = time.perf_counter()
    engine_of(task.engine).build(rows_of(work, task.count, task.dim), folder, task.build_threads)
    build_s = time.perf_counter() - started
    files = [file for file in folder.rglob("*") if file.is_file()]
    sidecar = sum(file.stat().st_size for file in files if file.name == SIDECAR)
    return {"build_s": build_s, "disk_bytes": sum(f.stat().st_size for f in files) - sidecar, "sidecar_bytes": sidecar}


def truth(task: Task) -> None:
    """Write the exact answers to every query with every filter, found by exhaustive search."""
    work = Path(task.work)
    oracle = Exact()
    oracle.open(rows_of(work, task.count, task.dim), work)
    queries = np.load(work / "queries.npy")
    for name in task.filters:
        scores, ids = oracle.index.search(queries, 2 * K, filter_of(work, name))
        np.savez(work / f"truth-{name}.npz", scores=scores, ids=ids)


def search(task: Task) -> Measured:
    """Open, tune, and measure with each filter. The first ``tuning`` queries tune, the others are timed."""
    work = Path(task.work)
    rows, queries = rows_of(work, task.count, task.dim), np.load(work / "queries.npy")
    engine = engine_of(task.engine)
    import_module(engine.module)
    before = mapped.resident_bytes(SIDECAR)
    started = time.perf_counter()
    engine.open(rows, work / built_as(task.engine))
    engine.search(queries[:1], K, None)
    open_s = time.perf_counter() - started
    timings, resident, in_sidecar, pages = [], None, None, None
    for name in task.filters:
        among, truth = filter_of(work, name), np.load(work / f"truth-{name}.npz")["ids"][:, :K]
        effort = _tune(engine, queries[: task.tuning], truth[: task.tuning], among, task.recall)
        asking = _Asking(name, queries[task.tuning :], truth[task.tuning :], among)
        timings.append(_timed(engine, effort, asking))
        if name == "all":
            resident, in_sidecar = mapped.resident_bytes(SIDECAR), mapped.resident_of(SIDECAR)
            if task.engine == "soundalike":
                pages = _pages(engine, queries[:TOUCHING_QUERIES])
    used = None if resident is None or before is None else resident - before
    truth = np.load(work / "truth-all.npz")["ids"][:, :K]
    curve = _curve(engine, _Asking("all", queries[task.tuning :], truth[task.tuning :], None), task.up_to)
    return Measured(open_s, used, in_sidecar, pages, tuple(timings), curve)


def recall(hits: Ids, truth: Ids) -> float:
    """Return the share of ``truth`` (k,), without -1, that is in ``hits``."""
    truth = truth[truth >= 0]
    return float(np.isin(truth, hits).mean()) if truth.size else 1.0


def _tune(engine: Engine, queries: Vectors, truth: Ids, among: Bitmap | None, target: float) -> int:
    """Set the least effort that reaches the ``target`` recall, or else the largest; return it, or 0 without efforts.

    An engine without efforts runs the same queries once, so that its file pages are in memory like those of the others.
    Exact search holds everything in memory anyway.
    """
    if not engine.efforts and engine.name != Exact.name:  # exact search holds all in memory
        for query in queries:
            engine.search(query[None], K, among)
    for effort in engine.efforts:
        engine.set_effort(effort)
        reached = [recall(engine.search(q[None], K, among), w) for q, w in zip(queries, truth, strict=True)]
        if np.mean(reached) >= target:
            return effort
    return engine.efforts[-1] if engine.efforts else 0


def _curve(engine: Engine, asking: _Asking, up_to: float) -> tuple[Timing, ...]:
    """Timings of each effort without a filter, until one reaches ``up_to``."""
    curve: list[Timing] = []
    for effort in engine.efforts:
        engine.set_effort(effort)
        curve.append(_timed(engine, effort, asking))
        if curve[-1].recall >= up_to:
            break
    return tuple(curve)


@dataclass(frozen=True, slots=True)
class _Asking:
    """``queries`` (q, dim) with the filter ``among`` called ``name``, and the ``truth`` (q, K)."""

    name: str
    queries: Vectors
    truth: Ids
    among: Bitmap | None


def _timed(engine: Engine, effort: int, asking: _Asking) -> Timing:
    """One query after another, in processor time of the whole process, because the machine may have other work."""
    took_ms, reached = [], []
    for query, truth_ids in zip(asking.queries, asking.truth, strict=True):
        started = time.process_time()
        hits = engine.search(query[None], K, asking.among)
        took_ms.append((time.process_time() - started) * 1e3)
        reached.append(recall(hits, truth_ids))
    median, p95, p99 = (float(value) for value in np.percentile(took_ms, (50, 95, 99)))
    return Timing(asking.name, effort, float(np.mean(reached)), median, p95, p99)


def _pages(engine: Engine, queries: Vectors) -> float | None:
    touched = [
        mapped.touched_pages(SIDECAR, lambda query=query: engine.search(query[None], K, None))  # type: ignore[misc]  # a default binds the query
        for query in queries
    ]
    counted = [pages for pages in touched if pages is not None]
    return float(np.mean(counted)) if counted else None


@with_status
def main(argv: list[str]) -> int:
    """Run the task of one child process."""
    process.own()
    fields = json.loads(Path(argv[0]).read_bytes())
    task = Task(**{**fields, "filters": tuple(fields["filters"])})
    if task.step == "build":
        print(json.dumps(build(task)))
    elif task.step == "truth":
        truth(task)
        print("{}")
    else:
        print(json.dumps(asdict(search(task))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
