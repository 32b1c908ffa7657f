"""The cost around the vector search: opening a library, parsing, grouping, loading hits; and a cold command.

The library is real (catalog, snapshots, columns). Its vectors are those of `benchmarks.index.vectors`; its clips have
names made of words. It is kept in a folder, so that the next run need not make it again.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.common.machine import Machine, this_machine
from benchmarks.common.report import markdown_table
from benchmarks.index.vectors import SEGMENTS_PER_CLIP, VectorSource
from search import wiring
from search.api import Library
from search.model import (
    AddContent,
    ClipPart,
    Content,
    ContentEncoding,
    EncoderSpec,
    FileFacts,
    Query,
    TextPart,
    Vectors,
)
from search.settings import Settings

K = 10
WINDOW_S, HOP_S = 5.0, 2.5
OPENINGS = 5
_CLIPS_AT_ONCE = 500
_WORDS = ("rain", "wind", "door", "glass", "metal", "wood", "water", "engine", "bird", "dog", "crowd", "bell")
_CHILD = """
import sys, time
from pathlib import Path
from search import wiring
from search.model import ClipPart, Query
from search.settings import Settings
import os
settings = Settings.from_env(os.environ)
started = time.perf_counter()
with wiring.library(Path(sys.argv[1]), settings, read_only=True) as library:
    library.view().of()
    opened = time.perf_counter()
    library.search(Query((ClipPart(int(sys.argv[2])),), k=10))
    print(opened - started, time.perf_counter() - opened)
"""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of one kind of query: median, 95th and 99th percentile; ``around_ms``: without the vector search."""

    what: str
    median_ms: float
    p95_ms: float
    p99_ms: float
    around_ms: float | None


@dataclass(frozen=True, slots=True)
class LibrarySpeedReport:
    """All that was measured on one library."""

    machine: Machine
    vectors: str
    segments: int
    clips: int
    queries: int
    seed: int
    opening_s: float
    first_search_s: float
    command_s: float
    latencies: tuple[Latency, ...]


def run(
    source: VectorSource, segments: int, folder: Path, settings: Settings, *, queries: int, seed: int,
    progress: Callable[[str], None],
) -> LibrarySpeedReport:  # fmt: skip
    """Measure a library of ``segments`` below ``folder``. If it is not there yet, make it first."""
    path = folder / f"library-{source.dim}x{segments}-{seed}"
    if not (path / "complete.json").exists():
        progress(f"making a library of {segments:,} segments (once) ...")
        make(source, segments, path, settings, synthetic_spec(source.dim))
    clips = -(-segments // SEGMENTS_PER_CLIP)
    rng = np.random.default_rng(seed)
    clip_ids = (1 + rng.choice(clips, min(queries, clips), replace=False)).tolist()
    progress("opening it in fresh processes ...")
    openings = [_child(path, clip_id) for clip_id in clip_ids[:OPENINGS]]
    commands = [_command(path, clip_id) for clip_id in clip_ids[:OPENINGS]]
    progress(f"asking {len(clip_ids)} questions of each kind ...")
    with wiring.library(path, settings, read_only=True) as library:
        latencies = tuple(_latencies(library, clip_ids))
    return LibrarySpeedReport(
        machine=this_machine(),
        vectors=source.description,
        segments=segments,
        clips=clips,
        queries=len(clip_ids),
        seed=seed,
        opening_s=float(np.median([o[0] for o in openings])),
        first_search_s=float(np.median([o[1] for o in openings])),
        command_s=float(np.median(commands)),
        latencies=latencies,
    )


def markdown(reports: Sequence[LibrarySpeedReport]) -> str:
    """Return the section on whole queries."""
    rows = [
        (
            f"{r.segments:,} segments, {r.clips:,} clips: {one.what}",
            f"{one.median_ms:.2f}",
            f"{one.p95_ms:.2f}",
            f"{one.p99_ms:.2f}",
            "" if one.around_ms is None else f"{one.around_ms:.2f}",
        )
        for r in reports
        for one in r.latencies
    ]
    opening = [
        (f"{r.segments:,} segments", f"{r.opening_s:.2f}", f"{r.first_search_s * 1e3:.1f}", f"{r.command_s:.2f}")
        for r in reports
    ]
    return "\n\n".join(
        [
            "## Whole queries",
            reports[0].machine.sentence(),
            f"Vectors {reports[0].vectors}; {reports[0].queries} different clips asked (seed {reports[0].seed}); "
            f"k = {K}; `around` is the query's time less that of the same vector search alone, median of pairs.",
            markdown_table(("query", "median ms", "p95 ms", "p99 ms", "around ms"), rows),
            markdown_table(("from cold", "opening s", "first search ms", "whole command s"), opening),
        ]
    )


def _latencies(library: Library, clip_ids: Sequence[int]) -> Iterator[Latency]:
    by_clip = [Query((ClipPart(clip_id),), k=K) for clip_id in clip_ids]
    whole = [_answered(library, query) for query in by_clip]
    alone = [_vector_search(library, query) for query in by_clip]
    yield _latency("by clip", whole, float(np.median(np.array(whole) - np.array(alone))))
    where = _one_percent(library)
    filtered = [Query(query.parts, k=K, where=where) for query in by_clip]
    yield _latency(f"by clip, {where} (1 %)", [_answered(library, query) for query in filtered], None)
    count = len(_WORDS)
    words = [f"{_WORDS[i % count]} {_WORDS[(i // count) % count]}" for i in range(len(clip_ids))]
    yield _latency("by words in names", [_answered(library, Query((TextPart(w),), k=K)) for w in words], None)


def _answered(library: Library, query: Query) -> float:
    """Milliseconds of a whole query."""
    started = time.perf_counter()
    library.search(query)
    return (time.perf_counter() - started) * 1e3


def _vector_search(library: Library, query: Query) -> float:
    """Milliseconds of the vector search inside a query by clip.

    It asks for one clip more than k, because the query's own clip is left out, and for more segments than clips,
    because several segments belong to one clip.
    """
    vector = library.engine.query_vector(query.parts)[np.newaxis]
    index = library.view().of()[0].index
    started = time.perf_counter()
    index.search(vector, 4 * (K + 1) + 16)
    return (time.perf_counter() - started) * 1e3


def _one_percent(library: Library) -> str:
    """A filter on duration that one hundredth of the clips pass."""
    durations = library.view().of()[0].columns.base.duration_s
    return f"duration_s <= {float(np.quantile(durations, 0.01)):.3f}"


def _latency(what: str, times_ms: Sequence[float], around: float | None) -> Latency:
    median, p95, p99 = (float(value) for value in np.percentile(times_ms, [50, 95, 99]))
    return Latency(what, median, p95, p99, around)


def synthetic_spec(dim: int) -> EncoderSpec:
    """Return the specification of an encoder that does not exist. Only clips that are in the library can be queries."""
    digest = hashlib.sha256(b"synthetic").hexdigest()
    return EncoderSpec("synthetic", "1", digest, dim, 32_000, WINDOW_S, HOP_S, calibration=(10.0, -5.0))


def make(
    source: VectorSource,
    segments: int,
    path: Path,
    settings: Settings,
    spec: EncoderSpec,
    *,
    words: Callable[[int], str] | None = None,
) -> None:
    """Fill a library as a bulk job with the encoder of ``spec`` would, with a batch of contents in each transaction.

    ``words`` returns the name of a clip by its number, counted from 0.
    """
    with wiring.library(path, settings, create=True) as library:
        space, root = library.writer.space(spec), library.writer.root("/synthetic")
        with library.writer.lease("bench speed", wait_s=5) as lease:
            batch: list[AddContent] = []
            for number, vectors in enumerate(by_clip(source, segments)):
                batch.append(clip_of(number, (words or few_words)(number), vectors, root.id, space.id))
                if len(batch) == _CLIPS_AT_ONCE:
                    library.writer.apply(lease, batch)
                    batch = []
            if batch:
                library.writer.apply(lease, batch)
            library.publisher.publish(space, lease, always=True)
    (path / "complete.json").write_text(json.dumps({"segments": segments}), encoding="utf-8")


def by_clip(source: VectorSource, segments: int) -> Iterator[Vectors]:
    """Yield the vectors (n, dim) of one clip after another, ``segments`` in all."""
    for chunk in source.chunks(segments):
        for start in range(0, len(chunk), SEGMENTS_PER_CLIP):
            yield chunk[start : start + SEGMENTS_PER_CLIP]


def few_words(number: int) -> str:
    """Return two of a dozen words. Each word is in every sixth name, about the worst case for full-text search."""
    return "_".join(_WORDS[(number // len(_WORDS) ** power) % len(_WORDS)] for power in range(2))


def clip_of(number: int, words: str, vectors: Vectors, root_id: int, space_id: int) -> AddContent:
    """Return clip ``number`` named by ``words``, with these ``vectors`` (n, dim), as a bulk job would write it."""
    n = len(vectors)
    starts = HOP_S * np.arange(n)
    duration_s = WINDOW_S + HOP_S * (n - 1) + (number * 7919 % 1000) / 1000
    return AddContent(
        root_id=root_id,
        file=FileFacts(f"{number // 1000:04d}/{words}_{number:07d}.wav", 1_000_000, 1),
        content=Content(hashlib.sha256(str(number).encode()).hexdigest(), duration_s, 44_100, 2, "WAV", "PCM_16"),
        title=f"{words} {number}",
        metadata={},
        space_id=space_id,
        encoding=ContentEncoding(
            np.stack([starts, starts + WINDOW_S], axis=1), vectors.astype(np.float16), np.zeros(n, np.bool_)
        ),
    )


def _child(path: Path, clip_id: int) -> tuple[float, float]:
    """Seconds to open the library in a new process, and for the first search there."""
    command = [sys.executable, "-c", _CHILD, str(path), str(clip_id)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own code
    opened_s, searched_s = map(float, out.split())
    return opened_s, searched_s


def _command(path: Path, clip_id: int) -> float:
    """Seconds of the whole command, including the interpreter's start."""
    command = [sys.executable, "-m", "search.cli", "search", "--clip", str(clip_id), "--json", "--library", str(path)]
    started = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - our own code
    return time.perf_counter() - started
