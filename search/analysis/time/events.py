"""Frames become events: runs in which one class stays likely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from search.analysis.time.frames import FrameTags, agreed, frame_times
from search.model import Spans

LEAST: Final = 0.1
"""A frame in which a class is less likely is no part of an event of it."""
LEAST_PEAK: Final = 0.2
"""Nor is a run an event that is less likely at its best."""
SHARE_OF_PEAK: Final = 0.3
"""An event begins and ends where it is so likely, compared to its best."""
EDGE_FRAMES: Final = 0.5
"""An event begins so many frames after its first, which has a part of it only, and ends so many after its last."""
PAUSE_S: Final = 0.7
"""A longer pause parts two events."""
PER_MINUTE: Final = 180
"""Events that are kept, the likeliest: 11 bytes each, below 2 KB a minute."""


@dataclass(frozen=True, slots=True)
class EventRows:
    """n events in order of time, each (n,): ``classes`` uint16, ``starts_ms`` and ``lengths_ms`` uint32.

    ``probabilities`` uint8 are in parts of 255. That makes 11 bytes an event.
    """

    classes: NDArray[np.uint16]
    starts_ms: NDArray[np.uint32]
    lengths_ms: NDArray[np.uint32]
    probabilities: NDArray[np.uint8]

    @classmethod
    def empty(cls) -> Self:
        """None."""
        return cls(np.empty(0, np.uint16), np.empty(0, np.uint32), np.empty(0, np.uint32), np.empty(0, np.uint8))

    def __len__(self) -> int:
        """How many there are."""
        return len(self.classes)


def events_of(tags: FrameTags, spans: Spans, frame_s: float) -> EventRows:
    """The events in a sound of n windows: their tags, and ``spans`` (n, 2) in seconds; frames are ``frame_s`` apart."""
    at_s, counts = frame_times(spans, tags.classes.shape[1], frame_s)
    tags = agreed(tags, spans, frame_s)
    likely = counts[:, :, np.newaxis] & (tags.probabilities >= LEAST)
    classes, probability = tags.classes[likely], tags.probabilities[likely].astype(np.float32)
    when = np.broadcast_to(at_s[:, :, np.newaxis], likely.shape)[likely]
    order = np.lexsort((when, classes))
    classes, probability, when = classes[order], probability[order], when[order]
    runs = _runs(classes, when)
    peaks = _largest(probability, runs)
    stays = (peaks[runs] >= LEAST_PEAK) & (probability >= SHARE_OF_PEAK * peaks[runs])
    classes, probability, when = classes[stays], probability[stays], when[stays]
    if not len(classes):
        return EventRows.empty()
    return _rows(classes, probability, when, spans, frame_s)


def _rows(
    classes: NDArray[np.uint16],
    probability: NDArray[np.float32],
    when: NDArray[np.float64],
    spans: Spans,
    frame_s: float,
) -> EventRows:
    """The events of frames that are sorted by class and time."""
    runs = _runs(classes, when)
    first = np.flatnonzero(np.diff(runs, prepend=-1))
    last = np.append(first[1:], len(runs)) - 1
    end_s = np.minimum(when[last] + EDGE_FRAMES * frame_s, spans[-1, 1])
    start_s = np.minimum(when[first] + EDGE_FRAMES * frame_s, end_s - frame_s)
    start_s = np.where(when[first] <= spans[0, 0], spans[0, 0], np.maximum(start_s, spans[0, 0]))
    peaks = _largest(probability, runs)
    most = max(1, int(PER_MINUTE * (spans[-1, 1] - spans[0, 0]) / 60))
    kept = np.argsort(-peaks, kind="stable")[:most]
    kept = kept[np.lexsort((classes[first][kept], start_s[kept]))]
    starts_ms = np.rint(1000 * start_s[kept])
    return EventRows(
        classes[first][kept],
        starts_ms.astype(np.uint32),
        np.maximum(np.rint(1000 * end_s[kept]) - starts_ms, 1).astype(np.uint32),
        np.rint(255 * peaks[kept]).astype(np.uint8),
    )


def _runs(classes: NDArray[np.uint16], when: NDArray[np.float64]) -> NDArray[np.int64]:
    """(n,) the number of each frame's run: one class, without a longer pause than `PAUSE_S`."""
    if not len(classes):
        return np.empty(0, np.int64)
    begins = (np.diff(classes.astype(np.int64)) != 0) | (np.diff(when) > PAUSE_S)
    return np.concatenate(([0], np.cumsum(begins))).astype(np.int64)


def _largest(probability: NDArray[np.float32], runs: NDArray[np.int64]) -> NDArray[np.float32]:
    """(runs,) the highest probability of each."""
    largest = np.zeros(int(runs[-1]) + 1 if len(runs) else 0, np.float32)
    np.maximum.at(largest, runs, probability)
    return largest
