"""How sure is a hit? A probability of relevance from how close it is and what else is around, and a query's verdict.

A cosine alone says little: in a crowded corner of a space everything is close. So a hit is judged beside its own
neighbours (it must be closer to the query than they are to it) and beside the rest of the page (what was asked for is
seldom alone). The weights were fitted on learning material by ``python -m benchmarks.fit_confidence``, in units of the
encoder's own calibration, so that they hold for other encoders too; where neighbours are not known, the cosine alone
speaks. See docs/decisions/0009-neighbourhoods.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.model import Hit, Ids, Scores, Verdict
from search.neighbourhoods import SAME, Neighbourhoods

PAGE: Final = 10
"""The nearest contents whose mean cosine tells how much there is of what was asked for."""

COSINE: Final = 0.394
DENSITY: Final = -0.482
AROUND: Final = 0.654
OFFSET: Final = -0.217
"""The logistic over the hit's cosine, the mean of its neighbours' to it, and the page's mean, each calibrated."""
ALONE: Final = 0.663
ALONE_OFFSET: Final = -0.873
"""The same where only the hit's cosine is known: a library of few clips, a clip that came a moment ago."""

COPY: Final = 0.98
"""A copy of what was asked for is that, however crowded its corner: the least for a cosine from `SAME` on."""

GOOD_FROM, NONE_BELOW = 0.6, 0.4
"""Verdicts by the best hit's probability. On the learning material 78 % of pages reach the second where what was asked
for is there, 39 % where it was taken out; 46 % and 10 % the first."""


def densities(near: Neighbourhoods | None, segment_ids: Ids) -> Scores:
    """The mean similarity (n,) of segments to their neighbours, NaN where that is not known."""
    return np.full(len(segment_ids), np.nan, np.float32) if near is None else near.density(segment_ids)


def probabilities(
    calibration: tuple[float, float], cosines: Scores, density: Scores, page: float
) -> NDArray[np.float64]:
    """The probability (n,) of each hit that it is relevant: of the kind of sound that was asked for.

    ``cosines`` (n,) with the query; ``density`` (n,) each hit's mean similarity to its neighbours, NaN where that is
    not known; ``page`` the mean cosine of the `PAGE` nearest contents; ``calibration`` as in `EncoderSpec`.
    """
    slope, offset = calibration
    own, crowd = slope * cosines.astype(np.float64) + offset, slope * density.astype(np.float64) + offset
    around = slope * page + offset
    known = COSINE * own + DENSITY * crowd + AROUND * around + OFFSET
    alone = ALONE * own + ALONE_OFFSET
    sure = 1.0 / (1.0 + np.exp(-np.where(np.isnan(crowd), alone, known)))
    return np.where(cosines >= SAME, np.maximum(sure, COPY), sure)


def verdict(hits: Sequence[Hit]) -> Verdict:
    """Whether the library has what was asked for, by the best probability of relevance.

    A space without calibration cannot promise anything: its answers are ``weak``.
    """
    if not hits:
        return "none"
    best = max((hit.probability for hit in hits if hit.probability is not None), default=None)
    if best is None:
        return "weak"
    return "good" if best >= GOOD_FROM else "weak" if best >= NONE_BELOW else "none"
