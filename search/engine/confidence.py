"""How sure is a hit? A probability of relevance from how close it is and what else is around.

A cosine alone says little: in a crowded corner of a space everything is close. So a hit is judged beside the library's
own structure, which needs no labels: where there is something of what was asked for, the nearest contents are about as
much alike as each is to its own neighbours, and one of them is closer to the question than to these; where there is
nothing, they are drawn from several kinds, each tighter than all of them together (`Page`). Words are another matter:
an encoder that says which of its classes they mean lets a clip's own tags say how likely it has them.
``python -m benchmarks.fitting.confidence --encoder NAME`` fits the weights on learning material, in units of the
encoder's own calibration, and with ``--words`` those of words. See docs/decisions/0024-verdicts.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.engine.asking import AskedSpace, PartVector, unit, weighted_sum
from search.engine.views import SpaceView
from search.errors import LibraryError
from search.model import Ids, Probabilities, Scores, Space, Vectors
from search.vectors.neighbourhoods import SAME, Neighbourhoods
from search.vectors.scoring import scores_of

Chances = NDArray[np.float64]

PAGE: Final = 10
"""The nearest contents whose mean cosine tells how much there is of what was asked for."""

COPY: Final = 0.98
"""A copy of what was asked for is that, however crowded its corner: the least for a cosine from `SAME` on."""

GOOD_FROM: Final = 0.6
"""A verdict is good from this probability of the best hit on, in a question of words alone."""

LIKELY_ENOUGH: Final = 0.4
"""Below this probability of the best hit nothing is there that was asked for, where an encoder can tell."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was fitted for one encoder: the weights of a logistic over calibrated cosines, and when nothing is there.

    ``cosine`` weighs the hit's own, ``together`` and ``nearer`` what its `Page` says; ``alone`` and ``alone_offset``
    are for a hit of which only the cosine is known: in a library of few clips, or come a moment ago. A best hit below
    ``none_below`` makes the verdict none; 0 for an encoder that cannot tell. One from ``good_from`` on makes it good,
    where a sound is asked for.
    """

    cosine: float
    together: float
    nearer: float
    offset: float
    alone: float
    alone_offset: float
    none_below: float
    good_from: float = GOOD_FROM


SHIPPED: Final = Fitted(0.266, 0.912, 0.249, 0.427, 0.461, -1.649, none_below=LIKELY_ENOUGH, good_from=0.675)
"""On the learning material 67 % of its pages reach .4 where what was asked for is there, 25 % where it was taken out;
45 % and 9 % reach .6."""
MN04: Final = Fitted(0.394, 1.424, 0.417, 0.702, 0.695, -1.141, none_below=LIKELY_ENOUGH, good_from=0.675)
"""On the learning material 71 % of its pages reach .4 where what was asked for is there, 28 % where it was taken out;
44 % and 9 % reach .6."""
FITTED: Final[Mapping[str, Fitted]] = {
    "cnn:soundalike-1": SHIPPED,
    "cnn:mn04": MN04,
    "spectral": Fitted(0.303, 0.0, 0.0, -1.689, 0.303, -1.689, none_below=0.0),
}
"""By encoder. Another one is judged as mn04 is, in units of its own calibration, until it is fitted itself."""

NAMES: Final[Mapping[str, str]] = {
    "903c06349c61163ad01dbd4edea4dd70": "cnn:soundalike-1",
    "543cb79bf02ed18808029731471c5796": "cnn:mn04",
    "ba27dc0db0b403c84bde4ba34510ba5d": "spectral",
}
"""The encoders that were fitted, by fingerprint: a copy of their weights is known by it whatever its file is called."""


@dataclass(frozen=True, slots=True)
class FittedWords:
    """The weights of a logistic over a hit's cosine with words and how much of what they mean is `tag_match` in it."""

    cosine: float
    tag_match: float
    offset: float


FITTED_WORDS: Final[Mapping[str, FittedWords]] = {"cnn:soundalike-1": FittedWords(0.434, 7.421, -3.739)}
"""By encoder; hits of words by another one have no probability."""


def fitted_as(space: Space) -> str:
    """The encoder whose fits hold for a space: its own, or the one that it adapts.

    For an adapter that is an approximation: its vectors lie elsewhere and its cosines are in units of a calibration of
    its own, fitted on a person's few clips, while the weights were fitted for what lies beneath. Of words the larger
    part, which classes they mean and what the tagger gives them, is the same in both.
    """
    return NAMES.get(space.adapts or space.fingerprint, space.name)


@dataclass(frozen=True, slots=True)
class Page:
    """What the nearest contents of an answer say of it together, in cosines. Copies of the question say nothing.

    ``together``: how much more alike they are among themselves than each is to its own neighbours; the further below 0,
    the more kinds they are drawn from. ``nearer``: how much closer one of them is to the question than to its own
    neighbours, at most.
    """

    together: float
    nearer: float

    @classmethod
    def of(cls, near: Neighbourhoods | None, segment_ids: Ids, vectors: Vectors, cosines: Scores) -> Page | None:
        """Of the segments (n,) of a page, nearest first, with their ``vectors`` (n, dim) and ``cosines`` (n,) with the
        question; None where too little is known.
        """
        others = np.flatnonzero(cosines < SAME)[:PAGE]
        if near is None or len(others) < 2:
            return None
        density = near.density(segment_ids[others])
        if np.isnan(density).all():
            return None
        alike = scores_of(vectors[others], vectors[others])
        return cls(
            float(alike[np.triu_indices(len(others), 1)].mean() - np.nanmean(density)),
            float(np.nanmax(cosines[others] - density)),
        )


def probabilities(space: Space, cosines: Scores, page: Page | None) -> NDArray[np.float64] | None:
    """The probability (n,) of each hit that it is relevant: of the kind of sound that was asked for.

    ``cosines`` (n,) with the query. None in a space without calibration.
    """
    if space.calibration is None:
        return None
    slope, offset = space.calibration
    by = fitted(space)
    own = slope * cosines.astype(np.float64) + offset
    logit = by.alone * own + by.alone_offset
    if page is not None:
        logit = by.cosine * own + slope * (by.together * page.together + by.nearer * page.nearer) + by.offset
    # beyond 40 either way it is sure to the last digit; an adapted encoder's steep calibration goes on to overflow
    logit = np.clip(logit, -40.0, 40.0)
    sure: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-logit))
    return np.where(cosines >= SAME, np.maximum(sure, COPY), sure)


def tag_match(view: SpaceView, meant: Probabilities, clip_ids: Ids) -> NDArray[np.float64]:
    """How much of what words mean is heard in clips (n,), by their tags: the chance that a class drawn from ``meant``
    (classes,), of the space's vocabulary, is in the clip.
    """
    share = dict(zip(view.space.vocabulary or (), meant.tolist(), strict=True))
    return view.columns.tag_match(share, clip_ids)


def word_probabilities(space: Space, cosines: Scores, tag_match: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The probability (n,) of each hit that it sounds like what words say.

    From its cosine with them (n,) and what is `tag_match` (n,). None for an encoder that words were not fitted for.
    """
    by = FITTED_WORDS.get(fitted_as(space))
    if by is None:
        return None
    sure: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-(by.cosine * cosines + by.tag_match * tag_match + by.offset)))
    return sure


def fitted(space: Space) -> Fitted:
    """What holds for the encoder of a space."""
    return FITTED.get(fitted_as(space), MN04)


def none_below(spaces: Iterable[Space]) -> float:
    """Below this probability a hit is not what was asked for, as far as the encoders of ``spaces`` can tell."""
    return min((fitted(space).none_below for space in spaces), default=0.0)


def good_from(spaces: Iterable[AskedSpace]) -> float:
    """From this probability of the best hit on an answer is good: what a question wants by its sound asks for more."""
    by_sound = [one for one in spaces if any(part.weight > 0 and not part.is_text for part in one.parts)]
    return max((fitted(one.view.space).good_from for one in by_sound), default=GOOD_FROM)


def chances(space: AskedSpace, segment_ids: Ids, vectors: Vectors, clip_ids: Ids, page: Ids) -> Chances | None:
    """The probability (n,) that each hit is relevant: ``segment_ids`` (n,) with their ``vectors`` (n, dim), in
    ``clip_ids`` (n,); ``page`` (m,) are the segments nearest to the query.

    Sounds and words were calibrated apart: of a question that wants both it is the mean of the two by their weights,
    and each thing that words do not want takes from it what it is likely to be. What is unwanted of sounds is part of
    their sum, where one is wanted. None without a calibration for a part.
    """
    if space.vector is None or not len(segment_ids):
        return None
    wanted = []
    sounds = [part for part in space.parts if not part.is_text]
    if any(part.weight > 0 for part in sounds):
        # with words beside them they may cancel out
        vector = space.vector if len(sounds) == len(space.parts) else unit(weighted_sum(sounds))
        wanted.append((_weight(sounds), _of_sounds(space.view, vector, segment_ids, vectors, page)))
    words = [part for part in space.parts if part.is_text and part.weight > 0]
    if words:
        wanted.append((_weight(words), _of_phrase(space.view, words, vectors, clip_ids)))
    sure = [(weight, chance) for weight, chance in wanted if chance is not None]
    if not sure or len(sure) < len(wanted):
        return None
    total = np.average([chance for _, chance in sure], axis=0, weights=[weight for weight, _ in sure])
    for part in space.parts:
        if part.is_text and part.weight < 0:
            unwanted = _of_phrase(space.view, [part], vectors, clip_ids)
            if unwanted is None:
                return None
            total = total * (1 - unwanted)
    return np.asarray(total)


def _weight(parts: Sequence[PartVector]) -> float:
    return sum(part.weight for part in parts if part.weight > 0)


def _of_sounds(
    view: SpaceView, vector: NDArray[np.float32], segment_ids: Ids, vectors: Vectors, page: Ids
) -> Chances | None:
    """That a hit is of the kind of the sounds that ``vector`` (dim,) is made of."""
    return probabilities(view.space, _cosines(vectors, vector), page_of(view, vector, page))


def _of_phrase(view: SpaceView, parts: Sequence[PartVector], vectors: Vectors, clip_ids: Ids) -> Chances | None:
    """That a hit sounds like what ``parts`` say together, None where their encoder does not say what they mean."""
    meant = [part.meant for part in parts if part.meant is not None]
    if view.space.vocabulary is None or len(meant) < len(parts):
        return None
    weights = np.abs([part.weight for part in parts])
    direction = unit(weighted_sum(parts) * np.sign(parts[0].weight))
    together = np.average(meant, axis=0, weights=weights)
    return word_probabilities(view.space, _cosines(vectors, direction), tag_match(view, together, clip_ids))


def page_of(view: SpaceView, vector: NDArray[np.float32], page: Ids) -> Page | None:
    """What the segments ``page`` (n,) say, the nearest to a question's ``vector`` (dim,); None where too little is
    known.
    """
    try:
        vectors = view.index.vectors(page)
    except LibraryError:  # one of them went between the search and now
        return None
    return Page.of(view.neighbourhoods, page, vectors, _cosines(vectors, vector))


def _cosines(vectors: Vectors, vector: NDArray[np.float32]) -> Scores:
    """(n,), each the same whatever stands beside it."""
    scores: Scores = scores_of(vector[np.newaxis], vectors)[0]
    return scores
