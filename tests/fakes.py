"""Stand-ins for tests that are not about the part they replace. Each says what it leaves out."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from indexer.model import Failure, Progress, Warned
from search.catalog.store import Catalog
from search.errors import EncoderError
from search.model import AudioEncoding, EncoderSpec, Root, Space, Vectors, Waves
from search.ports import CatalogWriter, Lease


class BandEncoder:
    """An `Encoder` of 16 dimensions that hears which bands are loud. It has no model, costs nothing and cannot read.

    Like a real one it answers each wave by itself, so its vectors do not depend on the batch. ``passes`` are the
    sizes of the batches it was given.
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
        """The energy of each band, of unit length; the tag probabilities are those energies, given round."""
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


class CatalogLibrary:
    """A library that is a real catalog and nothing else: snapshots are not made, only asked for (``published``)."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.catalog = Catalog.open(path / "catalog.sqlite")
        self.published = 0

    @property
    def writer(self) -> CatalogWriter:
        """The catalog."""
        return self.catalog

    def roots(self) -> list[Root]:
        """The catalog's."""
        return self.catalog.roots()

    def publish(self, space: Space, lease: Lease) -> bool:
        """Count the request."""
        lease.check()
        self.published += 1
        return True


class SetClock:
    """Seconds that pass only when they are said to; threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now_s = 0.0

    def __call__(self) -> float:
        """What it shows."""
        with self._lock:
            return self._now_s

    def advance(self, seconds: float) -> None:
        """Let so many pass."""
        with self._lock:
            self._now_s += seconds


class Notes:
    """A report that remembers everything it was told."""

    def __init__(self) -> None:
        self.failures: list[Failure] = []
        self.warnings: list[Warned] = []
        self.notes: list[str] = []
        self.last: Progress | None = None

    def progress(self, progress: Progress) -> None:
        """Keep the last."""
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
