"""``python -m benchmarks.quality.identify DATA``: how often a recording is identified from five seconds of it.

DATA has the folders ``natural`` and ``esc50`` with their manifests. The catalogue holds recordings from the half of
natural's repositories that nothing was chosen on, filled up with clips of ESC-50. A fifth of these repositories is left
out of the catalogue; any sure answer to a question from them is wrong. They are left out as a whole because some hold
several excerpts of one recording. Noise is generated: street noise that falls by 5.4 dB an octave, swells, and has an
engine in it.

``--among 100000`` then asks the first 60 questions of each kind again among this many recordings: the catalogue, and
others made from its fingerprints, each moved in pitch and given the outline of another.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from benchmarks.common import machine
from benchmarks.quality import items
from benchmarks.robustness.formats import Form
from search import audio
from search.analysis.exact.landmarks import Landmarks
from search.analysis.exact.listening import ExactQuestion, Fingerprint, fingerprint, question
from search.analysis.exact.matching import match
from search.analysis.exact.spectra import BANDS, FRAMES_PER_S, RATE_HZ
from search.analysis.exact.stored import arrays
from search.analysis.exact.table import GAP, FingerprintTable
from search.ground.ending import with_status

Mono = NDArray[np.float32]
Random = np.random.Generator
Change = tuple[float, Callable[[Mono, Random], Mono]]
"""The speed at which a changed question is played, and the function that changes it."""

QUESTION_S: Final = 5.0
LONGEST_S: Final = 60.0
LEAST_PROBABILITY: Final = 0.5
NEAR_S: Final = 0.05
_SPARE_S: Final = 0.3
_QUESTIONS_AMONG: Final = 60
"""With ``--among``: how many recordings in the catalogue are asked for, and how many that are not in it."""


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one condition.

    ``first``, ``sure`` and ``placed`` are shares of the ``questions`` about recordings in the catalogue. ``wrong``
    counts the sure answers to the ``absent`` questions about others. The times are medians in ms of looking up and
    matching, in wall-clock and in processor time; load on the machine affects the second less.
    """

    condition: str
    questions: int
    first: float
    sure: float
    placed: float
    absent: int
    wrong: int
    median_ms: float
    processor_ms: float

    def __str__(self) -> str:
        shares = " | ".join(f"{share:.3f}" for share in (self.first, self.sure, self.placed))
        times = f"{self.median_ms:.1f} | {self.processor_ms:.1f}"
        return f"| {self.condition} ({self.questions}) | {shares} | {self.wrong} of {self.absent} | {times} |"


def street(wave: Mono, level_db: float, rng: Random, rate_hz: int = RATE_HZ) -> Mono:
    """Return ``wave`` at ``rate_hz`` with street noise that is ``level_db`` softer than it."""
    count = len(wave)
    hz = np.fft.rfftfreq(count, 1 / rate_hz)
    noise = np.fft.irfft(np.fft.rfft(rng.normal(size=count)) / np.maximum(hz, 60.0) ** 0.9 * (hz > 40), count)
    at_s = np.arange(count) / rate_hz
    noise *= (1 + 0.7 * np.sin(2 * np.pi * (0.1 * at_s + rng.random()))) / noise.std()
    turns = np.cumsum(rng.uniform(60, 110) * (1 + 0.05 * np.sin(2 * np.pi * 0.2 * at_s))) / rate_hz
    noise += 0.4 * sum(np.sin(2 * np.pi * harmonic * turns) / harmonic for harmonic in range(1, 12))
    gain = np.sqrt(np.mean(wave**2) / np.mean(noise**2) / 10 ** (level_db / 10))
    return np.asarray(wave + gain * noise, np.float32)


def telephone(wave: Mono, rng: Random) -> Mono:
    """Return ``wave`` in a room with a reverberation of .2 to .5 s, limited to 300 to 3,400 Hz."""
    at_s = np.arange(int(0.5 * RATE_HZ)) / RATE_HZ
    room = 0.25 * rng.normal(size=len(at_s)) * np.exp(-6.9 * at_s / rng.uniform(0.2, 0.5))
    room[0] = 1.0
    size = len(wave) + len(room)
    hz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    band = 1 / (1 + (300 / np.maximum(hz, 1.0)) ** 8) / (1 + (hz / 3400) ** 16)
    return np.fft.irfft(np.fft.rfft(wave, size) * np.fft.rfft(room, size) * band, size)[: len(wave)].astype(np.float32)


def faster(wave: Mono, speed: float) -> Mono:
    """Return ``wave`` played at another speed, and therefore at another pitch."""
    return np.asarray(soxr.resample(wave, RATE_HZ * speed, RATE_HZ), np.float32)


def mp3(wave: Mono, folder: Path) -> Mono:
    """Return ``wave`` after encoding as MP3 at 32 kbit/s."""
    path = folder / "question.mp3"
    path.write_bytes(Form("FFmpeg", "mp3", "libmp3lame", 32_000).encode(faster(wave, RATE_HZ / 22_050), 22_050))
    return np.concatenate(list(audio.stream(str(path), RATE_HZ)))


def conditions(folder: Path) -> dict[str, Change]:
    """Return by name how each condition changes a question, and at what speed the result plays."""
    return {
        "as it is": (1.0, lambda wave, _: wave),
        "street noise at 10 dB": (1.0, lambda wave, rng: street(wave, 10, rng)),
        "street noise at 0 dB": (1.0, lambda wave, rng: street(wave, 0, rng)),
        "street noise at -5 dB": (1.0, lambda wave, rng: street(wave, -5, rng)),
        "a room and a telephone": (1.0, telephone),
        "MP3 at 32 kbit/s": (1.0, lambda wave, _: mp3(wave, folder)),
        "2 % faster": (1.02, lambda wave, _: faster(wave, 1.02)),
        "2 % slower": (0.98, lambda wave, _: faster(wave, 0.98)),
    }


def recordings(folder: Path, half: int | None = None) -> Iterator[tuple[int, Path]]:
    """Yield a repository's number and the path for each file of a data set, or of a ``half`` of its repositories."""
    for _, row in items.rows(folder / items.MANIFEST, ("path",)):
        number = int(hashlib.sha256(row.get("repo", "").encode()).hexdigest(), 16)
        if half is None or number % 2 == half:
            yield number // 2, folder / row["path"]


def read(path: Path) -> Mono:
    """Return the first minute at the sample rate of landmarks."""
    return np.concatenate(list(audio.stream(str(path), RATE_HZ, end_s=LONGEST_S)))


@with_status
def main() -> None:
    """Build the catalogue, ask the questions, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--catalogue", type=int, default=2000)
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument(
        "--among", type=int, metavar="N", help="repeat the first 60 questions of each kind among N recordings"
    )
    parser.add_argument("--seed", type=int, default=21)
    args = parser.parse_args()
    read_ones = [(number, read(path)) for number, path in recordings(args.data / "natural", half=1)]
    usable = [(number, wave) for number, wave in read_ones if len(wave) >= (QUESTION_S + 1) * RATE_HZ]
    absent = [wave for number, wave in usable if number % 5 == 0]
    present = [wave for number, wave in usable if number % 5][: args.questions]
    short = [wave for number, wave in read_ones if number % 5 and len(wave) < (QUESTION_S + 1) * RATE_HZ]
    fill = args.catalogue - len(present)
    others = [*short[: fill // 2]]
    others += [read(path) for _, path in list(recordings(args.data / "esc50"))[: fill - len(others)]]
    began = time.perf_counter()
    prints = [fingerprint([wave]) for wave in [*present, *others]]
    seconds = sum(len(wave) for wave in [*present, *others]) / RATE_HZ
    cost_s = (time.perf_counter() - began) / seconds * 3600
    table = FingerprintTable.empty().changed(enumerate(prints, start=1), np.zeros(0, np.bool_))
    print(machine.this_machine().sentence())
    print(f"Load of the machine: {os.getloadavg()[0]:.1f}. An hour takes {cost_s:.1f} s. Seed {args.seed}")
    with tempfile.TemporaryDirectory() as folder:
        _ask(table, conditions(Path(folder)), (present, absent), args.seed)
        if args.among:
            many = crowd(prints, args.among, np.random.default_rng(args.seed))
            _ask(many, conditions(Path(folder)), (present[:_QUESTIONS_AMONG], absent[:_QUESTIONS_AMONG]), args.seed)


def _ask(
    table: FingerprintTable, changes: dict[str, Change], recordings: tuple[list[Mono], list[Mono]], seed: int
) -> None:
    """Print the table of one catalogue."""
    minutes = sum(np.diff(table.begins) - GAP) / FRAMES_PER_S / 60
    size = sum(values.nbytes for values in arrays(table).values()) / 1000
    held = sum(getattr(table, field.name).nbytes for field in fields(table)) / 1e6
    print(
        f"\n{len(table)} recordings, {minutes / 60:.2f} h, {size / minutes:.1f} KB a minute; {held:.0f} MB in memory\n"
    )
    heads = ("question", "first", "first and sure", "within 50 ms", "wrong answers", "median ms", "of one processor")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for name, change in changes.items():
        print(measured(name, change, recordings, table, np.random.default_rng(seed)), flush=True)


def crowd(prints: Sequence[Fingerprint], count: int, rng: Random) -> FingerprintTable:
    """Return a table of ``count`` recordings: ``prints``, and others derived from them."""
    others = []
    for one, other in rng.integers(0, len(prints), (count - len(prints), 2)).tolist():
        marks, rows = prints[one].landmarks, prints[other].rows
        up = int(rng.integers(3, 40)) * (1 if rng.random() < 0.5 else -1)
        inside = (marks.band + up >= 0) & (marks.band + up < BANDS)
        frame, band, interval, on = (each[inside] for each in (marks.frame, marks.band + up, marks.up, marks.on))
        others.append(Fingerprint(Landmarks(frame, band, interval, on, marks.frames), rows))
    return FingerprintTable.empty().changed(enumerate([*prints, *others], start=1), np.zeros(0, np.bool_))


def measured(
    name: str,
    change: Change,
    recordings: tuple[list[Mono], list[Mono]],
    table: FingerprintTable,
    rng: Random,
) -> Row:
    """Ask one condition of each recording; silent passages are skipped."""
    (speed, _), (present, absent) = change, recordings
    first, sure, placed, wrong, questions, refused = 0, 0, 0, 0, 0, 0
    took: list[tuple[float, float]] = []
    for row, wave in enumerate([*present, *absent]):
        asked, begin_s = _question(wave, change, rng)
        if asked is None:
            continue
        began, began_processor = time.perf_counter(), time.process_time()
        answers = match(asked, table)
        took.append((1000 * (time.perf_counter() - began), 1000 * (time.process_time() - began_processor)))
        best = answers[0] if answers else None
        is_sure = best is not None and best.probability >= LEAST_PROBABILITY
        if row >= len(present):
            wrong += is_sure
            refused += 1
            continue
        questions += 1
        if best is not None and best.row == row:
            first += 1
            sure += is_sure
            placed += abs(best.at_s(best.first) - begin_s - best.first * speed * 256 / RATE_HZ) <= NEAR_S
    first_, sure_, placed_ = (value / max(questions, 1) for value in (first, sure, placed))
    median_ms, processor_ms = np.median(took, axis=0).tolist()
    return Row(name, questions, first_, sure_, placed_, refused, wrong, median_ms, processor_ms)


def _question(wave: Mono, change: Change, rng: Random) -> tuple[ExactQuestion | None, float]:
    """Five changed seconds from a random place, as a question, and where they begin; None for silence."""
    part, begin_s = passage(wave, change, rng)
    return None if part is None else question([part]), begin_s


def passage(wave: Mono, change: Change, rng: Random) -> tuple[Mono | None, float]:
    """Return five changed seconds from a random place, and where they begin (s); None for silence."""
    speed, changed = change
    begin = int(rng.integers(0, len(wave) - int((QUESTION_S + _SPARE_S) * RATE_HZ)))
    part = wave[begin : begin + int(QUESTION_S * speed * RATE_HZ)]
    if np.sqrt(np.mean(part**2)) < 1e-3:
        return None, 0.0
    return changed(part, rng), begin / RATE_HZ


if __name__ == "__main__":
    raise SystemExit(main())
