"""Centring and scaling of a space, fitted once on training data (``benchmarks/fitting/centre.py``).

Most of an embedding is common to all sounds; subtracting the mean leaves what distinguishes them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from search.encoders.contract import unit_rows
from search.model import Vectors


class Normaliser(Protocol):
    """Transforms the embeddings of a network to the vectors of a space."""

    def apply(self, rows: NDArray[np.floating]) -> Vectors:
        """(n, dim) rows -> unit rows, (n, dim) float32."""


@dataclass(frozen=True, slots=True)
class Normalisation:
    """Subtracts ``centre`` (dim,) from unit rows, then scales by ``scale`` (dim,). ``calibration``: EncoderSpec's."""

    centre: NDArray[np.float32]
    scale: NDArray[np.float32]
    calibration: tuple[float, float] | None = None

    @classmethod
    def shipped(cls, name: str) -> Normalisation:
        """The fitted constants of ``data/<name>.npz``, which are part of this package."""
        with resources.files(__package__).joinpath("data", f"{name}.npz").open("rb") as file, np.load(file) as arrays:
            slope, offset = (float(value) for value in arrays["calibration"])
            return cls(arrays["centre"], arrays["scale"], (slope, offset))

    def apply(self, rows: NDArray[np.floating]) -> Vectors:
        """(n, dim) rows -> unit rows, (n, dim) float32."""
        return unit_rows((unit_rows(rows) - self.centre) * self.scale)

    @property
    def digest(self) -> str:
        """Its digest for a fingerprint, without the calibration, which affects no vector."""
        return hashlib.sha256(self.centre.tobytes() + self.scale.tobytes()).hexdigest()
