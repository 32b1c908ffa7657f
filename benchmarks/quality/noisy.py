"""``python -m benchmarks.quality.noisy [CSV]``: how much street noise in the query costs a search by example.

Clips of a data set with noise added are queries among all clips of the set without noise. Each query is asked plainly,
and in three ways that reduce the noise (`WAYS`). For learning material give the manifest of natural: there, clips are
relevant to each other if their file names share a word for a sound and they come from different repositories.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import CACHE, report_progress
from benchmarks.common.report import markdown_table
from benchmarks.common.sound_words import sound_words
from benchmarks.common.steady import steady_noise
from benchmarks.quality import datasets, items
from benchmarks.quality.encoding import EncodingCache, encode
from benchmarks.quality.identify import street
from benchmarks.quality.ranking import ranked_set
from search import audio, evaluation, wiring
from search.ground import process
from search.ground.ending import with_status
from search.ports import Encoder
from search.settings import Settings

NOISES_DB: Final = (None, 10.0, 0.0, -5.0)
QUERIES, SEED, LONGEST_S = 200, 1, 60.0
METRICS: Final = ("mAP", "P@1", "P@10")
WAYS: Final = ("plain", "taken out", "both together", "taken off")
"""The vector of the query: of the sound as it is; without its steady noise; the mean of these two; that of the sound as
it is less that of the noise, weighted by the noise's share of the energy.
"""
_OF_NOISE: Final = 0.5
"""The weight of the noise's vector if the whole sound is noise."""


@dataclass(frozen=True, slots=True)
class Noise:
    """The `METRICS` (3,) of each of the `WAYS` with the query ``level_db`` above the noise (None: without noise)."""

    level_db: float | None
    figures: tuple[NDArray[np.float64], ...]


def load(path: Path) -> items.DataSet:
    """Load the data set at ``path``, or the clips of a manifest of learning material whose names name a sound.

    Raises UsageError.
    """
    if not path.is_file() or "original_path" not in path.open(encoding="utf-8").readline():
        return datasets.load(path)
    named = [
        items.Item(path.parent / row["path"], words, row["repo"])
        for _, row in items.rows(path, ("path", "repo", "original_path", "seconds"))
        if (words := sound_words(row["original_path"])) and 1.0 <= float(row["seconds"]) <= LONGEST_S
    ]
    return items.complete(items.DataSet(items.name_of(path), tuple(named), ()))


def measure(
    dataset: items.DataSet, encoder: Encoder, settings: Settings, cache: EncodingCache, asked: Sequence[int]
) -> list[Noise]:
    """Return the figures for each noise level over the clips at the places ``asked`` that have a relevant clip.

    Raises AudioError.
    """
    encoded = encode([item.path for item in dataset.items], encoder, cache, report_progress)
    relevant, candidates = evaluation.relevance(
        [item.labels for item in dataset.items], [item.group for item in dataset.items]
    )
    clips = np.array([clip for clip in asked if (relevant[clip] & candidates[clip]).any()])
    columns = [evaluation.METRICS.index(name) for name in METRICS]
    found = []
    with ranked_set(encoded, encoder, settings) as ranked:
        for level_db in NOISES_DB:
            report_progress(f"{dataset.name}: {len(clips)} questions at {level_db} dB")
            orders = [
                [
                    ranked.by_vector(vector)
                    for vector in _vectors(dataset.items[clip].path, level_db, encoder, int(clip))
                ]
                for clip in clips
            ]
            figures = [
                evaluation.score(evaluation.judge(np.stack(order), relevant[clips], candidates[clips]))
                for order in zip(*orders, strict=True)
            ]
            found.append(Noise(level_db, tuple(one.values[:, columns].mean(axis=0) for one in figures)))
    return found


def _vectors(path: Path, level_db: float | None, encoder: Encoder, seed: int) -> list[NDArray[np.float32]]:
    """A unit vector (dim,) for each of the `WAYS`, of a file with noise added."""
    rate_hz = audio.probe(os.fspath(path)).sample_rate_hz
    wave = np.concatenate(list(audio.stream(os.fspath(path), rate_hz)))
    if level_db is not None:
        wave = street(wave, level_db, np.random.default_rng([SEED, seed]), rate_hz)
    with tempfile.TemporaryDirectory() as folder:
        target = str(Path(folder) / "question.wav")
        soundfile.write(target, wave, rate_hz, subtype="FLOAT")
        waves = np.stack([window.samples for window in audio.windows(target, encoder.spec)])
    parted = [steady_noise(one, encoder.spec.sample_rate_hz) for one in waves]
    noise = np.stack([one for one, _ in parted])
    shares = np.array([share for _, share in parted])[:, np.newaxis]
    plain, without, of_noise = (encoder.encode_audio(some).vectors for some in (waves, waves - noise, noise))
    ways = (plain, without, plain + without, plain - _OF_NOISE * shares * of_noise)
    sums = [vectors.sum(axis=0, dtype=np.float64) for vectors in ways]
    return [(total / np.linalg.norm(total)).astype(np.float32) for total in sums]


def table(noises: Sequence[Noise]) -> str:
    """Return the figures, and the mAP that each loses against clean queries asked plainly."""
    clean = noises[0].figures[0][0]
    rows = [
        [
            "none" if noise.level_db is None else f"{noise.level_db:+g} dB",
            way,
            *(f"{value:.3f}" for value in figures),
            f"{clean - figures[0]:.3f}",
        ]
        for noise in noises
        for way, figures in zip(WAYS, noise.figures, strict=True)
    ]
    return markdown_table(["street noise", "treatment of noise", *METRICS, "mAP lost"], rows)


@with_status
def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table."""
    process.own()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.noisy", description=__doc__)
    parser.add_argument("dataset", type=Path, nargs="?", default=datasets.SHARED / "esc50" / "manifest.csv")
    parser.add_argument("--encoder", metavar="NAME", help="default: $SOUNDALIKE_ENCODER")
    parser.add_argument("--queries", type=int, default=QUERIES, metavar="N", help=f"clips used as queries ({QUERIES})")
    parser.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help=f"cache of encodings ({CACHE})")
    args = parser.parse_args(arguments)
    settings = Settings.from_env(os.environ)
    encoder = wiring.encoder(args.encoder or settings.encoder, settings)
    dataset = load(args.dataset)
    asked = np.sort(np.random.default_rng(SEED).permutation(len(dataset.items))[: args.queries]).tolist()
    noises = measure(dataset, encoder, settings, EncodingCache(args.cache), asked)
    print(f"{dataset.name}, {len(asked)} of {len(dataset.items)} clips (seed {SEED}), {encoder.spec.name}\n")
    print(f"{table(noises)}\n\n{this_machine().sentence()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
