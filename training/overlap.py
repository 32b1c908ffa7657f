"""``python -m training.overlap``: check whether any training sound is also in an evaluation set.

Recordings that were cut, filtered or compressed again are found by the teacher's embeddings: a cosine above .97 between
centred means is the same recording, not the same kind of sound. Equal files are compared by digest (`digests`) in the
tests.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from search.audio import stream
from search.encoders.mel import MelFrontEnd
from search.errors import UsageError
from search.model import Vectors
from training.corpus import MEL, Corpus, CorpusClip, analyse, present
from training.development import REPOSITORIES, embed
from training.running import command
from training.student import load_teacher

EVALUATION = ("esc50", "esc10", "instruments", "us8k-fold10", "sfx", "fsdd")
TOO_CLOSE = 0.97


@dataclass(frozen=True, slots=True)
class Pair:
    """A training sound and an evaluation clip that may be one recording."""

    trained: str
    evaluated: str
    cosine: float


def files_of(manifest: Path) -> list[Path]:
    """The audio files that a manifest lists. Raises UsageError if it cannot be read."""
    try:
        with manifest.open(newline="", encoding="utf-8") as file:
            return [manifest.parent / row["path"] for row in csv.DictReader(file)]
    except OSError as error:
        raise UsageError(f"{manifest} cannot be read ({error.strerror}): give --shared DIR") from error


def digests(files: Iterable[Path]) -> dict[str, Path]:
    """SHA-256 of each file's bytes -> the file."""
    file_of = {}
    for path in files:
        with path.open("rb") as file:
            file_of[hashlib.file_digest(file, "sha256").hexdigest()] = path
    return file_of


def close_pairs(
    trained: Vectors, evaluated: Vectors, names: Sequence[str], others: Sequence[str], at_once: int = 1024
) -> list[Pair]:
    """Pairs above TOO_CLOSE between two tables of unit rows, closest first."""
    pairs = []
    for first in range(0, len(trained), at_once):
        cosines = trained[first : first + at_once] @ evaluated.T
        for row, column in zip(*np.nonzero(cosines > TOO_CLOSE), strict=True):
            pairs.append(Pair(names[first + row], others[column], float(cosines[row, column])))
    return sorted(pairs, key=lambda pair: -pair.cosine)


def evaluation_corpus(shared: Path) -> Corpus:
    """All evaluation clips as a corpus in memory. It is only for this check; nothing is trained on it.

    Raises UsageError, before anything is decoded, if a set is missing.
    """
    listed = [(name, path) for name in EVALUATION for path in files_of(shared / "data" / name / "manifest.csv")]
    front_end = MelFrontEnd(MEL).eval()
    clips, mels, start = [], [], 0
    for name, path in listed:
        wave = np.concatenate([np.empty(0, np.float32), *stream(str(path), MEL.rate_hz)])
        np.clip(wave, -1.0, 1.0, out=wave)
        mel, _ = analyse(front_end, wave)
        clips.append(CorpusClip(str(path.relative_to(shared)), name, start, len(mel)))
        mels.append(mel)
        start += len(mel)
    return Corpus("evaluation", np.concatenate(mels), np.empty(0, np.float16), tuple(clips))


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """Compare every existing corpus with every evaluation set. Return 1 if a training sound is in both, else 0."""
    parser = argparse.ArgumentParser(prog="python -m training.overlap", description=__doc__)
    parser.add_argument(
        "corpora", nargs="*", default=["natural", "instruments", "drums", "songs", "procedural", "speech"]
    )
    parser.add_argument("--folder", type=Path, default=Path("run/training/corpus"))
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    corpora, missing = present(args.folder, args.corpora)
    if not corpora:
        raise UsageError(f"{args.folder} has none of {', '.join(missing)}: run python -m training.prepare")
    if missing:
        print(f"not looked at, they are not in {args.folder}: {', '.join(missing)}", file=sys.stderr)
    teacher = load_teacher(args.shared / "models" / "mn04_as_mAP_432.pt")
    evaluation = evaluation_corpus(args.shared)
    evaluated, _ = embed(teacher, evaluation)
    centre = evaluated.mean(0)
    learnt_from = 0
    for corpus in corpora:
        trained, _ = embed(teacher, corpus)
        pairs = close_pairs(
            _unit(trained - centre),
            _unit(evaluated - centre),
            [clip.path for clip in corpus.clips],
            [clip.path for clip in evaluation.clips],
        )
        held_out = {clip.path for clip in corpus.clips if clip.group in REPOSITORIES}
        learnt_from += sum(pair.trained not in held_out for pair in pairs)
        print(f"{corpus.name}: {len(pairs)} pairs above {TOO_CLOSE}", flush=True)
        for pair in pairs[:50]:
            where = "development split" if pair.trained in held_out else "learnt from"
            print(f"  {pair.cosine:.3f} {pair.trained} = {pair.evaluated} ({where})")
    print(f"{learnt_from} of these sounds are learnt from")
    return 1 if learnt_from else 0


def _unit(rows: Vectors) -> Vectors:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


if __name__ == "__main__":
    raise SystemExit(main())
