"""How windows become rows: by an encoder, with tags of frames if events are wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np

from indexer.assembly import EncodedRows
from search.analysis.time.frames import FrameTags
from search.analysis.time.stored import REVISION
from search.model import AudioEncoding, SegmentTags, Waves
from search.ports import Encoder, FrameReader


@dataclass(frozen=True, slots=True)
class WindowEncoder:
    """How windows are encoded: (n, window) -> `EncodedRows`. ``frame_s``: seconds between frames, if rows have tags of
    frames.

    ``made_by`` names what determines the rows besides the encoder's fingerprint.
    """

    rows: Callable[[Waves], EncodedRows]
    frame_s: float | None = None
    made_by: str = ""


@runtime_checkable
class CalibratedFrames(Protocol):
    """What a `FrameReader` may declare as well."""

    @property
    def frames_made_by(self) -> str:
        """The calibration that turns the network's output into tags of frames. The fingerprint does not cover it."""


def hearing(encoder: Encoder, *, events: bool) -> WindowEncoder:
    """How ``encoder`` encodes windows: with tags of frames, if ``events`` are wanted and the encoder can tag frames."""
    if events and isinstance(encoder, FrameReader) and encoder.spec.vocabulary is not None:
        calibrated = encoder.frames_made_by if isinstance(encoder, CalibratedFrames) else ""
        made_by = f"frames {encoder.frame_s!r} s apart, {calibrated}, events {REVISION}"
        return WindowEncoder(partial(_with_frames, encoder), encoder.frame_s, made_by)
    return WindowEncoder(partial(_without_frames, encoder))


def _without_frames(encoder: Encoder, waves: Waves) -> EncodedRows:
    return _rows(encoder.encode_audio(waves))


def _with_frames(encoder: FrameReader, waves: Waves) -> EncodedRows:
    encoding = encoder.encode_frames(waves)
    frames = FrameTags.likeliest(encoding)
    return (*_rows(encoding.windows), frames.classes, frames.probabilities)


def _rows(encoding: AudioEncoding) -> EncodedRows:
    rows: EncodedRows = (encoding.vectors.astype(np.float16),)
    if encoding.tags is not None:
        tags = SegmentTags.likeliest(encoding.tags)
        rows += (tags.classes, tags.probabilities)
    return rows
