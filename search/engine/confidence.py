"""The probability that a hit is relevant, from its similarity and its surroundings.

A cosine similarity alone says little: in a dense region of a space everything is close. So a hit is judged relative to
the library's own structure, which needs no labels (`Page`). If the library has what the query asks for, the nearest
contents are about as similar to each other as each is to its own neighbours, and one of them is closer to the query
than to these. If it has nothing, the nearest contents come from several kinds, each denser than all of them together.

Words work differently: if the encoder says which of its classes they mean, a clip's own tags give their probability.

``python -m benchmarks.fitting.confidence --encoder NAME`` fits the weights on training data, in units of the encoder's
own calibration; with ``--words`` it fits those for words. See docs/decisions/0024-verdicts.md.
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
"""The number of nearest contents that are examined together."""

COPY: Final = 0.98
"""The lowest probability of a copy (a cosine similarity from `SAME` on), even in a dense region."""

GOOD_FROM: Final = 0.6
"""The verdict is good from this probability of the best hit on, for queries of words alone."""

LIKELY_ENOUGH: Final = 0.4
"""Below this probability of the best hit the library has no match, if the encoder can tell."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was fitted for one encoder: the weights of a logistic over calibrated cosines, and thresholds of verdicts.

    ``cosine`` is the weight of the hit's own cosine, ``together`` and ``nearer`` those of its `Page`. ``alone`` and
    ``alone_offset`` are for a hit without a page: in a library of few clips, or for a clip that was just added. The
    verdict is none if the best hit is below ``none_below`` (0 for an encoder that cannot tell), and good from
    ``good_from`` on if the query has sounds.
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
"""On the training data, 67 % of its pages reach .4 if the library has a match, and 25 % if the matches were removed;
45 % and 9 % reach .6."""
MN04: Final = Fitted(0.394, 1.424, 0.417, 0.702, 0.695, -1.141, none_below=LIKELY_ENOUGH, good_from=0.675)
"""On the training data, 71 % of its pages reach .4 if the library has a match, and 28 % if the matches were removed;
44 % and 9 % reach .6."""
FITTED: Final[Mapping[str, Fitted]] = {
    "cnn:soundalike-1": SHIPPED,
    "cnn:mn04": MN04,
    "spectral": Fitted(0.303, 0.0, 0.0, -1.689, 0.303, -1.689, none_below=0.0),
}
"""By encoder. Any other encoder uses the weights of mn04, in units of its own calibration, until it is fitted."""

NAMES: Final[Mapping[str, str]] = {
    "903c06349c61163ad01dbd4edea4dd70": "cnn:soundalike-1",
    "543cb79bf02ed18808029731471c5796": "cnn:mn04",
    "ba27dc0db0b403c84bde4ba34510ba5d": "spectral",
}
"""The fitted encoders, by fingerprint: so a copy of their weights is recognised under any file name."""


@dataclass(frozen=True, slots=True)
class FittedWords:
    """The weights of a logistic over a hit's cosine similarity with words and its `tag_match`."""

    cosine: float
    tag_match: float
    offset: float


FITTED_WORDS: Final[Mapping[str, FittedWords]] = {"cnn:soundalike-1": FittedWords(0.434, 7.421, -3.739)}
"""By encoder. With any other encoder, hits for words have no probability."""


def fitted_as(space: Space) -> str:
    """Return the encoder whose fitted weights apply to a space: its own, or the one that it adapts.

    For an adapted encoder they are an approximation. Its vectors differ, and its calibration was fitted on a person's
    few clips, but the weights were fitted for the base encoder. For words the main part is the same in both: the
    classes that they mean, and the tags of clips.
    """
    return NAMES.get(space.adapts or space.fingerprint, space.name)


@dataclass(frozen=True, slots=True)
class Page:
    """Statistics of the nearest contents of an answer, in cosine similarities. Copies of the query are left out.

    ``together``: their mean similarity to each other, minus their mean similarity to their own neighbours. The further
    below 0, the more kinds they come from. ``nearer``: the largest difference between a content's similarity to the
    query and to its own neighbours.
    """

    together: float
    nearer: float

    @classmethod
    def of(cls, near: Neighbourhoods | None, segment_ids: Ids, vectors: Vectors, cosines: Scores) -> Page | None:
        """Compute the statistics of segments (n,), nearest first, with ``vectors`` (n, dim) and ``cosines`` (n,) with
        the query. None if too little is known.
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
    """Return the probability (n,) that each hit is relevant: that it is the kind of sound of the query.

    ``cosines`` (n,) are the similarities with the query. None if the space has no calibration.
    """
    if space.calibration is None:
        return None
    slope, offset = space.calibration
    by = fitted(space)
    own = slope * cosines.astype(np.float64) + offset
    logit = by.alone * own + by.alone_offset
    if page is not None:
        logit = by.cosine * own + slope * (by.together * page.together + by.nearer * page.nearer) + by.offset
    # beyond 40 nothing changes in the last digit; the steep calibration of an adapted encoder would overflow
    logit = np.clip(logit, -40.0, 40.0)
    sure: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-logit))
    return np.where(cosines >= SAME, np.maximum(sure, COPY), sure)


def tag_match(view: SpaceView, meant: Probabilities, clip_ids: Ids) -> NDArray[np.float64]:
    """Return (n,) how well the tags of clips match the meaning of words: the probability that a class drawn from the
    distribution ``meant`` (classes,) is in the clip.
    """
    share = dict(zip(view.space.vocabulary or (), meant.tolist(), strict=True))
    return view.columns.tag_match(share, clip_ids)


def word_probabilities(space: Space, cosines: Scores, tag_match: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the probability (n,) that each hit sounds like what words say.

    It is computed from ``cosines`` (n,) with the words and `tag_match` (n,). None if no weights were fitted for the
    encoder.
    """
    by = FITTED_WORDS.get(fitted_as(space))
    if by is None:
        return None
    sure: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-(by.cosine * cosines + by.tag_match * tag_match + by.offset)))
    return sure


def fitted(space: Space) -> Fitted:
    """Return the fitted weights for the encoder of a space."""
    return FITTED.get(fitted_as(space), MN04)


def none_below(spaces: Iterable[Space]) -> float:
    """Return the probability below which a hit is no match, as far as the encoders of ``spaces`` can tell."""
    return min((fitted(space).none_below for space in spaces), default=0.0)


def good_from(spaces: Iterable[AskedSpace]) -> float:
    """Return the probability of the best hit from which an answer is good. It is higher for queries with sounds."""
    by_sound = [one for one in spaces if any(part.weight > 0 and not part.is_text for part in one.parts)]
    return max((fitted(one.view.space).good_from for one in by_sound), default=GOOD_FROM)


def chances(space: AskedSpace, segment_ids: Ids, vectors: Vectors, clip_ids: Ids, page: Ids) -> Chances | None:
    """Return the probability (n,) that each hit is relevant.

    The hits are ``segment_ids`` (n,) with ``vectors`` (n, dim), in the clips ``clip_ids`` (n,). ``page`` (m,) are the
    segments nearest to the query.

    Sounds and words have separate calibrations. If a query wants both, the result is their mean by weight. Each
    unwanted text reduces it by the probability that the hit is that. Unwanted sounds are part of the sum of sounds, if
    any sound is wanted. None if a part has no calibration.
    """
    if space.vector is None or not len(segment_ids):
        return None
    wanted = []
    sounds = [part for part in space.parts if not part.is_text]
    if any(part.weight > 0 for part in sounds):
        # not `combine`: sounds may cancel out if there are words too
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
    """Return the probability that a hit is of the same kind as the sounds summed up in ``vector`` (dim,)."""
    return probabilities(view.space, _cosines(vectors, vector), page_of(view, vector, page))


def _of_phrase(view: SpaceView, parts: Sequence[PartVector], vectors: Vectors, clip_ids: Ids) -> Chances | None:
    """Return the probability that a hit sounds like ``parts`` together; None if the encoder gives them no meaning."""
    meant = [part.meant for part in parts if part.meant is not None]
    if view.space.vocabulary is None or len(meant) < len(parts):
        return None
    weights = np.abs([part.weight for part in parts])
    direction = unit(weighted_sum(parts) * np.sign(parts[0].weight))
    together = np.average(meant, axis=0, weights=weights)
    return word_probabilities(view.space, _cosines(vectors, direction), tag_match(view, together, clip_ids))


def page_of(view: SpaceView, vector: NDArray[np.float32], page: Ids) -> Page | None:
    """Return the statistics of ``page`` (n,), the segments nearest to the query's ``vector`` (dim,).

    None if too little is known.
    """
    try:
        vectors = view.index.vectors(page)
    except LibraryError:  # a segment was deleted since the search
        return None
    return Page.of(view.neighbourhoods, page, vectors, _cosines(vectors, vector))


def _cosines(vectors: Vectors, vector: NDArray[np.float32]) -> Scores:
    """Return the cosine similarities (n,). Each does not depend on the other rows."""
    scores: Scores = scores_of(vector[np.newaxis], vectors)[0]
    return scores
