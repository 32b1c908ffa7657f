"""Small real libraries for tests: a SQLite file and snapshots on disk, filled with vectors of the test's choice."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from search import wiring
from search.errors import EncoderError
from search.library.library import Library
from search.model import (
    AddContent,
    AudioEncoding,
    Content,
    ContentEncoding,
    EncoderSpec,
    FileFacts,
    Vectors,
    Waves,
)
from search.overview.duplicates.stored import Pairs
from search.ports import Encoder
from search.settings import Settings

DIM = 8


def spec(**changes: object) -> EncoderSpec:
    """A small encoder's facts."""
    facts = {
        "name": "toy",
        "revision": "1",
        "fingerprint": "f" * 64,
        "dim": DIM,
        "sample_rate_hz": 8000,
        "window_s": 1.0,
        "hop_s": 0.5,
        "calibration": (10.0, -5.0),
    }
    return EncoderSpec(**{**facts, **changes})


class ToyEncoder:
    """Energy in eight equal bands of the spectrum; with ``can_text`` it reads the words ``band0`` to ``band7``."""

    def __init__(self, facts: EncoderSpec) -> None:
        self.spec = facts

    def encode_audio(self, waves: Waves) -> AudioEncoding:
        power = np.abs(np.fft.rfft(waves, axis=1))[:, 1:] ** 2
        bands = np.stack([b.sum(axis=1) for b in np.array_split(power, DIM, axis=1)], axis=1) + 1e-9
        return AudioEncoding((bands / np.linalg.norm(bands, axis=1, keepdims=True)).astype(np.float32))

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        if not self.spec.can_text:
            raise EncoderError("toy cannot read")
        return np.stack([axis(int(text.removeprefix("band"))) for text in texts])


@dataclass(frozen=True)
class Entry:
    """A clip to put into a library: its path, the vectors of its segments, its metadata."""

    path: str
    vectors: Vectors
    title: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    bytes_: bytes = b""
    silent: bool = False


def axis(index: int, toward: int | None = None, amount: float = 0.0) -> np.ndarray:
    """A unit vector along one axis, or between two."""
    vector = np.zeros(DIM, np.float32)
    vector[index] = 1.0
    if toward is not None:
        vector[toward] += amount
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def settings(tmp_path: Path) -> Settings:
    return Settings(library=tmp_path / "library", models=(), model_cache=tmp_path / "models", device="cpu")


def open_library(tmp_path: Path, facts: EncoderSpec | None = None) -> Library:
    """The library below ``tmp_path``, created if missing, with a `ToyEncoder`."""

    def load(name: str, _settings: Settings) -> Encoder:
        return ToyEncoder(facts or spec())

    return wiring.library(tmp_path / "library", settings(tmp_path), create=True, load_encoder=load)


def fill(library: Library, entries: Sequence[Entry], facts: EncoderSpec | None = None, *, publish: bool = True) -> None:
    """Write the entries under the lease, as a job does."""
    space = library.writer.space(facts or spec())
    root = library.writer.root("/sounds")
    with library.writer.lease("test", wait_s=5) as lease:
        changes = [addition(entry, root.id, space.id) for entry in entries]
        library.writer.apply(lease, changes)
        if publish:
            library.publisher.publish(space, lease, always=True)


def addition(entry: Entry, root_id: int, space_id: int) -> AddContent:
    n = len(entry.vectors)
    starts = np.arange(n) * 0.5
    digest = hashlib.sha256(entry.bytes_ or entry.path.encode("utf-8", "surrogateescape")).hexdigest()
    return AddContent(
        root_id=root_id,
        file=FileFacts(entry.path, 1000, 1),
        content=Content(digest, 0.5 + 0.5 * n, 8000, 1, "WAV", "PCM_16", silent=entry.silent),
        title=entry.title or Path(entry.path).stem,
        metadata=entry.metadata,
        space_id=space_id,
        encoding=ContentEncoding(
            np.stack([starts, starts + 1.0], axis=1), entry.vectors.astype(np.float16), np.zeros(n, bool)
        ),
    )


def duplicates(shorter, longer, sequence=1, checked_until=9):
    """Pairs of contents (p,) (p,) as if a search for duplicates had found them."""
    nothing = np.zeros(len(shorter))
    return replace(
        Pairs.none(),
        sequence=sequence,
        checked_until=checked_until,
        shorter=np.asarray(shorter, np.int64),
        longer=np.asarray(longer, np.int64),
        offset_s=nothing,
        gain_db=nothing,
        similarity=nothing + 1,
    )
