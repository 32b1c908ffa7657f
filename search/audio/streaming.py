"""Read a file as mono blocks at a given rate, in memory that does not grow with its length.

Times are those of the container (`search.audio.timeline`): gaps in the recording are silence, as in a player. `stream`
returns this silence. `windows` skips gaps longer than a window, in which nothing can be found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from search.audio.channels import as_floats
from search.audio.checking import Checked
from search.audio.cutting import cut
from search.audio.mixing import CELL_S, Mixer, block_frames
from search.audio.sources import SoundSource, opened, path_of, taken
from search.audio.track import Block, Track
from search.errors import AudioError, UsageError
from search.model import AudioInfo, EncoderSpec, Wave, Window

SPEEDS = (0.001, 1000.0)
"""The lowest and the highest playback speed for an encoder."""

_MUCH_BEYOND = 0.1
"""Warn if this share of a sound's energy is above an encoder's band; for music at 44.1 kHz it is a hundredth."""

_LONGEST_SILENCE_S = 10.0
"""Longest pause that is resampled; the result of a longer one would be silence anyway."""

_RATES_HZ = (100, 10_000_000)
"""Sample rates outside of this range mean a damaged header."""

_QUALITY = "HQ"
"""soxr's quality, 20 bits: aliasing is 120 dB down, the band is flat to 0.91 of its width. From 44.1 to 32 kHz it takes
0.25 ms per second of sound, a third of decoding an MP3; MQ (16 bits) would save a seventh of that."""


def probe(source: SoundSource, track: int = 0) -> AudioInfo:
    """The header of sound track ``track`` (counted from 0), without decoding.

    Raises AudioError if the file cannot be opened or is not sound.
    """
    with opened(source) as sound:
        info = sound.info(track)
    _check_rate(path_of(source), info)
    return info


def stream(
    source: SoundSource,
    sample_rate_hz: int,
    *,
    track: int = 0,
    start_s: float = 0.0,
    end_s: float | None = None,
    max_duration_s: float | None = None,
    warn: Callable[[str], None] | None = None,
) -> Iterator[Wave]:
    """The sound of a file from ``start_s`` to ``end_s`` (or its end, if that comes first), decoded as it is read.

    Yields mono float32 blocks of about two seconds, as new arrays that belong to the caller. Gaps in the recording are
    filled with silence, so that the position of a sample is its time in the file. Channels are mixed
    (`search.audio.mixing`). Samples may exceed full scale (float files, lossy decoders, resampling); those that are not
    finite become silence.

    ``warn`` gets the defects of a file that can still be read, by the last block at the latest: less sound than its
    header promises, or more; packets that cannot be decoded; samples that are not finite.

    Raises AudioError, at any block: no such file, no permission, not sound, empty, nothing that can be decoded, more
    than 1 % of samples that are not finite, less than a millisecond of sound, a passage outside the sound, or a passage
    of more than ``max_duration_s`` (by the header, or when that much has been decoded).
    """
    at_s = start_s
    passage = _Passage(source, track, start_s, end_s, max_duration_s)
    for run in passage.runs(sample_rate_hz, _LONGEST_SILENCE_S, _Energy(sample_rate_hz / 2), warn):
        yield from _silence(run.start_s - at_s, sample_rate_hz)
        count = 0
        for block in run.blocks:
            count += len(block)
            yield block
        at_s = run.start_s + count / sample_rate_hz


def windows(
    source: SoundSource,
    spec: EncoderSpec,
    *,
    track: int = 0,
    start_s: float = 0.0,
    end_s: float | None = None,
    max_duration_s: float | None = None,
    speed: float = 1.0,
    gain: float = 1.0,
    warn: Callable[[str], None] | None = None,
    ends: Callable[[float], None] | None = None,
    decoded: Callable[[Block], None] | None = None,
) -> Iterator[Window]:
    """A file, or a passage of it, cut into an encoder's windows (``cut``), decoded as it is read (``stream``).

    Another playback ``speed`` (0.1: ten times as long, each frequency a tenth) can move sound into the encoder's band.
    ``warn`` also gets a warning if much of the energy is above the band. ``gain`` multiplies all samples. ``ends`` gets
    the time at which the sound ends, which may be up to a tenth of a window after the last window (``cut``).
    ``decoded`` gets every decoded block, neither mixed nor resampled, as from `channels`.

    Times are those of the file. The first window begins with the first sound. A gap shorter than a window is silence;
    after a longer one, windows start again. Raises AudioError as ``stream`` does, also after the first windows.
    """
    check_speed(speed)
    passage = _Passage(source, track, start_s, end_s, max_duration_s, speed, decoded)
    longest_gap_s = min(spec.window_s, _LONGEST_SILENCE_S) * speed
    energy = _Energy(spec.sample_rate_hz / 2 / speed)
    for run in passage.runs(spec.sample_rate_hz, longest_gap_s, energy, warn):
        counted = _Counted(run.blocks)
        yield from cut(counted, spec, run.start_s, speed, gain)
        if ends is not None:
            ends(run.start_s + counted.samples / spec.sample_rate_hz * speed)
    if warn is not None:
        for warning in energy.warnings():
            warn(warning)


def check_speed(speed: float) -> None:
    """Raises UsageError for a playback speed outside of `SPEEDS`."""
    slowest, fastest = SPEEDS
    if not slowest <= speed <= fastest:
        raise UsageError(f"the speed is {speed:g}; it must be from {slowest:g} to {fastest:g}, where 1 is as recorded")


def _check_passage(path: str, start_s: float, end_s: float | None) -> None:
    if not (math.isfinite(start_s) and start_s >= 0.0):
        raise AudioError(path, f"a passage cannot start at {start_s} s")
    if end_s is not None and not (math.isfinite(end_s) and end_s > start_s):
        raise AudioError(path, f"a passage that starts at {start_s} s cannot end at {end_s} s")


def _check_rate(path: str, info: AudioInfo) -> None:
    low, high = _RATES_HZ
    if not low <= info.sample_rate_hz <= high:
        raise AudioError(path, f"damaged: a sample rate of {info.sample_rate_hz} Hz")


def _check_length(path: str, info: AudioInfo, start_s: float, end_s: float | None, limit_s: float | None) -> None:
    """Check the length of the passage by the header, which may be too short."""
    if info.duration_s is None or limit_s is None:
        return
    length_s = (info.duration_s if end_s is None else min(end_s, info.duration_s)) - start_s
    if length_s > limit_s:
        raise AudioError(path, f"{length_s:.1f} s long, more than the {limit_s:g} s allowed")


class _Run(NamedTuple):
    """A stretch of sound in which pauses are silence: mono blocks, the first sample at ``start_s`` of the file's time.

    Read all blocks before the next run.
    """

    start_s: float
    blocks: Iterator[Wave]


@dataclass(frozen=True, slots=True)
class _Passage:
    """The part of a file to decode."""

    source: SoundSource
    track: int
    start_s: float
    end_s: float | None
    max_duration_s: float | None
    speed: float = 1.0
    decoded: Callable[[Block], None] | None = None

    def runs(
        self, to_hz: int, longest_gap_s: float, energy: _Energy, warn: Callable[[str], None] | None
    ) -> Iterator[_Run]:
        """The passage at ``to_hz``, in runs: a gap of more than ``longest_gap_s`` starts a new run."""
        path = path_of(self.source)
        _check_passage(path, self.start_s, self.end_s)
        with taken(self.source, self.track) as sound:
            info = sound.info
            _check_rate(path, info)
            _check_length(path, info, self.start_s, self.end_s, self.max_duration_s)
            mixer, checked = Mixer(), Checked(path, info, self.start_s, self.max_duration_s)
            blocks = _Ahead(checked.blocks(self._mixed(sound, mixer)))
            while blocks.next is not None:
                yield _Run(blocks.next.start_s, _resampled(blocks, to_hz / self.speed, longest_gap_s, energy))
            for warning in (*sound.warnings, *mixer.warnings(), *checked.warnings):
                if warn is not None:
                    warn(warning)

    def _mixed(self, sound: Track, mixer: Mixer) -> Iterator[Block]:
        """The blocks, mixed to one channel: whole cells, and one more before, to get the samples of the whole file."""
        start_s, end_s = self.start_s, self.end_s
        if sound.info.channels != 1:
            start_s = max(0.0, (start_s // CELL_S - 1) * CELL_S)
            end_s = None if end_s is None else -(-end_s // CELL_S) * CELL_S
        blocks = sound.blocks(start_s, end_s)
        for block in mixer.blocks(blocks if self.decoded is None else _shown(blocks, self.decoded)):
            part = block.within(self.start_s, self.end_s)
            if part.frames:
                yield part


def _shown(blocks: Iterable[Block], to: Callable[[Block], None]) -> Iterator[Block]:
    """Yield ``blocks``, after passing each to ``to`` in the form of `channels`."""
    for block in blocks:
        to(as_floats(block))
        yield block


class _Counted:
    """Blocks of sound, and the count of ``samples`` that were read."""

    def __init__(self, blocks: Iterable[Wave]) -> None:
        self._blocks = blocks
        self.samples = 0

    def __iter__(self) -> Iterator[Wave]:
        for block in self._blocks:
            self.samples += len(block)
            yield block


class _Ahead:
    """Blocks of sound, with a look at the next one before it is taken."""

    def __init__(self, blocks: Iterator[Block]) -> None:
        self._blocks = blocks
        self.next = next(blocks, None)

    def take(self) -> Block | None:
        """The next block; None at the end."""
        taken = self.next
        self.next = next(self._blocks, None)
        return taken


def _resampled(blocks: _Ahead, to_hz: float, longest_gap_s: float, energy: _Energy) -> Iterator[Wave]:
    """Resample blocks up to a gap that is too long; the samples are those of the whole at once, to float32 rounding.

    If the file changes its rate, each stretch of one rate is resampled separately.
    """
    at_s = None
    part: _Resampler | None = None
    while (block := blocks.next) is not None:
        gap_s = 0.0 if at_s is None else block.start_s - at_s
        if gap_s > longest_gap_s:
            break
        if part is None or part.from_hz != block.rate_hz:
            yield from part.end() if part is not None else ()
            part = _Resampler(block.rate_hz, to_hz, energy)
        if gap := round(gap_s * block.rate_hz):
            yield from part.add(np.zeros(max(gap, 0), np.float32))
        at_s = block.end_s
        blocks.take()
        yield from part.add(block.samples)
    yield from part.end() if part is not None else ()


class _Energy:
    """How much of the energy is above ``top_hz``, and is lost by resampling."""

    def __init__(self, top_hz: float) -> None:
        self._top_hz = top_hz
        self.before = self.after = 0.0

    def warnings(self) -> list[str]:
        """A warning, if it is much."""
        lost = 1.0 - self.after / self.before if self.before else 0.0
        if lost < _MUCH_BEYOND:
            return []
        beyond = f"{lost:.0%} of the energy lies above {self._top_hz / 1000:g} kHz"
        return [f"{beyond}, above what is encoded: play it at a lower --speed"]


class _Resampler:
    """Converts samples from one rate to another."""

    def __init__(self, from_hz: int, to_hz: float, energy: _Energy) -> None:
        self.from_hz = from_hz
        self._to_hz = to_hz
        self._energy = energy
        self._loses = from_hz > to_hz  # at a higher rate nothing is lost
        self._stream = None
        if from_hz != to_hz:
            import soxr

            self._stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32", quality=_QUALITY)

    def add(self, samples: Wave) -> Iterator[Wave]:
        """Add samples; yields the output so far."""
        if self._stream is None:
            yield samples
            return
        if self._loses:
            self._energy.before += float(np.dot(samples, samples)) / self.from_hz
        yield from self._counted(self._stream.resample_chunk(samples))

    def end(self) -> Iterator[Wave]:
        """Yield the rest of the output."""
        if self._stream is not None:
            yield from self._counted(self._stream.resample_chunk(np.empty(0, np.float32), last=True))

    def _counted(self, out: Wave) -> Iterator[Wave]:
        if self._loses:
            self._energy.after += float(np.dot(out, out)) / self._to_hz
        if len(out):
            yield out


def _silence(length_s: float, rate_hz: int) -> Iterator[Wave]:
    """Silence of ``length_s``, in blocks."""
    left = round(length_s * rate_hz)
    while left > 0:
        count = min(left, block_frames(rate_hz, 1))
        yield np.zeros(count, np.float32)
        left -= count
