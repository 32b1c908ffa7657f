"""Turning frames into events: runs in which one class stays likely."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search.analysis.time.frames import FrameTags, agreed, frame_times
from search.model import Spans

LEAST: Final = 0.1
"""The least probability of a class in a frame of an event."""
LEAST_PEAK: Final = 0.2
"""The least peak probability of an event."""
SHARE_OF_PEAK: Final = 0.3
"""An event begins and ends where its probability is this share of its peak."""
EDGE_FRAMES: Final = 0.5
"""An event begins this many frames after its first frame, which only partly contains it, and ends as many after its
last."""
PAUSE_S: Final = 0.7
"""A longer pause separates two events."""
PER_MINUTE: Final = 180
"""Events kept per minute, the likeliest ones: at 11 bytes each, below 2 KB a minute."""
_WINDOWS_AT_ONCE: Final = 512
_FRAMES_AT_ONCE: Final = 1 << 15

ReadFrames: TypeAlias = Callable[[int, int], FrameTags]
"""Returns the tags of the windows from the first number up to the second, perhaps by reading them."""


@dataclass(frozen=True, slots=True)
class EventRows:
    """n events in order of time, each (n,): ``classes`` uint16, ``starts_ms`` and ``lengths_ms`` uint32.

    ``probabilities`` uint8 are in units of 1/255. An event takes 11 bytes.
    """

    classes: NDArray[np.uint16]
    starts_ms: NDArray[np.uint32]
    lengths_ms: NDArray[np.uint32]
    probabilities: NDArray[np.uint8]

    @classmethod
    def empty(cls) -> Self:
        """No events."""
        return cls(np.empty(0, np.uint16), np.empty(0, np.uint32), np.empty(0, np.uint32), np.empty(0, np.uint8))

    def __len__(self) -> int:
        """The number of events."""
        return len(self.classes)


@dataclass(frozen=True, slots=True)
class _Runs:
    """Runs of one class each (n,): the class, the times of its first and last frame, and its peak probability."""

    classes: NDArray[np.uint16]
    first_s: NDArray[np.float64]
    last_s: NDArray[np.float64]
    peaks: NDArray[np.float32]


def events_of(tags: FrameTags, spans: Spans, frame_s: float) -> EventRows:
    """The events in a sound of n windows: their tags, and ``spans`` (n, 2) in seconds; frames are ``frame_s`` apart."""
    return events_of_parts(tags.part, spans, frame_s)


def events_of_parts(read: ReadFrames, spans: Spans, frame_s: float) -> EventRows:
    """The same for a recording of any length, whose frames are read in parts: those of a day would take 18 MB."""
    found = list(_likely(read, spans, frame_s))
    classes, probability, places = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    del found
    if not len(classes):
        return EventRows.empty()
    frames = read(0, 1).classes.shape[1]
    order = np.argsort(classes, kind="stable")  # frames of one class stay in order of time
    runs = []
    for mine in _by_classes(order, classes):
        window, frame = np.divmod(places[mine], np.uint32(frames))
        when = spans[window, 0] + frame_s * frame
        runs.append(_runs_of(classes[mine], probability[mine].astype(np.float32), when))
    every = _Runs(*(np.concatenate([getattr(one, each.name) for one in runs]) for each in fields(_Runs)))
    return _rows(every, spans, frame_s) if len(every.classes) else EventRows.empty()


def _by_classes(order: NDArray[np.intp], classes: NDArray[np.uint16]) -> Iterator[NDArray[np.intp]]:
    """Yield ``order``, which sorts ``classes``, in parts of whole classes: with few frames, or of a single class."""
    first = 0
    for beyond in np.cumsum(np.bincount(classes)).tolist():
        if beyond - first >= _FRAMES_AT_ONCE:
            yield order[first:beyond]
            first = beyond
    if first < len(order):
        yield order[first:]


def _likely(
    read: ReadFrames, spans: Spans, frame_s: float
) -> Iterator[tuple[NDArray[np.uint16], NDArray[np.float16], NDArray[np.uint32]]]:
    """Yield likely classes, their probabilities, and their frames, numbered over all windows, in order of time."""
    for first in range(0, len(spans), _WINDOWS_AT_ONCE):
        beyond = min(first + _WINDOWS_AT_ONCE, len(spans))
        low, high = max(first - 1, 0), min(beyond + 1, len(spans))  # include the neighbours, for `agreed`
        mine = slice(first - low, beyond - low)
        tags = read(low, high)
        frames = tags.classes.shape[1]
        _, counts = frame_times(spans[low:high], frames, frame_s)
        tags = agreed(tags, spans[low:high], frame_s)
        classes, probability = tags.classes[mine], tags.probabilities[mine]
        is_likely = counts[mine, :, np.newaxis] & (probability >= LEAST)
        places = np.arange(first * frames, beyond * frames, dtype=np.uint32).reshape(-1, frames, 1)
        yield classes[is_likely], probability[is_likely], np.broadcast_to(places, is_likely.shape)[is_likely]


def _runs_of(classes: NDArray[np.uint16], probability: NDArray[np.float32], when: NDArray[np.float64]) -> _Runs:
    """The runs that become events, from likely frames sorted by class and time."""
    begins = _begins(classes, when)
    peak = np.maximum.reduceat(probability, begins).repeat(np.diff(begins, append=len(when)))
    stays = (peak >= LEAST_PEAK) & (probability >= SHARE_OF_PEAK * peak)
    classes, probability, when = classes[stays], probability[stays], when[stays]
    begins = _begins(classes, when)
    if not len(begins):
        return _Runs(classes, when, when, probability)
    last = np.append(begins[1:], len(when)) - 1
    return _Runs(classes[begins], when[begins], when[last], np.maximum.reduceat(probability, begins))


def _begins(classes: NDArray[np.uint16], when: NDArray[np.float64]) -> NDArray[np.intp]:
    """The positions where runs begin; a run is of one class, without pauses longer than `PAUSE_S`."""
    is_other = classes[1:] != classes[:-1]
    return np.flatnonzero(np.concatenate(([True] * bool(len(when)), is_other | (np.diff(when) > PAUSE_S))))


def _rows(runs: _Runs, spans: Spans, frame_s: float) -> EventRows:
    """The events of runs sorted by class and time."""
    end_s = np.minimum(runs.last_s + EDGE_FRAMES * frame_s, spans[-1, 1])
    start_s = np.minimum(runs.first_s + EDGE_FRAMES * frame_s, end_s - frame_s)
    start_s = np.where(runs.first_s <= spans[0, 0], spans[0, 0], np.maximum(start_s, spans[0, 0]))
    most = max(1, int(PER_MINUTE * (spans[-1, 1] - spans[0, 0]) / 60))
    kept = np.argsort(-runs.peaks, kind="stable")[:most]
    kept = kept[np.lexsort((runs.classes[kept], start_s[kept]))]
    starts_ms = np.rint(1000 * start_s[kept])
    return EventRows(
        runs.classes[kept],
        starts_ms.astype(np.uint32),
        np.maximum(np.rint(1000 * end_s[kept]) - starts_ms, 1).astype(np.uint32),
        np.rint(255 * runs.peaks[kept]).astype(np.uint8),
    )
