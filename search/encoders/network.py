"""The encoder over a network, in any runtime: takes windows in batches, returns unit vectors and tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search.encoders.contract import check_waves, refuse_text, unit_rows
from search.encoders.frametags import Usual, likely, made_by
from search.encoders.normalisation import Normaliser
from search.model import AudioEncoding, EncoderSpec, FrameEncoding, Vectors, Waves

Passed: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Embeddings (n, dim) and the probabilities of classes (n, classes)."""


class Network(Protocol):
    """A front end and a network, on one device."""

    @property
    def windows_at_once(self) -> int:
        """How many windows to pass in one call."""

    @property
    def frame_s(self) -> float:
        """Seconds between frames of its last map; the first frame is at the start of a window."""

    def __call__(self, waves: Waves) -> Passed:
        """Waves (n, window_samples) float32 -> `Passed`. Thread-safe."""

    def with_frame_tags(self, waves: Waves) -> tuple[Passed, NDArray[np.float32]]:
        """The same, and the head's probabilities for each frame alone, (n, frames, classes)."""

    def with_frames(self, waves: Waves) -> tuple[Passed, NDArray[np.float32], NDArray[np.float32]]:
        """The same, and the result of `frames`, in one pass."""

    def frames(self, waves: Waves) -> NDArray[np.float32]:
        """The embedding (n, frames, dim) of each frame: the mean over the bands of the last map and near frames."""


class NetworkEncoder:
    """An `Encoder` of sounds.

    ``space`` transforms embeddings; None: they are only scaled to length 1. ``usual``: the usual levels of the
    network's head for frames, if known.
    """

    def __init__(
        self, spec: EncoderSpec, network: Network, space: Normaliser | None, usual: Usual | None = None
    ) -> None:
        self.spec = spec
        self._usual = usual
        self.network = network
        self._space = space

    def encode_audio(self, waves: Waves) -> AudioEncoding:
        """See `search.ports.Encoder`."""
        return self._encoding(len(waves), [self.network(part) for part in self._parts(waves)])

    @property
    def frame_s(self) -> float:
        """See `search.ports.FrameReader`."""
        return self.network.frame_s

    @property
    def frames_made_by(self) -> str:
        """How tags of frames are computed from the network's outputs: a digest."""
        return made_by(self._usual)

    def encode_frames(self, waves: Waves, *, with_vectors: bool = False) -> FrameEncoding:
        """See `search.ports.FrameReader`."""
        run = self.network.with_frames if with_vectors else self.network.with_frame_tags
        passed = [run(part) for part in self._parts(waves)]
        none = np.empty((0, 1, len(self.spec.vocabulary or ())), np.float32)
        tags = np.concatenate([likely(frames, of[1], self._usual) for of, frames, *_ in passed] or [none])
        vectors = self._brought([rows for _, _, *more in passed for rows in more]) if with_vectors else None
        return FrameEncoding(self._encoding(len(waves), [of for of, *_ in passed]), tags, vectors)

    def frame_vectors(self, waves: Waves) -> NDArray[np.float32]:
        """See `search.ports.FrameReader`."""
        return self._brought([self.network.frames(part) for part in self._parts(waves)])

    def _brought(self, frames: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Transform embeddings of frames, (n, frames, dim) of each batch, to the encoder's space."""
        of_all = np.concatenate(frames or [np.empty((0, 1, self.spec.dim), np.float32)])
        rows = of_all.reshape(-1, self.spec.dim)
        return (unit_rows(rows) if self._space is None else self._space.apply(rows)).reshape(of_all.shape)

    def _parts(self, waves: Waves) -> list[Waves]:
        """The windows in batches of the network's size."""
        check_waves(waves, self.spec)
        step = self.network.windows_at_once
        return [waves[start : start + step] for start in range(0, len(waves), step)]

    def _encoding(self, n: int, passed: Sequence[Passed]) -> AudioEncoding:
        rows, tags = (np.concatenate(arrays) for arrays in zip(*passed, strict=True)) if n else self._nothing()
        vectors = unit_rows(rows) if self._space is None else self._space.apply(rows)
        return AudioEncoding(vectors, None if self.spec.vocabulary is None else tags)

    def _nothing(self) -> Passed:
        return np.empty((0, self.spec.dim), np.float32), np.empty((0, len(self.spec.vocabulary or ())), np.float32)

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        """Raises EncoderError: these networks cannot read text."""
        raise refuse_text(self.spec.name)
