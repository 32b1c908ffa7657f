"""Distillation by function matching: what the student must copy, and its loss.

There are three kinds of phase, as in the measured recipe (docs/training.md). "blocks": each block learns alone, from
the teacher's input to it. "frozen blocks": the same with frozen batch norm, because batch statistics limited how small
the error could get. "end to end": the whole network.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from search.encoders.mn import Bottleneck, MnNetwork
from training.student import run_block

Kind: TypeAlias = Literal["blocks", "frozen blocks", "end to end"]

BLOCK_CROPS = (8, 8, 8, 8, 8, 16, 16, 16)
"""How many crops of a batch the first blocks see when they learn alone; later blocks see all. The maps of the first are
10 to 200 times as large as those of the last, and their parameters are few: 8 crops give 77,000 positions, at a quarter
of the cost."""


EARLY_BLOCKS, EARLY_EVERY = 5, 3
"""End to end, the first five blocks learn only in every third step: they are half of the cost and 2 % of the
parameters."""


SCALE_EVERY = 10
"""Steps between two updates of `Teaching.scale`."""


@dataclass(frozen=True, slots=True)
class Phase:
    """``steps`` steps of one kind. The rate rises for 100 steps and falls to ``last`` of its peak along a cosine."""

    name: str
    kind: Kind
    steps: int
    peak_rate: float
    last: float = 0.01


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the loss end to end: relative error of every third block, logits, centred cosine of the embedding."""

    blocks: float = 0.1
    logits: float = 0.25
    cosine: float = 4.0


@dataclass
class Teaching:
    """One teacher and one student. ``scale`` (blocks,) is the running variance of what each block adds."""

    teacher: MnNetwork
    student: MnNetwork
    weights: Weights = field(default_factory=Weights)
    scale: Tensor | None = None

    def loss(self, mel: Tensor, kind: Kind, step: int) -> tuple[Tensor, dict[str, float]]:
        """The loss of a batch (n, 1, bands, frames) at a step of the run, and its parts for the log."""
        states = self._states(mel)
        if self.scale is None or step % SCALE_EVERY == 0:
            self._update_scale(states)
        if kind == "end to end":
            return self._whole(mel, states, early=step % EARLY_EVERY == 0)
        return self._blocks(states, frozen=kind == "frozen blocks")

    @torch.no_grad()
    def _states(self, mel: Tensor) -> list[Tensor]:
        """The input and the output of every block of the teacher."""
        states = [mel]
        for block in self.teacher.features:
            states.append(block(states[-1]))
        return states

    @torch.no_grad()
    def _update_scale(self, states: list[Tensor]) -> None:
        """Update ``scale``: the variance of what each block adds, over crops and positions, averaged over channels."""
        variances = []
        for block, before, after in zip(self.teacher.features, states[:-1], states[1:], strict=True):
            added = after[:8] - before[:8] if isinstance(block, Bottleneck) and block.adds else after[:8]
            variances.append(added.var((0, 2, 3)).mean())
        now = torch.stack(variances)
        self.scale = now if self.scale is None else 0.9 * self.scale + 0.1 * now

    def _blocks(self, states: list[Tensor], frozen: bool) -> tuple[Tensor, dict[str, float]]:
        assert self.scale is not None  # noqa: S101 (loss() has set it)
        self.student.train(not frozen)
        errors: list[Tensor] = []
        x = states[0]
        for i, block in enumerate(self.student.features):
            crops = BLOCK_CROPS[i] if i < len(BLOCK_CROPS) else len(states[i])
            x = run_block(block, states[i][:crops], frozen)
            errors.append(nn.functional.mse_loss(x, states[i + 1][:crops]) / self.scale[i])
        cosine, logits = self._ends(x, states[-1])
        loss = torch.stack(errors).sum() + self.weights.logits * logits + (1 - cosine)
        parts = {f"block {i}": float(error.detach()) for i, error in enumerate(errors)}
        return loss, parts | {"cosine": float(cosine.detach()), "logits": float(logits.detach())}

    def _whole(self, mel: Tensor, states: list[Tensor], early: bool) -> tuple[Tensor, dict[str, float]]:
        assert self.scale is not None  # noqa: S101 (loss() has set it)
        self.student.eval()
        errors: dict[str, Tensor] = {}
        x, last = mel, len(self.student.features) - 1
        for i, block in enumerate(self.student.features):
            with torch.set_grad_enabled(early or i >= EARLY_BLOCKS):
                x = run_block(block, x, frozen=True)
            if i % 3 == 2 or i >= last - 1:
                errors[f"block {i}"] = nn.functional.mse_loss(x, states[i + 1]) / self.scale[i]
        cosine, logits = self._ends(x, states[-1])
        loss = self.weights.blocks * torch.stack(list(errors.values())).sum()
        loss = loss + self.weights.logits * logits + self.weights.cosine * (1 - cosine)
        parts = {name: float(error.detach()) for name, error in errors.items()}
        return loss, parts | {"cosine": float(cosine.detach()), "logits": float(logits.detach())}

    def _ends(self, x: Tensor, teacher_state: Tensor) -> tuple[Tensor, Tensor]:
        """Centred cosine of the embeddings and mean squared error of the logits."""
        with torch.no_grad():
            target = teacher_state.mean((2, 3))
            target_logits = self.teacher.classifier(target[:, :, None, None]).flatten(1)
            centre = target.mean(0)
        embedding = x.mean((2, 3))
        cosine = nn.functional.cosine_similarity(embedding - centre, target - centre).mean()
        logits = self.student.classifier(embedding[:, :, None, None]).flatten(1)
        return cosine, nn.functional.mse_loss(logits, target_logits)
