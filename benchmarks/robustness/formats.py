"""One short sound in every container, codec and sample format that libsndfile and FFmpeg's libraries write."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np
import soundfile
from numpy.typing import NDArray

Mono = NDArray[np.float32]

_SNDFILE = {
    "WAV": "PCM_U8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ULAW ALAW IMA_ADPCM MS_ADPCM",
    "WAVEX": "PCM_16 PCM_24 FLOAT",
    "RF64": "PCM_16 PCM_24 FLOAT",
    "W64": "PCM_16 PCM_24 FLOAT",
    "AIFF": "PCM_S8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ULAW",
    "AU": "PCM_S8 PCM_16 PCM_24 FLOAT DOUBLE ULAW",
    "CAF": "PCM_16 PCM_24 FLOAT ALAC_16",
    "FLAC": "PCM_S8 PCM_16 PCM_24",
    "OGG": "VORBIS OPUS",
    "MP3": "MPEG_LAYER_III",
    "VOC": "PCM_16 ULAW",
    "NIST": "PCM_16",
    "AVR": "PCM_16",
    "IRCAM": "PCM_16 FLOAT",
    "PAF": "PCM_16",
}
_LIBAV = {
    "mp4": "aac alac libmp3lame ac3 libopus flac",
    "mov": "pcm_s16le pcm_s16be pcm_s24le pcm_f32le alac aac",
    "matroska": "pcm_s16le pcm_s24le pcm_f32le flac aac libopus ac3 eac3 libmp3lame wavpack tta",
    "webm": "libopus",
    "avi": "pcm_s16le libmp3lame ac3 mp2",
    "flv": "libmp3lame aac",
    "mpegts": "aac mp2 ac3 libmp3lame libopus",
    "mpeg": "mp2 ac3",
    "asf": "wmav1 wmav2",
    "ogg": "libopus flac",
    "nut": "pcm_s16le",
    "mp3": "libmp3lame",
    "mp2": "mp2",
    "adts": "aac",
    "ac3": "ac3",
    "eac3": "eac3",
    "wv": "wavpack",
    "tta": "tta",
    "caf": "alac pcm_s16be",
    "3gp": "aac",
    "aiff": "pcm_s16be",
    "w64": "pcm_s16le",
    "adx": "adpcm_adx",
    "sox": "pcm_s32le",
}
_LOSSLESS = ("PCM", "FLOAT", "DOUBLE", "ALAC", "pcm", "alac", "flac", "wavpack", "tta")
_EIGHT_BITS = ("PCM_U8", "PCM_S8", "ULAW", "ALAW")


class FormatError(Exception):
    """This build of the libraries cannot write a form."""


@dataclass(frozen=True, slots=True)
class Form:
    """A container with a codec, written ``by`` "libsndfile" or "FFmpeg"; FFmpeg's lossy codecs use ``bits_per_s``."""

    by: str
    container: str
    codec: str
    bits_per_s: int = 96_000

    @property
    def name(self) -> str:
        """``container/codec``."""
        return f"{self.container}/{self.codec}"

    @property
    def is_lossless(self) -> bool:
        """Whether decoding returns the original samples, apart from rounding to 16 bits or more."""
        return self.codec.startswith(_LOSSLESS) and self.codec not in _EIGHT_BITS

    def encode(self, sound: Mono, rate_hz: int) -> bytes:
        """Return ``sound`` (n,) as a file of this form. Raises FormatError if this build cannot write it."""
        write = _by_libsndfile if self.by == "libsndfile" else _by_ffmpeg
        try:
            return write(self, sound, rate_hz)
        except (ValueError, OSError, NotImplementedError, soundfile.SoundFileError) as error:
            raise FormatError(f"{self.name}: {error}") from error


def forms() -> Iterator[Form]:
    """Yield every form, those of libsndfile first."""
    for container, codecs in _SNDFILE.items():
        yield from (Form("libsndfile", container, codec) for codec in codecs.split())
    for container, codecs in _LIBAV.items():
        yield from (Form("FFmpeg", container, codec) for codec in codecs.split())


def sound(seed: int, seconds: float, rate_hz: int) -> Mono:
    """Return a different sound for each seed: a few events of tones, sweeps and coloured noise, (n,) in [-.6, .6]."""
    rng = np.random.default_rng([seed, 13])
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    mix = 0.002 * rng.standard_normal(len(time_s))
    for begin_s in np.sort(rng.uniform(0.0, 0.8 * seconds, rng.integers(3, 8))):
        since_s = np.clip(time_s - begin_s, 0.0, None)
        swells = (time_s >= begin_s) * np.exp(-since_s * rng.uniform(1.0, 12.0))
        hz, bend = 120.0 * 2 ** rng.uniform(0, 5.5), rng.uniform(-0.6, 0.6)
        tone = np.sin(2 * np.pi * hz * since_s * (1 + bend * since_s / seconds))
        tone += rng.uniform(0, 0.8) * np.sin(2 * np.pi * hz * rng.uniform(1.5, 3.1) * since_s)
        reach = int(rng.integers(1, 30))
        walk = np.cumsum(rng.standard_normal(len(time_s) + reach))
        noise = (walk[reach:] - walk[:-reach]) / reach**0.5
        share = rng.uniform() ** 2
        mix += rng.uniform(0.3, 1.0) * swells * ((1 - share) * tone + share * noise)
    scaled: Mono = (0.6 * mix / np.abs(mix).max()).astype(np.float32)
    return scaled


def _by_libsndfile(form: Form, sound: Mono, rate_hz: int) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, sound, rate_hz, format=form.container, subtype=form.codec)
    return out.getvalue()


def _by_ffmpeg(form: Form, sound: Mono, rate_hz: int) -> bytes:
    import av

    out = io.BytesIO()
    with av.open(out, "w", format=form.container, options={"fflags": "+bitexact"}) as file:
        stream = cast(av.AudioStream, file.add_stream(form.codec, rate=rate_hz, layout="mono"))
        context = stream.codec_context
        context.bit_rate = form.bits_per_s
        context.open(strict=False)
        resampler = av.AudioResampler(context.format.name, "mono", rate_hz, context.frame_size or 1024)
        frame = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, 0, Fraction(1, rate_hz)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    return out.getvalue()
