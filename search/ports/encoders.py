"""What turns sounds, words and tunes into vectors and words: one model behind each."""

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
    """Turns audio (and, where it can, text) into vectors of one space.

    Deterministic: same samples, same vector (to 1e-5 on one device), whatever else is in the batch.

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
        """``waves`` (n, spec.window_samples) -> vectors (n, dim) with unit rows, and tags in the same pass. n may be 0.

        Silence has a vector too. Raises EncoderError when the shape is not the window's or a sample is not finite.
        """

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) unit rows in the same space. Raises EncoderError when ``spec.can_text`` is false."""


@runtime_checkable
class WordReader(Protocol):
    """What an `Encoder` with words and a vocabulary may offer as well: hits of words then have a probability.

    Examples:
        >>> isinstance(library.encoders.of(library.spaces.get()), soundalike.WordReader)
        False
    """

    def read_text(self, texts: Sequence[str], language: str = "") -> TextEncoding:
        """The vectors of `Encoder.encode_text` and, in the same pass, which classes are meant.

        ``language`` (a code of `search.model.LANGUAGES`) is that of all ``texts``, where it is known.
        """


@runtime_checkable
class MeaningReader(Protocol):
    """What an `Encoder` with words may offer as well: names that say in other words what is asked for are then found.

    Examples:
        >>> isinstance(library.encoders.of(library.spaces.get()), soundalike.MeaningReader)
        False
    """

    def meanings(self, texts: Sequence[str], language: str = "") -> Vectors:
        """(n, d) unit rows whose cosines say how much alike texts mean, about 0 where they have nothing in common.

        ``language`` as in `WordReader.read_text`.
        """


@runtime_checkable
class FrameReader(Protocol):
    """What an `Encoder` may offer as well: what sounds at each moment within its windows (events, passages).

    A frame is a narrow part of a window, and knows of the rest of it what the network tells it.

    Examples:
        >>> isinstance(library.encoders.of(library.spaces.get()), soundalike.FrameReader)
        False
    """

    @property
    def frame_s(self) -> float:
        """Seconds from one frame to the next. The first is centred on a window's start."""

    def encode_frames(self, waves: Waves, *, with_vectors: bool = False) -> FrameEncoding:
        """What `Encoder.encode_audio` gives and, in the same pass, how likely each class is in each frame.

        ``with_vectors``: and what `frame_vectors` gives.
        """

    def frame_vectors(self, waves: Waves) -> NDArray[np.float32]:
        """(n, frames, dim) unit rows in the encoder's space, each of a frame and its two neighbours."""


class SpeechRecogniser(Protocol):
    """Writes what is said. Threads may share one.

    It is given what voices say and no more: a recogniser makes words of noise, too.

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
        """``family:variant``, as people ask for it."""

    @property
    def fingerprint(self) -> str:
        """What says that another recogniser, or another version of its model, would write other words."""

    @property
    def sample_rate_hz(self) -> int:
        """Of what it listens to."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The codes of those that it knows (``en``)."""

    def recognise(self, wave: Wave, language: str | None = None) -> RecognisedSpeech:
        """The words of ``wave`` (samples,) with their times in it, in ``language`` or, without, the likeliest.

        Lines are in order of time, each with a word at least. Raises QueryError for a language that it does not know.
        """


class VoiceDetector(Protocol):
    """Finds where somebody speaks. Threads may share one.

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
        """What says that another detector would find other stretches."""

    @property
    def sample_rate_hz(self) -> int:
        """Of what it listens to."""

    def voiced(self, blocks: Iterable[Wave]) -> tuple[tuple[float, float], ...]:
        """The stretches with a voice, start and end in seconds, ascending, of a sound that comes in blocks."""


class MelodyExtractor(Protocol):
    """Finds the tunes of files: contours and their windows, with time stamps. Threads may share one.

    It is no `Encoder`: a passage of sound has no vector in the melody space, and a hum is matched by more than vectors.
    """

    @property
    def spec(self) -> EncoderSpec:
        """The melody space's facts."""

    def midi(self, path: str) -> TuneFile:
        """A MIDI file with its melodies. Raises AudioError when it is damaged, or has no melody."""

    def recording(self, blocks: Iterable[Wave]) -> ContentEncoding:
        """The tune of a recording, given as blocks (samples,) at ``spec.sample_rate_hz``; without segments where it has
        none. What the blocks raise is raised.
        """
