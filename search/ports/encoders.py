"""Models: what turns sounds, text and tunes into vectors, and speech into text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from search.model import (
    AudioEncoding,
    ContentEncoding,
    EncoderSpec,
    FrameEncoding,
    RecognisedSpeech,
    TextEncoding,
    TuneFile,
    Vectors,
    Wave,
    Waves,
)


class Encoder(Protocol):
    """Turns audio, and with some encoders text, into vectors of one space.

    Deterministic: the same samples give the same vector (to 1e-5 on one device), whatever else is in the batch.

    Examples:
        >>> encoder = library.encoders.of(library.spaces.get())
        >>> waves = np.zeros((2, encoder.spec.window_samples), np.float32)
        >>> encoder.encode_audio(waves).vectors.shape
        (2, 256)
    """

    @property
    def spec(self) -> EncoderSpec:
        """The model's facts."""

    def encode_audio(self, waves: Waves) -> AudioEncoding:
        """Encode ``waves`` (n, spec.window_samples): vectors (n, dim) with unit rows, and tags. n may be 0.

        Silence has a vector too. Raises EncoderError if the shape does not fit or a sample is not finite.
        """

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        """Encode texts: (n, dim) unit rows in the same space. Raises EncoderError if ``spec.can_text`` is false."""


@runtime_checkable
class WordReader(Protocol):
    """Optional for an `Encoder` that reads text and has a vocabulary: hits for words then have a probability.

    Examples:
        >>> isinstance(library.encoders.of(library.spaces.get()), soundalike.WordReader)
        False
    """

    def read_text(self, texts: Sequence[str], language: str = "") -> TextEncoding:
        """Encode texts as `Encoder.encode_text` does and, in the same pass, find the classes that they mean.

        ``language`` (a code of `search.model.LANGUAGES`) is that of all ``texts``; empty if it is not known.
        """


@runtime_checkable
class MeaningReader(Protocol):
    """Optional for an `Encoder` that reads text: names that use other words for the query are then found.

    Examples:
        >>> isinstance(library.encoders.of(library.spaces.get()), soundalike.MeaningReader)
        False
    """

    def meanings(self, texts: Sequence[str], language: str = "") -> Vectors:
        """Return (n, d) unit rows. Their cosine similarity says how alike two texts are in meaning; unrelated: about 0.

        ``language`` as in `WordReader.read_text`.
        """


@runtime_checkable
class FrameReader(Protocol):
    """Optional for an `Encoder`: what sounds at each moment within a window. Events and passages need it.

    A frame is a short part of a window. Its result also depends on the rest of the window, as far as the network
    looks.

    Examples:
        >>> isinstance(library.encoders.of(library.spaces.get()), soundalike.FrameReader)
        False
    """

    @property
    def frame_s(self) -> float:
        """Seconds from one frame to the next. The first is centred on a window's start."""

    def encode_frames(self, waves: Waves, *, with_vectors: bool = False) -> FrameEncoding:
        """Encode windows as `Encoder.encode_audio` does and, in the same pass, the class probabilities of each frame.

        ``with_vectors``: add the vectors of `frame_vectors`.
        """

    def frame_vectors(self, waves: Waves) -> NDArray[np.float32]:
        """Return (n, frames, dim) unit rows in the encoder's space. Each covers a frame and its two neighbours."""


class SpeechRecogniser(Protocol):
    """Turns speech into text. Threads may share one.

    Callers pass it only stretches with a voice, because a recogniser finds words in noise too.

    Examples:
        >>> class Parrot:
        ...     name, fingerprint, sample_rate_hz, languages = "parrot", "parrot-1", 16_000, ("en",)
        ...
        ...     def recognise(self, wave, language=None):
        ...         word = soundalike.SpokenWord("Hello", 0.0, len(wave) / 16_000, 0.5)
        ...         return soundalike.RecognisedSpeech("en", 1.0, (soundalike.SpokenLine((word,)),))
        >>> Parrot().recognise(np.zeros(8_000, np.float32)).lines[0].text
        'Hello'
    """

    @property
    def name(self) -> str:
        """``family:variant``, as in `Settings.recogniser`."""

    @property
    def fingerprint(self) -> str:
        """Identifies the recogniser and the version of its model: another fingerprint may give other words."""

    @property
    def sample_rate_hz(self) -> int:
        """The sample rate of its input."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The codes of the languages that it knows (``en``)."""

    def recognise(self, wave: Wave, language: str | None = None) -> RecognisedSpeech:
        """Return the words of ``wave`` (samples,) with their times, in ``language`` (None: the likeliest).

        Lines are in order of time, each with at least one word. Raises QueryError for an unknown language.
        """


class VoiceDetector(Protocol):
    """Finds the stretches with speech. Threads may share one.

    Examples:
        >>> class Always:
        ...     fingerprint, sample_rate_hz = "always-1", 16_000
        ...
        ...     def voiced(self, blocks):
        ...         return ((0.0, sum(map(len, blocks)) / 16_000),)
        >>> Always().voiced([np.zeros(8_000, np.float32)])
        ((0.0, 0.5),)
    """

    @property
    def fingerprint(self) -> str:
        """Identifies the detector: another fingerprint may give other stretches."""

    @property
    def sample_rate_hz(self) -> int:
        """The sample rate of its input."""

    def voiced(self, blocks: Iterable[Wave]) -> tuple[tuple[float, float], ...]:
        """Return the stretches with a voice, start and end in seconds, ascending. The sound comes in blocks."""


class MelodyExtractor(Protocol):
    """Finds the tunes of files: contours and their windows, with times. Threads may share one.

    It is not an `Encoder`: a passage of sound has no vector in the melody space, and matching a hum takes more than
    vectors.
    """

    @property
    def spec(self) -> EncoderSpec:
        """The facts of the melody space."""

    def midi(self, path: str) -> TuneFile:
        """Read a MIDI file with its melodies. Raises AudioError if it is damaged or has no melody."""

    def recording(self, blocks: Iterable[Wave]) -> ContentEncoding:
        """Find the tune of a recording, given as blocks (samples,) at ``spec.sample_rate_hz``.

        Without a tune, the encoding has no segments. Errors of ``blocks`` pass through.
        """
