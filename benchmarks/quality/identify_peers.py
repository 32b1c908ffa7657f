"""``python -m benchmarks.quality.identify_peers DATA``: exact recordings, compared with audfprint and Chromaprint.

The catalogue and the questions are those of `benchmarks.quality.identify`, but fewer, as WAV files. Whichever of these
programs is on the PATH is measured: ``audfprint`` (``pip install audfprint2`` in an environment of its own; it needs an
``ffmpeg``, given by ``--ffmpeg``) and ``fpcalc`` (Debian's ``libchromaprint-tools``). Chromaprint has no index. Its
numbers are compared at every position, and a match needs fewer than .35 of the bits to differ, the limit that Haitsma
and Kalker chose.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.common import machine
from benchmarks.quality.identify import (
    LEAST_PROBABILITY,
    QUESTION_S,
    Change,
    Mono,
    conditions,
    passage,
    read,
    recordings,
)
from search.analysis.exact.listening import fingerprint, question
from search.analysis.exact.matching import match
from search.analysis.exact.spectra import RATE_HZ
from search.analysis.exact.table import FingerprintTable
from search.ground.ending import with_status

MOST_BITS: Final = 0.35
_LEAST_NUMBERS: Final = 8
_MATCHED: Final = re.compile(r"Matched (\S+) .* as (\S+) at ")

Ask = Callable[[Sequence[Path]], list[int | None]]
"""Returns the catalogue row that each file comes from, or None for a file without an answer."""


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions of one condition: the files, and the catalogue row of each, or None if it is not in there."""

    files: list[Path]
    rows: list[int | None]


def soundalike(catalogue: Sequence[Mono]) -> Ask:
    """Soundalike's own answers."""
    prints = enumerate((fingerprint([wave]) for wave in catalogue), start=1)
    table = FingerprintTable.empty().changed(prints, np.zeros(0, np.bool_))

    def ask(files: Sequence[Path]) -> list[int | None]:
        found = [match(question([soundfile.read(file, dtype="float32")[0]]), table)[:1] for file in files]
        return [one[0].row if one and one[0].probability >= LEAST_PROBABILITY else None for one in found]

    return ask


def audfprint(program: str, ffmpeg: str | None, catalogue: Sequence[Path], folder: Path) -> Ask:
    """The program audfprint by D. Ellis, with its default settings."""
    data, listed = folder / "audfprint.pklz", folder / "files.txt"
    rows = {str(path): row for row, path in enumerate(catalogue)}
    decoder = [] if ffmpeg is None else ["--ffmpeg-path", ffmpeg]

    def run(command: str, files: Sequence[Path]) -> str:
        listed.write_text("".join(f"{file}\n" for file in files))
        words = [program, command, str(listed), "--list", "--verbose", "--dbase", str(data), *decoder]
        return subprocess.run(words, capture_output=True, text=True, check=True).stderr  # noqa: S603 - a program from the PATH

    run("new", catalogue)

    def ask(files: Sequence[Path]) -> list[int | None]:
        matched = [_MATCHED.search(line) for line in run("match", files).splitlines()]
        answers = {one[1]: rows[one[2]] for one in matched if one}
        return [answers.get(str(file)) for file in files]

    return ask


def chromaprint(program: str, catalogue: Sequence[Path]) -> Ask:
    """Chromaprint by AcoustID: 32 bits for each eighth of a second."""
    kept = [_numbers(program, path) for path in catalogue]

    def ask(files: Sequence[Path]) -> list[int | None]:
        return [_nearest(_numbers(program, file), kept) for file in files]

    return ask


def _numbers(program: str, path: Path) -> NDArray[np.uint32]:
    words = [program, "-raw", "-plain", "-ignore-errors", "-length", "0", str(path)]
    printed = subprocess.run(words, capture_output=True, text=True, check=False).stdout  # noqa: S603 - a program from the PATH
    return np.array([int(one) for one in printed.strip().split(",") if one], np.uint32)


def _nearest(asked: NDArray[np.uint32], kept: Sequence[NDArray[np.uint32]]) -> int | None:
    best, row = MOST_BITS, None
    for place, numbers in enumerate(kept):
        width = min(len(asked), len(numbers))
        if width < _LEAST_NUMBERS:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(numbers, width)
        differ = np.bitwise_count(windows ^ asked[:width]).mean(axis=1).min() / 32
        if differ < best:
            best, row = float(differ), place
    return row


@with_status
def main() -> None:
    """Build each program's catalogue, ask each, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--catalogue", type=int, default=500)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--ffmpeg", help="the program that audfprint decodes with")
    parser.add_argument("--seed", type=int, default=21)
    args = parser.parse_args()
    listed = [(number, path) for number, path in recordings(args.data / "natural", half=1)]
    absent = _long((path for number, path in listed if number % 5 == 0), args.questions)
    present = _long((path for number, path in listed if number % 5), args.questions)
    others = [read(path) for _, path in list(recordings(args.data / "esc50"))[: args.catalogue - len(present)]]
    print(machine.this_machine().sentence())
    print(f"Load of the machine: {os.getloadavg()[0]:.1f}. {len(present) + len(others)} recordings, seed {args.seed}\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [_written(folder / f"r{row}.wav", wave) for row, wave in enumerate([*present, *others])]
        asks: dict[str, Ask] = {"Soundalike": soundalike([*present, *others])}
        if (program := shutil.which("audfprint")) is not None:
            asks["audfprint"] = audfprint(program, args.ffmpeg, files, folder)
        if (program := shutil.which("fpcalc")) is not None:
            asks["Chromaprint"] = chromaprint(program, files)
        print("| question |" + "".join(f" {each} | wrong |" for each in asks))
        print("|---|" + "---|---|" * len(asks))
        for condition, change in conditions(folder).items():
            asked = _asked(present, absent, change, np.random.default_rng(args.seed), folder)
            cells = [_cells(ask(asked.files), asked.rows) for ask in asks.values()]
            print(f"| {condition} ({len(asked.files)}) | " + " | ".join(cells) + " |", flush=True)


def _long(paths: Iterator[Path], count: int) -> list[Mono]:
    waves = (read(path) for path in paths)
    return list(islice((wave for wave in waves if len(wave) >= (QUESTION_S + 1) * RATE_HZ), count))


def _written(path: Path, wave: Mono) -> Path:
    soundfile.write(path, np.clip(wave, -1, 1), RATE_HZ, "PCM_16")
    return path


def _asked(
    present: Sequence[Mono], absent: Sequence[Mono], change: Change, rng: np.random.Generator, folder: Path
) -> Questions:
    asked = Questions([], [])
    for row, wave in enumerate([*present, *absent]):
        part, _ = passage(wave, change, rng)
        if part is not None:
            asked.files.append(_written(folder / f"q{row}.wav", 0.5 * part / max(1.0, float(np.abs(part).max()))))
            asked.rows.append(row if row < len(present) else None)
    return asked


def _cells(answers: Sequence[int | None], rows: Sequence[int | None]) -> str:
    """The share of right answers among questions with one, and the number of wrong answers."""
    there = [answer == row for answer, row in zip(answers, rows, strict=True) if row is not None]
    wrong = sum(answer is not None and answer != row for answer, row in zip(answers, rows, strict=True))
    return f"{np.mean(there):.3f} | {wrong}"


if __name__ == "__main__":
    raise SystemExit(main())
