"""The events of all contents of a space, one content after another, for filters and time lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from search.analysis.time.events import EventRows
from search.model import Ids


@dataclass(frozen=True, slots=True)
class EventTable:
    """The events of ``contents`` (c,), ids ascending: those of each from ``begins[i]`` to ``begins[i + 1]`` (c + 1,).

    The other arrays are those of `EventRows`, for all contents.
    """

    contents: Ids
    begins: NDArray[np.int64]
    classes: NDArray[np.uint16]
    starts_ms: NDArray[np.uint32]
    lengths_ms: NDArray[np.uint32]
    probabilities: NDArray[np.uint8]

    @classmethod
    def of(cls, events: Iterable[tuple[int, EventRows]]) -> EventTable:
        """The table of these events, by content id."""
        ordered = sorted(events, key=lambda one: one[0])
        ids = np.array([content for content, _ in ordered], np.int64)
        begins = np.concatenate(([0], np.cumsum([len(rows) for _, rows in ordered]))).astype(np.int64)
        rows = [EventRows.empty(), *(rows for _, rows in ordered)]
        return cls(
            ids, begins, *(np.concatenate([getattr(one, each.name) for one in rows]) for each in fields(EventRows))
        )

    def __len__(self) -> int:
        """The number of contents, including those without events."""
        return len(self.contents)

    def __contains__(self, content_id: int) -> bool:
        """Whether the events of a content are known."""
        return self._place(content_id) is not None

    def rows(self, content_id: int) -> EventRows | None:
        """The events of a content; None if they are not known."""
        place = self._place(content_id)
        return None if place is None else self._between(int(self.begins[place]), int(self.begins[place + 1]))

    def changed(self, added: Iterable[tuple[int, EventRows]], staying: NDArray[np.bool_]) -> EventTable:
        """A table of the contents marked in ``staying`` (c,), and of ``added``, which replace those of the same ids."""
        fresh = dict(added)
        kept = [
            (content, self._between(begin, end))
            for content, begin, end, stays in zip(
                self.contents.tolist(), self.begins[:-1].tolist(), self.begins[1:].tolist(), staying, strict=True
            )
            if stays and content not in fresh
        ]
        return EventTable.of([*kept, *fresh.items()])

    def contents_with(self, classes: Iterable[int], least: float, seconds: float) -> Ids:
        """The contents in which one of ``classes`` is likelier than ``least`` for ``seconds`` in all, ascending.

        Simultaneous events of two classes count once.
        """
        chosen = np.isin(self.classes, np.fromiter(classes, np.uint16)) & (self.probabilities > 255 * least)
        at = np.flatnonzero(chosen)
        owner = np.searchsorted(self.begins, at, side="right") - 1
        starts = self.starts_ms[at].astype(np.int64)
        lasting = _covered(owner, starts, starts + self.lengths_ms[at], len(self))
        return self.contents[(lasting >= 1000 * seconds) & (lasting > 0)]

    def _between(self, begin: int, end: int) -> EventRows:
        return EventRows(*(getattr(self, each.name)[begin:end] for each in fields(EventRows)))

    def _place(self, content_id: int) -> int | None:
        place = int(np.searchsorted(self.contents, content_id))
        return place if place < len(self) and self.contents[place] == content_id else None


def _covered(owner: Ids, start: Ids, end: Ids, owners: int) -> Ids:
    """The total time that the intervals of each owner cover (owners,). Intervals are sorted by owner and start."""
    if not len(owner):
        return np.zeros(owners, np.int64)
    # shift every owner to its own range, so that a single running maximum serves all
    shift = owner * (int(end.max()) + 1)
    before = np.concatenate(([0], np.maximum.accumulate(end + shift)[:-1]))
    fresh = np.maximum(end + shift - np.maximum(start + shift, before), 0)
    return np.bincount(owner, weights=fresh, minlength=owners).astype(np.int64)
