"""Centring and scaling of a space, fitted once on material that may be learnt from (``benchmarks/fitting/centre.py``).

Most of an embedding is common to every sound; taking the mean out leaves what tells sounds apart.
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
    """What turns a network's embeddings into the vectors of a space."""

    def apply(self, rows: NDArray[np.floating]) -> Vectors:
        """(n, dim) rows -> unit rows, (n, dim) float32."""


@dataclass(frozen=True, slots=True)
class Normalisation:
    """``centre`` (dim,) leaves every unit row, ``scale`` (dim,) multiplies it; ``calibration`` is for EncoderSpec."""

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
        """What a fingerprint keeps of it (the calibration decides no vector)."""
        return hashlib.sha256(self.centre.tobytes() + self.scale.tobytes()).hexdigest()
