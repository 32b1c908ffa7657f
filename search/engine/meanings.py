"""Compares the meaning of clips' names with a query in words: "smash_glass" and "a window shatters".

A name is encoded when a query first finds its clip, by words or by sound, and then cached in memory. Nothing is stored
on disk.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.engine import policy
from search.engine.asking import AskedSpace, part_label
from search.engine.explaining import SpaceRanking
from search.engine.fusion import RankedClips
from search.engine.question import Question
from search.ground.emoji import in_words
from search.model import Ids, Space, TextPart
from search.ports import Encoder, MeaningReader

KEPT: Final = 20_000
"""The most names in the cache (31 MB). Beyond that, the oldest are dropped."""
_WORD: Final = re.compile(r"[^\W\d_]+")


class NameMeanings:
    """Compares names with queries. Threads may share it."""

    def __init__(self, encoder: Callable[[Space], Encoder]) -> None:
        self._encoder = encoder
        self._meanings_of: dict[tuple[str, str], NDArray[np.float32]] = {}
        self._changing = threading.Lock()

    def with_meanings(
        self, question: Question, words: Sequence[RankedClips], sounds: Iterable[SpaceRanking]
    ) -> list[RankedClips]:
        """Return one ranking by name for each part in words, which also counts the meaning of names.

        It considers the names of all clips in the rankings ``words`` and ``sounds``.
        """
        places = [place for place, part in enumerate(question.parts, start=1) if isinstance(part, TextPart)]
        by_sound = [sound.ranked.clip_ids for sound in sounds]
        return [
            self._with_meanings(question, place, ranked, by_sound) for place, ranked in zip(places, words, strict=True)
        ]

    def _with_meanings(
        self, question: Question, place: int, ranked: RankedClips, by_sound: Sequence[Ids]
    ) -> RankedClips:
        label = part_label(question.parts[place - 1], place)
        for space in question.spaces:
            for part in space.parts:
                if part.label == label and part.weight > 0 and part.meaning is not None:
                    every = np.array(
                        list(dict.fromkeys(np.concatenate([ranked.clip_ids, *by_sound]).tolist())), np.int64
                    )
                    if not len(every):
                        return ranked
                    return policy.with_meanings(ranked, every, self._of(space, every) @ part.meaning)
        return ranked

    def _of(self, space: AskedSpace, clip_ids: Ids) -> NDArray[np.float64]:
        """Return (n, d) the meanings of the clips' names; zeros for a name without a word."""
        titles = space.view.columns.titles(clip_ids)
        named = [" ".join(_WORD.findall(in_words(title))) for title in titles]
        reader = self._encoder(space.view.space)
        if not isinstance(reader, MeaningReader):
            raise TypeError(f"{space.view.space.name} gave the meaning of words, but cannot read names")
        by = space.view.space.fingerprint
        known = {name: self._meanings_of.get((by, name)) for name in named if name}
        unread = [name for name, meaning in known.items() if meaning is None]
        read = reader.meanings(unread)
        known.update(zip(unread, read, strict=True))
        self._keep({(by, name): meaning for name, meaning in zip(unread, read, strict=True)})
        nothing = np.zeros(read.shape[1])
        return np.array([known[name] if name else nothing for name in named], np.float64)

    def _keep(self, meanings: dict[tuple[str, str], NDArray[np.float32]]) -> None:
        with self._changing:
            self._meanings_of.update(meanings)
            for key in list(self._meanings_of)[: max(len(self._meanings_of) - KEPT, 0)]:
                del self._meanings_of[key]
