"""Fit the profiles that tell keys apart (`search.analysis.facts.music`), on songs 241 to 909 of POP909.

    python -m benchmarks.fitting.keys ../shared/data/pop909 --soundfont FluidR3_GM.sf2 --keys POP909 --keep DIR

The songs are those of `benchmarks.fitting.tempo`, rendered. Their keys are the ones in the data set's own repository. A
key is one of 24 candidates; its features are the shares of pitch classes, counted up from its tonic. The weights stay
near those that were fitted to the notes of songs 241 to 909 (`OF_NOTES`). The printed figures are of cross-validation.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.fitting.choice import Choice, fit
from benchmarks.fitting.tempo import numbers, rendered
from benchmarks.quality.fact_songs import named_key, relative
from search.analysis.facts.music import Music
from search.ground.ending import with_status

Numbers = NDArray[np.float64]

_FOLDS: Final = 8
_PENALTIES: Final = (0.003, 0.01, 0.03, 0.1)
PENALTY: Final = 0.01
OF_NOTES: Final = np.array([
    8.7, -1.9, 0.1, -4.3, 5.4, 2.1, -6.4, 7.1, -1.4, -1.8, -8.8, 0.9,
    9.3, -5.8, 1.0, 4.0, -4.6, -1.4, -1.8, 7.5, 0.4, -8.0, -0.7, 0.1,
])  # fmt: skip
"""For major keys, then for minor ones: multinomial regression on shares of notes."""


def question(shares: Numbers, key: int) -> Choice:
    """Return the choice among 24 keys for a sound with these ``shares`` of pitch classes."""
    features = np.zeros((24, len(OF_NOTES)))
    for note in range(12):
        features[note, :12] = features[12 + note, 12:24] = np.roll(shares, -note)
    return Choice(features, np.arange(24) == key)


def report(questions: list[Choice]) -> Iterator[str]:
    """Yield how often the key is found in songs that were left out; then the weights of a fit on all songs."""
    right = [int(np.flatnonzero(one.is_right)[0]) for one in questions]
    before = [int(np.argmax(one.features @ OF_NOTES)) for one in questions]
    yield f"{len(questions)} songs: profiles of notes {_shares(before, right)}"
    for penalty in _PENALTIES:
        answers = np.zeros(len(questions), np.int64)
        for fold in range(_FOLDS):
            weights = fit([one for n, one in enumerate(questions) if n % _FOLDS != fold], penalty, OF_NOTES)
            answers[fold::_FOLDS] = [int(np.argmax(one.features @ weights)) for one in questions[fold::_FOLDS]]
        yield f"penalty {penalty:g}: {_shares(answers.tolist(), right)}"
    weights = fit(questions, PENALTY, OF_NOTES)
    for part in (weights[:12], weights[12:]):
        yield "    (" + ", ".join(f"{weight:.2f}" for weight in part) + ")"


def _shares(answers: list[int], right: list[int]) -> str:
    pairs = list(zip(answers, right, strict=True))
    related = np.mean([answer in (key, relative(key)) for answer, key in pairs])
    return f"key {np.mean([answer == key for answer, key in pairs]):.3f}, or its relative {related:.3f}"


@with_status
def main() -> None:
    """Print the figures and the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pop909", type=Path)
    parser.add_argument("--soundfont", type=Path, required=True)
    parser.add_argument("--keys", type=Path, required=True, help="folder POP909 of the data set's repository")
    parser.add_argument("--songs", type=int, default=240)
    parser.add_argument(
        "--keep", type=Path, required=True, metavar="DIR", help="keep rendered songs here; resumes there"
    )
    parser.add_argument("--seed", type=int, default=3)
    args = parser.parse_args()
    args.keep.mkdir(parents=True, exist_ok=True)
    questions = []
    for number in numbers(args.songs, args.seed):
        wave, _ = rendered(args.pop909, number, args.soundfont, args.keep)
        music = Music()
        music.add(wave[np.newaxis])
        questions.append(question(music.shares(), named_key(args.keys / f"{number:03d}" / "key_audio.txt")))
    for line in report(questions):
        print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
