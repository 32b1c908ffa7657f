"""The likely classes in each frame of a sound, from an encoder's tags of its windows' frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from search.model import FrameEncoding, Spans

KEPT: Final = 8
"""The number of likeliest classes that are kept for a frame."""
_AT_ONCE: Final = 1024
"""Windows that are compared with their neighbours at once, to bound memory for recordings of any length."""
_EDGE: Final = 1e-3


@dataclass(frozen=True, slots=True)
class FrameTags:
    """The likeliest tags of n windows' frames, (n, frames, `KEPT`): ``classes`` uint16, ``probabilities`` float16."""

    classes: NDArray[np.uint16]
    probabilities: NDArray[np.float16]

    @classmethod
    def likeliest(cls, encoding: FrameEncoding) -> Self:
        """The likeliest tags of frames with tags (n, frames, classes), at least `KEPT` classes."""
        classes = np.argpartition(-encoding.tags, KEPT - 1, axis=2)[:, :, :KEPT]
        best = np.take_along_axis(encoding.tags, classes, axis=2)
        return cls(classes.astype(np.uint16), best.astype(np.float16))

    def part(self, first: int, beyond: int) -> FrameTags:
        """The tags of the windows from ``first`` up to but excluding ``beyond``."""
        return FrameTags(self.classes[first:beyond], self.probabilities[first:beyond])

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The tags of all windows of ``parts``, at least one."""
        return cls(
            np.concatenate([part.classes for part in parts]), np.concatenate([part.probabilities for part in parts])
        )


def frame_times(spans: Spans, frames: int, frame_s: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The time of each frame (n, frames), and whether it counts: if windows overlap, the one with the nearer middle.

    ``spans`` (n, 2) are the starts and ends of windows, ascending; frames after an end are repetition.
    """
    starts, ends = spans[:, 0], spans[:, 1]
    from_s, to_s = starts.copy(), ends.copy()
    overlaps = starts[1:] < ends[:-1]
    middles = (starts[1:] + ends[:-1]) / 2
    from_s[1:] = np.where(overlaps, middles, starts[1:])
    to_s[:-1] = np.where(overlaps, middles, ends[:-1])
    at_s = starts[:, np.newaxis] + frame_s * np.arange(frames)
    return at_s, (at_s >= from_s[:, np.newaxis]) & (at_s < to_s[:, np.newaxis])


def agreed(tags: FrameTags, spans: Spans, frame_s: float) -> FrameTags:
    """The same classes in each frame, with probabilities averaged (as logits) over the two windows that contain it.

    The first half of a window is compared with the previous window, the second half with the next one, at the nearest
    frame. If that frame lacks a class, the probability of its least likely class is used.
    """
    found = [_agreed(tags, spans, frame_s, first) for first in range(0, len(spans), _AT_ONCE)]
    return FrameTags(tags.classes, np.concatenate(found) if found else tags.probabilities)


def _agreed(tags: FrameTags, spans: Spans, frame_s: float, first: int) -> NDArray[np.float16]:
    """The probabilities of `agreed` for some windows, from ``first`` on."""
    mine = np.arange(first, min(first + _AT_ONCE, len(spans)))
    frames = tags.classes.shape[1]
    at_s = spans[mine, :1] + frame_s * np.arange(frames)
    is_late = at_s >= spans[mine].mean(axis=1, keepdims=True)
    other = mine[:, np.newaxis] + np.where(is_late, 1, -1)
    inside = other.clip(0, len(spans) - 1)
    place = np.rint((at_s - spans[inside, 0]) / frame_s).astype(np.int64)
    has = (other == inside) & (place >= 0) & (place < frames) & (at_s < spans[inside, 1])
    place = place.clip(0, frames - 1)
    classes, probabilities = tags.classes[inside, place], tags.probabilities[inside, place]
    same = tags.classes[mine][..., np.newaxis] == classes[..., np.newaxis, :]
    named = np.where(same, probabilities[..., np.newaxis, :], 0).max(axis=-1)
    theirs = np.maximum(named, probabilities.min(axis=-1, keepdims=True))
    own = tags.probabilities[mine]
    both = 1 / (1 + np.exp(-(_logit(own) + _logit(theirs)) / 2))
    return np.where(has[..., np.newaxis], both.astype(np.float16), own)


def _logit(probabilities: NDArray[np.float16]) -> NDArray[np.float32]:
    inside = np.clip(probabilities.astype(np.float32), _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inside / (1 - inside)))
