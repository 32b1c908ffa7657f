"""The text tower in torch, for training; `search.encoders.tower` is the same function in numpy, for inference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from search.encoders.tower import COMMON_SHARE, SCALE, SHARPNESS, WordPieces


@dataclass(frozen=True, slots=True)
class TowerShape:
    """Sizes: number of word pieces, and dimensions of their vectors, hidden layer, meaning, classes and audio space."""

    pieces: int
    width: int = 256
    hidden: int = 512
    meaning: int = 384
    classes: int = 527
    dim: int = 384


class TowerNetwork(nn.Module):
    """Piece numbers (n, pieces), padded with -1 -> directions of the audio space (n, dim), unit rows."""

    def __init__(self, shape: TowerShape) -> None:
        super().__init__()
        self.shape = shape
        self.pieces = nn.Embedding(shape.pieces, shape.width)
        self.neighbours = nn.Conv1d(shape.width, shape.width, 3, padding=1)
        self.importance = nn.Linear(shape.width, 1)
        self.hidden = nn.Linear(2 * shape.width, shape.hidden)
        self.meaning = nn.Linear(shape.hidden, shape.meaning)
        self.shortcut = nn.Linear(shape.width, shape.meaning, bias=False)
        self.register_buffer("class_meanings", torch.zeros(shape.classes, shape.meaning))
        self.register_buffer("class_directions", torch.zeros(shape.classes, shape.dim))
        self.register_buffer("typical_classes", torch.zeros(shape.classes))
        self.class_meanings: Tensor
        self.class_directions: Tensor
        self.typical_classes: Tensor

    def forward(self, numbers: Tensor) -> Tensor:
        """The direction of each text."""
        return self.direction(self.read(numbers))

    def read(self, numbers: Tensor) -> Tensor:
        """The tower's estimate of MiniLM's embedding of each text: (n, meaning), unit rows."""
        present = (numbers >= 0)[..., None]
        x = self.pieces(numbers.clamp(min=0)) * present
        mixed = nn.functional.gelu(self.neighbours(x.transpose(1, 2)).transpose(1, 2))
        weights = self.importance(x + mixed).masked_fill(~present, -torch.inf).softmax(1)
        alone, together = (x * weights).sum(1), (mixed * weights).sum(1)
        hidden = nn.functional.gelu(self.hidden(torch.cat([alone, together], 1)))
        return nn.functional.normalize(self.meaning(hidden) + self.shortcut(alone), dim=1)

    def classes(self, meanings: Tensor) -> Tensor:
        """How much each text means each class: (n, classes), rows sum to 1."""
        return self.class_scores(meanings).softmax(1)

    def class_scores(self, meanings: Tensor) -> Tensor:
        """The logarithms of `classes`, up to a constant per row."""
        return SHARPNESS * meanings @ self.class_meanings.T

    def direction(self, meanings: Tensor) -> Tensor:
        """Meanings -> directions of the audio space, unit rows. An average text's classes are subtracted first."""
        meant = self.classes(meanings) - COMMON_SHARE * self.typical_classes
        return nn.functional.normalize(meant @ self.class_directions, dim=1)


@dataclass(frozen=True, slots=True)
class Reader:
    """A tower and the word pieces that it knows."""

    tower: TowerNetwork
    pieces: WordPieces

    @torch.inference_mode()
    def directions(self, texts: Sequence[str]) -> Tensor:
        """(n, dim) unit rows. One text at a time, so that no vector's last digits depend on the other texts."""
        rows = [self.tower(pad([self.pieces.read(text)])) for text in texts]
        return torch.cat(rows) if rows else torch.empty(0, self.tower.class_directions.shape[1])


def pad(rows: Sequence[Sequence[int]]) -> Tensor:
    """Rows of piece numbers, of any lengths -> (n, longest) int64, padded with -1."""
    longest = max((len(row) for row in rows), default=1)
    return torch.tensor([[*row, *[-1] * (longest - len(row))] for row in rows], dtype=torch.int64).reshape(-1, longest)


def read_tensors(state: Mapping[str, Tensor]) -> Reader:
    """The reader that a file holds. Matrices are stored as integers from -127 to 127, with a scale per row.

    Raises KeyError or RuntimeError if a tensor is missing or has another shape.
    """
    vocabulary = bytes(state["vocabulary"].numpy()).decode().split("\n")
    weights = {
        name: value.float() * state[f"{name}{SCALE}"].float()[:, None] if value.dtype == torch.int8 else value.float()
        for name, value in state.items()
        if name != "vocabulary" and not name.endswith(SCALE)
    }
    shape = TowerShape(
        pieces=len(vocabulary),
        width=weights["pieces.weight"].shape[1],
        hidden=len(weights["hidden.bias"]),
        meaning=len(weights["meaning.bias"]),
        classes=len(weights["class_directions"]),
        dim=weights["class_directions"].shape[1],
    )
    tower = TowerNetwork(shape)
    tower.load_state_dict(weights)
    return Reader(tower.requires_grad_(False).eval(), WordPieces(vocabulary))
