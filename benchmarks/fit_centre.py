"""Fit the constants of a space on material that may be learnt from, and write them where the encoder finds them.

    MANIFEST=../shared/data/natural/manifest.csv; DATA=search/encoders/data
    python -m benchmarks.fit_centre $MANIFEST $DATA/cnn_mn04.npz --encoder cnn:../shared/models/mn04_as_mAP_432.pt
    python -m benchmarks.fit_centre $MANIFEST $DATA/spectral.npz --encoder spectral:plain --standardise

The encoder named is the one without constants. ``centre`` is the mean over clips of their mean vectors; ``scale`` is
one over their standard deviation, or 1; ``calibration`` is the slope and offset of a logistic regression from a clip's
best cosine to whether it is relevant: its file's name has the same word for a sound and it comes from another
collection. Relevant and other pairs weigh the same, so a half means "as likely as not before anything is known".
"""

from __future__ import annotations

import argparse
import csv
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search import audio, wiring
from search.errors import AudioError
from search.ports import Encoder
from search.settings import Settings

_WORDS = (
    "alarm arrow bee bell bird bottle bow breathing camera car cat chain chicken clap click clock concrete cow creak "
    "crack cricket crowd dog door drum eagle engine explosion fan fire flute footstep frog glass gong grass gravel "
    "growl guitar gun horse keyboard laugh metal night ocean phone piano pig pop rain sand saw scream sheep shoot "
    "siren slam snow splash step stone stream sword thunder train water wave whistle wind wolf wood"
)
WORDS = frozenset(_WORDS.split())
"""Words of file names that name a sound; plurals count too."""

WINDOWS_AT_ONCE = 64
NEWTON_STEPS = 50


@dataclass(frozen=True, slots=True)
class Material:
    """Clips that can be read. ``vectors`` (segments, dim), ``owner`` (segments,) row of the clip, ascending."""

    vectors: NDArray[np.float64]
    owner: NDArray[np.int64]
    words: tuple[frozenset[str], ...]
    collection: tuple[str, ...]


def sound_words(path: str) -> frozenset[str]:
    """The words in a file's name that name a sound: ``sounds/RainHeavy_2.ogg`` -> ``{"rain"}``."""
    stem = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", Path(path).stem).lower()
    found = re.findall(r"[a-z]+", stem)
    return frozenset(word for name in found for word in (name, name.removesuffix("s")) if word in WORDS)


def encode(manifest: Path, encoder: Encoder) -> Material:
    """Encode every clip of a manifest (columns ``path``, ``original_path``, ``repo``); unreadable ones are left out."""
    vectors: list[NDArray[np.float64]] = []
    owner: list[int] = []
    words: list[frozenset[str]] = []
    collection: list[str] = []
    with manifest.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            try:
                rows = clip_vectors(str(manifest.parent / row["path"]), encoder)
            except AudioError as error:
                print(error)
                continue
            owner += [len(words)] * len(rows)
            vectors.append(rows)
            words.append(sound_words(row["original_path"]))
            collection.append(row["repo"])
    return Material(np.concatenate(vectors), np.array(owner), tuple(words), tuple(collection))


def clip_vectors(path: str, encoder: Encoder) -> NDArray[np.float64]:
    """(segments, dim) vectors of one file."""
    windows = audio.windows(path, encoder.spec)
    parts = []
    while batch := [window.samples for window in islice(windows, WINDOWS_AT_ONCE)]:
        parts.append(encoder.encode_audio(np.stack(batch)).vectors.astype(np.float64))
    return np.concatenate(parts)


def mean_by_owner(rows: NDArray[np.float64], owner: NDArray[np.int64]) -> NDArray[np.float64]:
    """(clips, dim): the mean of each clip's rows."""
    firsts = np.flatnonzero(np.diff(owner, prepend=-1))
    sums: NDArray[np.float64] = np.add.reduceat(rows, firsts, axis=0)
    means: NDArray[np.float64] = sums / np.diff(np.append(firsts, len(owner)))[:, None]
    return means


def unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of length 1."""
    rows_of_1: NDArray[np.float64] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return rows_of_1


def pairs(material: Material, vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Best cosine of every clip for every query with a word, own collection left out; and which are relevant."""
    firsts = np.flatnonzero(np.diff(material.owner, prepend=-1))
    queries = unit(mean_by_owner(vectors, material.owner))
    collection = np.array(material.collection)
    cosines: list[NDArray[np.float64]] = []
    relevant: list[NDArray[np.bool_]] = []
    named = np.array([bool(words) for words in material.words])
    for query in np.flatnonzero(named):
        best = np.maximum.reduceat(vectors @ queries[query], firsts)
        # a clip without a word may sound like anything: it is no evidence either way
        others = np.flatnonzero(named & (collection != collection[query]))
        cosines.append(best[others])
        relevant.append(np.array([bool(material.words[query] & material.words[other]) for other in others]))
    return np.concatenate(cosines), np.concatenate(relevant)


def logistic(x: NDArray[np.float64], y: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset that fit P(y) = 1 / (1 + exp(-(slope x + offset))), both classes weighing the same (Newton)."""
    weight = np.where(y, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    inputs = np.stack([x, np.ones_like(x)], axis=1)
    beta = np.zeros(2)
    for _ in range(NEWTON_STEPS):
        p = 1 / (1 + np.exp(-inputs @ beta))
        step = np.linalg.solve((inputs.T * (weight * p * (1 - p))) @ inputs, inputs.T @ (weight * (y - p)))
        beta += step
        if np.abs(step).max() < 1e-10:
            break
    return float(beta[0]), float(beta[1])


def main() -> None:
    """Fit, write, say what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path, help="CSV with the columns path, original_path, repo")
    parser.add_argument("out", type=Path, help="where the .npz goes")
    parser.add_argument("--encoder", required=True, help="the encoder without constants")
    parser.add_argument("--standardise", action="store_true", help="also divide by the standard deviation")
    args = parser.parse_args()
    encoder = wiring.encoder(args.encoder, Settings.from_env({"SOUNDALIKE_DEVICE": "cpu"}))
    material = encode(args.manifest, encoder)
    clips = mean_by_owner(material.vectors, material.owner)
    centre = clips.mean(axis=0)
    scale = 1 / np.maximum(clips.std(axis=0), 1e-6) if args.standardise else np.ones_like(centre)
    calibration = logistic(*pairs(material, unit((material.vectors - centre) * scale)))
    np.savez(
        args.out,
        centre=centre.astype(np.float32),
        scale=scale.astype(np.float32),
        calibration=np.array(calibration),
    )
    print(
        f"{args.out}: {len(clips)} clips, {len(material.owner)} segments, slope {calibration[0]:.3f}, "
        f"offset {calibration[1]:.3f}, a cosine of {-calibration[1] / calibration[0]:.3f} is even odds"
    )


if __name__ == "__main__":
    main()
