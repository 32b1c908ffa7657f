"""The encoder over a network, whatever runs it: windows in, batch by batch; unit vectors and tags out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search.encoders.contract import check_waves, refuse_text, unit_rows
from search.encoders.normalisation import Space
from search.model import AudioEncoding, EncoderSpec, Vectors, Waves

Passed: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Embeddings (n, dim) and the probabilities of classes (n, classes)."""


class Network(Protocol):
    """A front end and a network, on one device."""

    @property
    def windows_at_once(self) -> int:
        """How many it should be given in one call."""

    def __call__(self, waves: Waves) -> Passed:
        """Waves (n, window_samples) float32 -> see `Passed`. Threads may call it at the same time."""


class NetworkEncoder:
    """An `Encoder` of sounds. ``space`` is where embeddings are brought to; None: they only get length 1."""

    def __init__(self, spec: EncoderSpec, network: Network, space: Space | None) -> None:
        self.spec = spec
        self._network = network
        self._space = space

    def encode_audio(self, waves: Waves) -> AudioEncoding:
        """See `search.ports.Encoder`."""
        check_waves(waves, self.spec)
        has_tags = self.spec.vocabulary is not None
        rows = np.empty((len(waves), self.spec.dim), np.float32)
        tags = np.empty((len(waves), len(self.spec.vocabulary or ())), np.float32)
        step = self._network.windows_at_once
        for start in range(0, len(waves), step):
            part = slice(start, start + step)
            embedding, probabilities = self._network(waves[part])
            rows[part] = embedding
            if has_tags:
                tags[part] = probabilities
        vectors = unit_rows(rows) if self._space is None else self._space.apply(rows)
        return AudioEncoding(vectors, tags if has_tags else None)

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        """Raises EncoderError: these networks cannot read."""
        raise refuse_text(self.spec.name)
