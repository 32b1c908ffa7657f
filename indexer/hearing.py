"""How windows become rows: by an encoder, with what events are made of where they are asked for."""

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
    """How windows are encoded: (n, window) -> `EncodedRows`; ``frame_s`` apart lie the frames whose tags are in these.

    ``made_by`` says what decides those rows beside the encoder's fingerprint.
    """

    rows: Callable[[Waves], EncodedRows]
    frame_s: float | None = None
    made_by: str = ""


@runtime_checkable
class CalibratedFrames(Protocol):
    """What a `FrameReader` may say as well."""

    @property
    def frames_made_by(self) -> str:
        """By what the tags of frames are made of the network's: no part of its fingerprint, which is of vectors."""


def hearing(encoder: Encoder, *, events: bool) -> WindowEncoder:
    """By an encoder: with what events are made of, if they are asked for and it tells what sounds at each moment."""
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
