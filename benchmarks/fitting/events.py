"""Fit the calibration of frames and compare values of the events' constants, on mixtures of sounds of natural.

    python -m benchmarks.fitting.events ../shared/data/natural/manifest.csv

A sound's label is the word in its file name. The classes that the shipped encoder assigns to this word are looked for.
The mixtures are those of `benchmarks.quality.mixtures`. A background recording may contain the same sound, without a
label.

Slope and offset map the logit of the shipped calibration (`search.encoders.frametags`) to the logit of whether a sound
lies in the frame. F1 is that of the 20 most frequent labels, each looked for in all mixtures.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.fitting.centre import NEWTON_STEPS
from benchmarks.quality.mixtures import Mixture, PlacedSound, Plan, Sound, backgrounds, mixtures, named, sound_of
from search import audio, wiring
from search.analysis.time import events, frames
from search.analysis.time.events import EventRows, events_of
from search.analysis.time.frames import FrameTags, frame_times
from search.ground import process
from search.ground.ending import with_status
from search.ports import Encoder, FrameReader, WordReader
from search.settings import Settings

BATCH: Final = 16
ALONE: Final = 200
LABELS: Final = 20
_EDGE: Final = 1e-6
MIN_RELATIVE_MEANING: Final = 0.5
"""A label stands for each class that its word means at least this much, relative to the class that it means most."""


@dataclass(frozen=True, slots=True)
class Listened:
    """A mixture, the ``spans`` (n, 2) of its windows, and the ``logits`` (n, frames, classes) of their frames."""

    mixture: Mixture
    spans: NDArray[np.float64]
    logits: NDArray[np.float32]
    frame_s: float


def listen(mixture: Mixture, encoder: Encoder) -> Listened:
    """Encode a mixture frame by frame."""
    if not isinstance(encoder, FrameReader):
        raise TypeError(f"{encoder.spec.name} knows no frames")
    windows = audio.cut([mixture.wave], encoder.spec)
    spans, logits = [], []
    while batch := list(islice(windows, BATCH)):
        spans += [(window.start_s, window.end_s) for window in batch]
        tags = encoder.encode_frames(np.stack([window.samples for window in batch])).tags.clip(_EDGE, 1 - _EDGE)
        logits.append(np.log(tags / (1 - tags)))
    return Listened(mixture, np.array(spans), np.concatenate(logits), encoder.frame_s)


def classes_of(labels: list[str], encoder: Encoder) -> dict[str, NDArray[np.int64]]:
    """Return the classes that each label stands for."""
    if not isinstance(encoder, WordReader):
        raise TypeError(f"{encoder.spec.name} reads no words")
    meant = encoder.read_text(labels).meant
    return {
        label: np.flatnonzero(row >= MIN_RELATIVE_MEANING * row.max()) for label, row in zip(labels, meant, strict=True)
    }


def limits(sounds: list[Sound], classes: dict[str, NDArray[np.int64]], encoder: Encoder, seed: int) -> str:
    """Report how often the encoder finds the class of the file name in a sound alone: an upper bound for events."""
    rng = np.random.default_rng(seed)
    chosen = [sounds[at] for at in rng.permutation(len(sounds))[:ALONE].tolist()]
    waves = [sound_of(sound.path) for sound in chosen]
    sounding = [(sound, wave) for sound, wave in zip(chosen, waves, strict=True) if len(wave)]
    likely: list[float] = []
    better: list[int] = []
    for sound, wave in sounding:
        tags = encoder.encode_audio(np.resize(wave, (1, encoder.spec.window_samples)).astype(np.float32)).tags
        if tags is None:
            raise TypeError(f"{encoder.spec.name} names no sounds")
        best = float(tags[0, classes[sound.label]].max())
        likely.append(best)
        better.append(int((tags[0] > best).sum()))
    shares = [np.mean(np.array(likely) >= least) for least in (0.1, 0.3)]
    return (
        f"{len(sounding)} sounds alone: what the name says is .1 likely in {shares[0]:.3f}, .3 in {shares[1]:.3f}, "
        f"the likeliest in {np.mean(np.array(better) == 0):.3f}, among the first eight in "
        f"{np.mean(np.array(better) < 8):.3f}"
    )


def pairs(
    listened: list[Listened], classes: dict[str, NDArray[np.int64]]
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.bool_]]]:
    """Yield for each sound of each mixture the largest logit of its classes in every frame, and where it lies."""
    for one in listened:
        at_s, counts = frame_times(one.spans, one.logits.shape[1], one.frame_s)
        when = at_s[counts]
        for sound in one.mixture.sounds:
            largest = one.logits[counts][:, classes[sound.label]].max(axis=1)
            yield largest, (when >= sound.start_s - one.frame_s / 2) & (when <= sound.end_s + one.frame_s / 2)


def logistic(inputs: NDArray[np.float64], is_there: NDArray[np.bool_]) -> tuple[float, float]:
    """Return slope and offset of P = 1 / (1 + exp(-(slope x + offset))), by Newton's method, with equal weights."""
    x = np.stack([inputs, np.ones_like(inputs)], axis=1)
    share = float(is_there.mean())
    beta = np.array([0.0, np.log(share / (1 - share))])
    for _ in range(NEWTON_STEPS):
        p = 1 / (1 + np.exp(-x @ beta))
        step = np.linalg.solve((x.T * (p * (1 - p))) @ x, x.T @ (is_there - p))
        beta += step
        if np.abs(step).max() < 1e-10:
            break
    return float(beta[0]), float(beta[1])


def found(one: Listened) -> EventRows:
    """Return the events of a mixture."""
    best = np.argpartition(-one.logits, frames.KEPT - 1, axis=2)[:, :, : frames.KEPT]
    logits = np.take_along_axis(one.logits, best, axis=2)
    tags = FrameTags(best.astype(np.uint16), (1 / (1 + np.exp(-logits))).astype(np.float16))
    return events_of(tags, one.spans, one.frame_s)


@dataclass(slots=True)
class Tally:
    """Numbers of 0.1 s frames: right, reported, and true; and the errors of onsets in seconds."""

    right: float = 0.0
    said: float = 0.0
    true: float = 0.0
    onsets: list[float] | None = None

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall over all frames."""
        return 2 * self.right / max(self.said + self.true, 1e-9)


def judge(one: Listened, rows: EventRows, classes: dict[str, NDArray[np.int64]], least: float, tally: Tally) -> None:
    """Count the frames in which a label of ``classes`` is reported, is true, or both."""
    steps = int(10 * len(one.mixture.wave) / 32_000) + 1
    for label, places in classes.items():
        chosen = np.isin(rows.classes, places) & (rows.probabilities >= 255 * least)
        starts, ends = rows.starts_ms[chosen] / 1000, (rows.starts_ms + rows.lengths_ms)[chosen] / 1000
        said = _steps(zip(starts.tolist(), ends.tolist(), strict=True), steps)
        there = [sound for sound in one.mixture.sounds if sound.label == label]
        true = _steps([(sound.start_s, sound.end_s) for sound in there], steps)
        tally.right += float((said & true).sum())
        tally.said += float(said.sum())
        tally.true += float(true.sum())
        for sound in there:
            _onset(sound, starts, ends, tally)


def _onset(sound: PlacedSound, starts: NDArray[np.float64], ends: NDArray[np.float64], tally: Tally) -> None:
    """Add the error of the earliest event that overlaps the sound."""
    overlaps = (starts < sound.end_s) & (ends > sound.start_s)
    if overlaps.any() and tally.onsets is not None:
        tally.onsets.append(abs(float(starts[overlaps].min()) - sound.start_s))


def _steps(spans: object, steps: int) -> NDArray[np.bool_]:
    inside = np.zeros(steps, np.bool_)
    for start_s, end_s in spans:  # type: ignore[attr-defined]  # pairs of seconds
        inside[int(10 * start_s) : int(10 * end_s) + 1] = True
    return inside


@with_status
def main() -> None:
    """Fit, and print the figures for each choice of the constants."""
    process.own()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--mixtures", type=int, default=100)
    parser.add_argument("--seed", type=int, default=22)
    args = parser.parse_args()
    encoder = wiring.encoder("cnn:soundalike-1", Settings.from_env({"SOUNDALIKE_DEVICE": "cpu"}))
    sounds = named(args.manifest)
    made = mixtures(sounds, backgrounds(args.manifest), args.mixtures, Plan(60, 90), args.seed)
    classes = classes_of(sorted({sound.label for sound in sounds}), encoder)
    print(limits(sounds, classes, encoder, args.seed), flush=True)
    listened = [listen(mixture, encoder) for mixture in made]
    logits, is_there = (np.concatenate(columns) for columns in zip(*pairs(listened, classes), strict=True))
    calibration = logistic(logits.astype(np.float64), is_there)
    counts = Counter(sound.label for mixture in made for sound in mixture.sounds)
    often = {label: classes[label] for label, _ in counts.most_common(LABELS)}
    print(f"{len(made)} mixtures, seed {args.seed}: slope {calibration[0]:.3f}, offset {calibration[1]:.3f}")
    print("| share of peak | edge, frames | shown from | frame F1 | onset error, median |\n|---|---|---|---|---|")
    for share in (0.1, 0.2, 0.3, 0.5):
        for edge in (-0.5, 0, 0.5, 1):
            events.SHARE_OF_PEAK, events.EDGE_FRAMES = share, edge  # type: ignore[misc]  # constants of the module
            rows = [found(one) for one in listened]
            for shown in (0.2, 0.3, 0.5):
                tally = Tally(onsets=[])
                for one, each in zip(listened, rows, strict=True):
                    judge(one, each, often, shown, tally)
                onset_s = float(np.median(tally.onsets or [np.nan]))
                print(f"| {share} | {edge} | {shown} | {tally.f1:.3f} | {onset_s:.2f} |")


if __name__ == "__main__":
    raise SystemExit(main())
