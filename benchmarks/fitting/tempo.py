"""Fit the weights that tell the beat from half and twice of it (`search.analysis.facts.octave_weights`).

They are fitted on songs 241 to 909 of POP909.

    python -m benchmarks.fitting.tempo ../shared/data/pop909 --soundfont FluidR3_GM.sf2 --songs 669 --keep DIR

None of these songs is in the benchmark of facts. They are rendered as the benchmark renders its own, with excerpts from
20 s and from 80 s on. For half of them, the first excerpt is also used with drums added on its beats, together with
drums alone at 70 to 174 beats a minute. One of a sound's candidates is the beat. A conditional logit with a penalty
chooses it, fitted once for tunes and once for drums. A logistic regression tells which of the two a sound is. The
printed figures are shares of songs left out in cross-validation whose tempo is right, half or twice as fast.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import mido  # type: ignore[import-untyped]  # it ships no types
import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.fitting.choice import Choice, fit
from benchmarks.quality import fact_songs
from search.analysis.facts import octaves, tempo
from search.analysis.facts.mix import RATE_HZ, Mix
from search.analysis.facts.music import ONSETS_PER_S, Music
from search.ground.ending import with_status

Numbers = NDArray[np.float64]
Random = np.random.Generator

_FIRST, _LAST = 241, 909
_NEAR, _NEAR_OCTAVE = 0.04, 0.1
_FOLDS: Final = 5
_PENALTY, _PENALTY_BY_PACE = 0.0003, 0.01
"""Penalties of the plain features, and of those for recurrence by pace, which are two thirds of all."""
_BEGINS_S: Final = (fact_songs.EXCERPT_S[0], 80.0)
_DRUMS: Final = ("songs with drums", "drums alone")
_OF_OTHERS: Final = 0.1
"""The weight of sounds of the other kind: of drums when tunes are fitted, of tunes when drums are fitted."""
_PERCUSSION_PENALTY, _TUNES_COUNT, _USUAL = 0.01, 0.5, 0.01
_ROW: Final = 13


@dataclass(frozen=True, slots=True)
class BeatQuestion:
    """A sound of a ``kind``: its candidates, and its traits, which tell percussion from tunes."""

    kind: str
    fold: int
    choice: Choice
    traits: Numbers


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of `search.analysis.facts.octave_weights`."""

    of_tunes: Numbers
    of_drums: Numbers
    traits: Numbers
    percussion: Numbers

    def chosen(self, one: BeatQuestion) -> int:
        """Return the place of the candidate that is chosen as the beat of ``one``."""
        share = 1 / (1 + np.exp(-(np.clip(one.traits, *self.traits) @ self.percussion[:-1] + self.percussion[-1])))
        return int(np.argmax(one.choice.features @ (share * self.of_drums + (1 - share) * self.of_tunes)))


def rendered(
    folder: Path, number: int, soundfont: Path, keep: Path, begin_s: float = _BEGINS_S[0]
) -> tuple[NDArray[np.float32], float]:
    """Return a song from ``begin_s`` on, mixed as for the facts, and its tempo; renderings are kept in ``keep``."""
    kept = keep / f"{number:03d}-{begin_s:.0f}.npz"
    if not kept.is_file():
        with tempfile.TemporaryDirectory() as scratch:
            midi, wav = Path(scratch) / "song.mid", Path(scratch) / "song.wav"
            bpm, _ = fact_songs.excerpt(folder / f"{number:03d}.mid", midi, begin_s)
            fact_songs.render(midi, wav, soundfont)
            wave, rate_hz = soundfile.read(wav, dtype="float32", always_2d=True)
        mix = Mix(rate_hz)
        mono = np.concatenate((mix.add(np.ascontiguousarray(wave.T)), mix.end()), axis=1)[0]
        np.savez(kept, wave=np.round(32767 * mono.clip(-1, 1)).astype(np.int16), bpm=bpm)
    with np.load(kept) as stored:
        return stored["wave"].astype(np.float32) / 32767, float(stored["bpm"])


def beats_of(path: Path) -> Numbers:
    """Return the times of the beats in the excerpt, in seconds from its start."""
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
    """Return bass drum, snare and hi-hat on these beats, in one of three styles: rock, four on the floor, or sparse."""
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


def beat_question(kind: str, fold: int, wave: NDArray[np.float32], bpm: float) -> BeatQuestion:
    """Return the candidates of a sound and their features."""
    music = Music()
    music.add(wave[np.newaxis])
    sure = tempo.sure_of(tempo.autocorrelation(music.onsets(), ONSETS_PER_S), ONSETS_PER_S)
    beats = tempo.candidates(sure)
    curves = octaves.curves(music.levels(), music.onsets(), ONSETS_PER_S)
    features = octaves.evidence(beats, np.interp(beats, tempo.BEATS, sure), curves, ONSETS_PER_S)
    is_beat = np.abs(beats / bpm - 1) <= _NEAR
    return BeatQuestion(kind, fold, Choice(features, is_beat), octaves.traits(curves, ONSETS_PER_S))


def numbers(songs: int, seed: int) -> list[int]:
    """Return ``songs`` numbers of songs outside the benchmark of facts, in random order."""
    chosen: list[int] = np.random.default_rng(seed).permutation(np.arange(_FIRST, _LAST + 1))[:songs].tolist()
    return chosen


def sounds(folder: Path, soundfont: Path, songs: int, keep: Path, seed: int) -> Iterator[BeatQuestion]:
    """Yield all sounds that are fitted on."""
    for count, number in enumerate(numbers(songs, seed)):
        fold, mine = count % _FOLDS, np.random.default_rng([seed, number])
        for begin_s in _BEGINS_S:
            kind = "songs" if begin_s == _BEGINS_S[0] else "later in songs"
            wave, bpm = rendered(folder, number, soundfont, keep, begin_s)
            if np.any(wave):  # some songs are over by then
                yield beat_question(kind, fold, wave, bpm)
        if number % 4 not in (1, 2):
            continue
        wave, bpm = rendered(folder, number, soundfont, keep)
        drum_track = drums(beats_of(folder / f"{number:03d}.mid"), len(wave), mine)
        loud = np.sqrt(np.mean(wave**2) / max(float(np.mean(drum_track**2)), 1e-12)) * 10 ** mine.uniform(-0.3, 0.3)
        yield beat_question("songs with drums", fold, np.asarray(0.5 * (wave + loud * drum_track), np.float32), bpm)
        alone = float(np.exp(mine.uniform(np.log(70), np.log(174))))
        length_s = mine.uniform(9, 40)
        wave = drums(np.arange(0, length_s, 60 / alone), round(length_s * RATE_HZ), mine)
        yield beat_question("drums alone", fold, 0.5 * wave, alone)


def fitted(questions: Sequence[BeatQuestion]) -> Weights:
    """Return the weights that best tell the beats of these sounds."""
    from sklearn.linear_model import LogisticRegression  # importing takes a second, and only fitting needs it

    is_drums = np.array([one.kind in _DRUMS for one in questions])
    by_pace = np.arange(questions[0].choice.features.shape[1]) >= octaves.PLAIN
    penalties = np.where(by_pace, _PENALTY_BY_PACE, _PENALTY)
    of_tunes, of_drums = (
        fit([_counted(one.choice, counts) for one, counts in zip(questions, all_counts, strict=True)], penalties)
        for all_counts in (np.where(is_drums, _OF_OTHERS, 1.0), np.where(is_drums, 1.0, _OF_OTHERS))
    )
    traits = np.stack([one.traits for one in questions])
    usual = np.quantile(traits, (_USUAL, 1 - _USUAL), axis=0)
    traits = np.clip(traits, *usual)
    mean, scale = traits.mean(axis=0), traits.std(axis=0) + 1e-9
    counts = np.where(is_drums, 1.0, _TUNES_COUNT)
    model = LogisticRegression(C=1 / (_PERCUSSION_PENALTY * len(traits)), max_iter=1000)
    model.fit((traits - mean) / scale, is_drums, sample_weight=counts)
    slopes = model.coef_[0] / scale
    return Weights(of_tunes, of_drums, usual, np.append(slopes, model.intercept_[0] - slopes @ mean))


def _counted(choice: Choice, counts: float) -> Choice:
    return replace(choice, weight=counts * choice.weight)


def report(questions: Sequence[BeatQuestion]) -> Iterator[str]:
    """Yield how often the beat is found in songs that were left out; then the weights of a fit on all."""
    found: dict[str, list[tuple[bool, ...]]] = {}
    for fold in range(_FOLDS):
        weights = fitted([one for one in questions if one.fold != fold])
        for one in questions:
            if one.fold == fold:
                is_right, fast, place = one.choice.is_right, one.choice.features[:, 0], weights.chosen(one)
                octaves_off = fast[place] - fast[is_right][:1] if is_right.any() else np.zeros(1)
                half, twice = (bool(abs(octaves_off[0] - by) <= _NEAR_OCTAVE) for by in (-1, 1))
                found.setdefault(one.kind, []).append((bool(is_right[place]), half, twice, bool(is_right.any())))
    for kind, rows in found.items():
        right, half_as_fast, twice_as_fast, possible = np.mean(rows, axis=0)
        yield (
            f"{len(rows)} {kind}: found {right:.3f}, half as fast {half_as_fast:.3f}, twice {twice_as_fast:.3f}, "
            f"among candidates {possible:.3f}"
        )
    weights = fitted(questions)
    for name, values in (
        ("OF_TUNES", weights.of_tunes),
        ("OF_DRUMS", weights.of_drums),
        ("TRAITS", weights.traits.ravel()),
        ("PERCUSSION", weights.percussion),
    ):
        yield name
        for first in range(0, len(values), _ROW):
            yield "    " + ", ".join(f"{weight:.3g}" for weight in values[first : first + _ROW]) + ","


@with_status
def main() -> None:
    """Print the figures and the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pop909", type=Path)
    parser.add_argument("--soundfont", type=Path, required=True)
    parser.add_argument("--songs", type=int, default=240)
    parser.add_argument(
        "--keep", type=Path, required=True, metavar="DIR", help="keep rendered songs here; resumes there"
    )
    parser.add_argument("--seed", type=int, default=3)
    args = parser.parse_args()
    args.keep.mkdir(parents=True, exist_ok=True)
    for line in report(list(sounds(args.pop909, args.soundfont, args.songs, args.keep, args.seed))):
        print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
