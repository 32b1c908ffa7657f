"""How well and how fast tunes are found by humming: ``soundalike bench humming``.

The hums are synthetic (``hums``): only two real sung clips were available. They are synthesised as sound and pass
through all steps from audio on: pitch tracking, windows, alignment, verdict.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.humming.conditions import draw
from benchmarks.humming.hums import SAMPLE_RATE_HZ, Hum
from benchmarks.humming.tune_sets import NamedTune, RecordedHum
from search import wiring
from search.analysis.melody.contours import Contour, contour_of_curve, contour_of_notes
from search.analysis.melody.hearing import listen
from search.analysis.melody.model import Notes
from search.analysis.melody.pitch import pitch_of
from search.analysis.melody.space import SPEC, encoding_of
from search.api import Library
from search.model import MELODY_SPACE, AddContent, Answer, Content, FileFacts, HumPart, Query
from search.settings import Settings

K = 10
CHUNK_TUNES = 500
PLACE_S = 2.0
SURE = 0.6
"""A wrong tune should not be shown with a higher probability than this."""


class Ranker(Protocol):
    """A baseline."""

    def rank(self, hum: Contour, k: int) -> list[int]:
        """Return the ``k`` best tunes, best first."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one query took: wall time, and CPU time of the whole process."""

    wall_ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class HumResult:
    """The answer to one hum.

    ``rank`` of the right tune: 0 is first, None beyond K. ``right_place``: whether the passage was right, None if the
    tune was not first or is not judged. ``probability`` is that of the best hit, 0 without hits. The rest is what the
    query took.
    """

    tune: int
    rank: int | None
    right_place: bool | None
    probability: float
    verdict: str
    took_ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Score:
    """The figures of one condition. ``median_ms`` and ``p95_ms`` are wall time, ``cpu_ms`` is the median CPU time.

    ``surely_wrong`` is the share of hums whose first hit is another tune with a probability over `SURE`.
    """

    level: str
    condition: str
    hums: int
    top1: float
    top10: float
    mrr: float
    right_place: float
    refused: float
    surely_wrong: float
    median_ms: float
    p95_ms: float
    cpu_ms: float

    @classmethod
    def of(cls, level: str, condition: str, results: Sequence[HumResult]) -> Score:
        """Summarise the answers to one condition's hums."""
        ranks = [a.rank for a in results]
        places = [a.right_place for a in results if a.right_place is not None]
        took = [a.took_ms for a in results]
        return cls(
            level,
            condition,
            len(results),
            float(np.mean([r == 0 for r in ranks])),
            float(np.mean([r is not None for r in ranks])),
            float(np.mean([0.0 if r is None else 1 / (1 + r) for r in ranks])),
            float(np.mean(places)) if places else 0.0,
            float(np.mean([a.verdict == "none" for a in results])),
            float(np.mean([a.rank != 0 and a.probability > SURE for a in results])),
            float(np.median(took)),
            float(np.percentile(took, 95)),
            float(np.median([a.cpu_ms for a in results])),
        )


@contextmanager
def catalogue(tunes: Iterable[Notes], folder: Path) -> Iterator[Library]:
    """Yield a published library of ``tunes`` in ``folder``. Tune number i is the file ``i.mid``, and content i + 1."""
    with wiring.library(folder, Settings.from_env({}), create=True) as library:
        jobs = library.writer
        space, root = jobs.space(SPEC), jobs.root(str(folder))
        with jobs.lease("soundalike bench humming", 0) as lease:
            waiting: list[AddContent] = []
            for number, notes in enumerate(tunes):
                waiting.append(_addition(number, notes, root.id, space.id))
                if len(waiting) == CHUNK_TUNES:
                    jobs.apply(lease, waiting)
                    waiting = []
            jobs.apply(lease, waiting)
            library.publisher.publish(space, lease, always=True)
        yield library


def _addition(number: int, notes: Notes, root_id: int, space_id: int) -> AddContent:
    """A tune as the indexing job would add it if it were in a file."""
    content = Content(f"{number:064x}", notes.duration_s, sample_rate_hz=0, channels=0, container="MIDI", codec="")
    file = FileFacts(f"{number}.mid", size_bytes=1, mtime_ns=0)
    encoding = encoding_of([contour_of_notes(notes)])
    return AddContent(root_id, file, content, str(number), {}, space_id, encoding)


def ask(library: Library, file: Path) -> tuple[Answer, Cost]:
    """Return the answer to an audio file, as in any search, and what it took."""
    begin, begin_cpu = time.perf_counter(), time.process_time()
    answer = library.search(Query((HumPart(str(file)),), k=K, space=MELODY_SPACE))
    return answer, Cost((time.perf_counter() - begin) * 1000, (time.process_time() - begin_cpu) * 1000)


def ask_all(
    library: Library,
    tunes: Sequence[NamedTune],
    level: str,
    condition: str,
    *,
    hums: int,
    seed: int,
    duration_s: float = 10.0,
) -> list[HumResult]:
    """Hum ``hums`` times and ask each time."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(hums):
            tune, sung = draw(tunes, level, condition, duration_s=duration_s, seed=seed, number=number)
            file = Path(folder) / "hum.wav"
            write_wave(file, sung)
            answer, cost = ask(library, file)
            results.append(judge(tunes[tune].notes, tune, sung, answer, cost))
    return results


def ask_recorded(library: Library, tunes: Sequence[NamedTune], hums: Sequence[RecordedHum]) -> list[HumResult]:
    """Ask by real hums, which begin at the beginning of their tune; the passage is not judged."""
    numbers = {tune.name: number for number, tune in enumerate(tunes)}
    results = []
    for recorded in hums:
        answer, cost = ask(library, recorded.wave)
        tune = numbers[recorded.tune]
        results.append(
            HumResult(tune, _rank(answer, tune), None, _probability(answer), answer.verdict, cost.wall_ms, cost.cpu_ms)
        )
    return results


def judge(notes: Notes, tune: int, sung: Hum, answer: Answer, cost: Cost) -> HumResult:
    """Compare an answer with what was hummed."""
    rank = _rank(answer, tune)
    place = None
    if rank == 0:
        truth_s = float(notes.start_s[sung.first])
        length_s = float(notes.end_s[min(sung.last, len(notes)) - 1]) - truth_s
        place = is_repeat(notes, truth_s, length_s, answer.hits[0].start_s)
    return HumResult(tune, rank, place, _probability(answer), answer.verdict, cost.wall_ms, cost.cpu_ms)


def _rank(answer: Answer, tune: int) -> int | None:
    tunes_found = [int(Path(hit.path).stem) for hit in answer.hits]
    return tunes_found.index(tune) if tune in tunes_found else None


def _probability(answer: Answer) -> float:
    return (answer.hits[0].probability or 0.0) if answer.hits else 0.0


def is_repeat(notes: Notes, truth_s: float, length_s: float, found_s: float) -> bool:
    """Return whether ``found_s`` is within 2 s of ``truth_s`` or of a repeat of the phrase.

    A repeat is a passage of the same length that, shifted by up to 2 s and into any key, is within half a semitone of
    the phrase for four fifths of the time.
    """
    if abs(found_s - truth_s) <= PLACE_S:
        return True
    at_s = np.arange(0.0, max(1.0, length_s), 0.1)
    sung = _pitch_at(notes, truth_s + at_s)
    for moved_s in np.arange(-PLACE_S, PLACE_S + 0.01, 0.1):
        difference = _pitch_at(notes, found_s + moved_s + at_s) - sung
        if np.mean(np.abs(difference - np.median(difference)) <= 0.5) >= 0.8:
            return True
    return False


def write_wave(file: Path, sung: Hum) -> None:
    """Write a hum as a 16-bit WAV file."""
    import soundfile

    soundfile.write(file, sung.wave, SAMPLE_RATE_HZ, subtype="PCM_16")


def baseline_ranks(
    ranker: Ranker, tunes: Sequence[NamedTune], level: str, condition: str, *, hums: int, seed: int
) -> list[int | None]:
    """Return a baseline's ranks of the right tune, for the same hums as ``ask_all``."""
    ranks: list[int | None] = []
    for number in range(hums):
        tune, sung = draw(tunes, level, condition, duration_s=10.0, seed=seed, number=number)
        ranking = ranker.rank(contour_of_curve(listen(pitch_of(sung.wave)).curve), K)
        ranks.append(ranking.index(tune) if tune in ranking else None)
    return ranks


def _pitch_at(notes: Notes, at_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """The pitch that sounds, or sounded last, at these times."""
    which = np.searchsorted(notes.start_s, at_s + 1e-6, side="right").clip(1) - 1
    return np.asarray(notes.pitch[which], np.float64)
