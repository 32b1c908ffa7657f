"""Checks of inputs and guarantees of outputs, for all encoders."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from search.errors import EncoderError
from search.model import EncoderSpec, Vectors, Waves


def check_waves(waves: Waves, spec: EncoderSpec) -> None:
    """Raises EncoderError unless ``waves`` is (n, spec.window_samples) float32 and finite."""
    n_samples = spec.window_samples
    if waves.ndim != 2 or waves.shape[1] != n_samples:
        raise EncoderError(
            f"{spec.name} takes windows of shape (n, {n_samples}), not {waves.shape}: cut them to the window"
        )
    if waves.dtype != np.float32:
        raise EncoderError(f"{spec.name} takes float32 samples in [-1, 1], not {waves.dtype}: convert them")
    if not np.isfinite(waves).all():
        row = int(np.flatnonzero(~np.isfinite(waves).all(axis=1))[0])
        raise EncoderError(
            f"{spec.name}: window {row} has samples that are NaN or infinite: repair or leave out the file"
        )


def unit_rows(rows: NDArray[np.floating]) -> Vectors:
    """Scale rows (n, dim) to length 1, as float32; a row of zeros becomes the first axis."""
    wide = rows.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    wide[lengths[:, 0] == 0, 0] = 1.0
    lengths[lengths == 0] = 1.0
    rows_of_1: Vectors = (wide / lengths).astype(np.float32)
    return rows_of_1


def product(rows: NDArray[np.floating], matrix: NDArray[np.floating]) -> NDArray[np.floating]:
    """``rows`` (n, m) times ``matrix`` (m, k), n small, in one thread.

    numpy's matrix product of this size wakes the other threads of BLAS, which then spin until the next batch: 2.7 ms of
    CPU time per second of sound instead of 1.3.
    """
    return np.asarray(np.einsum("ij,jk->ik", rows, matrix))


def fingerprint(facts: Mapping[str, str | float | tuple[int, ...] | None]) -> str:
    """Hex digest of everything that determines a vector, independent of the order of ``facts``."""
    return hashlib.sha256(json.dumps(dict(facts), sort_keys=True).encode()).hexdigest()[:32]


def refuse_text(name: str) -> EncoderError:
    """The error for words, for an encoder that cannot read text."""
    return EncoderError(f"{name} cannot read words: search by --audio, or add a space whose encoder can (clap)")
