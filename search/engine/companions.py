"""What goes with a sound: its tempo and key fit, and it is of another kind. All from facts that are kept.

A tempo fits that is the same, half or twice as fast within what a stretch may change. Keys fit that are the same,
relative, or a fifth apart: neighbours on the circle that is called Camelot's. What has neither fits by the other alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.definitions import KEYS
from search.columns import ClipColumns
from search.model import Ids, KeyRelation

Numbers = NDArray[np.float64]

TIMES: Final = (1.0, 0.5, 2.0)
"""How many times as fast as the other a sound may be, before it is stretched."""
_OF_TIMES: Final = (1.0, 0.9, 0.9)
"""What each counts."""
_STRETCHED: Final = 0.5
"""What a tempo counts at the edge of the stretch that is allowed, beside the very one."""
RELATIONS: Final[tuple[KeyRelation, ...]] = ("same", "relative", "fifth")
_OF_RELATIONS: Final = (1.0, 0.9, 0.8)
_UNKNOWN: Final = 0.7
"""What a sound counts that has no tempo, or no key: it is in nobody's way."""
OWN_KIND: Final = 0.25
"""The share of what has a tempo or a key that is nearest to a sound: that is its own kind."""
SAME_SOUND: Final = 0.95
"""Whatever is so like a sound is of its kind, however few there are."""
_OCTAVE: Final = 12


@dataclass(frozen=True, slots=True)
class Fits:
    """How well (rows,) sounds fit: ``tempo`` and ``key`` from 0 to 1, NaN where a sound has none.

    ``times`` (rows,) how many times as fast it is then, and ``stretch`` how much faster it must be played; ``relation``
    (rows,) the place in `RELATIONS`, -1 for none.
    """

    tempo: Numbers
    times: Numbers
    stretch: Numbers
    key: Numbers
    relation: NDArray[np.int64]

    def fitting(self) -> NDArray[np.bool_]:
        """(rows,) what fits: by tempo or key, and by neither not."""
        fits_somehow = (np.nan_to_num(self.tempo) > 0) | (np.nan_to_num(self.key) > 0)
        return np.asarray(fits_somehow & ~(self.tempo == 0) & ~(self.key == 0))

    def scores(self) -> Numbers:
        """(rows,) how well both fit together."""
        return np.nan_to_num(self.tempo, nan=_UNKNOWN) * np.nan_to_num(self.key, nan=_UNKNOWN)


def fits(columns: ClipColumns, tempo: float, key: float, stretch: float) -> Fits:
    """How well every clip of the columns fits a ``tempo`` and a ``key`` (its place in KEYS), NaN for none.

    A tempo may be changed by ``stretch`` at most: .08 is 8 %.
    """
    by_tempo, times, needed = tempo_fits(columns.fact("tempo").astype(np.float64), tempo, stretch)
    by_key, relation = key_fits(columns.fact("key").astype(np.float64), key)
    return Fits(by_tempo, times, needed, by_key, relation)


def tempo_fits(tempos: Numbers, tempo: float, stretch: float) -> tuple[Numbers, Numbers, Numbers]:
    """(n,) how well ``tempos`` fit one, how many times as fast they are, and how much faster they must be played."""
    needed = np.stack([tempo * times / tempos for times in TIMES])
    off = np.abs(np.log(needed)) / max(float(np.log1p(stretch)), 1e-9)
    fit = np.where(off <= 1 + 1e-9, 1 - (1 - _STRETCHED) * off, 0.0) * np.array(_OF_TIMES)[:, np.newaxis]
    best = np.where(np.isnan(fit), -1.0, fit).argmax(axis=0)
    rows = np.arange(len(tempos))
    unknown = np.isnan(tempos) | np.isnan(tempo)
    return np.where(unknown, np.nan, fit[best, rows]), np.array(TIMES)[best], needed[best, rows]


def key_fits(keys: Numbers, key: float) -> tuple[Numbers, NDArray[np.int64]]:
    """(n,) how well ``keys`` (their places in KEYS) fit one, and how they are related to it; -1: not."""
    unknown = np.isnan(keys) | np.isnan(key)
    places = np.nan_to_num(keys).astype(np.int64)
    own = 0 if np.isnan(key) else int(key)
    hours, hour = np.array([camelot(place)[0] for place in range(len(KEYS))]), camelot(own)[0]
    same_mode = (places < _OCTAVE) == (own < _OCTAVE)
    apart = np.minimum((hours[places] - hour) % _OCTAVE, (hour - hours[places]) % _OCTAVE)
    relation = np.full(len(keys), -1, np.int64)
    relation[same_mode & (apart == 1)] = RELATIONS.index("fifth")
    relation[~same_mode & (apart == 0)] = RELATIONS.index("relative")
    relation[places == own] = RELATIONS.index("same")
    relation[unknown] = -1
    fit = np.where(relation >= 0, np.array([*_OF_RELATIONS, 0.0])[relation], 0.0)
    return np.where(unknown, np.nan, fit), relation


def camelot(key: int) -> tuple[int, str]:
    """The hour, 1 to 12, and the ring of a key by its place in KEYS: C major is 8 B, A minor 8 A."""
    is_minor = key >= _OCTAVE
    tonic = (key - _OCTAVE + 3 if is_minor else key) % _OCTAVE  # of the relative major
    return (tonic * 7 + 7) % _OCTAVE + 1, "A" if is_minor else "B"


def other_kinds(likenesses: Numbers, of_all: Numbers) -> tuple[NDArray[np.bool_], Numbers]:
    """(n,) which of some are of another kind than a sound, by how like it they are; and how unlike beside all, 0 to 1.

    The nearest `OWN_KIND` of ``of_all`` (m,) are of its own, and what is `SAME_SOUND`.
    """
    nearer = len(of_all) - np.searchsorted(np.sort(of_all), likenesses, side="right")
    return (nearer >= int(OWN_KIND * len(of_all))) & (likenesses < SAME_SOUND), nearer / max(len(of_all), 1)


def content_rows(columns: ClipColumns, rows: NDArray[np.bool_]) -> tuple[Ids, Ids]:
    """Of the clips in ``rows`` (rows,) one row for each content (c,), and these contents."""
    places = np.flatnonzero(rows)
    contents, first = np.unique(columns.content_ids[places], return_index=True)
    return places[first], contents
