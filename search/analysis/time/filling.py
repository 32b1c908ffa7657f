"""Finding the events of a content's file by encoding its windows again, frame by frame."""

from __future__ import annotations

from itertools import islice
from typing import Final

import numpy as np

from search import audio
from search.analysis.time.events import EventRows, events_of
from search.analysis.time.frames import FrameTags
from search.model import Clip, Content, EncoderSpec
from search.ports import FrameReader
from search.snapshots.filling import Rest, at_once, resting

BATCH: Final = 16
"""Windows that are encoded at once, to bound memory for recordings of any length."""


def of_file(
    encoder: FrameReader, spec: EncoderSpec, content: Content, clip: Clip, *, rest: Rest = at_once
) -> EventRows:
    """The events of a content, from the file of one of its clips. Raises AudioError if it cannot be read.

    Calls ``rest`` before each window is decoded, and before each batch is encoded.
    """
    path, speed = clip.absolute_path, clip.root.speed
    windows = resting(audio.windows(path, spec, track=content.track, speed=speed), rest)
    tags: list[FrameTags] = []
    spans: list[tuple[float, float]] = []
    while batch := list(islice(windows, BATCH)):
        if sounding := [window for window in batch if not window.silent]:
            rest()
            encoding = encoder.encode_frames(np.stack([window.samples for window in sounding]))
            tags.append(FrameTags.likeliest(encoding))
            spans += [(window.start_s, window.end_s) for window in sounding]
    if not spans:
        return EventRows.empty()
    return events_of(FrameTags.joined(tags), np.array(spans), encoder.frame_s * speed)
