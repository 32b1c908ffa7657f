"""A file becomes mono blocks at the rate asked for, in memory that does not grow with its length."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing

import numpy as np

from search.audio.cutting import cut
from search.audio.decoding import open_track
from search.audio.opening import open_regular
from search.errors import AudioError
from search.model import AudioInfo, EncoderSpec, Wave, Window

SHORTEST_S = 0.001
"""A file or passage with less sound than this is refused: one sample is no sound."""

_RATES_HZ = (100, 10_000_000)
"""Sample rates outside are a damaged header's."""

_QUALITY = "HQ"
"""soxr's quality, 20 bits: what would alias is 120 dB down, the band is flat to .91 of its width. From 44.1 to 32 kHz
it costs 0.25 ms per second of sound, a third of decoding an MP3; MQ (16 bits) would save a seventh of that."""


def probe(path: str, track: int = 0) -> AudioInfo:
    """What the header says of sound track ``track`` (counted from 0), without decoding.

    Raises AudioError when the file cannot be opened, is no sound, or is visibly cut.
    """
    with open_regular(path) as file, closing(open_track(path, file, track)) as opened:
        _check_rate(path, opened.info)
        return opened.info


def stream(
    path: str,
    sample_rate_hz: int,
    *,
    track: int = 0,
    start_s: float = 0.0,
    end_s: float | None = None,
    max_duration_s: float | None = None,
) -> Iterator[Wave]:
    """The sound of a file from ``start_s`` to ``end_s`` (or its end, if that comes first), decoded as it is read.

    Gives mono float32 blocks of about two seconds, new arrays that are the caller's. Channels are averaged, also of
    surround sound. Samples beyond full scale (float files, lossy decoders and resampling overshoot) are clipped to
    [-1, 1], as a player does.

    Raises AudioError, at any block: no such file, no permission, not sound, empty, truncated or damaged, samples
    that are not finite, less than a millisecond of sound, a passage outside the sound, or a passage of more than
    ``max_duration_s`` (by the header, or when that much has been decoded).
    """
    _check_passage(path, start_s, end_s)
    with open_regular(path) as file, closing(open_track(path, file, track)) as opened:
        info = opened.info
        _check_rate(path, info)
        _check_length(path, info, start_s, end_s, max_duration_s)
        blocks = _checked(path, info, opened.blocks(start_s, end_s), start_s, max_duration_s)
        for block in _resampled(blocks, info.sample_rate_hz, sample_rate_hz):
            yield np.clip(block, -1.0, 1.0, out=block)


def windows(
    path: str,
    spec: EncoderSpec,
    *,
    track: int = 0,
    start_s: float = 0.0,
    end_s: float | None = None,
    max_duration_s: float | None = None,
) -> Iterator[Window]:
    """A file, or the passage of it, cut into an encoder's windows (``cut``), decoded as it is read (``stream``).

    Times are those of the file. Raises AudioError as ``stream`` does, also after the first windows.
    """
    blocks = stream(path, spec.sample_rate_hz, track=track, start_s=start_s, end_s=end_s, max_duration_s=max_duration_s)
    return cut(blocks, spec, start_s)


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
    if info.duration_s is None:
        return
    if start_s and start_s >= info.duration_s:
        raise AudioError(path, f"the passage starts at {start_s:g} s, the sound ends at {info.duration_s:.3f} s")
    length_s = (info.duration_s if end_s is None else min(end_s, info.duration_s)) - start_s
    if limit_s is not None and length_s > limit_s:
        raise AudioError(path, f"{length_s:.1f} s long, more than the {limit_s:g} s allowed")


def _checked(
    path: str, info: AudioInfo, blocks: Iterator[Wave], start_s: float, limit_s: float | None
) -> Iterator[Wave]:
    """``blocks`` at the file's rate, with the checks that only decoding can make."""
    frames = 0
    for block in blocks:
        finite = np.isfinite(block)
        if not finite.all():
            at_s = start_s + (frames + int(np.argmin(finite))) / info.sample_rate_hz
            raise AudioError(path, f"NaN or infinite samples at {at_s:.3f} s")
        frames += len(block)
        if limit_s is not None and frames > limit_s * info.sample_rate_hz + 1:
            raise AudioError(path, f"more than the {limit_s:g} s allowed")
        yield block
    if frames == 0:
        where = f" after {start_s:g} s" if start_s else ""
        raise AudioError(path, f"holds no samples{where}")
    if frames < SHORTEST_S * info.sample_rate_hz:
        count = "one sample" if frames == 1 else f"{frames} samples"
        raise AudioError(path, f"too short: {count} at {info.sample_rate_hz} Hz, less than a millisecond")


def _resampled(blocks: Iterator[Wave], from_hz: int, to_hz: int) -> Iterator[Wave]:
    """``blocks`` at another rate: the same samples, to float32 rounding, as resampling the whole at once."""
    if from_hz == to_hz:
        yield from blocks
        return
    import soxr

    resampler = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32", quality=_QUALITY)
    for block in blocks:
        if len(out := resampler.resample_chunk(block)):
            yield out
    if len(out := resampler.resample_chunk(np.empty(0, np.float32), last=True)):
        yield out
