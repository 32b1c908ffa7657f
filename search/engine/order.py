"""The order of an answer. It does not depend on how many hits are requested.

Rankings are read level by level, with fixed depths, each deeper than the one before. The new clips of a level follow
those of earlier levels. So a longer answer always begins with the shorter one. Scores and probabilities never rise
along the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from search.columns import ClipColumns
from search.engine.confidence import GOOD_FROM, PAGE
from search.engine.explaining import SpaceRanking
from search.engine.policy import HitEvidence, Standing, shown
from search.engine.tunes import TunesFound
from search.engine.views import SameRecordings
from search.model import Likely


@dataclass(frozen=True, slots=True)
class Level:
    """One search of a library at a fixed depth: every ranking, and the merged ranking ``ranked``, best first.

    ``chances`` maps clips to the probability of their sound, ``witnesses`` to the evidence of their name. ``more`` says
    whether a deeper level may find more.
    """

    rankings: Sequence[SpaceRanking]
    tunes: TunesFound
    ranked: Sequence[tuple[int, float]]
    chances: Mapping[int, float]
    witnesses: Mapping[int, int]
    more: bool
    did_you_mean: str = ""

    def standing(self, clip_id: int) -> Standing:
        """Return the evidence for a clip."""
        tune = clip_id in self.tunes.matches
        name = self.witnesses.get(clip_id, HitEvidence.NOTHING)
        return Standing(HitEvidence.TUNE if tune else name, None if tune else self.chances.get(clip_id), name)


@dataclass(slots=True)
class Entry:
    """A clip in its place: score, displayed probability ``sure``, copies, and the level that found it."""

    clip_id: int
    score: float
    sure: float | None
    level: Level
    copies: list[int] = field(default_factory=list)

    @property
    def is_likely(self) -> bool:
        """Whether the clip probably matches: by its probability, or because its name has every word."""
        match = self.level.tunes.matches.get(self.clip_id)
        sure = self.sure if match is None else match.probability
        by_name = self.level.witnesses.get(self.clip_id, HitEvidence.NOTHING) >= HitEvidence.ALL
        return by_name or (sure is not None and sure >= GOOD_FROM)

    @property
    def is_judged(self) -> bool:
        """Whether anything says how likely the clip is."""
        standing = self.level.standing(self.clip_id)
        return self.sure is not None or standing.witness >= HitEvidence.ALL


class Order:
    """Collects levels. With ``recordings``, each recording has one entry, which names its copies of the same level."""

    def __init__(self, columns: ClipColumns, recordings: SameRecordings | None) -> None:
        self._columns = columns
        self._recordings = recordings
        self._seen: set[int] = set()
        self._of_recording: dict[int, Entry] = {}
        self._lowest = [1.0] * len(HitEvidence)
        self.entries: list[Entry] = []

    def add(self, level: Level) -> None:
        """Append the new clips of ``level``."""
        fresh = [(clip_id, score) for clip_id, score in level.ranked if clip_id not in self._seen]
        self._seen.update(clip_id for clip_id, _ in fresh)
        came = self._folded(fresh, level)
        sure = shown([level.standing(entry.clip_id) for entry in came], self._lowest)
        least = self.entries[-1].score if self.entries else np.inf
        for entry, chance in zip(came, sure, strict=True):
            entry.sure, entry.score = chance, min(entry.score, float(least))
        self.entries += came

    def first(self) -> list[Standing]:
        """Return the evidence for each clip of the first page."""
        return [entry.level.standing(entry.clip_id) for entry in self.entries[:PAGE]]

    def ends_likely(self) -> bool:
        """Return whether the last level found something likely, so that a deeper one may too."""
        return any(entry.is_likely for entry in self.entries if entry.level is self.entries[-1].level)

    def likely(self, *, is_all: bool) -> Likely | None:
        """Return the likely entries; ``is_all``: a deeper level finds no more. None if no entry has a probability."""
        if not any(entry.is_judged for entry in self.entries):
            return None
        return Likely(tuple(entry.clip_id for entry in self.entries if entry.is_likely), GOOD_FROM, is_all)

    def _folded(self, fresh: Sequence[tuple[int, float]], level: Level) -> list[Entry]:
        """Return an entry for each clip, or for each recording without one.

        A copy of what an earlier level found is skipped: naming it there would change an answer already given.
        """
        if self._recordings is None:
            return [Entry(clip_id, score, None, level) for clip_id, score in fresh]
        contents = [self._columns.content_of(clip_id) for clip_id, _ in fresh]
        same = self._recordings.of(np.array([-1 if one is None else one for one in contents], np.int64)).tolist()
        came: list[Entry] = []
        for (clip_id, score), recording in zip(fresh, same, strict=True):
            earlier = self._of_recording.get(recording) if recording >= 0 else None
            if earlier is None:
                came.append(Entry(clip_id, score, None, level))
                self._of_recording[recording] = came[-1]
            elif earlier.level is level:
                earlier.copies.append(clip_id)
        return came
