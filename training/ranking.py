"""``python -m training.ranking``: test whether a projection of the embedding, trained for ranking, helps.

The projection is a matrix over frozen vectors of single windows, trained with the contrastive loss of CPC (van den
Oord, Li and Vinyals, 2018): two windows of one recording attract each other, and the other recordings of the batch
repel. It starts as the first principal axes. It learns from natural without the development split, which then judges
whole clips. Results are in docs/training.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy, normalize

from search.encoders.contract import unit_rows
from search.model import Vectors
from training.corpus import Corpus
from training.development import Clips, by_example, embed_windows, mean_by
from training.running import command
from training.space import fit_space
from training.student import build
from training.weights import load_student, widths_of

WINDOW_S, HOP_S = 3.0, 1.5
BATCH, TEMPERATURE, RATE = 256, 0.1, 1e-4


@dataclass(frozen=True, slots=True)
class Trial:
    """One projection: its dimensions, its training steps, and whether a batch is of one repository (hard negatives)."""

    dim: int
    steps: int
    hard: bool

    @property
    def name(self) -> str:
        """For the table."""
        if self.steps == 0:
            return f"{self.dim} principal axes, not trained"
        return f"{self.dim} dimensions, {self.steps} steps, {'one repository a batch' if self.hard else 'all mixed'}"


TRIALS = tuple(
    Trial(dim, steps, hard)
    for dim in (384, 192, 96)
    for steps, hard in ((0, False), (300, False), (300, True), (3000, False))
)


def pairs(
    owners: NDArray[np.int64], groups: NDArray[np.int64], count: int, *, hard: bool, rng: np.random.Generator
) -> NDArray[np.int64]:
    """(``count`` or fewer, 2): two different windows of each of ``count`` random recordings that have two or more.

    ``owners`` (windows,), ascending, is each window's recording; ``groups`` (clips,) is each recording's repository.
    With ``hard``, all are of one repository, drawn with probability proportional to its number of recordings.
    """
    first, size = np.searchsorted(owners, np.arange(len(groups))), np.bincount(owners, minlength=len(groups))
    usable = np.flatnonzero(size >= 2)
    if hard:
        usable = usable[groups[usable] == groups[rng.choice(usable)]]
    clips = rng.permutation(usable)[:count]
    first_window = rng.integers(0, size[clips])
    second_window = (first_window + rng.integers(1, size[clips])) % size[clips]
    return np.stack([first[clips] + first_window, first[clips] + second_window], axis=1)


def trained(
    windows: Vectors, owners: NDArray[np.int64], groups: NDArray[np.int64], trial: Trial, seed: int
) -> NDArray[np.float32]:
    """The projection (dim of windows, dim of the trial), learnt from unit rows ``windows``."""
    axes = np.linalg.svd(windows, full_matrices=False)[2][: trial.dim]
    matrix = torch.from_numpy(axes.T.copy()).requires_grad_()
    rows, rng = torch.from_numpy(windows), np.random.default_rng(seed)
    optimiser = torch.optim.AdamW([matrix], RATE, weight_decay=0.0)
    for _ in range(trial.steps):
        chosen = pairs(owners, groups, BATCH, hard=trial.hard, rng=rng)
        if len(chosen) < 2:
            continue  # with one recording there is nothing to repel
        one, other = (normalize(rows[chosen[:, side]] @ matrix, dim=1) for side in (0, 1))
        alike, target = one @ other.T / TEMPERATURE, torch.arange(len(chosen))
        loss = (cross_entropy(alike, target) + cross_entropy(alike.T, target)) / 2
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not type it
        optimiser.step()
    return np.asarray(matrix.detach().numpy(), np.float32)


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """Run all trials, and print a table of mAP of siblings and of kinds on the development split."""
    parser = argparse.ArgumentParser(prog="python -m training.ranking", description=__doc__)
    parser.add_argument("student", type=Path, help="a checkpoint, or a student's weights")
    parser.add_argument("--corpora", type=Path, default=Path("run/training/corpus"))
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(arguments)
    student = build(widths_of(args.student))
    load_student(student, args.student)
    natural = Corpus.open(args.corpora / "natural")
    clips = Clips.of(natural)
    owners, embeddings, _ = embed_windows(student, natural, WINDOW_S, HOP_S)
    learnt = ~clips.held_out
    space = fit_space(mean_by(owners, embeddings)[learnt], (1.0, 0.0))
    windows = space.apply(embeddings)
    groups = np.unique([clip.group for clip in clips.clips], return_inverse=True)[1]

    def print_row(name: str, matrix: NDArray[np.float32]) -> None:
        figures = by_example(clips, unit_rows(mean_by(owners, windows) @ matrix))
        print(f"| {name} | {figures['siblings']:.3f} | {figures['kinds']:.3f} |", flush=True)

    print("| | siblings | kinds |\n|---|---|---|")
    print_row("as it is", np.eye(windows.shape[1], dtype=np.float32))
    mine = learnt[owners]
    for trial in TRIALS:
        print_row(trial.name, trained(windows[mine], owners[mine], groups, trial, args.seed))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
