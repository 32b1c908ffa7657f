"""A passage of a file as a WAV file with the original samples, at the original rate, with all channels.

Samples keep their type: 16 bits stay 16 bits, floats stay floats. Lossy formats decode to floats. Gaps in the recording
are filled with silence, so that a passage always has its full length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from search.audio.decoding import open_track
from search.audio.opening import open_regular
from search.audio.track import Block, Track
from search.errors import AudioError

_PCM: Final = 1
_FLOAT: Final = 3
_EXTENSIBLE: Final = 0xFFFE
_GUID_TAIL: Final = bytes.fromhex("000000001000800000aa00389b71")
"""The GUID of a ``WAVE_FORMAT_EXTENSIBLE`` header after the format."""
_MOST_BYTES: Final = (1 << 32) - 1024
"""Limit of a WAV file, whose header has sizes of 32 bits."""
_SIXTEEN_BITS: Final = frozenset({"PCM_16", "PCM_S8", "PCM_U8", "ULAW", "ALAW"})
"""Codecs that libsndfile decodes to floats that are integers of at most 16 bits divided by 32768."""


class WavPassage(NamedTuple):
    """A WAV file of ``size_bytes`` in blocks. Close ``blocks`` to release the file before its end."""

    size_bytes: int
    blocks: Iterator[bytes]


class _Form(NamedTuple):
    """The sample format to write: integers or floats of ``bits``."""

    bits: int
    is_float: bool = False


def wav_passage(path: str, start_s: float, end_s: float, track: int = 0) -> WavPassage:
    """A passage of a sound track, both ends rounded to samples, decoded as it is read.

    Raises AudioError: no such file, not sound, nothing that can be decoded, more than a WAV file holds (4 GiB); at a
    later block, if the file changes its sample rate or its channels.

    Examples:
        >>> passage = wav_passage("rain.wav", 0.5, 1.0)
        >>> passage.size_bytes
        16044
    """
    if not 0 <= start_s < end_s:
        raise AudioError(path, f"a passage that starts at {start_s} s cannot end at {end_s} s")
    blocks = _written(path, start_s, end_s, track)
    head = next(blocks)  # most errors are raised here, before anything is sent
    size = 8 + int.from_bytes(head[4:8], "little")
    return WavPassage(size, chain([head], blocks))


def _written(path: str, start_s: float, end_s: float, track: int) -> Iterator[bytes]:
    with open_regular(path) as file, closing(open_track(path, file, track)) as opened:
        rate_hz, channels = opened.info.sample_rate_hz, opened.info.channels
        first, stop = round(start_s * rate_hz), round(end_s * rate_hz)
        blocks = _within(opened, start_s, end_s)
        sounding = next(blocks, None)
        form = _Form(16) if sounding is None else _form(opened.info.codec, sounding.samples.dtype)
        frame_bytes = channels * form.bits // 8
        data_bytes = (stop - first) * frame_bytes
        if data_bytes > _MOST_BYTES:
            raise AudioError(
                path, f"{end_s - start_s:.0f} s are more than a WAV file holds (4 GiB); choose a shorter passage"
            )
        yield _header(rate_hz, channels, form, data_bytes)
        at = first
        for block in chain([] if sounding is None else [sounding], blocks):
            if block.rate_hz != rate_hz or len(block.samples) != channels:
                raise AudioError(path, f"its sample rate or channels change at {block.start_s:.1f} s")
            place = round(block.start_s * rate_hz)
            yield from _zeros((place - at) * frame_bytes)
            samples = block.samples[:, max(0, at - place) : stop - place]
            yield _bytes(samples, opened.info.codec, form)
            at = max(at, place) + samples.shape[1]
        yield from _zeros((stop - at) * frame_bytes)
        if data_bytes % 2:
            yield b"\0"


def _within(opened: Track, start_s: float, end_s: float) -> Iterator[Block]:
    for block in opened.blocks(start_s, end_s):
        part = block.within(start_s, end_s)
        if part.frames:
            yield part


def _form(codec: str, dtype: np.dtype[Any]) -> _Form:
    if dtype.kind == "f":
        if codec in _SIXTEEN_BITS:
            return _Form(16)
        return _Form(24) if codec == "PCM_24" else _Form(8 * dtype.itemsize, is_float=True)
    return _Form({1: 16, 2: 16, 4: 32}.get(dtype.itemsize, 64), is_float=dtype.itemsize == 8)


def _bytes(samples: NDArray[Any], codec: str, form: _Form) -> bytes:
    """(channels, frames) samples in the order of a WAV file: frame by frame, little-endian."""
    frames = np.ascontiguousarray(samples.T)
    if form.is_float:
        scaled = frames / 2.0**63 if frames.dtype.kind == "i" else frames
        return scaled.astype(f"<f{form.bits // 8}").tobytes()
    if frames.dtype.kind == "u":
        frames = (frames.astype(np.int16) - 128) << 8
    elif frames.dtype.kind == "f":
        full = 1 << (form.bits - 1)
        frames = np.rint(frames.astype(np.float64) * full).clip(-full, full - 1).astype(np.int32)
    if form.bits == 24:
        return frames.astype("<i4").view(np.uint8).reshape(*frames.shape, 4)[..., :3].tobytes()
    return frames.astype(f"<i{form.bits // 8}").tobytes()


def _header(rate_hz: int, channels: int, form: _Form, data_bytes: int) -> bytes:
    """The chunks before the samples (Microsoft, Multiple channel audio data and WAVE files, 2001)."""
    kind = _FLOAT if form.is_float else _PCM
    frame_bytes = channels * form.bits // 8
    is_plain = channels <= 2 and (form.is_float or form.bits <= 16)
    described = struct.pack(
        "<HHIIHH", kind if is_plain else _EXTENSIBLE, channels, rate_hz, rate_hz * frame_bytes, frame_bytes, form.bits
    )
    if not is_plain:
        described += struct.pack("<HHIH", 22, form.bits, 0, kind) + _GUID_TAIL
    fact = struct.pack("<4sII", b"fact", 4, data_bytes // frame_bytes) if form.is_float else b""
    chunks = struct.pack("<4sI", b"fmt ", len(described)) + described + fact + struct.pack("<4sI", b"data", data_bytes)
    return struct.pack("<4sI4s", b"RIFF", 4 + len(chunks) + data_bytes + data_bytes % 2, b"WAVE") + chunks


def _zeros(count: int) -> Iterator[bytes]:
    """``count`` bytes of silence, in blocks."""
    while count > 0:
        size = min(count, 1 << 20)
        yield bytes(size)
        count -= size
