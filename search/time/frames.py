"""What is likely in each frame of a sound, from what an encoder says of its frames and windows.

A frame's own tags say when, its window's say what: a frame's probability comes from both, calibrated on sounds of
learning material laid into recordings at known times (`benchmarks.fitting.events`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from search.model import FrameEncoding, Spans

KEPT: Final = 8
"""Classes of a frame that are kept, the likeliest."""
SHARE_OF_WINDOW: Final = 0.5
"""How much a window's logit counts beside its frame's."""
SLOPE, OFFSET = 0.6, -1.27
"""From the logit of both to that of the probability."""
_EDGE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class FrameTags:
    """The likeliest tags of n windows' frames, (n, frames, `KEPT`): ``classes`` uint16, ``probabilities`` float16."""

    classes: NDArray[np.uint16]
    probabilities: NDArray[np.float16]

    @classmethod
    def likeliest(cls, encoding: FrameEncoding) -> Self:
        """Those of windows with tags (n, classes), of which there are `KEPT` at least."""
        logits = logits_of(encoding)
        classes = np.argpartition(-logits, KEPT - 1, axis=2)[:, :, :KEPT]
        best = np.take_along_axis(logits, classes, axis=2)
        probabilities = 1 / (1 + np.exp(-(SLOPE * best + OFFSET)))
        return cls(classes.astype(np.uint16), probabilities.astype(np.float16))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Those of all windows of ``parts``, one or more."""
        return cls(
            np.concatenate([part.classes for part in parts]), np.concatenate([part.probabilities for part in parts])
        )


def logits_of(encoding: FrameEncoding) -> NDArray[np.float32]:
    """(n, frames, classes): the logits of frames with a share of their windows'; not calibrated."""
    if encoding.windows.tags is None:
        raise ValueError("an encoder without a vocabulary has no tags of frames")
    logits = _logit(encoding.tags) + SHARE_OF_WINDOW * _logit(encoding.windows.tags)[:, np.newaxis]
    return np.asarray(logits / (1 + SHARE_OF_WINDOW), np.float32)


def frame_times(spans: Spans, frames: int, frame_s: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """When each frame is, (n, frames), and whether it counts: where windows overlap, the nearer middle has its say.

    ``spans`` (n, 2) are the windows' beginnings and ends, ascending; what lies behind an end is repetition.
    """
    starts, ends = spans[:, 0], spans[:, 1]
    from_s, to_s = starts.copy(), ends.copy()
    overlaps = starts[1:] < ends[:-1]
    middles = (starts[1:] + ends[:-1]) / 2
    from_s[1:] = np.where(overlaps, middles, starts[1:])
    to_s[:-1] = np.where(overlaps, middles, ends[:-1])
    at_s = starts[:, np.newaxis] + frame_s * np.arange(frames)
    return at_s, (at_s >= from_s[:, np.newaxis]) & (at_s < to_s[:, np.newaxis])


def _logit(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    inside = np.clip(probabilities, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inside / (1 - inside)), np.float32)
