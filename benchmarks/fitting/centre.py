"""Fit the constants of a space on learning material, and write them to the file from which the encoder reads them.

    MANIFEST=../shared/data/natural/manifest.csv; DATA=search/encoders/data
    python -m benchmarks.fitting.centre $MANIFEST $DATA/cnn_mn04.npz --encoder cnn:../shared/models/mn04_as_mAP_432.pt
    python -m benchmarks.fitting.centre $MANIFEST $DATA/spectral.npz --encoder spectral:plain --standardise

Name the encoder without constants. ``centre`` is the mean over clips of their mean vectors; ``scale`` is one over their
standard deviation, or 1. ``calibration`` is the slope and offset of a logistic regression from cosine to relevance. A
clip is relevant if its file name has the same word for a sound as the query's and it comes from another collection. A
name says little about how a sound was recorded. So of the clips that share a word with a query, only the most similar
one counts as relevant; every clip with other words counts as not relevant. The prior is that one in ten is relevant.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.sound_words import sound_words
from benchmarks.quality import items
from search import audio, wiring
from search.errors import AudioError
from search.ground import process
from search.ground.ending import with_status
from search.ports import Encoder
from search.settings import Settings

WINDOWS_AT_ONCE = 64
NEWTON_STEPS = 50

PRIOR = 0.1
"""Prior probability that a clip is relevant: one hit on a page of ten."""


@dataclass(frozen=True, slots=True)
class Material:
    """Readable clips. ``vectors`` (segments, dim); ``owner`` (segments,): the row of a segment's clip, ascending."""

    vectors: NDArray[np.float64]
    owner: NDArray[np.int64]
    words: tuple[frozenset[str], ...]
    collection: tuple[str, ...]


def encode(manifest: Path, encoder: Encoder) -> Material:
    """Encode every clip of a manifest (columns ``path``, ``original_path``, ``repo``); unreadable ones are left out."""
    vectors: list[NDArray[np.float64]] = []
    owner: list[int] = []
    words: list[frozenset[str]] = []
    collection: list[str] = []
    for _, row in items.rows(manifest, ("path", "original_path", "repo")):
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
    """Return (segments, dim): the vectors of one file."""
    windows = audio.windows(path, encoder.spec)
    parts = []
    while batch := [window.samples for window in islice(windows, WINDOWS_AT_ONCE)]:
        parts.append(encoder.encode_audio(np.stack(batch)).vectors.astype(np.float64))
    return np.concatenate(parts)


def mean_by_owner(rows: NDArray[np.float64], owner: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (clips, dim): the mean of each clip's rows."""
    firsts = np.flatnonzero(np.diff(owner, prepend=-1))
    sums: NDArray[np.float64] = np.add.reduceat(rows, firsts, axis=0)
    means: NDArray[np.float64] = sums / np.diff(np.append(firsts, len(owner)))[:, None]
    return means


def unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rows scaled to length 1."""
    rows_of_1: NDArray[np.float64] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return rows_of_1


def pairs(material: Material, vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return cosines of queries with clips of other collections: each query's best relevant clip, and all others."""
    firsts = np.flatnonzero(np.diff(material.owner, prepend=-1))
    queries = unit(mean_by_owner(vectors, material.owner))
    collection = np.array(material.collection)
    relevant: list[float] = []
    other: list[NDArray[np.float64]] = []
    # a clip without a word may sound like anything, so it is no evidence either way
    named = np.flatnonzero([bool(words) for words in material.words])
    for query in named:
        best = np.maximum.reduceat(vectors @ queries[query], firsts)
        among = named[collection[named] != collection[query]]
        shares = np.array([bool(material.words[query] & material.words[clip]) for clip in among])
        if shares.any():
            relevant.append(best[among[shares]].max())
            other.append(best[among[~shares]])
    return np.array(relevant), np.concatenate(other)


def logistic(relevant: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, float]:
    """Return slope and offset of P(relevant) = 1 / (1 + exp(-(slope cosine + offset))), by Newton's method.

    The relevant cosines together have the weight ``PRIOR``, the others the rest, whatever their numbers.
    """
    cosine = np.concatenate([relevant, other])
    is_relevant = np.concatenate([np.ones(len(relevant)), np.zeros(len(other))])
    weight = np.where(is_relevant > 0, PRIOR / len(relevant), (1 - PRIOR) / len(other))
    inputs = np.stack([cosine, np.ones_like(cosine)], axis=1)
    beta = np.array([0.0, np.log(PRIOR / (1 - PRIOR))])
    for _ in range(NEWTON_STEPS):
        p = 1 / (1 + np.exp(-inputs @ beta))
        step = np.linalg.solve((inputs.T * (weight * p * (1 - p))) @ inputs, inputs.T @ (weight * (is_relevant - p)))
        beta += step
        if np.abs(step).max() < 1e-10:
            break
    return float(beta[0]), float(beta[1])


@with_status
def main() -> None:
    """Fit and write the constants, and print them."""
    process.own()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path, help="CSV with the columns path, original_path, repo")
    parser.add_argument("out", type=Path, help="the .npz file to write")
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
    raise SystemExit(main())
