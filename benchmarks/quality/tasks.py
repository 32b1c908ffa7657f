"""Tasks as MTEB publishes them: one vector for each sound, compared by cosine, without a library.

Published comparisons of embeddings work this way (MAEB, arXiv:2602.16008): sounds at 16 kHz, one vector as the mean of
a sound's windows. Best segments and neighbourhoods, which the engine adds, play no part.
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
"""The sample rate that MAEB resamples sounds to."""


@dataclass(frozen=True, slots=True)
class RerankingQuery:
    """A query and its candidates, by their places in the task's files; ``relevant`` are the right candidates."""

    query: int
    candidates: tuple[int, ...]
    relevant: frozenset[int]


@dataclass(frozen=True, slots=True)
class RerankingTask:
    """Sounds, and queries that each rank a few of them."""

    name: str
    files: tuple[Path, ...]
    queries: tuple[RerankingQuery, ...]


def sound_vectors(files: Sequence[Path], encoder: Encoder, cache: EncodingCache, progress: Progress) -> Vectors:
    """Return (n, dim): for each file, at `RATE_HZ` at most, the mean of its windows at length 1. Raises AudioError."""
    with tempfile.TemporaryDirectory(prefix="soundalike-bench-") as folder:
        at_rate = [_at_rate(file, Path(folder) / f"{place:07d}.wav") for place, file in enumerate(files)]
        encoded = encode(at_rate, encoder, cache, progress)
    sums = np.stack([clip.encoding.vectors.astype(np.float64).sum(axis=0) for clip in encoded])
    rows: Vectors = (sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    return rows


def _at_rate(file: Path, copy: Path) -> Path:
    """The file itself, or a copy at `RATE_HZ` if its sample rate is higher."""
    if audio.probe(str(file)).sample_rate_hz <= RATE_HZ:
        return file
    soundfile.write(copy, np.concatenate(list(audio.stream(str(file), RATE_HZ))), RATE_HZ, subtype="FLOAT")
    return copy
