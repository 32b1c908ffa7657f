"""The length of a file according to the decoders themselves: what the grid compares with.

The decoder that reads furthest counts: two decoders stop at different places in a damaged file, and this program has
both. Three rules make the comparison fair:

* Packets that cannot be decoded leave a pause in containers whose time stamps count (a film goes on), but not in others
  (raw AC-3). Any length from the sum of what was decoded to the last time stamp is accepted as FFmpeg's.
* A frame without a time stamp follows the one before it. The last frame of Windows Media has none, and the time stamps
  alone would end before it.
* The size in an AU header may never have been written. Both decoders take its 0 for no sound at all, although only
  sound follows the header. Then the samples are read without their header.
"""

from __future__ import annotations

import io
from typing import Any

from benchmarks.robustness.formats import Form


def length_s(form: Form, data: bytes, ours_s: float, within: float) -> float:
    """Return the length in seconds that a file of ``form`` should have: the longest of the decoders'.

    If several agree with the longest within the share ``within``, return the one that is nearest to ``ours_s``.
    """
    counted_s, stamped_s = sorted(by_ffmpeg(data))
    lengths = (min(max(ours_s, counted_s), stamped_s), by_libsndfile(data), without_header(form, data))
    longest_s = max(lengths)
    agreeing = [one for one in lengths if longest_s - one <= within * longest_s]
    return min(agreeing, key=lambda one: abs(one - ours_s))


def by_ffmpeg(data: bytes) -> tuple[float, float]:
    """Return seconds of sound that FFmpeg decodes, and from its first time stamp to its last; 0 if it refuses."""
    import av

    length_s = end_s = 0.0
    begin_s: float | None = None
    try:
        with av.open(io.BytesIO(data), "r") as file:
            if not file.streams.audio:
                return 0.0, 0.0
            for packet in file.demux(file.streams.audio[0]):
                try:
                    frames = packet.decode()
                except (av.error.FFmpegError, ValueError):
                    continue
                for frame in frames:
                    if not frame.sample_rate:
                        continue
                    frame_s = frame.samples / frame.sample_rate
                    length_s += frame_s
                    at_s = end_s
                    if frame.pts is not None and frame.time_base is not None:
                        stamp_s = float(frame.pts * frame.time_base)
                        begin_s = stamp_s if begin_s is None else begin_s
                        at_s = stamp_s - begin_s
                    end_s = max(end_s, at_s + frame_s)
    except (av.error.FFmpegError, ValueError, OverflowError, IndexError):
        pass  # what was decoded until then counts
    return length_s, end_s if end_s < 2 * length_s else length_s  # a damaged time stamp may have any value


def by_libsndfile(data: bytes) -> float:
    """Return seconds of sound that libsndfile decodes; 0 if it refuses the file."""
    return _read(io.BytesIO(data))


def without_header(form: Form, data: bytes) -> float:
    """Return seconds of the samples after an AU header whose size was never written; 0 for any other file."""
    if data[:4] != b".snd" or data[8:12] != bytes(4):
        return 0.0
    offset, rate_hz, channels = (int.from_bytes(data[at : at + 4], "big") for at in (4, 16, 20))
    samples = io.BytesIO(data[offset:])
    return _read(samples, format="RAW", subtype=form.codec, endian="BIG", samplerate=rate_hz, channels=channels)


def _read(file: io.BytesIO, **settings: Any) -> float:  # noqa: ANN401 - as soundfile.SoundFile takes them
    import soundfile

    frames = 0
    rate_hz = 1
    try:
        with soundfile.SoundFile(file, **settings) as sound:
            rate_hz = int(sound.samplerate)
            while count := len(sound.read(4096)):
                frames += count
    except (soundfile.SoundFileError, ValueError):
        pass  # what was decoded until then counts
    return frames / rate_hz
