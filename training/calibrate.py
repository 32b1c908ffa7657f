"""Calibration on learning material: from cosine to a probability of relevance, from logits to probabilities of tags."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search.encoders.audioset import class_names
from search.model import Vectors
from training.development import Clips

PRIOR = 0.1
"""Probability that a clip is relevant before its cosine is known: one hit on a page of ten."""
KIND_CLASSES = {
    "rain": ("Rain",),
    "thunder": ("Thunder", "Thunderstorm"),
    "wind": ("Wind",),
    "water": ("Water", "Stream", "Waves, surf", "Splash, splatter"),
    "fire": ("Fire", "Crackle"),
    "birds": ("Bird",),
    "crow or owl": ("Crow", "Owl"),
    "chicken": ("Chicken, rooster",),
    "dog": ("Dog",),
    "cat": ("Cat",),
    "cow": ("Cattle, bovinae", "Moo"),
    "sheep": ("Sheep", "Bleat"),
    "pig": ("Pig",),
    "horse": ("Horse",),
    "frog": ("Frog",),
    "insects": ("Insect",),
    "footsteps": ("Walk, footsteps",),
    "door": ("Door",),
    "glass": ("Glass", "Shatter"),
    "explosion": ("Explosion",),
    "gun": ("Gunshot, gunfire",),
    "bell": ("Bell",),
    "alarm": ("Alarm", "Siren"),
    "train": ("Train",),
    "car": ("Car", "Engine"),
    "keyboard": ("Typing", "Computer keyboard"),
    "laughter": ("Laughter",),
    "scream": ("Screaming",),
    "baby": ("Baby cry, infant cry",),
    "crowd": ("Crowd",),
    "piano": ("Piano",),
    "guitar": ("Guitar",),
    "bass": ("Bass guitar",),
    "flute": ("Flute",),
    "saxophone": ("Saxophone",),
    "brass": ("Trumpet", "Brass instrument"),
    "drum": ("Drum",),
    "cymbal": ("Cymbal",),
    "clap": ("Clapping",),
    "whistle": ("Whistle", "Whistling"),
    "gong": ("Gong",),
}
"""The classes of AudioSet for each kind of the development split. Metal, wood and horn are missing: they would need too
many classes."""
_NEWTON_STEPS = 50
_CLOSE = 1e-9


def of_scores(clips: Clips, vectors: Vectors) -> tuple[float, float]:
    """Slope and offset from cosine to relevance, over the unit rows (clips, dim) of natural.

    The constants of the other encoders were fitted by the same rule. Names say little about how a thing was recorded.
    So among clips of the query's kind in other repositories, only the most similar counts as relevant; all clips of
    other kinds count as not relevant.
    """
    named = np.array([i for i, kinds in enumerate(clips.kinds) if kinds])
    groups = np.array([clips.clips[i].group for i in named])
    cosines = vectors[named] @ vectors[named].T
    relevant, other = [], []
    for row, query in enumerate(named):
        elsewhere = groups != groups[row]
        shared = np.array([bool(clips.kinds[query] & clips.kinds[i]) for i in named])
        if np.any(shared & elsewhere):
            relevant.append(cosines[row, shared & elsewhere].max())
            other.append(cosines[row, ~shared & elsewhere])
    relevance = np.concatenate([np.ones(len(relevant)), np.zeros(sum(map(len, other)))])
    weight = np.where(relevance > 0, PRIOR / len(relevant), (1 - PRIOR) / max(1, len(relevance) - len(relevant)))
    return logistic(np.concatenate([relevant, *other]), relevance, weight)


def of_tags(clips: Clips, logits: NDArray[np.float32], learnt: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset from logits (clips, classes) to probabilities, on the clips of natural that are ``learnt`` from.

    The kinds in a clip's name are the truth; the largest logit of a kind's classes is the prediction. The teacher's own
    probabilities are no guide: AudioSet's labels are rare, so its probabilities are half as high as names warrant.
    """
    named = np.flatnonzero(learnt & np.array([bool(kinds) for kinds in clips.kinds]))
    vocabulary = class_names()
    promised, true = [], []
    for kind, classes in KIND_CLASSES.items():
        promised.append(logits[named][:, [vocabulary.index(name) for name in classes]].max(1))
        true.append([kind in clips.kinds[clip] for clip in named])
    relevance = np.array(true, np.float64).ravel()
    return logistic(np.concatenate(promised), relevance, np.full(len(relevance), 1 / len(relevance)))


def logistic(
    inputs: NDArray[np.floating], relevance: NDArray[np.floating], weight: NDArray[np.floating], ridge: float = 0.0
) -> tuple[float, float]:
    """Slope and offset of p = 1 / (1 + exp(-(slope x + offset))) that minimise cross entropy, by Newton's method.

    ``ridge`` adds ``ridge / 2 * slope ** 2``. Without it, inputs that separate the outcomes have no finite slope.
    """
    x = np.stack([inputs.astype(np.float64), np.ones(len(inputs))], axis=1)
    share = float(np.average(relevance, weights=weight))
    beta = np.array([0.0, np.log(share / (1 - share))])
    penalty = np.diag([ridge, 0.0])

    def penalised(at: NDArray[np.float64]) -> float:
        return _cross_entropy(x @ at, relevance, weight) + float(at @ penalty @ at) / 2

    loss = penalised(beta)
    for _ in range(_NEWTON_STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -40, 40)))
        curvature = (x.T * (weight * p * (1 - p))) @ x + penalty
        step = np.linalg.solve(curvature, x.T @ (weight * (relevance - p)) - penalty @ beta)
        # far from the optimum, a full step overshoots to where every p is 0 or 1 and the system is singular
        while (lower := penalised(beta + step)) > loss and np.abs(step).max() > _CLOSE:
            step /= 2
        beta, loss = beta + step, lower
        if np.abs(step).max() < _CLOSE:
            break
    return float(beta[0]), float(beta[1])


def _cross_entropy(logits: NDArray[np.float64], relevance: NDArray[np.floating], weight: NDArray[np.floating]) -> float:
    return float(np.sum(weight * (np.logaddexp(0, logits) - relevance * logits)))
