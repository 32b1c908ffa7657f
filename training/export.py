"""``python -m training.export``: a checkpoint and a tower -> the one file that ships, with everything fitted on top.

What is fitted, on learning material alone: the centre and the whitening of the space, the calibration of scores and of
tags, the direction of every class for the tower.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from search.encoders.contract import unit_rows
from search.encoders.mn import MnNetwork
from search.encoders.soundalike import Whitening
from search.encoders.tower import TextTower
from search.errors import UsageError

WHITENING_POWER = 0.25
"""Of the inverse of an axis's spread: chosen on the development split (docs/training.md)."""
LARGEST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TagCalibration:
    """A tag's probability is the logistic of ``slope`` times the network's logit plus ``offset``."""

    slope: float
    offset: float


def fit_space(
    embeddings: NDArray[np.float32], calibration: tuple[float, float], power: float = WHITENING_POWER
) -> Whitening:
    """Centre and whitening of embeddings (clips, dim)."""
    rows = unit_rows(embeddings)
    centre = rows.mean(0)
    _, spread, axes = np.linalg.svd(rows - centre, full_matrices=False)
    spread = np.maximum(spread, 1e-3 * spread[0])  # axes without any sound in them stay small
    return Whitening(centre, (axes.T * (spread / spread[0]) ** -power).astype(np.float32), calibration)


def network_tensors(network: MnNetwork, tags: TagCalibration) -> dict[str, Tensor]:
    """The network's weights in half precision: norms folded, the calibration of the tags folded into the head."""
    folded = deepcopy(network)
    folded.fuse()
    with torch.no_grad():
        head = folded.classifier[5]
        if not isinstance(head, nn.Linear):
            raise UsageError("this network has no hidden layer before its classes: only an mlp head ships")
        head.weight.mul_(tags.slope)
        head.bias.mul_(tags.slope).add_(tags.offset)
    return {name: value.half().contiguous() for name, value in folded.state_dict().items()}


def tower_tensors(tower: TextTower, vocabulary: tuple[str, ...]) -> dict[str, Tensor]:
    """The tower's weights: word pieces as 8-bit numbers with a scale each, the rest in half precision."""
    state = tower.state_dict()
    vectors = state.pop("pieces.weight")
    scale = vectors.abs().amax(1).clamp(min=1e-8) / 127
    tensors = {name: value.half().contiguous() for name, value in state.items()}
    tensors["pieces"] = (vectors / scale[:, None]).round().to(torch.int8)
    # halves reach down to 6e-8: a scale below is a piece that nothing has taught
    tensors["pieces_scale"] = scale.half()
    tensors["vocabulary"] = torch.frombuffer(bytearray("\n".join(vocabulary).encode()), dtype=torch.uint8)
    return tensors


def space_tensors(space: Whitening) -> dict[str, Tensor]:
    """The space's constants, in single precision."""
    return {
        "centre": torch.from_numpy(space.centre),
        "matrix": torch.from_numpy(space.matrix).contiguous(),
        "calibration": torch.tensor(space.calibration),
    }


def write_bundle(path: Path, parts: Mapping[str, Mapping[str, Tensor]], revision: str) -> int:
    """Write ``parts`` (network, space, tower) as one file; its size in bytes."""
    tensors = {f"{part}/{name}": value for part, named in parts.items() for name, value in named.items()}
    save_file(tensors, path, metadata={"format": "soundalike-1", "revision": revision})
    return path.stat().st_size
