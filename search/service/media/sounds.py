"""The sound of a clip, from a file of audio or of notes; the notes of a MIDI file are played.

For a file of notes, it is the tune that searches use: the melody, without drums and accompaniment.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import soundfile

from search import audio
from search.analysis.melody.playing import played
from search.analysis.melody.rendering import SAMPLE_RATE_HZ
from search.model import Wave

_BLOCK_SAMPLES = 1 << 16
_MOST_HZ = 48_000
"""Highest sample rate that is sent to listeners."""


class Sound(Protocol):
    """A sound that can be read in blocks."""

    def rate_hz(self) -> int:
        """Its own sample rate. Raises AudioError."""

    def blocks(self, rate_hz: int, start_s: float, end_s: float) -> Iterable[Wave]:
        """Mono samples (n,) of a passage at ``rate_hz``, in order. Raises AudioError."""


@dataclass(frozen=True, slots=True)
class RecordedSound:
    """The sound of an audio file."""

    path: str
    track: int = 0

    def rate_hz(self) -> int:
        """As `Sound.rate_hz`."""
        return audio.probe(self.path, self.track).sample_rate_hz

    def blocks(self, rate_hz: int, start_s: float, end_s: float) -> Iterable[Wave]:
        """As `Sound.blocks`."""
        return audio.stream(self.path, rate_hz, track=self.track, start_s=start_s, end_s=end_s)

    def wav(self, end_s: float) -> bytes:
        """The sound up to ``end_s`` as a WAV file. Raises AudioError."""
        rate_hz = min(self.rate_hz(), _MOST_HZ)
        out = io.BytesIO()
        with soundfile.SoundFile(out, "w", rate_hz, 1, "PCM_16", format="WAV") as file:
            for block in self.blocks(rate_hz, 0.0, end_s):
                file.write(block)
        return out.getvalue()


@dataclass(frozen=True, slots=True)
class PlayedTune:
    """The tune of a MIDI file as sound; silent after `LONGEST_S`."""

    path: str

    def rate_hz(self) -> int:
        """As `Sound.rate_hz`."""
        return SAMPLE_RATE_HZ

    def blocks(self, rate_hz: int, start_s: float, end_s: float) -> Iterator[Wave]:
        """As `Sound.blocks`."""
        wave = played(self.path, rate_hz)[round(start_s * rate_hz) : round(end_s * rate_hz)]
        for first in range(0, len(wave), _BLOCK_SAMPLES):
            yield wave[first : first + _BLOCK_SAMPLES]

    def wav(self) -> bytes:
        """The whole tune as a WAV file. Raises AudioError."""
        out = io.BytesIO()
        soundfile.write(out, played(self.path, SAMPLE_RATE_HZ), SAMPLE_RATE_HZ, format="WAV", subtype="PCM_16")
        return out.getvalue()


def sound_of(path: str, track: int = 0) -> Sound:
    """The sound of a file's track."""
    return PlayedTune(path) if audio.kind_inside(path) == "notes" else RecordedSound(path, track)
