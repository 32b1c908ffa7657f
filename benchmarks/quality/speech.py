"""``python -m benchmarks.quality.speech``: how well spoken words are recognised, and how well voices are located.

``--read FOLDER`` has recordings of people who read aloud (``NAME.wav``) and the texts that they read (``NAME.txt``).
The figures are the word error rate, processor seconds for each second of audio and, with ``--natural MANIFEST``, how
well the voices are located in mixtures with recordings of learning material. ``--noises MANIFEST`` is a data set
without voices: the figure is the number of clips in which words are recognised that nobody said.
"""

from __future__ import annotations

import argparse
import os
import re
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import machine
from benchmarks.quality.mixtures import backgrounds, labelled
from search import audio, wiring
from search.ground.ending import with_status
from search.model import Wave
from search.ports import SpeechRecogniser, VoiceDetector
from search.settings import Settings

RATE_HZ: Final = 16_000
STEP_S: Final = 0.01
VOICES: Final = frozenset(
    ("crying baby", "sneezing", "breathing", "coughing", "laughing", "snoring", "drinking sipping", "children playing")
)
"""Classes of ESC-50 and UrbanSound8K that contain sounds of mouths or voices."""
LEVELS_DB: Final = (10.0, 0.0)
PAUSE_S: Final = 3.0
MOST_SPOKEN: Final = 0.02
"""A recording with a larger share of speech is not used as a background."""
_WORD: Final = re.compile(r"[a-z0-9']+")


def words(text: str) -> list[str]:
    """Return the words of a text in the form that errors are counted in."""
    return _WORD.findall(text.lower().replace("mr.", "mister").replace("mrs.", "missus").replace("-", " "))


def errors(reference: Sequence[str], recognised: Sequence[str]) -> int:
    """Return the number of wrong, missing and added words in ``recognised`` compared with ``reference``."""
    row = list(range(len(recognised) + 1))
    for number, word in enumerate(reference, start=1):
        before, row = row, [number]
        for at, other in enumerate(recognised, start=1):
            row.append(min(before[at] + 1, row[-1] + 1, before[at - 1] + (word != other)))
    return row[-1]


def f1(found: NDArray[np.bool_], there: NDArray[np.bool_]) -> float:
    """Return the F1 over frames."""
    both = int((found & there).sum())
    return 2 * both / max(int(found.sum()) + int(there.sum()), 1)


def read_aloud(folder: Path, recogniser: SpeechRecogniser, detector: VoiceDetector) -> list[str]:
    """Return word error rate and cost: of all recordings joined, as a library recognises one voice, then of each."""
    waves = [_wave(file) for file in sorted(folder.glob("*.wav"))]
    texts = [words(file.with_suffix(".txt").read_text("utf-8")) for file in sorted(folder.glob("*.wav"))]
    every = [word for text in texts for word in text]
    whole = np.concatenate(waves)
    lines = []
    for name, parts, said in (("in one piece", [whole], [every]), ("sentence by sentence", waves, texts)):
        begun_s, wrong = time.process_time(), 0
        for part, text in zip(parts, said, strict=True):
            if detector.voiced([part]):
                recognised = recogniser.recognise(part)
                wrong += errors(text, words(" ".join(line.text for line in recognised.lines)))
            else:
                wrong += len(text)
        cost = (time.process_time() - begun_s) / (len(whole) / RATE_HZ)
        lines.append(f"| words, {name} | {wrong / sum(map(len, said)):.3f} wrong | {cost:.3f} CPU s/s |")
    return lines


def false_words(manifest: Path, recogniser: SpeechRecogniser, detector: VoiceDetector, most: int) -> list[str]:
    """Return the number of clips without voices in which a voice is detected, and in which words are recognised."""
    sounds = [one for one in labelled(manifest) if one.label not in VOICES]
    rng = np.random.default_rng(22)
    chosen = [sounds[at] for at in sorted(rng.permutation(len(sounds))[:most].tolist())]
    voiced, worded, examples, begun_s, seconds = 0, 0, [], time.process_time(), 0.0
    for one in chosen:
        wave = _wave(one.path)
        seconds += len(wave) / RATE_HZ
        stretches = detector.voiced([wave])
        voiced += bool(stretches)
        said = [
            line.text
            for start_s, end_s in stretches
            for line in recogniser.recognise(wave[int(start_s * RATE_HZ) : int(end_s * RATE_HZ)]).lines
        ]
        worded += bool(said)
        examples += [f"{one.label}: {' '.join(said)}"] if said else []
    cost = (time.process_time() - begun_s) / seconds
    return [
        f"| clips without voices | {len(chosen)} | a voice in {voiced}, words in {worded} "
        f"({worded / len(chosen):.2%}); {cost:.4f} CPU s/s |",
        *(f"|  | | {example} |" for example in examples[:10]),
    ]


def voices(folder: Path, natural: Path, detector: VoiceDetector, count: int) -> list[str]:
    """Return the F1 over frames with a voice, in mixtures at two levels."""
    rng = np.random.default_rng(22)
    sentences = [_wave(file) for file in sorted(folder.glob("*.wav"))]
    under_it = [path for path in backgrounds(natural) if _is_free(path, detector)][:count]
    lines = []
    for level_db in LEVELS_DB:
        found, there = [], []
        for path in under_it:
            wave, spoken = _mixed(_wave(path), sentences, level_db, rng)
            detected = np.zeros(len(spoken), np.bool_)
            for start_s, end_s in detector.voiced([wave]):
                detected[int(start_s / STEP_S) : int(end_s / STEP_S)] = True
            found.append(detected)
            there.append(spoken)
        score = f1(np.concatenate(found), np.concatenate(there))
        lines.append(f"| voices at {level_db:g} dB | {len(under_it)} mixtures | F1 {score:.3f} |")
    return lines


def _mixed(
    under: Wave, sentences: Sequence[Wave], level_db: float, rng: np.random.Generator
) -> tuple[Wave, NDArray[np.bool_]]:
    """A recording with sentences mixed in, `PAUSE_S` apart, and the mask of 10 ms steps in which somebody speaks."""
    pause = int(PAUSE_S * RATE_HZ)
    order = [sentences[at] for at in rng.permutation(len(sentences))]
    length = sum(len(one) + pause for one in order) + pause
    wave = np.resize(under, length).astype(np.float32)
    spoken = np.zeros(int(length / RATE_HZ / STEP_S) + 1, np.bool_)
    at = pause
    for one in order:
        under_it = wave[at : at + len(one)]
        gain = 10 ** (level_db / 20) * max(_level(under_it), 1e-4) / _level(one)
        wave[at : at + len(one)] = under_it + gain * one
        first = int(at / RATE_HZ / STEP_S)
        speaks = _speaks(one)
        spoken[first : first + len(speaks)] |= speaks
        at += len(one) + pause
    return wave / max(float(np.abs(wave).max()), 1.0), spoken


def _speaks(wave: Wave) -> NDArray[np.bool_]:
    """The mask of 10 ms steps with speech in a clean sentence: within 30 dB of the loudest, pauses under .5 s
    filled.
    """
    step = int(STEP_S * RATE_HZ)
    steps = wave[: len(wave) // step * step].reshape(-1, step)
    loud = np.sqrt((steps**2).mean(axis=1))
    speaks = loud > loud.max() * 10 ** (-30 / 20)
    at = np.flatnonzero(speaks)
    for before, after in pairwise(at.tolist()):
        if (after - before) * STEP_S < 0.5:
            speaks[before:after] = True
    return np.asarray(speaks, np.bool_)


def _is_free(path: Path, detector: VoiceDetector) -> bool:
    wave = _wave(path)
    spoken_s = sum(end_s - start_s for start_s, end_s in detector.voiced([wave]))
    return spoken_s * RATE_HZ < MOST_SPOKEN * len(wave)


def _wave(path: Path) -> Wave:
    return np.concatenate([np.empty(0, np.float32), *audio.stream(str(path), RATE_HZ)])


def _level(wave: Wave) -> float:
    return float(np.sqrt(np.mean(np.square(wave)))) if len(wave) else 0.0


@with_status
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recogniser", default="whisper:base", help="whisper:NAME or whisper:FOLDER")
    parser.add_argument("--read", type=Path, metavar="FOLDER")
    parser.add_argument("--noises", type=Path, metavar="MANIFEST")
    parser.add_argument("--natural", type=Path, metavar="MANIFEST", help="recordings that voices are mixed into")
    parser.add_argument("--clips", type=int, default=1000, help="clips of --noises to use, at most (1000)")
    parser.add_argument("--mixtures", type=int, default=20, help="recordings of --natural to use, at most (20)")
    given = parser.parse_args(arguments)
    settings = Settings.from_env(os.environ)
    recogniser, detector = wiring.recogniser(given.recogniser, settings), wiring.voice_detector()
    which = f"{recogniser.name} ({recogniser.fingerprint}), {detector.fingerprint}; seed 22"
    print(f"{machine.this_machine().sentence()}\n\n{which}\n", flush=True)
    if given.read:
        print("\n".join(read_aloud(given.read, recogniser, detector)), flush=True)
    if given.read and given.natural:
        print("\n".join(voices(given.read, given.natural, detector, given.mixtures)), flush=True)
    if given.noises:
        print("\n".join(false_words(given.noises, recogniser, detector, given.clips)), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
