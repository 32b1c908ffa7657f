"""Decoding by FFmpeg's libraries through PyAV: Ogg, Opus, MP3, MP4, WebM, Matroska and what else they know."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np
from av.audio.plane import AudioPlane

from search.audio.containers import counts_its_frames
from search.audio.mixing import block_frames, joined, mono
from search.audio.track import UnknownFormat
from search.errors import AudioError
from search.model import AudioInfo, Wave

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream

_FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,bwf,caf,dsf,dts,dtshd,eac3,flac,flv,iff,ircam,loas,matroska,mlp,mov,"
    "mp3,mpc,mpc8,mpeg,mpegts,mxf,nistsphere,nut,ogg,oma,rm,shn,tak,truehd,tta,voc,w64,wav,webm,wv,xwma"
)
"""The containers that may be opened. Others (playlists, concatenation lists, subtitles, pictures, devices) can name
further files and addresses, or take any text for something to play."""

_LENGTH_KNOWN = "mov matroska ogg flac wav aiff caf w64 au asf avi ape wv tta tak mpc mpc8 flv voc dsf nistsphere"
"""Containers that say how long the sound is; with others FFmpeg estimates from the bit rate."""

_SEEK = frozenset({"mov", "matroska", "ogg"})
"""Containers with time stamps good enough to enter in the middle; others are decoded from the start."""

_PREROLL_S = 2.0
"""Decoded and dropped before a passage, for codecs that build on what came before."""

_SLACK_S = 0.25
"""Headers count encoder delay and padding, at most a few frames, as sound; more than this is missing sound."""

_BAD_PACKETS = 0.01
"""Share of packets that may fail to decode. Players skip them; above this the file counts as damaged."""

_READ_BYTES = 1 << 18

_FAILURES = (av.error.FFmpegError, OverflowError, ValueError)
"""What PyAV raises over damaged files."""

_DTYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}
"""FFmpeg's sample formats in numpy's words; a ``p`` at the end of FFmpeg's says that each channel is apart."""


class _Source:
    """A file as FFmpeg reads it. An exception on this way would be printed; an error is a return value."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self.tell = file.tell

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; none at the end, and where the disk fails: what is missing is noticed later."""
        try:
            return self._file.read(size) or b""
        except OSError:
            return b""

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """The new place, -1 where no file can have one: damaged headers send FFmpeg there."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, OverflowError, ValueError):
            return -1


class LibavTrack:
    """One of the sound tracks of a file that FFmpeg reads."""

    def __init__(self, path: str, file: io.FileIO, track: int) -> None:
        self._path = path
        self._counted = counts_its_frames(file)
        try:
            self._container = av.open(
                _Source(file),
                "r",
                options={"format_whitelist": _FORMATS},
                metadata_errors="replace",
                buffer_size=_READ_BYTES,
            )
        except _FAILURES as error:
            raise UnknownFormat(str(error)) from error
        try:
            self._stream = self._choose(track)
            self.info = self._describe()
        except BaseException:
            self.close()
            raise

    def _choose(self, track: int) -> AudioStream:
        streams = self._container.streams.audio
        if not streams:
            raise AudioError(self._path, "has no sound track")
        if not 0 <= track < len(streams):
            there = "one sound track" if len(streams) == 1 else f"{len(streams)} sound tracks"
            raise AudioError(self._path, f"has {there}; track {track} (counted from 0) was asked for")
        for stream in self._container.streams:
            if stream.index != streams[track].index:
                stream.discard = av.stream.Discard.all
        return streams[track]

    def _describe(self) -> AudioInfo:
        context = self._stream.codec_context
        if context is None or not context.sample_rate or not context.channels:
            raise AudioError(self._path, "the sound track is damaged, or in a format that cannot be decoded")
        name = self._container.format.name.split(",")[0]
        return AudioInfo(
            container=name,
            codec=context.name,
            sample_rate_hz=context.sample_rate,
            channels=context.channels,
            duration_s=self._duration_s(name),
            tracks=len(self._container.streams.audio),
        )

    def _duration_s(self, container: str) -> float | None:
        stream = self._stream
        if not (container in _LENGTH_KNOWN.split() or (container == "mp3" and self._counted)):
            return None
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        if tag := stream.metadata.get("DURATION"):  # Matroska's, hh:mm:ss.fraction
            return _clock_s(tag)
        alone = len(self._container.streams) == 1  # the whole file's duration is its longest track's
        return self._container.duration / 1e6 if alone and self._container.duration else None

    def blocks(self, start_s: float, end_s: float | None) -> Iterator[Wave]:
        """See ``Track.blocks``."""
        rate = self.info.sample_rate_hz
        start = round(start_s * rate)
        stop = None if end_s is None else round(end_s * rate)
        size = block_frames(rate, self.info.channels)
        parts: list[Wave] = []
        held = 0
        for at, part in self._parts(start_s, end_s):
            end = at + len(part) if stop is None else min(at + len(part), stop)
            if end <= start:
                continue
            parts.append(part[max(start - at, 0) : end - at])
            held += len(parts[-1])
            if held >= size:
                yield joined(parts)
                parts, held = [], 0
        if held:
            yield joined(parts)

    def _parts(self, start_s: float, end_s: float | None) -> Iterator[tuple[int, Wave]]:
        """(place in samples, mono samples) of each decoded frame, from at or before ``start_s`` to ``end_s``."""
        rate = self.info.sample_rate_hz
        at = None if self._enter(start_s) else 0
        bad = packets = 0
        cut_off = False
        for packet in self._packets():
            packets += 1
            try:
                frames = packet.decode()
                cut_off = packet.is_corrupt or (cut_off and packet.size == 0)  # the last, empty packet flushes
            except _FAILURES:
                if not any(bytes(packet)):
                    packets -= 1  # nothing but zeros behind the last frame: encoders and taggers pad files
                    continue
                bad += 1
                cut_off = True
                continue
            for frame in frames:
                if not frame.samples:
                    continue
                if frame.sample_rate != rate:
                    raise AudioError(self._path, f"the sample rate changes from {rate} to {frame.sample_rate} Hz")
                if at is None:
                    at = self._place(frame)
                yield at, self._mono(frame)
                at += frame.samples
                if end_s is not None and at >= round(end_s * rate):
                    return
        self._check_all_there((at or 0) / rate, bad, packets, cut_off)

    def _packets(self) -> Iterator[av.Packet[AudioStream]]:
        try:
            yield from self._container.demux(self._stream)
        except _FAILURES as error:
            raise AudioError(self._path, f"damaged: {_reason(error)}") from error

    def _check_all_there(self, got_s: float, bad: int, packets: int, cut_off: bool) -> None:
        """What to say at the end of the file, when everything that can be decoded was."""
        promised_s = self.info.duration_s
        if promised_s is not None and got_s + _SLACK_S < promised_s:
            cause = f"truncated or damaged: the header says {promised_s:.1f} s, only {got_s:.1f} s are there"
            raise AudioError(self._path, cause)
        if bad > _BAD_PACKETS * packets or (bad and got_s == 0):
            raise AudioError(self._path, f"damaged: {bad} of {packets} packets of sound cannot be decoded")
        if promised_s is None and cut_off:
            raise AudioError(self._path, f"truncated: the last packet is cut, after {got_s:.1f} s")

    def _enter(self, start_s: float) -> bool:
        """Move to before ``start_s`` where that is worth it and exact; whether the place is now to be found out."""
        stream = self._stream
        if start_s <= 2 * _PREROLL_S or self.info.container not in _SEEK or stream.time_base is None:
            return False
        try:
            place = int((start_s - _PREROLL_S) / stream.time_base) + (stream.start_time or 0)
            self._container.seek(place, stream=stream)
        except _FAILURES as error:
            raise AudioError(self._path, f"cannot be entered at {start_s:.1f} s: {_reason(error)}") from error
        return True

    def _place(self, frame: AudioFrame) -> int:
        """The place in samples of the first frame after a seek."""
        if frame.pts is None or frame.time_base is None or self._stream.time_base is None:
            raise AudioError(self._path, "damaged: a time stamp is missing")
        begin = (self._stream.start_time or 0) * self._stream.time_base
        return round(float(frame.pts * frame.time_base - begin) * self.info.sample_rate_hz)

    def _mono(self, frame: AudioFrame) -> Wave:
        dtype = _DTYPES.get(frame.format.name.removesuffix("p"))
        if dtype is None:
            raise AudioError(self._path, f"samples of type {frame.format.name} cannot be read")
        count, channels = frame.samples, frame.layout.nb_channels
        # plane by plane: with more than eight of them frame.planes and to_ndarray() read beyond the list of planes
        if frame.format.is_planar:
            return mono([np.frombuffer(memoryview(AudioPlane(frame, i)), dtype, count) for i in range(channels)])
        return mono(np.frombuffer(memoryview(AudioPlane(frame, 0)), dtype, count * channels).reshape(count, channels).T)

    def close(self) -> None:
        """See ``Track.close``."""
        self._container.close()


def _clock_s(text: str) -> float | None:
    try:
        hours, minutes, seconds = text.split(":")
        return int(hours) * 3600.0 + int(minutes) * 60.0 + float(seconds)
    except ValueError:
        return None


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).replace("\n", " ")
