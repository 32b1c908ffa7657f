"""Sound, encoders and spaces: file headers, windows, the facts of models."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search.model.arrays import Probabilities, Vectors, Wave


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """The header of a file. ``duration_s`` is None if the header does not give it (streams, some WebM)."""

    container: str
    codec: str
    sample_rate_hz: int
    channels: int
    duration_s: float | None
    tracks: int = 1


@dataclass(frozen=True, slots=True)
class Window:
    """A passage of audio, cut to an encoder's window. ``samples`` is (window,) at the encoder's rate.

    ``end_s`` is where the sound ends, without padding: for a clip shorter than the window it is the clip's duration.
    ``silent`` is true if no sample exceeds -80 dB of full scale. ``peak`` is the highest absolute sample before any
    levelling, NaN if not measured; full scale is 1.

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
    """The facts of an encoder's model.

    ``name`` is ``family[:variant]``. ``revision`` names the weights for people. ``fingerprint`` is a hex digest of
    everything that determines a vector (weights, front end, window, hop, padding, centring). The vectors of two
    libraries are comparable if and only if their fingerprints are equal. ``calibration`` is ``(slope, offset)`` of the
    logistic function from cosine similarity to the probability of relevance, fitted on training data, or None.
    ``adapts`` is the fingerprint of the encoder that this one adapts, or None.

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
    """The result of one encoder pass: ``vectors`` (n, dim), and ``tags`` (n, classes) or None without a vocabulary.

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
    """The result of one pass over windows and their frames: an `AudioEncoding`, and ``tags`` (n, frames, classes).

    ``vectors`` (n, frames, dim) are unit rows in the encoder's space, None if they were not requested.

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
    """The result of one pass over texts: ``vectors`` (n, dim), and ``meant`` (n, classes).

    ``meant`` says which classes of the vocabulary a text means: each row is a distribution and sums to 1.

    Examples:
        >>> meaning = soundalike.TextEncoding(vectors=np.eye(2, dtype=np.float32), meant=np.eye(2, dtype=np.float32))
        >>> meaning.meant.sum(axis=1).tolist()
        [1.0, 1.0]
    """

    vectors: Vectors
    meant: Probabilities
    english: tuple[str, ...] = ()
    """The texts in English, if the encoder translates other languages into English; else empty."""
    languages: tuple[str, ...] = ()
    """The language (a code of `LANGUAGES`) in which each text was read; empty if the encoder does not report it."""


NOTES = "MIDI"
"""The container and codec of a content of notes."""

MELODY_SPACE = "melody"
"""The name of the space of tunes. Every other space of a library belongs to an encoder of sounds."""

SpaceState: TypeAlias = Literal["active", "retired"]


@dataclass(frozen=True, slots=True)
class Space:
    """A vector space of one library, as recorded in the catalog. It has the name of its encoder.

    Of several spaces with one name, one is active. The others are retired: their encoder has a newer revision, and they
    still hold the vectors of contents that have not been encoded again.
    ``calibration``, ``can_text`` and ``adapts`` are the encoder's. They are stored so that a search that needs no model
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
        """Whether this is the space of tunes, in which no sound has a vector."""
        return self.name == MELODY_SPACE

    @property
    def is_retired(self) -> bool:
        """Whether a newer revision of the encoder has replaced this space. Then only stored clips can query it."""
        return self.state == "retired"
