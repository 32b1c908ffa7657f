"""Measuring all facts of a sound from the blocks of a decoder, in memory that does not grow with them.

Examples:
    >>> rate_hz = 8000
    >>> wave = np.sin(2 * np.pi * 440 / rate_hz * np.arange(rate_hz, dtype=np.float32))[np.newaxis]
    >>> measurement = Measurement(AudioInfo("wav", "PCM_16", rate_hz, 1, 1.0))
    >>> measurement.add(Block(0.0, rate_hz, wave))
    >>> round(measurement.facts()["loudness"], 1)
    -3.5
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search import audio
from search.analysis.facts.defects import Measures, defects
from search.analysis.facts.definitions import BRIGHTNESS, BRIGHTNESS_EDGES_HZ, KEYS, FactValue, packed, unpacked
from search.analysis.facts.envelope import Envelope, course, silences
from search.analysis.facts.frames import Samples
from search.analysis.facts.hum import Hum
from search.analysis.facts.levels import Levels
from search.analysis.facts.likeness import SIZE, profile
from search.analysis.facts.loops import LONGEST_ONE_SHOT_S, form, of_parts, of_whole_beats
from search.analysis.facts.loops import parts as parts_of
from search.analysis.facts.loudness import integrated, loudness_range
from search.analysis.facts.mix import Mix
from search.analysis.facts.music import KEY_SURE, ONSETS_PER_S, Music
from search.analysis.facts.pitch import Pitch, note
from search.analysis.facts.spectrum import SpectralShape, Spectrum, hop_of
from search.analysis.facts.tempo import TEMPO_SURE, TEMPO_SURE_OF_TUNES, MusicEstimate
from search.analysis.facts.weighting import Weighted
from search.audio import Block
from search.audio.opening import open_regular, size_bytes
from search.model import AudioInfo
from search.snapshots.filling import Rest, at_once

_AUDIBLE_S: Final = 0.01
AT_ONCE_S: Final = 6.0
"""Seconds of sound that are measured at once: for short blocks the overhead of calls would dominate."""


class Measurement:
    """Measures one sound track while it is decoded."""

    def __init__(self, info: AudioInfo, mixed: Callable[[Samples], None] | None = None) -> None:
        """``mixed`` is called with each part of the mix (n,), at `search.analysis.facts.mix.RATE_HZ`."""
        self._info = info
        self._mixed = mixed
        self._parts: _Parts | None = None
        self._waiting: list[Samples] = []
        self._waiting_frames = 0

    def add(self, block: Block) -> None:
        """Add the next ``block``: (channels, frames) float32. Blocks of another rate or layout are skipped."""
        if self._parts is None:
            self._parts = _Parts(block.rate_hz, len(block.samples))
        if (block.rate_hz, len(block.samples)) == (self._parts.rate_hz, self._parts.channels):
            self._waiting.append(block.samples)
            self._waiting_frames += block.frames
            if self._waiting_frames >= AT_ONCE_S * block.rate_hz:
                self._take()

    def _take(self, *, last: bool = False) -> None:
        if self._parts is not None and (self._waiting or last):
            waiting = self._waiting or [np.empty((self._parts.channels, 0), np.float32)]
            self._waiting, self._waiting_frames = [], 0
            one = waiting[0] if len(waiting) == 1 else np.concatenate(waiting, axis=1)
            mix = self._parts.add(one, last=last)
            if self._mixed is not None:
                self._mixed(mix[0])

    def facts(self, warnings: Sequence[str] = (), size_bytes: int | None = None) -> dict[str, FactValue]:
        """The facts of the sound; those without meaning for it are left out. ``warnings`` are those of decoding."""
        if self._parts is None:
            return {}
        self._take(last=True)
        parts = self._parts
        levels, music = parts.levels, parts.music
        duration_s = levels.frames / parts.rate_hz
        hops, hop_s = parts.weighted.energies, hop_of(parts.rate_hz) / parts.rate_hz
        steps, step_s = parts.envelope.levels, parts.envelope.step_s
        sounding_s, head_s, tail_s = silences(steps, step_s)
        shape = parts.spectrum.shape() if sounding_s > _AUDIBLE_S else SpectralShape()
        loudness = integrated(hops, hop_s, duration_s)
        true_peak_db = 20 * math.log10(levels.true_peak) if levels.true_peak > 0 else None
        rate_kbps = size_bytes * 8 / duration_s / 1000 if size_bytes else None
        hum_db = parts.hum.found_db()
        measures = Measures(
            levels,
            shape,
            parts.rate_hz,
            self._info.codec,
            silences(steps, step_s, audio.SILENCE_DB),
            hum_db,
            tuple(warnings),
        )
        tone, key = parts.pitch.found(), music.key(KEY_SURE)
        is_tune = key is not None and duration_s > LONGEST_ONE_SHOT_S
        tempo = sure(music.tempo(has_key=key is not None), TEMPO_SURE_OF_TUNES if is_tune else TEMPO_SURE)
        tempo = None if tempo is None else of_whole_beats(tempo, duration_s)
        tempo = of_parts(tempo, duration_s, parts_of(music.levels(), duration_s, ONSETS_PER_S))
        way = course(steps, step_s) if sounding_s else None
        values: dict[str, FactValue | None] = {
            "loudness": loudness,
            "loudness_range": loudness_range(hops, hop_s, duration_s),
            "true_peak_db": true_peak_db,
            "peak_to_loudness_db": None if loudness is None or true_peak_db is None else true_peak_db - loudness,
            "centroid_hz": shape.centroid_hz,
            "brightness": None if shape.centroid_hz is None else brightness(shape.centroid_hz),
            "noisiness": shape.noisiness,
            "bandwidth_hz": shape.bandwidth_hz,
            "sounding_s": sounding_s,
            "head_silence_s": head_s if sounding_s else None,
            "tail_silence_s": tail_s if sounding_s else None,
            "channels": float(parts.channels),
            "correlation": levels.correlation,
            "sample_rate_hz": float(parts.rate_hz),
            "bits": levels.bits,
            "bit_rate_kbps": rate_kbps,
            "dc_offset": levels.dc_offset,
            "hum_db": hum_db,
            "pitch_hz": None if tone is None else tone[0],
            "pitch_certainty": None if tone is None else tone[1],
            "root_note": None if tone is None else note(tone[0]),
            "tempo": None if tempo is None else tempo.value,
            "tempo_certainty": None if tempo is None else tempo.sure,
            "key": None if key is None else KEYS[int(key.value)],
            "key_certainty": None if key is None else key.sure,
            "form": None if way is None else form(way, duration_s, tail_s, tempo),
            "events": None if way is None else float(way.events),
            "attack_s": None if way is None else way.attack_s,
            "decay_s": None if way is None else way.decay_s,
            "defects": defects(measures),
        }
        return {name: value for name, value in values.items() if value is not None}

    def numbers(self, warnings: Sequence[str], size_bytes: int) -> NDArray[np.float32]:
        """The facts and the profile (NUMBERS,), as a catalog keeps them; for ``warnings`` and size see `facts`."""
        return np.concatenate((packed(self.facts(warnings, size_bytes)), self.profile()))

    def profile(self) -> NDArray[np.float32]:
        """The profile (SIZE,) for `search.analysis.facts.likeness`. Call it after `facts`."""
        parts = self._parts
        if parts is None:
            return np.full(SIZE, np.nan, np.float32)
        tone, envelope = parts.pitch.found(), parts.envelope
        spectrum = parts.spectrum.hz, parts.spectrum.mean_power()
        onsets = parts.music.onsets(), ONSETS_PER_S
        return profile(envelope.levels, envelope.step_s, spectrum, None if tone is None else tone[0], onsets)


class _Parts:
    """The analyzers for a sound with one sample rate and number of channels."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        self.rate_hz, self.channels = rate_hz, channels
        self.levels = Levels(rate_hz, channels)
        self.spectrum = Spectrum(rate_hz, channels)
        self.weighted = Weighted(rate_hz, channels, hop_of(rate_hz))
        self.envelope = Envelope(rate_hz, channels)
        self._mix = Mix(rate_hz)
        self.pitch, self.hum, self.music = Pitch(), Hum(), Music()

    def add(self, samples: Samples, *, last: bool = False) -> Samples:
        """Add the next ``samples`` (channels, n), and whether they are the ``last``; return their mix (1, m)."""
        self.levels.add(samples)
        mix = self._mix.add(samples, last=last)
        for of_all in (self.spectrum, self.weighted, self.envelope):
            of_all.add(samples)
        for of_mix in (self.pitch, self.hum, self.music):
            of_mix.add(mix)
        if last:
            for each in (self.pitch, self.spectrum, self.weighted, self.envelope):
                each.end()
        return mix


def measure(path: str, track: int = 0) -> dict[str, FactValue]:
    """The facts of a file's sound track, as a catalog would return them. Raises AudioError."""
    return unpacked(measured(path, track))


def measured(
    path: str, track: int = 0, *, start_s: float = 0.0, end_s: float | None = None, rest: Rest = at_once
) -> NDArray[np.float32]:
    """The facts and the profile (NUMBERS,) of a file or a passage of it, as a catalog keeps them.

    Calls ``rest`` before each step. Raises AudioError.
    """
    steps = in_steps(path, track, start_s=start_s, end_s=end_s)
    while True:
        rest()
        try:
            next(steps)
        except StopIteration as end:
            numbers: NDArray[np.float32] = end.value
            return numbers


def in_steps(
    path: str, track: int = 0, *, start_s: float = 0.0, end_s: float | None = None
) -> Generator[None, None, NDArray[np.float32]]:
    """`measured` as a generator: each step adds two seconds of sound; measuring happens every few steps."""
    warnings: list[str] = []
    measurement = Measurement(audio.probe(path, track))
    for block in audio.channels(path, track=track, start_s=start_s, end_s=end_s, warn=warnings.append):
        measurement.add(block)
        yield
    return measurement.numbers(warnings, _size_bytes(path))


def _size_bytes(path: str) -> int:
    with open_regular(path) as file:
        return size_bytes(file)


def brightness(centroid_hz: float) -> str:
    """The word for a centroid.

    Examples:
        >>> brightness(300), brightness(9000)
        ('very dark', 'very bright')
    """
    return BRIGHTNESS[int(np.searchsorted(BRIGHTNESS_EDGES_HZ, centroid_hz))]


def sure(answer: MusicEstimate | None, least: float) -> MusicEstimate | None:
    """``answer`` if its certainty is at least ``least``, else None."""
    return answer if answer is not None and answer.sure >= least else None
