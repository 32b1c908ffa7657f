"""What writing to a catalog and replaying its changes take: clips and segments per second, in a file or on a server.

The vectors are those of `benchmarks.index.vectors`, and the clips have names made of words. They are written as a bulk
job writes them, in transactions of `CLIPS_AT_ONCE` clips, into an empty catalog. The best batch is reported with the
median, because other load slows the rest down.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.common.machine import Machine, this_machine
from benchmarks.common.report import markdown_table
from benchmarks.index.vectors import SEGMENTS_PER_CLIP, VectorSource
from benchmarks.speed.library import by_clip, clip_of, few_words, synthetic_spec
from search import wiring
from search.errors import UsageError
from search.model import AddContent
from search.ports import CatalogReader, CatalogWriter
from search.settings import Settings

CLIPS_AT_ONCE = 500
BATCHES = 10
REPLAYS = 5
LOOKS = 200


@dataclass(frozen=True, slots=True)
class WritingReport:
    """The figures of one catalog. ``cpu_ms``: this process's processor time for a clip, in the best batch.

    ``replay_per_s``: segments per second; ``replay_cpu_us``: this process's processor time for a segment; both of the
    best replay. ``nothing_ms``: the median time to learn that nothing is new.
    """

    machine: Machine
    database: str
    vectors: str
    clips: int
    best_per_s: float
    median_per_s: float
    cpu_ms: float
    replay_per_s: float
    replay_cpu_us: float
    nothing_ms: float


def run(source: VectorSource, url: str | None, settings: Settings, progress: Callable[[str], None]) -> WritingReport:
    """Write to the empty database at ``url``, or to a new file. Raises UsageError if it has clips already."""
    with tempfile.TemporaryDirectory() as folder:
        wiring.new_library(Path(folder) / "library", settings, catalog=url or "")
        with wiring.library(Path(folder) / "library", settings) as library:
            if library.catalog.stats().clips:
                raise UsageError(f"{library.catalog.name}: has clips already; name an empty database")
            progress(f"writing {BATCHES} batches of {CLIPS_AT_ONCE} clips ...")
            times = np.array(list(_times(source, library.writer)))
            progress("replaying them ...")
            (replay_s, replay_cpu_s), nothing_ms = _followed(library.reader)
            database = next(one.value for one in library.catalog.diagnose() if one.what == "version")
    best_s, best_cpu_s = times.min(axis=0)
    return WritingReport(
        machine=this_machine(),
        database=database,
        vectors=source.description,
        clips=BATCHES * CLIPS_AT_ONCE,
        best_per_s=CLIPS_AT_ONCE / float(best_s),
        median_per_s=CLIPS_AT_ONCE / float(np.median(times[:, 0])),
        cpu_ms=float(best_cpu_s) / CLIPS_AT_ONCE * 1e3,
        replay_per_s=BATCHES * CLIPS_AT_ONCE * SEGMENTS_PER_CLIP / replay_s,
        replay_cpu_us=replay_cpu_s * 1e6 / (BATCHES * CLIPS_AT_ONCE * SEGMENTS_PER_CLIP),
        nothing_ms=nothing_ms,
    )


def markdown(report: WritingReport) -> str:
    """Return the section on writing."""
    row = (
        report.database,
        f"{report.best_per_s:,.0f}",
        f"{report.median_per_s:,.0f}",
        f"{report.cpu_ms:.2f}",
        f"{report.replay_per_s:,.0f}",
        f"{report.replay_cpu_us:.2f}",
        f"{report.nothing_ms:.2f}",
    )
    header = (
        "database", "clips a second, best batch", "median", "client CPU ms per clip", "segments replayed a second",
        "client CPU us per segment", "ms when nothing is new",
    )  # fmt: skip
    return "\n\n".join(
        [
            "## Writing to the catalog",
            report.machine.sentence(),
            f"{report.clips:,} clips of {SEGMENTS_PER_CLIP} segments, {CLIPS_AT_ONCE} a transaction; vectors "
            f"{report.vectors}.",
            markdown_table(header, [row]),
        ]
    )


def _times(source: VectorSource, catalog: CatalogWriter) -> Iterator[tuple[float, float]]:
    """Seconds of each batch: wall-clock time, and this process's processor time."""
    space, root = catalog.space(synthetic_spec(source.dim)), catalog.root("/synthetic")
    clips = [
        clip_of(number, few_words(number), vectors, root.id, space.id)
        for number, vectors in enumerate(by_clip(source, BATCHES * CLIPS_AT_ONCE * SEGMENTS_PER_CLIP))
    ]
    with catalog.lease("bench speed", wait_s=5) as lease:
        for start in range(0, len(clips), CLIPS_AT_ONCE):
            batch: list[AddContent] = clips[start : start + CLIPS_AT_ONCE]
            began, cpu_began = time.perf_counter(), time.process_time()
            catalog.apply(lease, batch)
            yield time.perf_counter() - began, time.process_time() - cpu_began


def _followed(catalog: CatalogReader) -> tuple[tuple[float, float], float]:
    """Seconds to replay a space from nothing, wall-clock and processor time of this process, the least of each; and
    milliseconds to learn that nothing is new.
    """
    (space,) = catalog.spaces()
    replays_s, asked_ms, sequence = [], [], 0
    for _ in range(REPLAYS):
        began, cpu_began = time.perf_counter(), time.process_time()
        for change in catalog.changes(space.id, 0):
            sequence = change.sequence
        replays_s.append((time.perf_counter() - began, time.process_time() - cpu_began))
    for _ in range(LOOKS):
        began = time.perf_counter()
        news = list(catalog.changes(space.id, sequence))
        asked_ms.append(1e3 * (time.perf_counter() - began))
        if news:
            raise UsageError("somebody else writes to this catalog; name one of its own")
    walls_s, cpus_s = zip(*replays_s, strict=True)
    return (min(walls_s), min(cpus_s)), float(np.median(asked_ms))
