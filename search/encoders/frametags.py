"""From what a network's head says of a frame and of the window around it to how likely each class is in that frame.

A frame says when, its window says what. How high a class's logit usually is differs more from class to class than
between sounds that have it and sounds that do not: a frame is likely where both are far above what is usual.
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
"""What is usual of the shipped model (`training.frames`)."""
SLOPE, OFFSET = 0.913, -4.24
"""From how far above the usual a class is to the logit of its probability: the slope is that of frames in which a sound
lies or does not, the offset puts the best F1 over all classes at .3, from where events are shown.
"""
SHARE_OF_WINDOW: Final = 0.5
"""How much a window's logit counts beside its frame's where nobody knows what is usual."""
PLAIN_SLOPE, PLAIN_OFFSET = 0.6, -1.27
_EDGE: Final = 1e-6

Probabilities = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """Of each class (classes,) the mean and the deviation of the halved sum of a frame's and its window's logit."""

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]


def likely(frames: Probabilities, windows: Probabilities, usual: Usual | None) -> Probabilities:
    """(n, frames, classes), from what the head says of frames, (n, frames, classes), and of windows, (n, classes)."""
    of_frames, of_windows = logit(frames), logit(windows)[:, np.newaxis]
    if usual is None:
        both = (of_frames + SHARE_OF_WINDOW * of_windows) / (1 + SHARE_OF_WINDOW)
        logits = PLAIN_SLOPE * both + PLAIN_OFFSET
    else:
        above = ((of_frames + of_windows) / 2 - usual.mean) / usual.deviation
        logits = SLOPE * above + OFFSET
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


def made_by(usual: Usual | None) -> str:
    """A digest of all that `likely` has of its own."""
    numbers = (SHARE_OF_WINDOW, PLAIN_SLOPE, PLAIN_OFFSET) if usual is None else (SLOPE, OFFSET)
    digest = hashlib.sha256(repr((*numbers, _EDGE)).encode())
    if usual is not None:
        digest.update(usual.mean.tobytes() + usual.deviation.tobytes())
    return digest.hexdigest()[:16]


def logit(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """That of probabilities, which 0 and 1 have as well."""
    inside = np.clip(probabilities, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inside / (1 - inside)), np.float32)


def usual_of(digest: str) -> Usual | None:
    """What is usual of the model whose file has this SHA-256, where that is the shipped one."""
    of, usual = _shipped()
    return usual if of == digest else None


@cache
def _shipped() -> tuple[str, Usual]:
    with resources.as_file(resources.files(__package__).joinpath("data", FILE)) as path:
        return read(path)


def read(path: Path) -> tuple[str, Usual]:
    """The SHA-256 of the model that a file is of, and what is usual of it."""
    with np.load(path) as arrays:
        return str(arrays["of"]), Usual(arrays["mean"], arrays["deviation"])


def write(path: Path, of: str, usual: Usual) -> None:
    """Such a file."""
    np.savez(path, of=np.array(of), mean=usual.mean.astype(np.float32), deviation=usual.deviation.astype(np.float32))
