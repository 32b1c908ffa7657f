"""``python -m training.export``: make the one file that ships from a checkpoint and a tower.

It fits, on training material only: the centre and the whitening of the space, the calibration of scores and of tags,
and the direction of every class for the tower.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from search.encoders.mn import MnNetwork
from search.encoders.soundalike import FORMAT, Whitening
from search.encoders.weights import read_state
from search.errors import UsageError
from training import calibrate
from training.corpus import Corpus, present
from training.development import REPOSITORIES, Clips, by_example, embed
from training.reading import read_tensors
from training.running import command
from training.space import class_directions, fit_space
from training.student import build
from training.tower import tower_tensors
from training.weights import load_student, widths_of

LARGEST_BYTES = 16 * 1024 * 1024
INSTRUMENTS = ("instruments", "drums")
"""Corpora that are also used to fit the directions of classes: natural has few instruments, and no clarinet."""


@dataclass(frozen=True, slots=True)
class TagCalibration:
    """A tag's probability is the logistic of ``slope`` times the network's logit plus ``offset``."""

    slope: float
    offset: float


def network_tensors(network: MnNetwork, tags: TagCalibration) -> dict[str, Tensor]:
    """The network's weights in half precision: norms are folded in, the calibration of tags into the head."""
    folded = deepcopy(network)
    folded.fuse()
    with torch.no_grad():
        head = folded.classifier[5]
        if not isinstance(head, nn.Linear):
            raise UsageError("this network has no hidden layer before its classes: only an mlp head ships")
        head.weight.mul_(tags.slope)
        head.bias.mul_(tags.slope).add_(tags.offset)
    return {name: value.half().contiguous() for name, value in folded.state_dict().items()}


def space_tensors(space: Whitening) -> dict[str, Tensor]:
    """The space's constants, in single precision."""
    return {
        "centre": torch.from_numpy(space.centre),
        "matrix": torch.from_numpy(space.matrix).contiguous(),
        "calibration": torch.tensor(space.calibration),
    }


def write_bundle(path: Path, parts: Mapping[str, Mapping[str, Tensor]], revision: str) -> int:
    """Write ``parts`` (network, space, tower) as one file. Return its size in bytes."""
    tensors = {f"{part}/{name}": value for part, named in parts.items() for name, value in named.items()}
    save_file(tensors, path, metadata={"format": FORMAT, "revision": revision})
    return path.stat().st_size


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is fitted for a student: its space, the calibration of its tags, the direction of each class.

    ``figures`` are those of the development split, by example.
    """

    space: Whitening
    tags: TagCalibration
    directions: NDArray[np.float32]
    figures: Mapping[str, float]


def fit(student: MnNetwork, natural: Corpus, instruments: Sequence[Corpus]) -> Fitted:
    """Fit on natural without the development split. The directions of classes are also fitted on ``instruments``."""
    clips = Clips.of(natural)
    learnt = np.array([clip.group not in REPOSITORIES for clip in natural.clips])
    embeddings, log_probabilities = embed(student, natural)
    space = fit_space(embeddings[learnt], (1.0, 0.0))
    vectors = space.apply(embeddings)
    slope, offset = calibrate.of_tags(clips, _logits(log_probabilities), learnt)
    examples = [(vectors[learnt], log_probabilities[learnt])]
    for corpus in instruments:
        rows, logs = embed(student, corpus)
        examples.append((space.apply(rows), logs))
    directions = class_directions(*(np.concatenate(parts) for parts in zip(*examples, strict=True)))
    return Fitted(
        Whitening(space.centre, space.matrix, calibrate.of_scores(clips, vectors)),
        TagCalibration(slope, offset),
        directions,
        by_example(clips, vectors),
    )


def instruments_in(folder: Path) -> list[Corpus]:
    """The corpora of instruments that exist; prints the names of missing ones, which are not needed."""
    finished, missing = present(folder, INSTRUMENTS)
    if missing:
        print(f"{', '.join(missing)}: no such corpus; classes get their directions without it", file=sys.stderr)
    return finished


def _logits(log_probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """The logit of each probability, from its logarithm."""
    return np.asarray(log_probabilities - np.log1p(-np.exp(np.minimum(log_probabilities, -1e-6))), np.float32)


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, write the file, and print its size and the figures of the development split."""
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__)
    parser.add_argument("student", type=Path, help="a run's state.pt, or student.safetensors")
    parser.add_argument("tower", type=Path, help="tower.safetensors of training.words")
    parser.add_argument("out", type=Path, help="the file to write, soundalike-1.safetensors")
    parser.add_argument("--corpora", type=Path, default=Path("run/training/corpus"))
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    student = build(widths_of(args.student))
    step = load_student(student, args.student)
    reader = read_tensors(read_state(args.tower))
    folded = deepcopy(student)
    folded.fuse()
    fitted = fit(folded, Corpus.open(args.corpora / "natural"), instruments_in(args.corpora))
    reader.tower.class_directions.copy_(torch.from_numpy(fitted.directions))
    parts = {
        "network": network_tensors(student, fitted.tags),
        "space": space_tensors(fitted.space),
        "tower": tower_tensors(reader),
    }
    size = write_bundle(args.out, parts, f"step {step}")
    print(json.dumps({"step": step, "bytes": size, "tags": [fitted.tags.slope, fitted.tags.offset], **fitted.figures}))
    if size > LARGEST_BYTES:
        raise UsageError(f"{args.out} has {size} bytes, more than the {LARGEST_BYTES} that may ship")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
