"""Generated sound files for tests: numpy synthesises, libsndfile and FFmpeg's encoders write."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from operator import itemgetter
from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray


def chord(seconds: float, rate_hz: int, channels: int = 2, seed: int = 0) -> NDArray[np.float32]:
    """(frames, channels): three partials that swell and a little noise, different in every channel."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    base = sum(np.sin(2 * np.pi * hz * time) for hz in (220, 330.5, 1234)) * (
        0.6 + 0.4 * np.sin(2 * np.pi * 0.7 * time)
    )
    gains = np.linspace(0.05, 0.2, channels)
    noise = 0.01 * rng.standard_normal((len(time), channels))
    return (base[:, None] * gains + noise).astype(np.float32)


def write(path: Path, samples: NDArray[np.float32], rate_hz: int, **settings: str) -> Path:
    """Write with libsndfile; ``settings`` as for soundfile.write (format, subtype)."""
    with path.open("wb") as file:
        settings.setdefault("format", path.suffix[1:].upper())
        soundfile.write(file, samples, rate_hz, **settings)
    return path


def encode(
    path: Path,
    tracks: list[NDArray[np.float32]],
    rate_hz: int,
    codec: str,
    container: str | None = None,
    options: Mapping[str, str] | None = None,
    video: bool = False,
) -> Path:
    """Write with FFmpeg: one sound track for each of ``tracks`` (frames, channels), and video if wanted."""
    with av.open(str(path), "w", format=container, container_options=dict(options or {})) as output:
        pictures = output.add_stream("mpeg4", rate=10, width=64, height=48, pix_fmt="yuv420p") if video else None
        streams = []
        for samples in tracks:
            layout = {1: "mono", 2: "stereo", 6: "5.1"}[samples.shape[1]]
            streams.append((output.add_stream(codec, rate=rate_hz, layout=layout), samples, layout))
        if pictures is not None:
            for number in range(round(10 * len(tracks[0]) / rate_hz)):
                picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number % 256, np.uint8), format="rgb24")
                picture.pts = number
                output.mux(pictures.encode(picture))
            output.mux(pictures.encode(None))
        for stream, samples, layout in streams:
            _encode_track(output, stream, samples, rate_hz, layout)
    return path


def _encode_track(output, stream, samples, rate_hz, layout):
    stream.codec_context.bit_rate = 128_000
    stream.codec_context.open(strict=False)
    resampler = av.AudioResampler(
        format=stream.codec_context.format.name,
        layout=layout,
        rate=rate_hz,
        frame_size=stream.codec_context.frame_size or 1024,
    )
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout=layout)
    frame.sample_rate = rate_hz
    frame.pts = 0
    for part in (*resampler.resample(frame), *resampler.resample(None)):
        output.mux(stream.encode(part))
    output.mux(stream.encode(None))


def encode_at(
    path: Path,
    parts: list[tuple[float, NDArray[np.float32]]],
    rate_hz: int,
    codec: str,
    container: str,
    *,
    video_s: float = 0.0,
    speed: float = 1.0,
) -> Path:
    """Write with FFmpeg: one mono track of ``parts``, each (start in seconds, samples).

    ``video_s``: seconds of video. One second of sound takes 1 / ``speed`` seconds of the container's clock.
    """
    with av.open(str(path), "w", format=container) as output:
        pictures = output.add_stream("mpeg4", rate=10, width=64, height=48, pix_fmt="yuv420p") if video_s else None
        stream = output.add_stream(codec, rate=rate_hz, layout="mono")
        packets = [] if pictures is None else list(_grey(pictures, video_s))
        for at_s, samples in parts:
            for begin in range(0, len(samples) - 959, 960):
                part = np.round(samples[begin : begin + 960] * 32767).astype("<i2")
                frame = av.AudioFrame.from_ndarray(part[None], format="s16", layout="mono")
                frame.sample_rate, frame.time_base = rate_hz, Fraction(1, rate_hz)
                frame.pts = round((at_s * rate_hz + begin) / speed)
                packets += [(frame.pts / rate_hz, packet) for packet in stream.encode(frame)]
        packets += [(math.inf, packet) for packet in stream.encode(None)]
        for _, packet in sorted(packets, key=itemgetter(0)):
            output.mux(packet)
    return path


def _grey(pictures, seconds):
    for number in range(round(10 * seconds)):
        picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number % 256, np.uint8), format="rgb24")
        picture.pts = number
        yield from ((number / 10, packet) for packet in pictures.encode(picture))
    yield from ((seconds, packet) for packet in pictures.encode(None))
