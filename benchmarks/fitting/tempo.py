"""Fit what tells the beat from half and twice of it (`FITTED` of `search.analysis.facts.tempo`).

It is fitted on songs 241 to 909 of POP909.

    python -m benchmarks.fitting.tempo ../shared/data/pop909 --soundfont FluidR3_GM.sf2 --keep DIR

The songs, none of which the benchmark of facts asks for, are rendered as it renders its own. Each counts as it is, and
with drums laid on its beats; drums alone, at 70 to 174 beats a minute, count as well. Of candidates of one sound one is
the beat: a conditional logit with a penalty. What is printed is right on songs that were left out of the fit in turn.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import mido  # type: ignore[import-untyped]  # it ships no types
import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.fitting.choice import Choice, fit
from benchmarks.quality import fact_songs
from search.analysis.facts import tempo
from search.analysis.facts.mix import RATE_HZ, Mix
from search.analysis.facts.music import ONSETS_PER_S, Music

Numbers = NDArray[np.float64]
Random = np.random.Generator

_FIRST, _LAST = 241, 909
_NEAR: Final = 0.04
_FOLDS: Final = 5
_PENALTY: Final = 0.001
_WEIGHTS: Final = {"songs": 1.0, "songs with drums": 0.5, "drums alone": 0.5}
_ROW: Final = len(tempo.RATIOS)


@dataclass(frozen=True, slots=True)
class Asked:
    """A sound of a ``kind``: what its candidates are, and the place of the one that is nearest to the usual tempo."""

    kind: str
    fold: int
    choice: Choice
    usual: int


def rendered(folder: Path, number: int, soundfont: Path, keep: Path) -> tuple[NDArray[np.float32], float]:
    """A song as the facts hear it, and its tempo: what was rendered is kept."""
    kept = keep / f"{number:03d}.npz"
    if not kept.is_file():
        with tempfile.TemporaryDirectory() as scratch:
            midi, wav = Path(scratch) / "song.mid", Path(scratch) / "song.wav"
            bpm, _ = fact_songs.excerpt(folder / f"{number:03d}.mid", midi)
            fact_songs.render(midi, wav, soundfont)
            wave, rate_hz = soundfile.read(wav, dtype="float32", always_2d=True)
        mix = Mix(rate_hz)
        mono = np.concatenate((mix.add(np.ascontiguousarray(wave.T)), mix.end()), axis=1)[0]
        np.savez(kept, wave=np.round(32767 * mono.clip(-1, 1)).astype(np.int16), bpm=bpm)
    with np.load(kept) as stored:
        return stored["wave"].astype(np.float32) / 32767, float(stored["bpm"])


def beats_of(path: Path) -> Numbers:
    """When the beats of the excerpt are, in seconds of it."""
    song, times, at_s, tick, per_beat_s = mido.MidiFile(path), [], 0.0, 0, 0.5
    for message in mido.merge_tracks(song.tracks):
        last, tick = tick, tick + message.time
        first = -(-last // song.ticks_per_beat) * song.ticks_per_beat
        times += [
            at_s + (beat - last) / song.ticks_per_beat * per_beat_s for beat in range(first, tick, song.ticks_per_beat)
        ]
        at_s += message.time / song.ticks_per_beat * per_beat_s
        if message.type == "set_tempo":
            per_beat_s = message.tempo / 1e6
    begin_s, length_s = fact_songs.EXCERPT_S
    return np.array([time - begin_s for time in times if begin_s <= time <= begin_s + length_s])


def drums(beats_s: Numbers, samples: int, rng: Random) -> NDArray[np.float32]:
    """Bass drum, snare and hi-hat on beats: of rock, four on the floor, or a light hand."""
    at_s = np.arange(round(0.2 * RATE_HZ)) / RATE_HZ
    noise = rng.normal(size=(2, len(at_s)))
    bass = np.sin(2 * np.pi * (50 + 30 * np.exp(-40 * at_s)) * at_s) * np.exp(-25 * at_s)
    snare = (0.3 * noise[0] + 0.5 * np.sin(2 * np.pi * 180 * at_s)) * np.exp(-30 * at_s)
    hat = 0.2 * np.diff(noise[1], prepend=0.0) * np.exp(-90 * at_s)
    style, bars = rng.integers(3), rng.integers(4)
    extra = rng.random(8) < 0.2
    wave = np.zeros(samples + len(at_s), np.float64)
    for place, beat_s in enumerate(beats_s[:-1]):
        beat, length_s = (place + int(bars)) % 4, float(beats_s[place + 1] - beat_s)
        for half in range(2):
            on_beat = half == 0
            hit = rng.uniform(0.6, 1.0) * hat * (on_beat or style != 2)
            if (style == 1 and on_beat) or (style != 1 and on_beat and beat in (0, 2)) or extra[2 * beat + half]:
                hit = hit + bass
            if on_beat and beat in (1, 3) and style != 2:
                hit = hit + snare
            first = round((beat_s + half * length_s / 2) * RATE_HZ)
            if 0 <= first < samples:
                wave[first : first + len(hit)] += hit
    return np.asarray(wave[:samples] / max(float(np.abs(wave).max()), 1e-9), np.float32)


def asked(kind: str, fold: int, wave: NDArray[np.float32], bpm: float) -> Asked:
    """What the candidates of a sound are."""
    music = Music()
    music.add(wave[np.newaxis])
    beats, features = tempo.candidates(music.levels(), music.onsets(), ONSETS_PER_S)
    usual = np.exp(-0.5 * (features[:, tempo.PACE] / tempo.SPREAD_OCTAVES) ** 2)
    nearest = int(np.argmax(np.maximum(features[:, -1], 0.0) * usual))
    return Asked(kind, fold, Choice(features, np.abs(beats / bpm - 1) <= _NEAR, _WEIGHTS[kind]), nearest)


def numbers(songs: int, seed: int) -> list[int]:
    """So many songs that the benchmark does not ask for, in a random order."""
    chosen: list[int] = np.random.default_rng(seed).permutation(np.arange(_FIRST, _LAST + 1))[:songs].tolist()
    return chosen


def sounds(folder: Path, soundfont: Path, songs: int, keep: Path, seed: int) -> Iterator[Asked]:
    """All that is fitted on."""
    for count, number in enumerate(numbers(songs, seed)):
        mine = np.random.default_rng([seed, number])
        wave, bpm = rendered(folder, number, soundfont, keep)
        yield asked("songs", count % _FOLDS, wave, bpm)
        laid = drums(beats_of(folder / f"{number:03d}.mid"), len(wave), mine)
        loud = np.sqrt(np.mean(wave**2) / max(float(np.mean(laid**2)), 1e-12)) * 10 ** mine.uniform(-0.3, 0.3)
        yield asked("songs with drums", count % _FOLDS, np.asarray(0.5 * (wave + loud * laid), np.float32), bpm)
        alone = float(np.exp(mine.uniform(np.log(70), np.log(174))))
        length_s = mine.uniform(9, 40)
        beats = np.arange(0, length_s, 60 / alone)
        wave = drums(beats, round(length_s * RATE_HZ), mine)
        yield asked("drums alone", count % _FOLDS, 0.5 * wave, alone)


def report(asked_for: list[Asked]) -> Iterator[str]:
    """How often the beat is found, of songs that were left out; then the weights of a fit on all."""
    found: dict[str, list[tuple[bool, bool, bool]]] = {}
    for fold in range(_FOLDS):
        weights = fit([one.choice for one in asked_for if one.fold != fold], _PENALTY)
        for one in asked_for:
            if one.fold == fold:
                are = one.choice.are
                right = bool(are[np.argmax(one.choice.features @ weights)])
                found.setdefault(one.kind, []).append((bool(are[one.usual]), right, bool(are.any())))
    for kind, rows in found.items():
        usual, right, possible = np.mean(rows, axis=0)
        yield f"{len(rows)} {kind}: usual tempo {usual:.3f}, fitted {right:.3f}, among candidates {possible:.3f}"
    weights = fit([one.choice for one in asked_for], _PENALTY)
    for first in range(0, len(weights), _ROW):
        yield "    " + ", ".join(f"{weight:.2f}" for weight in weights[first : first + _ROW]) + ","


def main() -> None:
    """Print the figures and the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pop909", type=Path)
    parser.add_argument("--soundfont", type=Path, required=True)
    parser.add_argument("--songs", type=int, default=240)
    parser.add_argument("--keep", type=Path, required=True, metavar="DIR", help="rendered songs; it goes on there")
    parser.add_argument("--seed", type=int, default=3)
    args = parser.parse_args()
    args.keep.mkdir(parents=True, exist_ok=True)
    for line in report(list(sounds(args.pop909, args.soundfont, args.songs, args.keep, args.seed))):
        print(line, flush=True)


if __name__ == "__main__":
    main()
