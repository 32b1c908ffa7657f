"""Listening to two contents: are they one recording?

Where a file of each is at hand, their samples are aligned (`aligning`): all of short ones, the first and the last half
minute of long ones, so that memory stays bounded and an hour costs no more than a minute. Where a file is not at hand,
only contents of equal length whose segments all agree are called the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np

from search import audio
from search.engine.views import SpaceView
from search.errors import AudioError, LibraryError
from search.model import Content, Wave
from search.overview.duplicates.aligning import Alignment, align
from search.overview.duplicates.candidates import Candidate

RATE_HZ: Final = 8_000
"""Codecs keep the wave below 4 kHz best; at 16 kHz the worst of the true pairs fell from .81 to .77."""

LEAST_CORRELATION: Final = 0.8
"""Re-encoded, trimmed and amplified copies reach .81 to 1, other takes of one sound .76 at most (the decision)."""

LEAST_IN_BANDS: Final = 0.9
"""Chosen on recordings that may be learnt from: as MP3 at 64 kbit/s, AAC at 64 and Opus at 24 they reach .93 and more,
as MP3 at 32 nineteen in twenty reach .92; different hits of one synthesised drum have .87 at most."""

LEAST_COVERED: Final = 0.8
"""The share of the shorter recording that the longer one must hold."""

LEAST_COSINE_UNHEARD: Final = 0.97
LENGTHS_AGREE: Final = 0.02

_PASSAGE_S: Final = 30.0
_WHOLE_S: Final = 90.0
"""Up to here the longer one is decoded whole; beyond it around the place where its segments agree."""
_MARGIN_S: Final = 12.0
_DRIFT_S: Final = 1.0
"""How far the end may lie from where the beginning says: clocks differ, cuts are another recording."""
_CACHED_PASSAGES: Final = 8


@dataclass(frozen=True, slots=True)
class Pair:
    """Two contents of one recording. ``offset_s``: where in ``longer`` the ``shorter`` begins; ``gain_db`` how much
    louder ``shorter`` is, NaN where nobody listened; ``similarity`` in [0, 1].
    """

    shorter: int
    longer: int
    offset_s: float
    gain_db: float
    similarity: float


@dataclass(frozen=True, slots=True)
class _Files:
    """Two contents with a file of each."""

    short: Content
    long: Content
    short_path: str
    long_path: str


class Verifier:
    """Says whether a candidate is a pair. ``path_of`` gives a file of a content, None where none is at hand."""

    def __init__(self, view: SpaceView, path_of: Callable[[Content], str | None]) -> None:
        self._view = view
        self._path_of = path_of
        self._wave = lru_cache(maxsize=_CACHED_PASSAGES)(_decoded)

    def pair(self, candidate: Candidate, first: Content, second: Content) -> Pair | None:
        """``first`` and ``second`` are the candidate's contents in its order. None when they are not the same."""
        shift_s = candidate.shift_s
        if (first.duration_s, -first.id) > (second.duration_s, -second.id):
            first, second, shift_s = second, first, -shift_s
        first_path, second_path = self._path_of(first), self._path_of(second)
        if first_path is None or second_path is None:
            return self._not_compared(first, second)
        try:
            return self._compared(_Files(first, second, first_path, second_path), shift_s)
        except AudioError:
            return self._not_compared(first, second)

    def _compared(self, files: _Files, shift_s: float) -> Pair | None:
        short, long = files.short, files.long
        passage_s = min(short.duration_s, _PASSAGE_S)
        found = self._listen(files, 0.0, passage_s, shift_s)
        if found is None:
            return None
        held_s = min(found.offset_s + short.duration_s, long.duration_s) - max(found.offset_s, 0.0)
        if held_s < LEAST_COVERED * short.duration_s:
            return None
        last_s = min(short.duration_s, long.duration_s - found.offset_s) - passage_s
        similarity = found.correlation
        if last_s > passage_s:
            again = self._listen(files, last_s, passage_s, found.offset_s)
            if again is None or abs(again.offset_s - found.offset_s) > _DRIFT_S:
                return None
            similarity = min(similarity, again.correlation)
        return Pair(short.id, long.id, found.offset_s, found.gain_db, similarity)

    def _listen(self, files: _Files, start_s: float, passage_s: float, shift_s: float) -> Alignment | None:
        """Align a passage of the short one; the answer's offset is that of the whole of it in the long one."""
        first_s, end_s = 0.0, None
        if files.long.duration_s > _WHOLE_S:
            first_s = max(0.0, min(start_s + shift_s - _MARGIN_S, files.long.duration_s - passage_s))
            end_s = first_s + passage_s + 2 * _MARGIN_S
        passage = self._wave(files.short_path, files.short.track, start_s, start_s + passage_s)
        place = self._wave(files.long_path, files.long.track, first_s, end_s)
        found = align(passage, place, RATE_HZ, least_covered=LEAST_COVERED)
        if found is None or found.correlation < LEAST_CORRELATION or found.in_bands < LEAST_IN_BANDS:
            return None
        return replace(found, offset_s=found.offset_s + first_s - start_s)

    def _not_compared(self, short: Content, long: Content) -> Pair | None:
        """Of equal length, and every segment like the one at its place."""
        if long.duration_s - short.duration_s > LENGTHS_AGREE * long.duration_s:
            return None
        ids = [self._view.columns.segments_of(content.id) for content in (short, long)]
        n = min(len(ids[0]), len(ids[1]))
        if not n:
            return None
        try:
            one, other = (self._view.index.vectors(segments[:n]) for segments in ids)
        except LibraryError:
            return None
        cosine = float(np.einsum("ij,ij->i", one, other).min())
        return Pair(short.id, long.id, 0.0, float("nan"), cosine) if cosine >= LEAST_COSINE_UNHEARD else None


def _decoded(path: str, track: int, start_s: float, end_s: float | None) -> Wave:
    return np.concatenate(list(audio.stream(path, RATE_HZ, track=track, start_s=start_s, end_s=end_s)))
