"""The data that the constants of the hum matcher were tuned on: other tunes and other hums than the benchmark's.

The tunes are POP909's melodies turned upside down and played backwards. They have a song's rhythm and repetition but
are in no catalogue. The hums come from another synthesiser: a buzzing source with one resonance, correlated pitch
errors with heavy tails, a key that slips in steps, a varying tempo, syllables with or without gaps, mains hum and
clicks.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.humming.asking import catalogue
from benchmarks.humming.tune_sets import POP909, midi_folder
from search.analysis.melody.confidence import CLOSEST_COST, RIVALS, features
from search.analysis.melody.hearing import listen
from search.analysis.melody.index import MelodyIndex
from search.analysis.melody.model import Notes
from search.analysis.melody.pitch import pitch_of
from search.errors import UsageError
from search.ground.ending import with_status

SAMPLE_RATE_HZ = 16_000
MOST_HITS = 10 * (1 + RIVALS)
"""Enough hits for ten tunes, each with several versions among them."""


def turned(notes: Notes) -> Notes:
    """Return the retrograde inversion of a tune: upside down and backwards."""
    end = notes.end_s[-1]
    mirror = float(notes.pitch.min() + notes.pitch.max())
    return Notes(end - notes.end_s[::-1], end - notes.start_s[::-1], (mirror - notes.pitch[::-1]).astype(np.float32))


def buzz(notes: Notes, first: int, duration_s: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Hum a tune from its note ``first`` on for about ``duration_s``; return the samples (n,)."""
    rows = _perform(notes, first, duration_s, rng)
    start, end, pitch = np.array(rows).T
    pitch = pitch + rng.uniform(-8, 8) + _errors(len(pitch), rng)
    at = np.arange(int((end[-1] + 0.2) * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    which = np.searchsorted(start, at, side="right").clip(1) - 1
    raw = pitch[which]
    smooth = int(rng.uniform(0.015, 0.07) * SAMPLE_RATE_HZ)
    curve = np.convolve(
        np.pad(raw, smooth, mode="edge"), np.hanning(2 * smooth + 1) / np.hanning(2 * smooth + 1).sum(), "valid"
    )
    curve = curve + rng.uniform(0, 0.5) * np.sin(2 * np.pi * np.cumsum(rng.uniform(4, 7) + 0 * at) / SAMPLE_RATE_HZ)
    gate = ((at < end[which]) | (rng.uniform() < 0.3)).astype(float)
    gate = np.convolve(gate, np.ones(320) / 320, "same")
    centre = float(np.median(curve))
    hz = 440 * 2 ** ((curve - 69 + 12 * np.round((rng.uniform(45, 67) - centre) / 12)) / 12)
    phase = np.cumsum(hz) / SAMPLE_RATE_HZ
    duty = rng.uniform(0.05, 0.5)
    source = np.tanh(4 * np.sin(2 * np.pi * phase)) * (1 - duty) + duty * np.sin(2 * np.pi * phase) ** 3
    spectrum = np.fft.rfft(source * gate)
    f = np.fft.rfftfreq(len(at), 1 / SAMPLE_RATE_HZ)
    spectrum *= 1 / (1 + (f / rng.uniform(300, 1500)) ** 2) + 0.5 / (1 + ((f - rng.uniform(400, 2500)) / 150) ** 2)
    voice = np.fft.irfft(spectrum, len(at))
    noise = np.convolve(rng.standard_t(5, len(at)), np.ones(3) / 3, "same") + rng.uniform(0, 1) * np.sin(
        2 * np.pi * 50 * at
    )
    noise *= np.sqrt(np.mean(voice**2) / np.mean(noise**2)) * 10 ** (-rng.uniform(10, 30) / 20)
    mixed = voice + noise
    return np.asarray(mixed / np.abs(mixed).max() * 0.7, np.float32)


def _perform(notes: Notes, first: int, duration_s: float, rng: np.random.Generator) -> list[tuple[float, float, float]]:
    rows: list[tuple[float, float, float]] = []
    now, index = 0.0, first
    tempo = rng.uniform(0.65, 1.5)
    sway = rng.uniform(0, 0.15)
    legato = rng.uniform(0.7, 1.0)
    while index < len(notes) and now < duration_s:
        length = float(notes.end_s[index] - notes.start_s[index]) / tempo
        length *= (1 + sway * np.sin(now * rng.uniform(0.5, 1.5))) * rng.triangular(0.7, 1.0, 1.35)
        pause = 0.0
        if index + 1 < len(notes):
            pause = min(max(0.0, float(notes.start_s[index + 1] - notes.end_s[index])) / tempo, rng.uniform(0.2, 1.2))
        fate = rng.uniform()
        if fate > 0.03 or not rows:
            rows.append((now, now + max(0.06, length * legato), float(notes.pitch[index])))
            if fate > 0.98:
                rows[-1] = (now, now + length / 2, rows[-1][2])
                rows.append((now + length / 2, now + length, rows[-1][2]))
            now += length + pause
        index += 1
    return rows


def _errors(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Heavy-tailed errors, each correlated with the one before, and a key that slips up to twice."""
    fresh = rng.standard_t(4, count) * 0.3
    error = np.zeros(count)
    for i in range(count):
        error[i] = fresh[i] + (0.3 * error[i - 1] if i else 0)
    for _ in range(rng.integers(0, 3)):
        error[rng.integers(0, count) :] += rng.uniform(-0.7, 0.7)
    return error


def tuning_tunes(songs: Sequence[Notes]) -> list[Notes]:
    """Return two tunes for every song: its retrograde inversion, and its inversion at 2.4 times the tempo."""
    slow = [turned(notes) for notes in songs]
    fast = []
    for notes in songs:
        mirror = float(notes.pitch.min() + notes.pitch.max())
        fast.append(Notes(notes.start_s * 0.42, notes.end_s * 0.42, (mirror - notes.pitch).astype(np.float32)))
    return slow + fast


def ask_tuning(index: MelodyIndex, tunes: Sequence[Notes], indexed: int, hums: int, seed: int) -> Sample:
    """Hum tunes, of which the index has the first ``indexed``; return the features and truth of each answer."""
    rows, right, inside, hummed_s, merged = [], [], [], [], []
    for number in range(hums):
        rng = np.random.default_rng([seed, number])
        tune = int(rng.integers(len(tunes)))
        notes = tunes[tune]
        latest = int(np.searchsorted(notes.start_s, notes.end_s[-1] - 12))
        duration_s = float(rng.choice([3.0, 4.0, 6.0, 8.0, 10.0, 10.0, 14.0]))
        wave = buzz(notes, int(rng.integers(0, max(1, latest))), duration_s, rng)
        hearing = listen(pitch_of(wave))
        if hearing.reason:
            continue
        answer = index.search_hum(hearing.curve, MOST_HITS)
        of_tunes = {hit.version_of: -hit.score for hit in reversed(answer.hits)}  # the closest of several versions
        cost = np.array([of_tunes[number] for number in sorted(of_tunes)], np.float32)
        if len(cost) < 2:
            continue
        rows.append(features(cost, hearing.notes))
        right.append(answer.hits[0].tune == tune + 1)  # contents are numbered from 1
        inside.append(tune < indexed)
        hummed_s.append(duration_s)
        merged.append(len(answer.hits) - len(of_tunes))
    return Sample(np.array(rows), np.array(right), np.array(inside), np.array(hummed_s), np.array(merged))


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """``features`` (n, f) of answers; and (n,) each: whether the first hit was ``right``, whether the tune was
    ``inside`` the index, for how long it was hummed, and how many hits counted as versions of another (``merged``).
    """

    features: NDArray[np.float64]
    right: NDArray[np.bool_]
    inside: NDArray[np.bool_]
    hummed_s: NDArray[np.float64]
    merged: NDArray[np.int64]


def logistic(x: NDArray[np.float64], y: NDArray[np.bool_], ridge: float = 1e-2) -> NDArray[np.float64]:
    """Return weights (f + 1,), the offset last, of a logistic regression with a ridge, by Newton's method."""
    rows = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    weights = np.zeros(rows.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-rows @ weights))
        gradient = rows.T @ (y - p) - ridge * weights
        hessian = (rows * (p * (1 - p))[:, None]).T @ rows + ridge * np.eye(len(weights))
        weights = weights + np.linalg.solve(hessian, gradient)
    return weights


@with_status
def main() -> None:
    """Fit the confidence and print the constants of ``search/analysis/melody/confidence.py``."""
    songs = [tune.notes for tune in midi_folder(POP909)]
    tunes = tuning_tunes(songs)
    order = np.random.default_rng(5).permutation(len(tunes))
    tunes = [tunes[i] for i in order]
    indexed = len(tunes) * 3 // 5
    with tempfile.TemporaryDirectory() as folder, catalogue(tunes[:indexed], Path(folder)) as library:
        melody = library.view().melody
        if melody is None:
            raise UsageError("the tuning tunes made no library")
        sample = ask_tuning(melody.index, tunes, indexed, 600, 17)
    weights = logistic(sample.features, sample.right)
    p = 1 / (1 + np.exp(-(sample.features @ weights[:-1] + weights[-1])))
    print("weights", np.round(weights[:-1], 3).tolist(), "offset", round(float(weights[-1]), 3))
    rivals = np.exp(sample.features[:, 1]) * np.maximum(sample.features[:, 0], CLOSEST_COST)
    print(
        f"taken for versions: {sample.merged.sum()} of {len(p) * MOST_HITS} hits, in {(sample.merged > 0).sum()} hums"
    )
    print("typical rival", round(float(np.median(rivals)), 3))
    for least_s in (0.0, 8.0):
        inside, outside = sample.inside & (sample.hummed_s >= least_s), ~sample.inside & (sample.hummed_s >= least_s)
        print(
            f"hums of {least_s:.0f} s or more: right {sample.right[inside].mean():.3f} of {inside.sum()} in the index"
        )
        for limit in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9):
            print(
                f"  limit {limit:.2f}: refuses {(p[inside] < limit).mean():.3f} of them, "
                f"{(p[outside] < limit).mean():.3f} of {outside.sum()} not in the index"
            )


if __name__ == "__main__":
    raise SystemExit(main())
