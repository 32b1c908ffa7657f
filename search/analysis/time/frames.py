"""What is likely in each frame of a sound, from what an encoder says of its windows' frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from search.model import FrameEncoding, Spans

KEPT: Final = 8
"""Classes of a frame that are kept, the likeliest."""


@dataclass(frozen=True, slots=True)
class FrameTags:
    """The likeliest tags of n windows' frames, (n, frames, `KEPT`): ``classes`` uint16, ``probabilities`` float16."""

    classes: NDArray[np.uint16]
    probabilities: NDArray[np.float16]

    @classmethod
    def likeliest(cls, encoding: FrameEncoding) -> Self:
        """Those of frames with tags (n, frames, classes), of which there are `KEPT` at least."""
        classes = np.argpartition(-encoding.tags, KEPT - 1, axis=2)[:, :, :KEPT]
        best = np.take_along_axis(encoding.tags, classes, axis=2)
        return cls(classes.astype(np.uint16), best.astype(np.float16))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Those of all windows of ``parts``, one or more."""
        return cls(
            np.concatenate([part.classes for part in parts]), np.concatenate([part.probabilities for part in parts])
        )


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
