"""The melody space: what the catalog keeps of a content's tunes, and the specification `SPEC`.

It has no encoder: a tune's windows are cut from its contour (`search.analysis.melody.contours`), and a hum is matched
by more than its vectors. `SPEC` is what it has in common with encoders.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from search.analysis.melody import contours
from search.analysis.melody.contours import Contour, windows_of
from search.analysis.melody.contourtable import CENTS
from search.analysis.melody.pitch import SAMPLE_RATE_HZ
from search.model import MELODY_SPACE, ContentContour, ContentEncoding, EncoderSpec

_FORMAT: Final = 1
"""Increased when the way windows are made changes without a change of any constant below."""


def _fingerprint() -> str:
    """The fingerprint of everything that determines a window's vector."""
    facts = (
        _FORMAT,
        contours.FRAME_S,
        contours.LONGEST_REST_S,
        contours.WINDOW_S,
        contours.WINDOW_POINTS,
        contours.WINDOW_DISTANCE_S,
        contours.NEW_NOTE,
        contours.RANGE_SEMITONES,
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()


SPEC: Final = EncoderSpec(
    name=MELODY_SPACE,
    revision=f"contours {_FORMAT}",
    fingerprint=_fingerprint(),
    dim=contours.VECTOR_DIM,
    sample_rate_hz=SAMPLE_RATE_HZ,
    window_s=contours.WINDOW_S,
    hop_s=contours.WINDOW_DISTANCE_S,
)


def encoding_of(tunes: Sequence[Contour]) -> ContentEncoding:
    """The encoding of a content's tunes, of which there may be none."""
    cut = [windows_of(contour) for contour in tunes]
    spans = np.concatenate([np.empty((0, 2)), *(spans for spans, _ in cut)])
    vectors = np.concatenate([np.empty((0, contours.VECTOR_DIM), np.float32), *(vectors for _, vectors in cut)])
    return ContentEncoding(
        spans=spans,
        vectors=vectors.astype(np.float16),
        silent=np.zeros(len(spans), np.bool_),
        contours=tuple(stored_contour(contour) for contour in tunes),
    )


def stored_contour(contour: Contour) -> ContentContour:
    """A contour as stored, with its pitch in cents."""
    return ContentContour(
        cents=np.round(contour.pitch * CENTS).astype(np.int16),
        window_s=contours.window_starts(contour).astype(np.float32),
        knots=np.stack([contour.knots_sounding_s, contour.knots_tune_s], axis=1),
    )
