"""Which matches of a hum are versions of one tune: as far as it was hummed, one follows the other note by note.

A collection has a tune twice: in another key, arranged anew, as notes and as a recording. Versions are no rivals: each
is what was hummed as surely as the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.melody.alignment import align
from search.melody.confidence import RIVALS
from search.melody.contours import FRAME_S, Contour
from search.melody.contourtable import ContourLookup
from search.melody.matching import ALIGN_FRAME_S, Matches, Places, margin_of
from search.model import Ids

SAME_COST: Final = 0.1
"""Versions are so close to each other: another note for a twentieth of the time. A tune that is not meant is four times
as far away (`confidence.TYPICAL_RIVAL`)."""

MOST: Final = 64
"""So many of the closest matches are compared; what is behind them is a tune of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Versions:
    """Matches with the versions of a tune side by side, the closest tune first and its closest version.

    ``tune`` (c,) counts tunes: versions have the same number. They ascend from 0.
    """

    matches: Matches
    tune: Ids

    @property
    def cost(self) -> NDArray[np.float32]:
        """(tunes,) the cost of each tune, of its closest version."""
        return self.matches.cost[np.unique(self.tune, return_index=True)[1]]


def versions(hum: Contour, matches: Matches, contours: ContourLookup) -> Versions:
    """The matches of a hum, closest first, as versions of tunes; of as many tunes as the certainty asks for."""
    tune = np.full(len(matches.cost), -1, np.int64)
    number = 0
    while number <= RIVALS and np.any(tune[:MOST] < 0):
        free = np.flatnonzero(tune[:MOST] < 0)
        same = free[_distances(hum, matches.places.take(free), contours) <= SAME_COST]
        tune[np.union1d(free[:1], same)] = number
        number += 1
    alone = tune < 0
    tune[alone] = number + np.arange(int(alone.sum()))
    order = np.argsort(tune, kind="stable")
    ordered = replace(matches, places=matches.places.take(order), end_s=matches.end_s[order], cost=matches.cost[order])
    return Versions(ordered, tune[order])


def _distances(hum: Contour, places: Places, contours: ContourLookup) -> NDArray[np.float32]:
    """(c,) how far each of some places is from the first of them: the cost of following that one, as of a hum."""
    rows = max(2, int(len(hum) * FRAME_S / ALIGN_FRAME_S))
    margin = margin_of(hum)
    frame_s = (np.arange(-margin, rows + margin) + 0.5) * ALIGN_FRAME_S
    stretches = contours.stretches(places.row, places.start_s[:, None] + places.tempo[:, None] * frame_s)
    sung = stretches[0, margin : margin + rows]
    shift = (places.shift - places.shift[0]).astype(np.float32)
    return align(sung, stretches, shift, np.zeros((1, rows), np.float32)).cost
