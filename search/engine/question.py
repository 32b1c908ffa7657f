"""A query and what it applies to: everything that all levels of its answer have in common."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from search.columns import unmeasured
from search.columns.where import Where
from search.engine import policy
from search.engine.asking import AskedSpace, part_label
from search.engine.aspects import AspectExamples
from search.engine.fusion import RankedClips
from search.engine.views import LibraryView, SpaceView
from search.model import ENGLISH, Ids, Part, Query


@dataclass(frozen=True, slots=True)
class Question:
    """A query with its ``parts``, the library and its spaces, the filter, and the excluded clips ``left_out``.

    ``pushed_down`` are rankings that only lower clips. ``leading`` (n,) are the contents that equal the query byte for
    byte: if they are in the answer, they come first.
    """

    query: Query
    parts: tuple[Part, ...]
    library: LibraryView
    spaces: tuple[AskedSpace, ...]
    where: Where | None
    left_out: frozenset[int]
    pushed_down: tuple[RankedClips, ...]
    tastes: AspectExamples
    leading: Ids = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def view(self) -> SpaceView:
        """The first space. Its columns map contents to clips."""
        return self.spaces[0].view

    @property
    def leading_clips(self) -> frozenset[int]:
        """The clips of the ``leading`` contents."""
        clips_of = self.view.columns.clips_of(self.leading)
        return frozenset(clip_id for clip_ids in clips_of.values() for clip_id in clip_ids)

    @property
    def gone(self) -> tuple[str, ...]:
        """The parts that are ignored because what they name is no longer in the library."""
        return tuple(dict.fromkeys(what for one in self.spaces for what in one.gone))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Defects of the query's files, and the number of clips that the filter could not judge."""
        parts = (part for one in self.spaces for part in one.parts)
        said = [f"{part.label}: {warning}" for part in parts for warning in part.warnings]
        columns = self.view.columns
        unjudged = columns.unjudged(self.where) or (columns.unjudged(None, "loudness") if self.tastes.examples else 0)
        return tuple(dict.fromkeys([*said, *([unmeasured.warning(unjudged)] if unjudged else [])]))

    @property
    def track(self) -> int | None:
        """The track that was read of the first wanted file; None if there is none."""
        parts = (part for one in self.spaces for part in one.parts)
        return next((part.track for part in parts if part.weight > 0 and part.track is not None), None)

    @property
    def by_evidence(self) -> bool:
        """Whether clips are ranked by evidence, not by ranks (`search.engine.policy`)."""
        return policy.by_evidence(self.parts, self.spaces)

    def other_words(self, place: int) -> dict[str, float]:
        """Return other words for the part at ``place`` (from 1), with probabilities; none if ranks count."""
        found: dict[str, float] = {}
        for one in self.spaces if self.by_evidence else ():
            own = [part for part in one.parts if part.label == part_label(self.parts[place - 1], place)]
            found.update(policy.other_words(own, one.view.space.vocabulary))
        return found

    def in_english(self, place: int) -> str:
        """Return the English translation of the part at ``place`` (from 1), if it is in another language."""
        label = part_label(self.parts[place - 1], place)
        return next((part.english for one in self.spaces for part in one.parts if part.label == label), "")

    @property
    def language(self) -> str:
        """The language of the words: that of the first part that is not English; empty if it is unknown."""
        read_in = [part.language for one in self.spaces for part in one.parts if part.language]
        return next((one for one in read_in if one != ENGLISH), read_in[0] if read_in else "")

    @property
    def may_narrow(self) -> bool:
        """Whether some clips that words find may have to be dropped."""
        return self.where is not None or self.query.collapse or bool(self.left_out)
