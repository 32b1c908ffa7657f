"""How well and how fast tunes are found by humming: ``soundalike bench humming``.

The hums are synthetic (``hums``): none but two real sung clips could be had. They are hummed as sound and go the whole
way from audio: pitch tracking, windows, alignment, verdict.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.hums import DIFFICULTIES, SAMPLE_RATE_HZ, Hum, Line, hum
from benchmarks.tune_sets import NamedTune
from search import wiring
from search.audio import stream
from search.melody.book import ContourBook, Entry
from search.melody.contours import VECTOR_DIM, Contour, contour_of_curve, contour_of_notes, windows_of
from search.melody.hearing import listen
from search.melody.index import MelodyIndex
from search.melody.model import MelodyAnswer, Notes
from search.melody.pitch import SAMPLE_RATE_HZ as TRACKED_HZ
from search.melody.pitch import pitch_of
from search.model import IndexChange, Vectors

K = 10
CHUNK_TUNES = 200
PLACE_S = 2.0


class Ranker(Protocol):
    """A baseline."""

    def rank(self, hum: Contour, k: int) -> list[int]:
        """The ``k`` best tunes, best first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One hum and its answer: ``rank`` of the right tune (0 is first, None beyond K), whether the passage was right
    (None where the tune was not first), the best hit's probability (0 without hits), and what it took.
    """

    tune: int
    rank: int | None
    right_place: bool | None
    probability: float
    verdict: str
    took_ms: float


@dataclass(frozen=True, slots=True)
class Score:
    """Figures of one condition."""

    level: str
    start: str
    hums: int
    top1: float
    top10: float
    mrr: float
    right_place: float
    refused: float
    median_ms: float
    p95_ms: float

    @classmethod
    def of(cls, level: str, start: str, asked: Sequence[Asked]) -> Score:
        """Summarise the answers to one condition's hums."""
        ranks = [a.rank for a in asked]
        places = [a.right_place for a in asked if a.right_place is not None]
        took = [a.took_ms for a in asked]
        return cls(
            level,
            start,
            len(asked),
            float(np.mean([r == 0 for r in ranks])),
            float(np.mean([r is not None for r in ranks])),
            float(np.mean([0.0 if r is None else 1 / (1 + r) for r in ranks])),
            float(np.mean(places)) if places else 0.0,
            float(np.mean([a.verdict in ("none", "no melody") for a in asked])),
            float(np.median(took)),
            float(np.percentile(took, 95)),
        )


def catalogue(tunes: Iterable[Notes], folder: Path) -> MelodyIndex:
    """An index of ``tunes`` (a hit's ``tune`` is its place among them), published below ``folder`` as a library's
    is.
    """
    entries: list[Entry] = []

    def changes() -> Iterator[IndexChange]:
        next_id, vectors = 0, []
        for number, notes in enumerate(tunes):
            contour = contour_of_notes(notes)
            vectors.append(windows_of(contour)[1])
            entries.append(Entry(number, next_id + sum(map(len, vectors[:-1])), contour))
            if len(vectors) == CHUNK_TUNES:
                yield _addition(next_id, vectors)
                next_id += sum(map(len, vectors))
                vectors = []
        if vectors:
            yield _addition(next_id, vectors)

    index = wiring.snapshot_index(folder / "windows", VECTOR_DIM, "cpu")
    index.fold(changes(), 1)
    return MelodyIndex(index, ContourBook.of(entries))


def _addition(first_id: int, vectors: Sequence[Vectors]) -> IndexChange:
    rows = np.concatenate(vectors)
    return IndexChange(1, np.arange(first_id, first_id + len(rows), dtype=np.int64), rows)


def draw(
    tunes: Sequence[NamedTune], level: str, start: str, *, duration_s: float, seed: int, number: int
) -> tuple[int, Hum]:
    """Hum number ``number`` of a condition: which tune, and the hum. Equal arguments give equal hums."""
    rng = np.random.default_rng([seed, number])
    tune = int(rng.integers(len(tunes)))
    line = _line(tunes[tune].notes)
    latest = int(np.searchsorted(line.start_s, line.end_s[-1] - duration_s))
    first = int(rng.integers(0, max(1, latest))) if start == "anywhere" else 0
    return tune, hum(line, first, duration_s, DIFFICULTIES[level], rng)


def ask(index: MelodyIndex, file: Path) -> tuple[MelodyAnswer, float]:
    """From an audio file to the answer; milliseconds of wall time."""
    begin = time.perf_counter()
    wave = np.concatenate([np.empty(0, np.float32), *stream(str(file), TRACKED_HZ)])
    answer = index.search_hum(pitch_of(wave), K)
    return answer, (time.perf_counter() - begin) * 1000


def ask_all(
    index: MelodyIndex,
    tunes: Sequence[NamedTune],
    level: str,
    start: str,
    *,
    hums: int,
    seed: int,
    duration_s: float = 10.0,
) -> list[Asked]:
    """Hum and ask ``hums`` times."""
    asked = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(hums):
            tune, sung = draw(tunes, level, start, duration_s=duration_s, seed=seed, number=number)
            file = Path(folder) / "hum.wav"
            write_wave(file, sung)
            answer, took_ms = ask(index, file)
            asked.append(judge(tunes[tune].notes, tune, sung, answer, took_ms))
    return asked


def judge(notes: Notes, tune: int, sung: Hum, answer: MelodyAnswer, took_ms: float) -> Asked:
    """Compare an answer with what was hummed."""
    found = [hit.tune for hit in answer.hits]
    rank = found.index(tune) if tune in found else None
    place = None
    if rank == 0:
        truth_s = float(notes.start_s[sung.first])
        length_s = float(notes.end_s[min(sung.last, len(notes)) - 1]) - truth_s
        place = is_repeat(notes, truth_s, length_s, answer.hits[0].start_s)
    probability = answer.hits[0].probability if answer.hits else 0.0
    return Asked(tune, rank, place, probability, answer.verdict, took_ms)


def is_repeat(notes: Notes, truth_s: float, length_s: float, found_s: float) -> bool:
    """Whether ``found_s`` is within 2 s of ``truth_s`` or of a repeat of the phrase: a passage as long that, moved by
    up to
    2 s and into any key, is within half a semitone of it for four fifths of the time.
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
    """A hum as a 16-bit WAV file."""
    import soundfile

    soundfile.write(file, sung.wave, SAMPLE_RATE_HZ, subtype="PCM_16")


def baseline_ranks(
    ranker: Ranker, tunes: Sequence[NamedTune], level: str, start: str, *, hums: int, seed: int
) -> list[int | None]:
    """Ranks of the right tune by a baseline, for the same hums as ``ask_all``."""
    ranks: list[int | None] = []
    for number in range(hums):
        tune, sung = draw(tunes, level, start, duration_s=10.0, seed=seed, number=number)
        found = ranker.rank(contour_of_curve(listen(pitch_of(sung.wave)).curve), K)
        ranks.append(found.index(tune) if tune in found else None)
    return ranks


def _pitch_at(notes: Notes, at_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """The pitch that sounds, or sounded last, at these times."""
    which = np.searchsorted(notes.start_s, at_s + 1e-6, side="right").clip(1) - 1
    return np.asarray(notes.pitch[which], np.float64)


def _line(notes: Notes) -> Line:
    return Line(notes.start_s, notes.end_s, notes.pitch.astype(np.float64))
