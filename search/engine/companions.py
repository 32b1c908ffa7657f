"""Companions of a sound: sounds of another kind with a fitting tempo and key, by stored facts.

A tempo fits if it is equal, half or double, within the allowed stretch. Keys fit if they are equal, relative, or a
fifth apart: neighbours on the Camelot wheel. A sound that lacks one of the two is judged by the other.
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
"""The allowed ratios of the tempos, before stretching."""
_OF_TIMES: Final = (1.0, 0.9, 0.9)
"""The weight of each ratio."""
_STRETCHED: Final = 0.5
"""The weight of a tempo at the limit of the allowed stretch; an exact tempo has 1."""
RELATIONS: Final[tuple[KeyRelation, ...]] = ("same", "relative", "fifth")
_OF_RELATIONS: Final = (1.0, 0.9, 0.8)
_UNKNOWN: Final = 0.7
"""The weight of a sound without a tempo, or without a key: it clashes with nothing."""
OWN_KIND: Final = 0.25
"""The nearest share of all sounds with a tempo or key counts as a sound's own kind."""
SAME_SOUND: Final = 0.95
"""Sounds with this similarity or more are always of the same kind."""
_OCTAVE: Final = 12


@dataclass(frozen=True, slots=True)
class Fits:
    """How well sounds fit, all (rows,): ``tempo`` and ``key`` from 0 to 1, NaN if a sound has none.

    ``stretch`` is the speed at which a sound must be played, ``times`` the ratio of the tempos then. ``relation`` is
    the index in `RELATIONS`, -1 for none.
    """

    tempo: Numbers
    times: Numbers
    stretch: Numbers
    key: Numbers
    relation: NDArray[np.int64]

    def fitting(self) -> NDArray[np.bool_]:
        """Return (rows,) which sounds fit by tempo or key, and clash in neither."""
        fits_somehow = (np.nan_to_num(self.tempo) > 0) | (np.nan_to_num(self.key) > 0)
        return np.asarray(fits_somehow & ~(self.tempo == 0) & ~(self.key == 0))

    def scores(self) -> Numbers:
        """Return (rows,) how well tempo and key fit together."""
        return np.nan_to_num(self.tempo, nan=_UNKNOWN) * np.nan_to_num(self.key, nan=_UNKNOWN)


def fits(columns: ClipColumns, tempo: float, key: float, stretch: float) -> Fits:
    """Compare every clip of the columns with a ``tempo`` and a ``key`` (an index in KEYS), NaN for none.

    A tempo may change by at most ``stretch``: .08 is 8 %.
    """
    by_tempo, times, needed = tempo_fits(columns.fact("tempo").astype(np.float64), tempo, stretch)
    by_key, relation = key_fits(columns.fact("key").astype(np.float64), key)
    return Fits(by_tempo, times, needed, by_key, relation)


def tempo_fits(tempos: Numbers, tempo: float, stretch: float) -> tuple[Numbers, Numbers, Numbers]:
    """Return (n,) how well ``tempos`` fit ``tempo``, their ratio to it, and the speed at which they must be played."""
    needed = np.stack([tempo * times / tempos for times in TIMES])
    off = np.abs(np.log(needed)) / max(float(np.log1p(stretch)), 1e-9)
    fit = np.where(off <= 1 + 1e-9, 1 - (1 - _STRETCHED) * off, 0.0) * np.array(_OF_TIMES)[:, np.newaxis]
    best = np.where(np.isnan(fit), -1.0, fit).argmax(axis=0)
    rows = np.arange(len(tempos))
    unknown = np.isnan(tempos) | np.isnan(tempo)
    return np.where(unknown, np.nan, fit[best, rows]), np.array(TIMES)[best], needed[best, rows]


def key_fits(keys: Numbers, key: float) -> tuple[Numbers, NDArray[np.int64]]:
    """Return (n,) how well ``keys`` (indices in KEYS) fit ``key``, and their relation to it (-1: none)."""
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
    """Return the hour (1 to 12) and the ring of a key on the Camelot wheel: C major is 8 B, A minor 8 A."""
    is_minor = key >= _OCTAVE
    tonic = (key - _OCTAVE + 3 if is_minor else key) % _OCTAVE  # of the relative major
    return (tonic * 7 + 7) % _OCTAVE + 1, "A" if is_minor else "B"


def other_kinds(likenesses: Numbers, of_all: Numbers) -> tuple[NDArray[np.bool_], Numbers]:
    """Return (n,) which sounds are of another kind, and how different each is relative to all, 0 to 1.

    ``likenesses`` (n,) are their similarities to the given sound, ``of_all`` (m,) those of all sounds. Of its own kind
    are the nearest `OWN_KIND` of all, and everything from `SAME_SOUND` on.
    """
    nearer = len(of_all) - np.searchsorted(np.sort(of_all), likenesses, side="right")
    return (nearer >= int(OWN_KIND * len(of_all))) & (likenesses < SAME_SOUND), nearer / max(len(of_all), 1)


def content_rows(columns: ClipColumns, rows: NDArray[np.bool_]) -> tuple[Ids, Ids]:
    """Return one row of the clips in ``rows`` (rows,) for each content, and these contents, both (c,)."""
    places = np.flatnonzero(rows)
    contents, first = np.unique(columns.content_ids[places], return_index=True)
    return places[first], contents
