"""The channels of a file as decoded, neither mixed nor resampled, for measurements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import numpy as np

from search.audio.checking import LARGEST, SHORTEST_S
from search.audio.decoding import open_track
from search.audio.mixing import at_full_scale
from search.audio.opening import open_regular
from search.audio.track import Block
from search.errors import AudioError


def channels(
    path: str,
    *,
    track: int = 0,
    start_s: float = 0.0,
    end_s: float | None = None,
    warn: Callable[[str], None] | None = None,
) -> Iterator[Block]:
    """The sound of a file, or of a passage of it, in blocks of (channels, frames) float32, each of about two seconds.

    Samples may exceed full scale; those that are not finite become silence. ``warn`` gets the defects of a file that
    can still be read, by the last block at the latest. Raises AudioError, at any block, as `stream` does.
    """
    with open_regular(path) as file, closing(open_track(path, file, track)) as opened:
        length_s = 0.0
        for block in opened.blocks(start_s, end_s):
            length_s += block.frames / block.rate_hz
            yield as_floats(block)
        if length_s < SHORTEST_S:
            raise AudioError(path, "holds no samples" if not length_s else "too short: less than a millisecond")
        for warning in opened.warnings:
            if warn is not None:
                warn(warning)


def as_floats(block: Block) -> Block:
    """Convert a decoded block to (channels, frames) float32; samples that are not finite become silence."""
    samples = np.ascontiguousarray(at_full_scale(block.samples))
    if not (samples.min(initial=0.0) >= -LARGEST and samples.max(initial=0.0) <= LARGEST):  # False for NaN
        samples = np.where(np.abs(samples) <= LARGEST, samples, np.float32(0.0))
    return block._replace(samples=samples)
