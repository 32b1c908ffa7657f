"""``python -m training.frames MANIFEST``: measure the usual logits of the shipped network's head for frames.

The encoder needs them to find events. The means and deviations of every class's logits are taken over windows in which
up to three sounds of ../shared/data/natural are mixed into one of its longer recordings. The development split is left
out. They ship as ``search/encoders/data/soundalike-1-frames.npz``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator

from search.audio import stream
from search.encoders import soundalike
from search.encoders.family import NAME, SAMPLE_RATE_HZ, WINDOW_S
from search.encoders.frametags import FILE, Usual, logit, write
from search.encoders.network import NetworkEncoder
from search.encoders.weights import sha256_of
from search.model import Wave, Waves
from training.development import REPOSITORIES
from training.natural import recordings
from training.running import command

DATA = Path(__file__).parents[1] / "search" / "encoders" / "data"
SAMPLES = round(WINDOW_S * SAMPLE_RATE_HZ)
LONGEST_S = 60.0
"""How much of a recording is read."""
BEDS_S = 20.0
"""Recordings of at least this duration are backgrounds (beds) for the others."""
COUNTS = (0.1, 0.4, 0.35, 0.15)
"""Probabilities of zero, one, two and three sounds in a window."""
ABOVE_DB = (0.0, 18.0)
"""How much louder a sound is than what it is mixed into."""
LEAST_LEVEL = 0.003
"""Minimum level assumed for what a sound is mixed into."""
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Material:
    """``sounds``, and ``beds``: recordings of at least `BEDS_S`."""

    sounds: list[Wave]
    beds: list[Wave]

    @classmethod
    def of(cls, manifest: Path, files: int, rng: Generator) -> Material:
        """Draw ``files`` files of a manifest, none of the development split. Raises UsageError."""
        learnt = [one for one in recordings(manifest) if one.repository not in REPOSITORIES]
        sounds: list[Wave] = []
        beds: list[Wave] = []
        for place in rng.permutation(len(learnt))[:files].tolist():
            blocks = stream(str(manifest.parent / learnt[place].path), SAMPLE_RATE_HZ, end_s=LONGEST_S)
            wave = np.concatenate([np.empty(0, np.float32), *blocks])
            if len(wave):
                (beds if len(wave) >= BEDS_S * SAMPLE_RATE_HZ else sounds).append(wave)
        return cls(sounds, beds or sounds)

    def window(self, rng: Generator) -> Wave:
        """A window of a bed with up to three sounds mixed in at random places."""
        bed = self.beds[int(rng.integers(len(self.beds)))]
        start = int(rng.integers(max(len(bed) - SAMPLES, 1)))
        wave = np.resize(bed[start : start + SAMPLES], SAMPLES) * np.float32(10 ** (rng.uniform(-25, 5) / 20))
        for _ in range(int(rng.choice(len(COUNTS), p=COUNTS))):
            sound = self.sounds[int(rng.integers(len(self.sounds)))][:SAMPLES]
            begin = int(rng.uniform(1 - len(sound), SAMPLES - 1))
            under = wave[max(begin, 0) : begin + len(sound)]
            over = sound[max(-begin, 0) :][: len(under)]
            louder = 10 ** (rng.uniform(*ABOVE_DB) / 20) * max(_level(under), LEAST_LEVEL) / max(_level(sound), 1e-6)
            under += np.float32(louder) * over
        return np.asarray(wave / np.float32(max(1.0, float(np.abs(wave).max()))), np.float32)


def usual_of(encoder: NetworkEncoder, windows: Iterator[Waves]) -> Usual:
    """The usual logits of an encoder's head for the frames of ``windows``, an iterator of batches."""
    count, sums, squares = 0, np.zeros(1), np.zeros(1)
    for waves in windows:
        (_, of_windows), of_frames = encoder.network.with_frame_tags(waves)
        both = (logit(of_frames) + logit(of_windows)[:, np.newaxis]).astype(np.float64) / 2
        count += both.shape[0] * both.shape[1]
        sums, squares = sums + both.sum(axis=(0, 1)), squares + np.square(both).sum(axis=(0, 1))
    mean = sums / count
    deviation = np.sqrt(np.maximum(squares / count - np.square(mean), 0))
    return Usual(mean.astype(np.float32), deviation.astype(np.float32))


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """Draw windows, encode them, and write the file."""
    parser = argparse.ArgumentParser(prog="python -m training.frames", description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--files", type=int, default=1500, help="that are drawn")
    parser.add_argument("--windows", type=int, default=1600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=DATA / FILE, metavar="FILE", help="(default: where it ships)")
    args = parser.parse_args(arguments)
    rng = np.random.default_rng(args.seed)
    material = Material.of(args.manifest, args.files, rng)
    model = DATA / soundalike.FILE
    encoder = soundalike.load(model, NAME, "cpu").sounds()
    drawn = (np.stack([material.window(rng) for _ in range(AT_ONCE)]) for _ in range(args.windows // AT_ONCE))
    usual = usual_of(encoder, drawn)
    write(args.out, sha256_of(model), usual)
    print(
        f"{args.out}: {len(usual.mean)} classes, mean {usual.mean.mean():.2f}, deviation {usual.deviation.mean():.2f}"
    )
    return 0


def _level(wave: Wave) -> float:
    return float(np.sqrt(np.mean(np.square(wave)))) if len(wave) else 0.0


if __name__ == "__main__":
    raise SystemExit(main())
