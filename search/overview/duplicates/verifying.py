"""Decide by their sound whether two contents are the same recording.

If a file of each is available, their envelopes are compared (`hearing`), and if these are similar, their samples
(`aligning`): all samples of short sounds, the first and last half minute of long ones, so that memory is bounded and an
hour costs no more than a minute. If a file is missing, only contents of equal length whose segments all match count as
the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.engine.views import SpaceView
from search.errors import AudioError, LibraryError
from search.model import Content, Wave
from search.overview.duplicates.aligning import LEAST_COVERED, SoundAlignment, align
from search.overview.duplicates.candidates import Candidate
from search.overview.duplicates.hearing import RATE_HZ, PassageDecoder, TrackPassage, fingerprint

LEAST_AT_WORST: Final = 0.65
"""The share of octaves that must agree in the worst moment. Of 720 copies of twelve kinds in training data, 99 in 100
reach 0.7; loops of one kit in which one stroke differs reach 0.86, other hits 0.8."""

BRIEF_S: Final = 0.6
SURE_AT_WORST: Final = 0.82
SURE_CORRELATION: Final = 0.9
ALMOST_ALL: Final = 0.93
"""A sound shorter than `BRIEF_S` has few moments in which it could differ. So `SURE_AT_WORST` of its octaves must agree
and the correlation must reach `SURE_CORRELATION`, or `ALMOST_ALL` octaves must agree. At 32 kbit/s the correlation may
fall to 0.8, as between hits of a drum, of which 0.89 of the octaves agree."""

LEAST_LOUD: Final = 0.35
"""The required correlation of the worst loud cell: 99 in 100 copies reach 0.4, those loops at most 0.22."""

SURE_LOUD: Final = 0.6
"""The same, if less than `SURE_AT_WORST` of the octaves agree: notes of one patch reach 0.59."""

MOST_DEPARTED: Final = 0.2
"""How far one moment of an octave may depart from what its best ones predict. Of 480 copies in training data, without
clipped ones, one reaches 0.21, at 32 kbit/s; all others reach at most 0.13. Of 9,450 pairs of phrases of one sampled
instrument, which differ in a note or its velocity, one is below the limit. Loops of one kit with an additional soft
stroke under a loud one reach 0.9."""

LEAST_COSINE_UNHEARD: Final = 0.97
LENGTHS_AGREE: Final = 0.02

_PASSAGE_S: Final = 30.0
_WHOLE_S: Final = 90.0
"""Up to this length the longer sound is decoded whole; else only around the position where its segments match."""
_MARGIN_S: Final = 12.0
_DRIFT_S: Final = 1.0
"""How far the end may be from the position that the beginning predicts: clocks differ, but a cut means another
recording."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two contents of one recording.

    ``offset_s``: where in ``longer`` the ``shorter`` begins; ``gain_db``: how much louder ``shorter`` is, NaN if
    samples were not compared; ``similarity`` in [0, 1].
    """

    shorter: int
    longer: int
    offset_s: float
    gain_db: float
    similarity: float

    @property
    def key(self) -> tuple[int, int]:
        """The two contents, the smaller id first."""
        return key_of(self.shorter, self.longer)

    def place_s(self, content: int) -> float:
        """Where ``content`` begins in the other one."""
        return self.offset_s if content == self.shorter else -self.offset_s


def key_of(one: int, other: int) -> tuple[int, int]:
    """The key of a pair of contents: the smaller id first."""
    return min(one, other), max(one, other)


@dataclass(frozen=True, slots=True)
class _Files:
    """Two contents with a file of each."""

    short: Content
    long: Content
    short_path: str
    long_path: str


class Verifier:
    """Decides whether a candidate is a pair. ``path_of`` returns the path of a content, None without a file."""

    def __init__(self, view: SpaceView, path_of: Callable[[Content], str | None]) -> None:
        self._view = view
        self._path_of = path_of
        self._hearing = PassageDecoder()

    def pair(self, candidate: Candidate, first: Content, second: Content) -> Pair | None:
        """The pair, or None if the contents differ. ``first`` and ``second`` are the candidate's, in its order."""
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

    def fingerprint(self, content: Content) -> NDArray[np.float32] | None:
        """The fingerprint of a short sound (`hearing.fingerprint`); None for a long one, silence, or without a file."""
        path = self._path_of(content) if content.duration_s <= _PASSAGE_S else None
        if path is None:
            return None
        try:
            return fingerprint(self._hearing.envelope(TrackPassage(path, content.track)))
        except AudioError:
            return None

    def _compared(self, files: _Files, shift_s: float) -> Pair | None:
        short, long = files.short, files.long
        whole = short.duration_s <= _PASSAGE_S
        passage_s = short.duration_s if whole else _PASSAGE_S
        found = self._listen(
            files, TrackPassage(files.short_path, short.track, 0.0, None if whole else passage_s), shift_s
        )
        if found is None:
            return None
        similarity = found.correlation
        if not whole:
            held_s = min(found.offset_s + short.duration_s, long.duration_s) - max(found.offset_s, 0.0)
            if held_s < LEAST_COVERED * short.duration_s:
                return None
            last_s = min(short.duration_s, long.duration_s - found.offset_s) - passage_s
            if last_s > passage_s:
                last = TrackPassage(files.short_path, short.track, last_s, last_s + passage_s)
                again = self._listen(files, last, found.offset_s)
                if again is None or abs(again.offset_s - found.offset_s) > _DRIFT_S:
                    return None
                similarity = min(similarity, again.correlation)
        return Pair(short.id, long.id, found.offset_s, found.gain_db, similarity)

    def _listen(self, files: _Files, passage: TrackPassage, shift_s: float) -> SoundAlignment | None:
        """Align a passage of the short sound; the offset in the result is that of the whole short sound."""
        place = TrackPassage(files.long_path, files.long.track)
        if files.long.duration_s > _WHOLE_S:
            length_s = _PASSAGE_S if passage.end_s is None else passage.end_s - passage.start_s
            first_s = max(0.0, min(passage.start_s + shift_s - _MARGIN_S, files.long.duration_s - length_s))
            place = TrackPassage(place.path, place.track, first_s, first_s + length_s + 2 * _MARGIN_S)
        if not self._hearing.alike(passage, place):
            return None
        one, other = self._hearing.passage(passage), self._hearing.passage(place)
        found = align(one.wave, other.wave, RATE_HZ)
        if found is None or not _is_copy(found, whole=passage.end_s is None and place.end_s is None):
            return None
        return replace(found, offset_s=found.offset_s + other.start_s - one.start_s)

    def _not_compared(self, short: Content, long: Content) -> Pair | None:
        """The pair, without comparing samples: of equal length, with every segment similar to its counterpart."""
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


def is_one_recording(one: Wave, other: Wave) -> bool:
    """Whether two short sounds (n,), (m,) at `RATE_HZ` are the same recording."""
    found = align(one, other, RATE_HZ)
    return found is not None and _is_copy(found, whole=True)


def _is_copy(alignment: SoundAlignment, *, whole: bool) -> bool:
    """Whether an alignment shows a copy.

    Two ``whole`` sounds that both have more sound outside of the shared passage are no copies, but loops that share
    some strokes.
    """
    sure = alignment.at_worst >= SURE_AT_WORST
    if alignment.shared_s < BRIEF_S:
        sure = sure and (alignment.correlation >= SURE_CORRELATION or alignment.at_worst >= ALMOST_ALL)
        agrees = sure and alignment.loud_at_worst >= LEAST_LOUD
    else:
        needed = LEAST_LOUD if sure else SURE_LOUD
        agrees = alignment.at_worst >= LEAST_AT_WORST and alignment.loud_at_worst >= needed
    return agrees and alignment.departs < MOST_DEPARTED and not (whole and alignment.each_has_more)
