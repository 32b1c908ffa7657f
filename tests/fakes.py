"""Fakes for tests that are not about the part that is replaced. Each says what it leaves out."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from indexer.model import Failure, Progress, Warned
from search.analysis.exact.stored import Fingerprints
from search.analysis.time.stored import journal, latest
from search.catalog.store import Catalog
from search.errors import EncoderError, QueryError
from search.library.events import NewEvents
from search.library.fingerprinting import NewFingerprints
from search.model import (
    AudioEncoding,
    EncoderSpec,
    FrameEncoding,
    RecognisedSpeech,
    Root,
    Space,
    SpokenLine,
    SpokenWord,
    Vectors,
    Wave,
    Waves,
)
from search.ports import CatalogWriter, Chunks, Lease


class BandEncoder:
    """An `Encoder` of 16 dimensions that encodes how loud each band is. It has no model, is fast, and cannot read.

    Like a real encoder it encodes each wave separately, so its vectors do not depend on the batch. ``passes`` are the
    sizes of the batches that it encoded.
    """

    BANDS = 16
    CLASSES = 30

    def __init__(self, name: str = "bands", *, sample_rate_hz: int = 8_000) -> None:
        self.passes: list[int] = []
        self._lock = threading.Lock()
        self.spec = EncoderSpec(
            name=name,
            revision="1",
            fingerprint=f"{name}-1",
            dim=self.BANDS,
            sample_rate_hz=sample_rate_hz,
            window_s=1.0,
            hop_s=0.5,
            vocabulary=tuple(f"class {number}" for number in range(self.CLASSES)),
        )

    def encode_audio(self, waves: Waves) -> AudioEncoding:
        """The energy of each band, as a unit vector. The tag probabilities repeat these energies."""
        with self._lock:
            self.passes.append(len(waves))
        spectrum = np.abs(np.fft.rfft(waves, axis=1))[:, 1 : 1 + 250 * self.BANDS]
        energy = np.log1p(spectrum.reshape(len(waves), self.BANDS, 250).sum(axis=2)) + 1e-3
        vectors = (energy / np.linalg.norm(energy, axis=1, keepdims=True)).astype(np.float32)
        tags = vectors[:, np.arange(self.CLASSES) % self.BANDS]
        return AudioEncoding(vectors, tags)

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        """Raises EncoderError."""
        raise EncoderError(f"bands cannot read {len(texts)} texts")


class FrameBandEncoder(BandEncoder):
    """A `BandEncoder` that is also a `FrameReader`: a quarter of a window is a frame, with its loud bands as tags."""

    FRAMES = 4
    frame_s = 0.25

    def encode_frames(self, waves: Waves, *, with_vectors: bool = False) -> FrameEncoding:
        """The loudness of each band in each frame, relative to the frame's loudest band."""
        assert not with_vectors
        parts = np.abs(np.fft.rfft(waves.reshape(len(waves) * self.FRAMES, -1), axis=1))[:, 1 : 1 + 62 * self.BANDS]
        loud = parts.reshape(-1, self.BANDS, 62).sum(axis=2)
        share = loud / np.maximum(loud.max(axis=1, keepdims=True), 1.0)
        tags = share.reshape(len(waves), self.FRAMES, self.BANDS)[:, :, np.arange(self.CLASSES) % self.BANDS]
        return FrameEncoding(self.encode_audio(waves), tags.astype(np.float32))

    def frame_vectors(self, waves: Waves) -> Vectors:
        """Raises EncoderError."""
        raise EncoderError(f"bands have no vectors of frames of {len(waves)} windows")


class LoudDetector:
    """A `VoiceDetector` that takes any loud sound for a voice. It has no model."""

    fingerprint = "loud-1"
    sample_rate_hz = 16_000
    STEP = 1_600

    def voiced(self, blocks: Iterable[Wave]) -> tuple[tuple[float, float], ...]:
        """Runs of tenths of a second that are louder than .05."""
        wave = np.concatenate([np.empty(0, np.float32), *blocks])
        steps = wave[: len(wave) // self.STEP * self.STEP].reshape(-1, self.STEP)
        loud = np.concatenate(([False], np.sqrt((steps**2).mean(axis=1)) > 0.05, [False]))
        edges = np.flatnonzero(np.diff(loud.astype(int))).tolist()
        return tuple((begin / 10, end / 10) for begin, end in zip(edges[::2], edges[1::2], strict=True))


class ToneRecogniser:
    """A `SpeechRecogniser` of tones: each half second of tone is a word, by its frequency. It has no model.

    ``heard`` are the durations in seconds of the waves that it was given. A line ends with a word that ends with a
    full stop.
    """

    WORD_S = 0.5
    languages = ("en", "de")
    sample_rate_hz = 16_000

    def __init__(self, words: Sequence[str], revision: int = 1) -> None:
        self.words = tuple(words)
        self.name = "tones"
        self.fingerprint = f"tones-{revision}"
        self.heard: list[float] = []

    def tones(self, text: str) -> Wave:
        """The tones that it recognises as ``text``, which consists of its words."""
        at_s = np.arange(int(self.WORD_S * self.sample_rate_hz)) / self.sample_rate_hz
        return np.concatenate(
            [0.3 * np.sin(2 * np.pi * 200 * (1 + self.words.index(word)) * at_s) for word in text.split()]
        ).astype(np.float32)

    def recognise(self, wave: Wave, language: str | None = None) -> RecognisedSpeech:
        """The words of the tones in ``wave``. Raises QueryError for another language."""
        if language not in (None, *self.languages):
            raise QueryError(f"tones are not in {language}")
        self.heard.append(len(wave) / self.sample_rate_hz)
        size = int(self.WORD_S * self.sample_rate_hz)
        lines: list[list[SpokenWord]] = [[]]
        begin = 0
        while begin + size <= len(wave):
            part = wave[begin : begin + size]
            if np.abs(part[:200]).max() < 0.01:  # the silence between two stretches
                begin += 160
                continue
            place = round(float(np.abs(np.fft.rfft(part)).argmax()) / self.WORD_S / 200) - 1
            word, start_s = self.words[place], begin / self.sample_rate_hz
            lines[-1].append(SpokenWord(word, start_s, start_s + self.WORD_S, 1.0))
            if word.endswith("."):
                lines.append([])
            begin += size
        said = tuple(SpokenLine(tuple(line)) for line in lines if line)
        return RecognisedSpeech(language or "en", 0.9, said)


class CatalogLibrary:
    """A library with a real catalog and no snapshots: requests to publish are only counted (``published``)."""

    def __init__(self, path: Path, place: Path | str | None = None) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.catalog = Catalog.open(place or path / "catalog.sqlite")
        self.published = self.rests = 0

    @property
    def reader(self) -> Catalog:
        """The catalog."""
        return self.catalog

    @property
    def chunks(self) -> Chunks:
        """The catalog's."""
        return self.catalog.chunks

    @property
    def writer(self) -> CatalogWriter:
        """The catalog."""
        return self.catalog

    def roots(self) -> list[Root]:
        """The catalog's."""
        return self.catalog.roots()

    @property
    def giving_way(self) -> CatalogLibrary:
        """Itself."""
        return self

    def is_asked(self) -> bool:
        """Whether somebody queries the library: never."""
        return False

    def rest(self) -> None:
        """Count the request."""
        self.rests += 1

    @property
    def publisher(self) -> CatalogLibrary:
        """Itself."""
        return self

    @property
    def spaces(self) -> CatalogLibrary:
        """Itself."""
        return self

    def publish(self, space: Space, lease: Lease) -> bool:
        """Count the request."""
        lease.check()
        self.published += 1
        return True

    def new_events(self, space: Space) -> NewEvents:
        """As a library keeps them."""
        folder = self.path / space.name
        return NewEvents(
            latest(folder, space.fingerprint), journal(folder, space.fingerprint), self.catalog, lambda: None
        )

    @property
    def recordings(self) -> CatalogLibrary:
        """Itself."""
        return self

    def new_fingerprints(self) -> NewFingerprints:
        """As a library keeps them."""
        return NewFingerprints(Fingerprints(self.path), self.catalog)


class SetClock:
    """A clock in seconds that moves only by `advance`; threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now_s = 0.0

    def __call__(self) -> float:
        """The present time in seconds."""
        with self._lock:
            return self._now_s

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        with self._lock:
            self._now_s += seconds


class Notes:
    """A report that keeps everything that it gets."""

    def __init__(self) -> None:
        self.failures: list[Failure] = []
        self.warnings: list[Warned] = []
        self.notes: list[str] = []
        self.last: Progress | None = None

    def progress(self, progress: Progress) -> None:
        """Keep the latest."""
        self.last = progress

    def failure(self, failure: Failure) -> None:
        """Keep it."""
        self.failures.append(failure)

    def warning(self, warned: Warned) -> None:
        """Keep it."""
        self.warnings.append(warned)

    def note(self, text: str) -> None:
        """Keep it."""
        self.notes.append(text)
