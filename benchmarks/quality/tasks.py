"""Tasks as MTEB publishes them: one vector a sound, compared with others by cosine, and no library around them.

That is what embeddings are compared by elsewhere (MAEB, arXiv:2602.16008): sounds at 16 kHz, the mean of a sound's
windows. What the engine adds (best passages, neighbourhoods) plays no part.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from benchmarks.quality.encoding import EncodingCache, Progress, encode
from search import audio
from search.model import Vectors
from search.ports import Encoder

RATE_HZ: Final = 16_000
"""What MAEB's sounds are brought to."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query among its candidates, all by their places: which of them are ``relevant``."""

    query: int
    candidates: tuple[int, ...]
    relevant: frozenset[int]


@dataclass(frozen=True, slots=True)
class RerankingTask:
    """Sounds, and the questions that are asked among a few of them each."""

    name: str
    files: tuple[Path, ...]
    asked: tuple[Asked, ...]


def sound_vectors(files: Sequence[Path], encoder: Encoder, cache: EncodingCache, progress: Progress) -> Vectors:
    """(n, dim): each file at `RATE_HZ` at most, as the mean of its windows, of length one. Raises AudioError."""
    with tempfile.TemporaryDirectory(prefix="soundalike-bench-") as folder:
        at_rate = [_at_rate(file, Path(folder) / f"{place:07d}.wav") for place, file in enumerate(files)]
        encoded = encode(at_rate, encoder, cache, progress)
    sums = np.stack([clip.encoding.vectors.astype(np.float64).sum(axis=0) for clip in encoded])
    rows: Vectors = (sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    return rows


def _at_rate(file: Path, copy: Path) -> Path:
    """The file itself, or a copy of it at `RATE_HZ` where it has more."""
    if audio.probe(str(file)).sample_rate_hz <= RATE_HZ:
        return file
    soundfile.write(copy, np.concatenate(list(audio.stream(str(file), RATE_HZ))), RATE_HZ, subtype="FLOAT")
    return copy
