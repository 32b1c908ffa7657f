"""Mel corpora: every training sound is decoded once and kept as log mel power, so that a batch needs no decoding.

A corpus is a folder with three files. ``mel.f16`` (frames, bands): the natural logarithm of the mel power of the
encoder's front end, without its floor. ``level.f16`` (frames,): the mean square of each hop of the waveform in dB.
``clips.json``: the position of each clip in both. So mixing, gain, equalisation and reverberation work on a few hundred
frames (`training.augment`) instead of waveforms.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from search.encoders.mel import MelFrontEnd
from search.encoders.spectrum import MelShape
from search.errors import UsageError
from search.model import Wave

LISTING = "clips.json"
MEL = MelShape()
FRAMES_PER_S = MEL.rate_hz / MEL.hop

LogMel = NDArray[np.float16]
"""(frames, bands), natural logarithm of mel power."""

# The front end adds 1e-5 before its logarithm and maps ln(m) to (ln(m) + 4.5) / 5. For a wave 1,000 times as loud, that
# floor is 1e-6 as high relative to the sound: low enough that a quiet clip's level can be raised later.
_LOUDER = 1000.0
_SHIFT, _SCALE = 4.5, 5.0
_SHORTEST = 1024
_QUIETEST = 1e-10


@dataclass(frozen=True, slots=True)
class CorpusClip:
    """One recording in a corpus: ``frames`` frames from ``start``. ``group``, a repository, is never split."""

    path: str
    group: str
    start: int
    frames: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus, memory-mapped: ``mel`` (frames, bands) float16, ``level_db`` (frames,) float16, and its clips."""

    name: str
    mel: LogMel
    level_db: NDArray[np.float16]
    clips: tuple[CorpusClip, ...]

    @classmethod
    def open(cls, folder: Path) -> Corpus:
        """The corpus in ``folder``. Raises UsageError if it is not finished."""
        listing = folder / LISTING
        if not listing.is_file():
            raise UsageError(f"{folder} holds no finished corpus: run python -m training.prepare {folder.name}")
        clips = tuple(CorpusClip(**clip) for clip in json.loads(listing.read_text()))
        mel = np.memmap(folder / "mel.f16", np.float16, "r").reshape(-1, MEL.bands)
        return cls(folder.name, mel, np.memmap(folder / "level.f16", np.float16, "r"), clips)


def present(folder: Path, names: Iterable[str]) -> tuple[list[Corpus], list[str]]:
    """The finished corpora among ``names`` in ``folder``, and the names of the others."""
    finished, missing = [], []
    for name in names:
        if (folder / name / LISTING).is_file():
            finished.append(Corpus.open(folder / name))
        else:
            missing.append(name)
    return finished, missing


@dataclass(frozen=True, slots=True)
class Sound:
    """A decoded training sound at the front end's rate, on its way into a corpus."""

    path: str
    group: str
    samples: Wave


def write_corpus(folder: Path, sounds: Iterable[Sound]) -> None:
    """Write a corpus. ``clips.json`` is written last, so that an interrupted corpus never counts as finished."""
    folder.mkdir(parents=True, exist_ok=True)
    front_end = MelFrontEnd(MEL).eval()
    clips: list[CorpusClip] = []
    start = 0
    with (folder / "mel.f16").open("wb") as mels, (folder / "level.f16").open("wb") as levels:
        for sound in sounds:
            mel, level_db = analyse(front_end, sound.samples)
            mels.write(mel.tobytes())
            levels.write(level_db.tobytes())
            clips.append(CorpusClip(sound.path, sound.group, start, len(mel)))
            start += len(mel)
    (folder / LISTING).write_text(json.dumps([asdict(clip) for clip in clips]))


@torch.inference_mode()
def analyse(front_end: MelFrontEnd, wave: Wave) -> tuple[LogMel, NDArray[np.float16]]:
    """A wave (samples,) -> its log mel power (frames, bands) and the level in dB of each frame's hop (frames,)."""
    if len(wave) < _SHORTEST:
        wave = np.resize(wave, _SHORTEST)
    scaled: NDArray[np.float32] = front_end(torch.from_numpy(wave * np.float32(_LOUDER))[None])[0, 0].numpy().T
    mel = scaled * _SCALE - _SHIFT - 2 * np.log(_LOUDER)
    hops = np.zeros(len(mel) * MEL.hop, np.float32)
    hops[: len(wave)] = wave[: len(hops)]
    energy = np.square(hops.reshape(len(mel), MEL.hop)).mean(1)
    return mel.astype(np.float16), (10 * np.log10(energy + _QUIETEST)).astype(np.float16)


def to_input(log_mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log mel power of any shape -> input of the networks: adds the front end's floor, shift and scale."""
    return ((np.log(np.exp(log_mel) + 1e-5) + _SHIFT) / _SCALE).astype(np.float32)
