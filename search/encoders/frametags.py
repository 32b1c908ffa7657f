"""The probability of each class in a frame, from the head's outputs for the frame and for the window around it.

The frame says when, its window says what. The usual level of a logit differs more between classes than between sounds
with and without a class. So a class is likely in a frame if both logits are far above what is usual for that class.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

FILE: Final = "soundalike-1-frames.npz"
"""The usual levels of the shipped model (`training.frames`)."""
SLOPE, OFFSET = 0.913, -4.24
"""From the deviations above the usual level to the logit of the probability. The slope is fitted to frames with and
without a sound; the offset puts the best F1 over all classes at 0.3, the probability from which events are shown.
"""
SHARE_OF_WINDOW: Final = 0.5
"""The weight of a window's logit relative to its frame's, if the usual levels are unknown."""
PLAIN_SLOPE, PLAIN_OFFSET = 0.6, -1.27
_EDGE: Final = 1e-6

Probabilities = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """For each class (classes,): mean and deviation of the mean of a frame's and its window's logit."""

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]


def likely(frames: Probabilities, windows: Probabilities, usual: Usual | None) -> Probabilities:
    """Probabilities (n, frames, classes), from the head's for frames (n, frames, classes) and windows (n, classes)."""
    of_frames, of_windows = logit(frames), logit(windows)[:, np.newaxis]
    if usual is None:
        both = (of_frames + SHARE_OF_WINDOW * of_windows) / (1 + SHARE_OF_WINDOW)
        logits = PLAIN_SLOPE * both + PLAIN_OFFSET
    else:
        above = ((of_frames + of_windows) / 2 - usual.mean) / usual.deviation
        logits = SLOPE * above + OFFSET
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


def made_by(usual: Usual | None) -> str:
    """A digest of all constants of `likely`."""
    numbers = (SHARE_OF_WINDOW, PLAIN_SLOPE, PLAIN_OFFSET) if usual is None else (SLOPE, OFFSET)
    digest = hashlib.sha256(repr((*numbers, _EDGE)).encode())
    if usual is not None:
        digest.update(usual.mean.tobytes() + usual.deviation.tobytes())
    return digest.hexdigest()[:16]


def logit(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """The logit of probabilities, finite also for 0 and 1."""
    inside = np.clip(probabilities, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inside / (1 - inside)), np.float32)


def usual_of(digest: str) -> Usual | None:
    """The usual levels of the model with this SHA-256, if it is the shipped one; else None."""
    of, usual = _shipped()
    return usual if of == digest else None


@cache
def _shipped() -> tuple[str, Usual]:
    with resources.as_file(resources.files(__package__).joinpath("data", FILE)) as path:
        return read(path)


def read(path: Path) -> tuple[str, Usual]:
    """The SHA-256 of the model that a file is for, and its usual levels."""
    with np.load(path) as arrays:
        return str(arrays["of"]), Usual(arrays["mean"], arrays["deviation"])


def write(path: Path, of: str, usual: Usual) -> None:
    """Write a file of usual levels."""
    np.savez(path, of=np.array(of), mean=usual.mean.astype(np.float32), deviation=usual.deviation.astype(np.float32))
