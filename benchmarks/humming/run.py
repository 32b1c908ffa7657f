"""One run of the humming benchmark: every condition, absent tunes, baselines, growth. The results are frozen values."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.common.machine import Machine, this_machine
from benchmarks.humming import ANYWHERE, AT_EVERY_LEVEL, AT_MIDDLE_LEVEL, BEGINNING, CONDITIONS, PARTS, asking
from benchmarks.humming.asking import HumResult, Score
from benchmarks.humming.baselines import ExhaustiveDtw
from benchmarks.humming.hashing import PitchVectorHashing
from benchmarks.humming.hums import LEVELS
from benchmarks.humming.recordings import KINDS, Recordings, measure
from benchmarks.humming.tune_sets import POP909, NamedTune, RecordedHum, recombined
from search.analysis.melody.contours import contour_of_notes
from search.errors import UsageError, printable
from search.model import MELODY_SPACE

Progress = Callable[[str], None]
FALSE_REJECTS = 0.05
_MIDDLE = ("middle", ANYWHERE)


@dataclass(frozen=True, slots=True)
class Options:
    """What is measured, and how much. ``absent``: how many tunes are taken out of the catalogue and hummed. ``sizes``:
    catalogue sizes for growth. ``songs``: how many recordings of each kind are rendered.
    """

    parts: frozenset[str] = frozenset(PARTS)

    hums: int = 300
    baseline_hums: int = 100
    absent: int = 200
    sizes: tuple[int, ...] = (1_000, 3_000, 10_000, 30_000, 100_000)
    growth_hums: int = 40
    songs: int = 60
    seed: int = 7
    levels: tuple[str, ...] = LEVELS
    conditions: tuple[str, ...] = CONDITIONS


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline at the middle level from anywhere, and ours on the same hums. ``survive``: of the hums whose tune the
    baseline has in its first ten, the share whose tune ours has there too.
    """

    name: str
    hums: int
    top1: float
    top10: float
    mrr: float
    ours_top1: float
    ours_top10: float
    survive: float
    mean_ms: float


@dataclass(frozen=True, slots=True)
class Absent:
    """Hums of tunes that were taken out. ``refused_at_5``: the share answered "no match" at the limit that would refuse
    5 % of the other hums. ``refused`` and ``wrongly``: the shares of both kinds that the shipped limit refuses.
    """

    hums: int
    refused_at_5: float
    refused: float
    wrongly: float


@dataclass(frozen=True, slots=True)
class Size:
    """The cost of a query in a catalogue of ``tunes``, and the quality there."""

    tunes: int
    windows: int
    median_ms: float
    p95_ms: float
    cpu_ms: float
    top1: float
    top10: float


@dataclass(frozen=True, slots=True)
class HummingReport:
    """All that was measured."""

    machine: Machine
    seed: int
    tunes: int
    collections: str
    scores: tuple[Score, ...]
    absent: Absent | None
    baselines: tuple[Baseline, ...]
    growth: tuple[Size, ...]
    recordings: tuple[Recordings, ...]


def run(
    tunes: Sequence[NamedTune],
    options: Options,
    progress: Progress,
    recorded: Sequence[RecordedHum] = (),
    songs: Path = POP909,
) -> HummingReport:
    """Measure the parts that ``options`` names. Equal tunes, options and seed give equal hums.

    ``recorded`` are real hums of these tunes, if there are any; ``songs`` is a folder of songs to render.
    """
    parts = options.parts
    scores, middle = (
        _scores(tunes, options, progress, recorded) if parts & {"hums", "absent", "baselines"} else ((), [])
    )
    return HummingReport(
        this_machine(),
        options.seed,
        len(tunes),
        " and ".join(sorted({tune.name.split("/")[0] for tune in tunes})),
        scores,
        _absent(tunes, middle, options, progress) if "absent" in parts and middle else None,
        _baselines(tunes, middle, options, progress) if "baselines" in parts and middle else (),
        _growth(tunes, options, progress) if "growth" in parts else (),
        _recordings(songs, options, progress) if "recordings" in parts else (),
    )


def _scores(
    tunes: Sequence[NamedTune], options: Options, progress: Progress, recorded: Sequence[RecordedHum]
) -> tuple[tuple[Score, ...], list[HumResult]]:
    """Scores of every requested level and condition, and the answers at the middle level from anywhere."""
    conditions = _conditions(options) if "hums" in options.parts else []
    if _MIDDLE not in conditions and options.parts & {"absent", "baselines"}:
        conditions.append(_MIDDLE)
    scores, middle = [], []
    with tempfile.TemporaryDirectory() as folder, asking.catalogue([t.notes for t in tunes], Path(folder)) as library:
        progress(f"{len(tunes)} tunes indexed")
        for level, condition in conditions:
            results = asking.ask_all(library, tunes, level, condition, hums=options.hums, seed=options.seed)
            scores.append(Score.of(level, condition, results))
            progress(str(scores[-1]))
            if (level, condition) == _MIDDLE:
                middle = results
        if recorded:
            rng = np.random.default_rng([options.seed, 2])
            chosen = rng.choice(len(recorded), min(options.hums, len(recorded)), replace=False)
            results = asking.ask_recorded(library, tunes, [recorded[i] for i in chosen.tolist()])
            scores.append(Score.of("recorded", BEGINNING, results))
            progress(str(scores[-1]))
    return tuple(scores), middle


def _conditions(options: Options) -> list[tuple[str, str]]:
    """Pairs of a level and a condition."""
    asked = [(level, condition) for level in options.levels for condition in AT_EVERY_LEVEL]
    if "middle" in options.levels:
        asked += [("middle", condition) for condition in AT_MIDDLE_LEVEL]
    return [(level, condition) for level, condition in asked if condition in options.conditions]


def _recordings(songs: Path, options: Options, progress: Progress) -> tuple[Recordings, ...]:
    files = sorted(songs.glob("*.mid"))[: options.songs]
    if not files:
        raise UsageError(f"{printable(str(songs))}: no songs to render; name a folder with --songs")
    measured = []
    for kind in KINDS:
        measured.append(measure(files, kind, hums=options.songs, seed=options.seed))
        progress(str(measured[-1]))
    return tuple(measured)


def _absent(tunes: Sequence[NamedTune], present: Sequence[HumResult], options: Options, progress: Progress) -> Absent:
    """Take tunes out and hum them, at the middle level from anywhere."""
    rng = np.random.default_rng([options.seed, 1])
    out = set(rng.choice(len(tunes), min(options.absent, len(tunes) // 2), replace=False).tolist())
    missing = [tune for number, tune in enumerate(tunes) if number in out]
    present_tunes = [tune.notes for number, tune in enumerate(tunes) if number not in out]
    with tempfile.TemporaryDirectory() as folder, asking.catalogue(present_tunes, Path(folder)) as library:
        results = asking.ask_all(library, missing, *_MIDDLE, hums=options.absent, seed=options.seed + 1)
    limit = float(np.quantile([a.probability for a in present], FALSE_REJECTS))
    absent = Absent(
        len(results),
        float(np.mean([a.probability < limit for a in results])),
        _refused(results),
        _refused(present),
    )
    progress(str(absent))
    return absent


def _refused(results: Sequence[HumResult]) -> float:
    return float(np.mean([a.verdict == "none" for a in results]))


def _baselines(
    tunes: Sequence[NamedTune], ours: Sequence[HumResult], options: Options, progress: Progress
) -> tuple[Baseline, ...]:
    contours = [contour_of_notes(tune.notes) for tune in tunes]
    count = min(options.baseline_hums, len(ours))
    baselines = []
    for name, make in (("exhaustive DTW", ExhaustiveDtw), ("hashed pitch vectors", PitchVectorHashing)):
        ranker = make(contours)
        asking.baseline_ranks(ranker, tunes, *_MIDDLE, hums=1, seed=options.seed)  # compiles
        begin = time.perf_counter()
        ranks = asking.baseline_ranks(ranker, tunes, *_MIDDLE, hums=count, seed=options.seed)
        took_ms = (time.perf_counter() - begin) * 1000 / count
        baselines.append(_compare(name, ranks, [a.rank for a in ours[:count]], took_ms))
        progress(str(baselines[-1]))
    return tuple(baselines)


def _compare(name: str, theirs: Sequence[int | None], ours: Sequence[int | None], took_ms: float) -> Baseline:
    both = [mine is not None for their, mine in zip(theirs, ours, strict=True) if their is not None]
    return Baseline(
        name,
        len(theirs),
        *_summary(theirs),
        *_summary(ours)[:2],
        float(np.mean(both)) if both else 1.0,
        took_ms,
    )


def _summary(ranks: Sequence[int | None]) -> tuple[float, float, float]:
    """Top-1, top-10, MRR."""
    return (
        float(np.mean([rank == 0 for rank in ranks])),
        float(np.mean([rank is not None for rank in ranks])),
        float(np.mean([0.0 if rank is None else 1.0 / (1 + rank) for rank in ranks])),
    )


def _growth(tunes: Sequence[NamedTune], options: Options, progress: Progress) -> tuple[Size, ...]:
    """The same hums in larger and larger catalogues, which are filled up with recombined phrases of the tunes."""
    rows = []
    for size in options.sizes:
        real = list(tunes[:: max(1, len(tunes) // size)])[:size]
        filling = recombined(tunes, size - len(real), options.seed)
        everything = [*(tune.notes for tune in real), *filling]
        with tempfile.TemporaryDirectory() as folder, asking.catalogue(everything, Path(folder)) as library:
            results = asking.ask_all(library, real, *_MIDDLE, hums=options.growth_hums, seed=options.seed + 2)
            score = Score.of(*_MIDDLE, results)
            windows = len(library.view().of(MELODY_SPACE)[0].index)
        rows.append(Size(size, windows, score.median_ms, score.p95_ms, score.cpu_ms, score.top1, score.top10))
        progress(str(rows[-1]))
    return tuple(rows)
