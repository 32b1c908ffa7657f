"""Sound, encoders and spaces: what a file's header says, a window, a model's facts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search.model.arrays import Probabilities, Vectors, Wave


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a file's header says. ``duration_s`` is None where the header does not know (streams, some WebM)."""

    container: str
    codec: str
    sample_rate_hz: int
    channels: int
    duration_s: float | None
    tracks: int = 1


@dataclass(frozen=True, slots=True)
class Window:
    """One passage of audio, cut to an encoder's window. ``samples`` is (window,) at the encoder's rate.

    ``end_s`` is where the sound ends, not the padding: a clip shorter than the window has ``end_s`` equal to
    its duration. ``silent`` is true when no sample exceeds -80 dB of full scale. ``peak`` is the highest sample of
    either sign before anything was levelled, NaN where nobody looked; full scale is 1.

    Examples:
        >>> window = soundalike.Window(0.0, 0.5, np.zeros(16_000, np.float32), silent=True)
        >>> window.end_s - window.start_s
        0.5
    """

    start_s: float
    end_s: float
    samples: Wave
    silent: bool
    peak: float = math.nan


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """A model's facts, apart from its code.

    ``name`` is ``family[:variant]``; ``revision`` names the weights for people; ``fingerprint`` is a hex digest
    of everything that decides a vector (weights, front end, window, hop, padding, centring). Two libraries'
    vectors may be compared exactly when their fingerprints are equal. ``calibration`` is ``(slope, offset)`` of
    the logistic from cosine to probability of relevance, fitted on learning material, or None. ``adapts`` is the
    fingerprint of the encoder that this one adapts, None where it adapts none.

    Examples:
        >>> facts = {"name": "bands", "revision": "1", "fingerprint": "c0ffee", "dim": 16}
        >>> spec = soundalike.EncoderSpec(**facts, sample_rate_hz=16_000, window_s=1.0, hop_s=0.5)
        >>> spec.window_samples, spec.hop_samples
        (16000, 8000)
    """

    name: str
    revision: str
    fingerprint: str
    dim: int
    sample_rate_hz: int
    window_s: float
    hop_s: float
    vocabulary: tuple[str, ...] | None = None
    can_text: bool = False
    calibration: tuple[float, float] | None = None
    adapts: str | None = None

    @property
    def window_samples(self) -> int:
        """Samples in one window."""
        return round(self.window_s * self.sample_rate_hz)

    @property
    def hop_samples(self) -> int:
        """Samples between the starts of two windows."""
        return round(self.hop_s * self.sample_rate_hz)


@dataclass(frozen=True, slots=True)
class AudioEncoding:
    """What one pass of an encoder gives: ``vectors`` (n, dim), ``tags`` (n, classes) or None without a vocabulary.

    Examples:
        >>> encoder = library.encoders.of(library.spaces.get())
        >>> encoding = encoder.encode_audio(np.zeros((1, encoder.spec.window_samples), np.float32))
        >>> encoding.vectors.shape, encoding.tags
        ((1, 256), None)
    """

    vectors: Vectors
    tags: Probabilities | None = None


@dataclass(frozen=True, slots=True)
class FrameEncoding:
    """What one pass gives of windows and of each of their frames: `AudioEncoding`, and ``tags`` (n, frames, classes).

    ``vectors`` (n, frames, dim) are unit rows in the encoder's space, where they were asked for.

    Examples:
        >>> windows = soundalike.AudioEncoding(np.eye(2, dtype=np.float32))
        >>> soundalike.FrameEncoding(windows, np.zeros((2, 16, 3), np.float32)).tags.shape
        (2, 16, 3)
    """

    windows: AudioEncoding
    tags: NDArray[np.float32]
    vectors: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """What one pass over words gives: ``vectors`` (n, dim), and ``meant`` (n, classes).

    That is which classes of the vocabulary the words mean: each row is a distribution and sums to 1.

    Examples:
        >>> meaning = soundalike.TextEncoding(vectors=np.eye(2, dtype=np.float32), meant=np.eye(2, dtype=np.float32))
        >>> meaning.meant.sum(axis=1).tolist()
        [1.0, 1.0]
    """

    vectors: Vectors
    meant: Probabilities
    english: tuple[str, ...] = ()
    """The texts as they were read, where the encoder reads English and other languages by way of it; else empty."""
    languages: tuple[str, ...] = ()
    """The language (a code of `LANGUAGES`) that each text was read in; empty where the encoder does not tell."""


NOTES = "MIDI"
"""The container and codec of a content that is notes."""

MELODY_SPACE = "melody"
"""The name of the space that holds tunes; every other space of a library is made by an encoder of sounds."""

SpaceState: TypeAlias = Literal["active", "retired"]


@dataclass(frozen=True, slots=True)
class Space:
    """A vector space of one library, called after the encoder that made it, as recorded in the catalog.

    Of the spaces with one name one is active; others are retired: their encoder has a newer revision, and contents that
    could not be encoded again yet have their vectors there alone.
    ``calibration``, ``can_text`` and ``adapts`` are the encoder's, kept here so that a search which needs no model
    loads none.

    Examples:
        >>> space = library.spaces.get()
        >>> space.name, space.dim, space.can_text
        ('spectral', 256, False)
    """

    id: int
    name: str
    revision: str
    fingerprint: str
    dim: int
    sample_rate_hz: int
    window_s: float
    hop_s: float
    vocabulary: tuple[str, ...] | None = None
    calibration: tuple[float, float] | None = None
    can_text: bool = False
    adapts: str | None = None
    state: SpaceState = "active"

    @property
    def is_melody(self) -> bool:
        """Whether it holds tunes: no sound has a vector there."""
        return self.name == MELODY_SPACE

    @property
    def is_retired(self) -> bool:
        """Whether a newer revision of its encoder takes its place: it can be asked by stored clips alone."""
        return self.state == "retired"
