"""Hostile files: every format with a corrupt header or body, and small files that hold very much audio."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
import numpy as np
import soundfile

if TYPE_CHECKING:
    from av.audio.stream import AudioStream

RATE_HZ = 16_000
_SNDFILE = ("WAV", "FLAC", "OGG", "MP3", "AIFF", "AU", "CAF", "W64", "RF64", "VOC", "NIST", "IRCAM", "SVX")
_LIBAV = (
    ("mp4", "aac"), ("matroska", "libopus"), ("webm", "libopus"), ("ogg", "libopus"), ("adts", "aac"), ("ac3", "ac3"),
)  # fmt: skip
_HEADER_BYTES = 200


def whole_files() -> dict[str, bytes]:
    """Return a second of noise in every format that can be written here, by format name."""
    sound = 0.3 * np.random.default_rng(1).standard_normal(RATE_HZ)
    found = {name.lower(): _by_sndfile(sound, name) for name in _SNDFILE}
    found.update({f"{container}-{codec}": _by_libav(sound, container, codec) for container, codec in _LIBAV})
    return found


def spoiled(files: dict[str, bytes], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield ``count`` corrupt files with the name of their format; the same seed gives the same files."""
    rng = np.random.default_rng(seed)
    names = sorted(files)
    for number in range(count):
        name = names[number % len(names)]
        yield name, _spoil(files[name], files[names[rng.integers(len(names))]], rng)


def bombs() -> dict[str, bytes]:
    """Return small files that claim or hold hours of sound, thousands of channels or billions of samples a second."""
    silence = np.zeros(RATE_HZ * 3600, np.int16)
    wav = bytearray(_by_sndfile(np.zeros(100), "WAV"))
    huge, wide, fast = bytearray(wav), bytearray(wav), bytearray(wav)
    huge[4:8] = huge[40:44] = b"\xff\xff\xff\xef"
    wide[22:24] = b"\xff\xff"
    fast[24:28] = b"\xff\xff\xff\xff"
    return {
        "an hour of silence, FLAC": _by_sndfile(silence, "FLAC"),
        "ten hours of silence, FLAC": _by_sndfile(np.tile(silence, 10), "FLAC"),
        "an hour of silence, Opus": _by_libav(np.zeros(RATE_HZ * 3600, np.float32), "ogg", "libopus"),
        "an hour of silence, Matroska": _by_libav(np.zeros(RATE_HZ * 3600, np.float32), "matroska", "libopus"),
        "a WAV header of 4 GB": bytes(huge),
        "65,535 channels": bytes(wide),
        "four billion samples a second": bytes(fast),
    }


def _spoil(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """Corrupt a file in one random way: changed bytes in header or body, cut, a gap, two formats joined, or noise."""
    spoiled = bytearray(content)
    match rng.integers(7):
        case 0:
            for place in rng.integers(0, min(_HEADER_BYTES, len(spoiled)), rng.integers(1, 20)):
                spoiled[place] = rng.integers(256)
        case 1:
            for place in rng.integers(0, len(spoiled), rng.integers(1, 400)):
                spoiled[place] = rng.integers(256)
        case 2:
            del spoiled[rng.integers(1, len(spoiled)) :]
        case 3:
            start = int(rng.integers(0, len(spoiled)))
            del spoiled[start : start + int(rng.integers(1, 2000))]
        case 4:
            start = int(rng.integers(0, min(_HEADER_BYTES, len(spoiled))))
            spoiled[start : start + 4] = rng.choice([b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff"])
        case 5:
            spoiled[int(rng.integers(0, len(spoiled))) :] = other
        case _:
            spoiled = bytearray(content[: int(rng.integers(4, 64))] + rng.bytes(int(rng.integers(0, 20_000))))
    return bytes(spoiled)


def _by_sndfile(sound: np.ndarray[tuple[int], np.dtype[np.generic]], name: str) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, sound, RATE_HZ, format=name)
    return out.getvalue()


def _by_libav(sound: np.ndarray[tuple[int], np.dtype[np.generic]], container: str, codec: str) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=container) as target:
        rate_hz = 48_000 if codec in ("libopus", "ac3") else RATE_HZ
        stream = cast("AudioStream", target.add_stream(codec, rate=rate_hz, layout="mono"))
        frame_size = stream.codec_context.frame_size
        resampler = av.AudioResampler(stream.format.name, "mono", rate_hz, frame_size=frame_size)
        for start in range(0, len(sound), RATE_HZ * 60):
            block = np.ascontiguousarray(sound[start : start + RATE_HZ * 60], np.float32)
            frame = av.AudioFrame.from_ndarray(block[np.newaxis], "flt", "mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, start, Fraction(1, RATE_HZ)
            for resampled in resampler.resample(frame):
                target.mux(stream.encode(resampled))
        target.mux(stream.encode(None))
    return out.getvalue()
