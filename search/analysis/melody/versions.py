"""Which matches of a hum are versions of one tune: around the hummed passage they have the same notes.

A collection may have a tune twice: in another key, at another tempo, under another name. Versions are not rivals,
because each is what was hummed. Tunes that only share the phrase are rivals, so the comparison extends beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.melody.confidence import RIVALS
from search.analysis.melody.contours import FRAME_S, Contour
from search.analysis.melody.contourtable import ContourLookup
from search.analysis.melody.matching import Matches, Places
from search.model import Ids

MOST: Final = 32
"""The number of closest matches that are compared; each match beyond counts as a tune of its own."""

LEAST_S: Final = 15.0
"""Versions must agree for at least this long around the middle of the hum, in its time."""

POINTS: Final = 64
"""The number of points at which they are compared."""

SAME_NOTE: Final = 0.5
"""The largest difference of the same note, in semitones."""

SAME_SHARE: Final = 0.9
"""The least share of points with the same note."""

STRAYS: Final = (0.96, 0.98, 1.0, 1.02, 1.04)
STEP_S: Final = 0.08
STEPS: Final = 5
"""The factors of tempo, and the steps of position to either side, that are tried, since a hum gives both roughly."""


@dataclass(frozen=True, slots=True, eq=False)
class Versions:
    """Matches with the versions of a tune side by side: the closest tune first, and its closest version first.

    ``tune`` (c,) numbers the tunes, ascending from 0; versions have the same number.
    """

    matches: Matches
    tune: Ids

    @property
    def cost(self) -> NDArray[np.float32]:
        """The cost of each tune's closest version (tunes,)."""
        return self.matches.cost[np.unique(self.tune, return_index=True)[1]]


def versions(hum: Contour, matches: Matches, contours: ContourLookup) -> Versions:
    """Group the matches of a hum, closest first, into versions of tunes, for as many tunes as the certainty needs."""
    tune = np.full(len(matches.cost), -1, np.int64)
    number = 0
    while number <= RIVALS and np.any(tune[:MOST] < 0):
        free = np.flatnonzero(tune[:MOST] < 0)
        same = free[_are_same(hum, matches.places.take(free), contours)]
        tune[np.union1d(free[:1], same)] = number
        number += 1
    alone = tune < 0
    tune[alone] = number + np.arange(int(alone.sum()))
    order = np.argsort(tune, kind="stable")
    ordered = Matches(matches.places.take(order), matches.end_s[order], matches.cost[order])
    return Versions(ordered, tune[order])


def _are_same(hum: Contour, places: Places, contours: ContourLookup) -> NDArray[np.bool_]:
    """Whether each of ``places`` (c,) has the same notes as the first."""
    middle_s = len(hum) * FRAME_S / 2
    reach_s = max(middle_s, LEAST_S / 2)
    from_middle_s = reach_s * (2 * (np.arange(POINTS) + 0.5) / POINTS - 1)
    start_s, tempo = places.start_s[:, None], places.tempo[:, None]
    notes = contours.stretches(places.row[:1], start_s[:1] + tempo[:1] * (middle_s + from_middle_s)[None])[0]
    key = (places.shift - places.shift[0])[:, None, None]
    steps_s = STEP_S * np.arange(-STEPS - 1, STEPS + 2)
    best = np.zeros(len(places))
    for stray in STRAYS:
        at_s = middle_s + stray * from_middle_s + steps_s[:, None]
        others = contours.stretches(places.row, start_s + tempo * at_s.ravel()).reshape(-1, *at_s.shape)
        near = np.abs(others + key - notes) <= SAME_NOTE
        near = near[:, :-2] | near[:, 1:-1] | near[:, 2:]  # at a change of notes either note is right
        best = np.maximum(best, near.mean(axis=2).max(axis=1))
    return best >= SAME_SHARE
