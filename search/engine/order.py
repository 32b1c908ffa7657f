"""The order of an answer, which does not depend on how much of it is asked for.

Rankings are read level by level, each deeper than the one before, and the depths are fixed. What a level finds anew
follows what the levels before it found, so that a longer answer begins with the shorter one, whatever a deeper look
would have put where. Scores and certainties go down along the whole order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from search.columns import ClipColumns
from search.engine.confidence import GOOD_FROM, PAGE
from search.engine.explaining import SpaceRanking
from search.engine.policy import ALL, NOTHING, TUNE, Standing, shown
from search.engine.tunes import TunesFound
from search.engine.views import SameRecordings
from search.model import Likely


@dataclass(frozen=True, slots=True)
class Level:
    """One look at a library: every ranking of it, and what they come to, best first, with scores.

    ``chances`` are the probabilities of sounds by clip, ``witnesses`` what names say of clips. ``more`` says whether a
    deeper look may find more.
    """

    rankings: Sequence[SpaceRanking]
    tunes: TunesFound
    ranked: Sequence[tuple[int, float]]
    chances: Mapping[int, float]
    witnesses: Mapping[int, int]
    more: bool
    did_you_mean: str = ""

    def standing(self, clip_id: int) -> Standing:
        """What speaks for a clip."""
        tune = clip_id in self.tunes.matches
        name = self.witnesses.get(clip_id, NOTHING)
        return Standing(TUNE if tune else name, None if tune else self.chances.get(clip_id), name)


@dataclass(slots=True)
class Entry:
    """A clip in its place: score, certainty as it is shown, the clips it stands for, and the level that found it."""

    clip_id: int
    score: float
    sure: float | None
    level: Level
    copies: list[int] = field(default_factory=list)

    @property
    def is_likely(self) -> bool:
        """Whether it is meant rather than not: by how sure it is, or because its name says every word."""
        match = self.level.tunes.matches.get(self.clip_id)
        sure = self.sure if match is None else match.probability
        by_name = self.level.witnesses.get(self.clip_id, NOTHING) >= ALL
        return by_name or (sure is not None and sure >= GOOD_FROM)

    @property
    def is_judged(self) -> bool:
        """Whether anything tells how likely it is."""
        standing = self.level.standing(self.clip_id)
        return self.sure is not None or standing.witness >= ALL


class Order:
    """Gathers levels. With ``recordings`` each recording has one entry, which names its copies of the same level."""

    def __init__(self, columns: ClipColumns, recordings: SameRecordings | None) -> None:
        self._columns = columns
        self._recordings = recordings
        self._seen: set[int] = set()
        self._of_recording: dict[int, Entry] = {}
        self._lowest = [1.0] * (TUNE + 1)
        self.entries: list[Entry] = []

    def add(self, level: Level) -> None:
        """Put what ``level`` found anew behind what is there."""
        fresh = [(clip_id, score) for clip_id, score in level.ranked if clip_id not in self._seen]
        self._seen.update(clip_id for clip_id, _ in fresh)
        came = self._folded(fresh, level)
        sure = shown([level.standing(entry.clip_id) for entry in came], self._lowest)
        least = self.entries[-1].score if self.entries else np.inf
        for entry, chance in zip(came, sure, strict=True):
            entry.sure, entry.score = chance, min(entry.score, float(least))
        self.entries += came

    def first(self) -> list[Standing]:
        """What speaks for each clip of the first page."""
        return [entry.level.standing(entry.clip_id) for entry in self.entries[:PAGE]]

    def ends_likely(self) -> bool:
        """Whether the last level found something likely, so that a deeper one may."""
        return any(entry.is_likely for entry in self.entries if entry.level is self.entries[-1].level)

    def likely(self, *, is_all: bool) -> Likely | None:
        """The entries that are likely; ``is_all``: a deeper look finds no more. None where nothing is judged."""
        if not any(entry.is_judged for entry in self.entries):
            return None
        return Likely(tuple(entry.clip_id for entry in self.entries if entry.is_likely), GOOD_FROM, is_all)

    def _folded(self, fresh: Sequence[tuple[int, float]], level: Level) -> list[Entry]:
        """An entry for each clip, or for each recording that has none yet.

        A copy of what an earlier level found is passed over: to name it there would change what was said already.
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
