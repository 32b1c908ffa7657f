"""Fine-tuning on a person's own labels: a frozen encoder, a light adapter of its space, early stopping.

The adapter (`search.encoders.adapted`) starts as the identity. It learns by the supervised contrastive loss (Khosla et
al., NeurIPS 2020, arXiv:2004.11362) over windows and augmented takes of them. The squared distance by which it moves
vectors is a penalty, so that it stays near the encoder's own space.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from search import audio
from search.encoders.adapted import Adapter
from search.encoders.contract import unit_rows
from search.errors import AudioError
from search.evaluation import PerQuery, judge, order_by_cosine, relevance, score
from search.model import EncoderSpec, Vectors, Wave
from search.ports import Encoder
from training import calibrate
from training.labelled import LabelledClip
from training.waves import WaveAugmentation, augment

MOST_WINDOWS = 24
"""How many windows of a recording are used: the first minute. A label must hold for the whole recording."""
BACKGROUNDS = 64
_CALIBRATION_RIDGE = 1e-4  # a few dozen clips may be linearly separable

Progress = Callable[[int, int], None]
"""Called with the number of steps done and the total."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the adapter learns. ``takes``: augmented versions of every window, in addition to the original."""

    takes: int = 3
    rank: int = 64
    batch: int = 256
    rate: float = 2e-3
    temperature: float = 0.1
    nearness: float = 1.0
    steps_an_epoch: int = 50
    most_epochs: int = 60
    patience: int = 8
    seed: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class EncodedWindows:
    """Vectors of windows (n, dim) and the clip of each (n,); originals first, then augmented takes."""

    vectors: Vectors
    clip: NDArray[np.int64]

    def pooled(self, clips: int, adapter: Adapter | None = None) -> Vectors:
        """(clips, dim): one unit row per clip, the mean of its windows in the adapted space."""
        rows = self.vectors if adapter is None else adapter.apply(self.vectors)
        sums = np.zeros((clips, rows.shape[1]), np.float64)
        np.add.at(sums, self.clip, rows)
        return unit_rows(sums)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The best adapter on the validation clips, or None if none improved on the encoder alone.

    ``validation`` holds their mAP: first without an adapter, then after each epoch.
    """

    adapter: Adapter | None
    validation: tuple[float, ...]


def readable(
    clips: Sequence[LabelledClip], spec: EncoderSpec, progress: Progress
) -> tuple[list[LabelledClip], list[AudioError]]:
    """The clips whose used windows can be decoded, and the error of each other clip.

    This is checked before the split, so that no part counts a clip that it lacks. Decoding is cheap compared with
    encoding.
    """
    decodable, failed = [], []
    for number, clip in enumerate(clips):
        try:
            deque(islice(audio.windows(os.fspath(clip.path), spec), MOST_WINDOWS), maxlen=0)
            decodable.append(clip)
        except AudioError as error:
            failed.append(error)
        progress(number + 1, len(clips))
    return decodable, failed


def encode_windows(
    clips: Sequence[LabelledClip], encoder: Encoder, takes: int, seed: int, progress: Progress
) -> EncodedWindows:
    """Encode every clip's windows, and ``takes`` augmented versions of each.

    Raises AudioError for a file that cannot be decoded.
    """
    spec, how = encoder.spec, WaveAugmentation()
    rng = np.random.default_rng(seed)
    backgrounds: list[Wave] = []
    vectors, owner = [], []
    for number, clip in enumerate(clips):
        windows = [w.samples for w in islice(audio.windows(os.fspath(clip.path), spec), MOST_WINDOWS)]
        takes_of_clip = list(windows)
        for _ in range(takes):
            for window in windows:
                behind = backgrounds[int(rng.integers(len(backgrounds)))] if backgrounds else None
                takes_of_clip.append(augment(window, spec.sample_rate_hz, behind, how, rng))
        vectors.append(encoder.encode_audio(np.stack(takes_of_clip)).vectors)
        owner += [number] * len(takes_of_clip)
        _remember(backgrounds, windows[0], rng)
        progress(number + 1, len(clips))
    return EncodedWindows(np.concatenate(vectors), np.array(owner, np.int64))


def fit(
    learn: EncodedWindows, labels: NDArray[np.int64], judge_by: Callable[[Adapter | None], float], plan: Plan
) -> Fit:
    """Learn from windows whose clips have ``labels`` (clips,), until ``judge_by`` stops improving."""
    torch.manual_seed(plan.seed)
    rng = np.random.default_rng(plan.seed)
    dim = learn.vectors.shape[1]
    down = torch.nn.Parameter(torch.randn(dim, min(plan.rank, dim)) / dim**0.5)
    up = torch.nn.Parameter(torch.zeros(down.shape[1], dim))
    optimiser = torch.optim.AdamW([down, up], lr=plan.rate, weight_decay=0.01)
    rows = torch.from_numpy(learn.vectors)
    label_of = torch.from_numpy(labels[learn.clip])
    best, best_adapter, history = judge_by(None), None, []
    history.append(best)
    stale = 0
    while len(history) <= plan.most_epochs and stale < plan.patience:
        for _ in range(plan.steps_an_epoch):
            picked = torch.from_numpy(_balanced(labels[learn.clip], plan.batch, rng))
            x = rows[picked]
            y = torch.nn.functional.normalize(x + x @ down @ up, dim=1)
            loss = contrastive(y, label_of[picked], plan.temperature) + plan.nearness * (y - x).square().sum(1).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch does not type it
            optimiser.step()
        now = Adapter(down.detach().numpy().copy(), up.detach().numpy().copy())
        history.append(judge_by(now))
        stale += 1
        if history[-1] > best:
            best, best_adapter, stale = history[-1], now, 0
    return Fit(best_adapter, tuple(history))


def contrastive(rows: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """The supervised contrastive loss of unit ``rows`` (n, dim) with ``labels`` (n,): L_out of Khosla et al., eq. 2."""
    similar = rows @ rows.T / temperature
    itself = torch.eye(len(rows), dtype=torch.bool)
    log_share = similar - torch.logsumexp(similar.masked_fill(itself, -torch.inf), dim=1, keepdim=True)
    positive = (labels[:, None] == labels[None, :]) & ~itself
    counts = positive.sum(1)
    has_positive = counts > 0
    return -((log_share * positive).sum(1)[has_positive] / counts[has_positive]).mean()


def by_example(vectors: Vectors, clips: Sequence[LabelledClip]) -> PerQuery:
    """Score every clip (n,) as a query among the others, by ``vectors`` (n, dim)."""
    relevant, candidates = relevance([frozenset({clip.label}) for clip in clips], [clip.group for clip in clips])
    return score(judge(order_by_cosine(vectors, vectors), relevant, candidates))


def calibration(vectors: Vectors, clips: Sequence[LabelledClip]) -> tuple[float, float]:
    """Slope and offset from cosine to relevance, fitted over all pairs of clips.

    Relevant pairs are weighted to be as rare as on a page of hits (`training.calibrate.PRIOR`).
    """
    relevant, candidates = relevance([frozenset({clip.label}) for clip in clips], [clip.group for clip in clips])
    cosines, is_relevant = (vectors @ vectors.T)[candidates], relevant[candidates].astype(np.float64)
    share = float(is_relevant.mean())
    weight = np.where(is_relevant > 0, calibrate.PRIOR / share, (1 - calibrate.PRIOR) / (1 - share)) / len(is_relevant)
    return calibrate.logistic(cosines, is_relevant, weight, ridge=_CALIBRATION_RIDGE)


def _balanced(labels: NDArray[np.int64], batch: int, rng: Generator) -> NDArray[np.int64]:
    """``batch`` places among ``labels`` (n,), all labels equally likely, so that frequent labels do not dominate."""
    _, label, counts = np.unique(labels, return_inverse=True, return_counts=True)
    chance = 1 / counts[label]
    return rng.choice(len(labels), size=min(batch, len(labels)), replace=False, p=chance / chance.sum())


def _remember(backgrounds: list[Wave], window: Wave, rng: Generator) -> None:
    if len(backgrounds) < BACKGROUNDS:
        backgrounds.append(window)
    else:
        backgrounds[int(rng.integers(BACKGROUNDS))] = window
