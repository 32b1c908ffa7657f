"""How the text tower learns from MiniLM, and how it maps texts to the audio space.

The tower learns MiniLM's embedding (meaning) of a text, and which of AudioSet's classes the text means. The targets for
classes are a softmax over the cosines with "the sound of <class>" and "<class>: <description>".

The rest is linear: a regression of the classes' standardised log probabilities on the centred embeddings of training
material gives every class a direction of the audio space. So texts, sounds and their sums are points of one space. On
the development split this ranks clips as well as the 527 probabilities themselves (docs/training.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from search.encoders.tower import SCALE, UNKNOWN, WordPieces
from training.reading import Reader, TowerNetwork, pad

_KEPT = re.compile(r"(##)?[a-z]+|[!-/:-@\[-`{-~]|[0-9]")


ROWS_OF_ONE_LENGTH = 64


@dataclass(frozen=True, slots=True)
class TowerRecipe:
    """How the tower learns: ``steps`` batches of ``texts`` texts. The term of meanings has weight 1."""

    steps: int = 4_000
    texts: int = 512
    peak_rate: float = 3e-3
    classes: float = 0.3
    direction: float = 1.0


def vocabulary(pieces: Sequence[str]) -> tuple[str, ...]:
    """MiniLM's word pieces without other scripts, numbers and unused entries: 26,500 of 30,522."""
    return tuple(piece for piece in pieces if piece == UNKNOWN or _KEPT.fullmatch(piece))


@dataclass(frozen=True, slots=True)
class Lessons:
    """Texts as piece numbers, and MiniLM's embedding of each: meanings (texts, 384), any float type."""

    numbers: Sequence[Sequence[int]]
    meanings: NDArray[np.floating]


def learn(
    tower: TowerNetwork,
    lessons: Lessons,
    recipe: TowerRecipe,
    seed: int,
    report: Callable[[int, dict[str, float]], None],
) -> None:
    """Train ``tower`` in place; ``report`` gets the step and the terms of the loss every 100 steps."""
    rng = np.random.default_rng((seed, 6000))
    optimiser = torch.optim.AdamW(tower.parameters(), lr=recipe.peak_rate, weight_decay=1e-4, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.peak_rate, recipe.steps, pct_start=0.05)
    for step in range(recipe.steps):
        drawn = rng.integers(len(lessons.numbers), size=recipe.texts)
        target = torch.from_numpy(lessons.meanings[drawn].astype(np.float32))
        terms = loss_terms(tower, [lessons.numbers[i] for i in drawn], target)
        loss = terms["meaning"] + recipe.classes * terms["classes"] + recipe.direction * terms["direction"]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not type it
        optimiser.step()
        schedule.step()
        if step % 100 == 99:
            report(step + 1, {name: float(term.detach()) for name, term in terms.items()})


def read_by_length(tower: TowerNetwork, rows: Sequence[Sequence[int]]) -> Tensor:
    """The tower's meanings of rows of piece numbers: (n, meaning), in their order.

    Rows are batched by length, so that a text of two pieces is not padded to sixty. The result is the same, in a fifth
    of the time.
    """
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    parts = [order[first : first + ROWS_OF_ONE_LENGTH] for first in range(0, len(order), ROWS_OF_ONE_LENGTH)]
    meanings = torch.cat([tower.read(pad([rows[i] for i in part])) for part in parts])
    return meanings[torch.tensor(order).argsort()]


def loss_terms(tower: TowerNetwork, rows: Sequence[Sequence[int]], target: Tensor) -> dict[str, Tensor]:
    """The terms of the loss: 1 - cosine of the meanings, divergence of the classes, 1 - cosine of the directions."""
    meanings = read_by_length(tower, rows)
    scores = tower.class_scores(meanings)
    divergence = torch.nn.functional.kl_div(scores.log_softmax(1), tower.classes(target), reduction="batchmean")
    return {
        "meaning": 1 - (meanings * target).sum(1).mean(),
        "classes": divergence,
        "direction": 1 - (tower.direction(meanings) * tower.direction(target)).sum(1).mean(),
    }


def without_untaught(reader: Reader, rows: Iterable[Sequence[int]]) -> Reader:
    """The same tower without the word pieces that no text of ``rows`` (piece numbers) has, because they are untrained.

    Words with such a piece are read as smaller pieces instead.
    """
    used = {number for row in rows for number in row}
    vocabulary = reader.pieces.vocabulary
    used_numbers = [number for number, piece in enumerate(vocabulary) if piece == UNKNOWN or number in used]
    state = reader.tower.state_dict()
    state["pieces.weight"] = state["pieces.weight"][used_numbers]
    tower = TowerNetwork(replace(reader.tower.shape, pieces=len(used_numbers)))
    tower.load_state_dict(state)
    return Reader(tower, WordPieces([vocabulary[number] for number in used_numbers]))


def tower_tensors(reader: Reader) -> dict[str, Tensor]:
    """The tower's weights: matrices as 8-bit integers with a scale per row, the rest in half precision."""
    tensors: dict[str, Tensor] = {}
    for name, value in reader.tower.state_dict().items():
        if value.ndim != 2:
            tensors[name] = value.half().contiguous()
            continue
        # the smallest half is 6e-8: a scale below it would make the row zero
        scale = value.abs().amax(1).clamp(min=1e-7) / 127
        tensors[name] = (value / scale[:, None]).round().to(torch.int8)
        tensors[f"{name}{SCALE}"] = scale.half()
    tensors["vocabulary"] = torch.frombuffer(bytearray("\n".join(reader.pieces.vocabulary).encode()), dtype=torch.uint8)
    return tensors
