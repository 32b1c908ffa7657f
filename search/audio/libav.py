"""Decoding by FFmpeg's libraries through PyAV: FLAC, Ogg, Opus, MP3, MP4, WebM, Matroska and more."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np
from av.audio.plane import AudioPlane

from search.audio.mixing import Channels, block_frames, joined
from search.audio.promises import counts_its_frames
from search.audio.timeline import JITTER_S, Timeline, zero_s
from search.audio.track import Block, UnknownFormat
from search.errors import AudioError
from search.model import AudioInfo

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,bwf,caf,dsf,dts,dtshd,eac3,flac,flv,iff,ircam,loas,matroska,mlp,mov,"
    "mp3,mpc,mpc8,mpeg,mpegts,mxf,nistsphere,nut,ogg,oma,rm,shn,tak,truehd,tta,voc,w64,wav,webm,wv,xwma,"
    "aax,ac4,adx,aea,aix,ast,bfstm,binka,bonk,brstm,dss,dv,fsb,genh,hca,hcom,iamf,ivr,kux,laf,lc3,mmf,nsv,nuv,osq,"
    "qcp,qoa,rka,sox,svag,vqf,wsd,wtv,xmd,xmv,xvag"
)
"""The containers that may be opened. Others (playlists, concatenation lists, subtitles, pictures, devices) can refer to
other files and URLs, or accept any text as something to play."""

_LENGTH_KNOWN = (
    "mov matroska ogg flac wav aiff caf w64 au asf avi ape wv tta tak mpc mpc8 flv voc dsf nistsphere adx ast sox"
)
"""Containers that state the duration; for others FFmpeg estimates it from the bit rate."""

_SEEK = frozenset({"mov", "matroska", "ogg", "flac"})
"""Containers whose time stamps are good enough for seeking; others are decoded from the start."""

_COUNTED_CLOCK = _SEEK | {"flv", "asf", "nut", "mxf"}
_STAMPED = _COUNTED_CLOCK | {"wav", "mpegts", "mpeg"}
"""Containers whose time stamps are presentation times; for others FFmpeg counts bytes or packets. The clock of all but
the last two begins at 0."""

_LOOSE_JITTER_S = 0.1
"""Jitter of Windows Media, which includes a frame of delay in some stamps and not in others."""

_DELAY_FRAMES = 2.5
"""A first stamp of Windows Media up to this many frames late is the decoder's delay, which all its stamps include."""

_PREROLL_S = 2.0
"""How much is decoded and dropped before a passage, for codecs that depend on earlier packets."""

_SLACK_S = 0.25
"""Tolerance: headers count encoder delay and padding, at most a few frames, as sound."""

_SLACK = 0.01
"""A warning says if there is more sound than the header says, by more than this share."""

_BAD_PACKETS = 0.01
"""Share of packets that may fail to decode without a warning: players skip them."""

_READ_BYTES = 1 << 18

_FAILURES = (av.error.FFmpegError, IndexError, OverflowError, ValueError)
"""What PyAV raises for damaged files."""

_DTYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}
_FORMS = {name + end: (np.dtype(dtype), end == "p") for name, dtype in _DTYPES.items() for end in ("", "p")}
"""FFmpeg's sample formats: the numpy dtype of each, and whether it is planar."""


class _Source:
    """A file as FFmpeg reads it. Returns errors as values, because PyAV would print an exception."""

    def __init__(self, file: io.RawIOBase) -> None:
        self._file = file
        self._read = getattr(file, "read1", file.read)  # for objects in a store: a partial read is enough
        self.tell = file.tell

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; none at the end or if the disk fails, since missing sound is noticed later."""
        try:
            return self._read(size) or b""
        except OSError:
            return b""

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """The new position, or -1 for an impossible one, to which damaged headers can lead FFmpeg."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, OverflowError, ValueError):
            return -1


def opened(file: io.RawIOBase, metadata_errors: str = "replace") -> InputContainer:
    """Open a file with FFmpeg, but no other file to which it refers. Raises UnknownFormat."""
    if _is_spoiled_adx(file):
        raise UnknownFormat("an ADX file whose header makes no sense")
    try:
        return av.open(
            _Source(file),
            "r",
            options={"format_whitelist": FORMATS},
            metadata_errors=metadata_errors,
            buffer_size=_READ_BYTES,
        )
    except _FAILURES as error:
        raise UnknownFormat(str(error)) from error


def _is_spoiled_adx(file: io.RawIOBase) -> bool:
    """Whether it begins like ADX but has an impossible header: FFmpeg would divide by a value of it, which may be 0."""
    file.seek(0)
    head = file.read(12) or b""
    file.seek(0)
    if len(head) < 12 or head[:2] != b"\x80\x00":
        return False
    rate_hz = int.from_bytes(head[8:12], "big")
    return head[4:7] != b"\x03\x12\x04" or not 1 <= head[7] <= 8 or not 1_000 <= rate_hz <= 384_000


class LibavTrack:
    """A sound track of a file that FFmpeg reads."""

    def __init__(self, path: str, file: io.RawIOBase, track: int) -> None:
        self._path = path
        self.warnings: list[str] = []
        self._counted = counts_its_frames(file)
        self._delay_s: float | None = None
        self._base: tuple[int, int] | None = None
        self._container = opened(file)
        try:
            self._stream = self._choose(track)
            self.info = self._describe()
            self._zero_s = self._find_zero()
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
        alone = len(self._container.streams) == 1  # the duration of a file is that of its longest track
        return self._container.duration / 1e6 if alone and self._container.duration else None

    def _find_zero(self) -> float:
        """The time stamp, in seconds, at which the file's time is 0."""
        first, base = self._stream.start_time, self._stream.time_base
        if first is None or base is None:
            return 0.0
        of_all = self._container.start_time
        track_s = float(first * base)
        file_s = track_s if of_all is None else of_all / av.time_base
        return zero_s(track_s, file_s, counted=self.info.container in _COUNTED_CLOCK)

    def blocks(self, start_s: float, end_s: float | None) -> Iterator[Block]:
        """See ``Track.blocks``."""
        size = block_frames(self.info.sample_rate_hz, self.info.channels)
        parts: list[Block] = []
        held, held_to_s = 0, 0.0
        for frame in self._frames(start_s, end_s):
            part = frame.within(start_s, end_s)
            count = part.frames
            if not count:
                continue
            if parts and (held >= size or not _follows(parts[-1], held_to_s, part)):
                yield _one(parts)
                parts, held = [], 0
            parts.append(part)
            held += count
            held_to_s = part.start_s + count / part.rate_hz
        if parts:
            yield _one(parts)

    def _frames(self, start_s: float, end_s: float | None) -> Iterator[Block]:
        """Each decoded frame with its time, from ``start_s`` or earlier to ``end_s``."""
        entered = self._enter(start_s)
        jitter_s = _LOOSE_JITTER_S if self.info.container == "asf" else JITTER_S
        timeline = Timeline(None if entered else 0.0, jitter_s)
        stamped = self.info.container in _STAMPED
        got_s = 0.0
        bad = packets = 0
        cut_off = False
        for packet in self._packets():
            packets += 1
            try:
                frames = packet.decode()
                cut_off = packet.is_corrupt or (cut_off and packet.size == 0)  # the last, empty packet flushes
            except _FAILURES:
                if not any(bytes(packet)):
                    packets -= 1  # nothing but zeros after the last frame: encoders and taggers pad files
                    continue
                bad += 1
                cut_off = True
                continue
            for frame in frames:
                count, rate_hz = frame.samples, frame.sample_rate
                if not count or not rate_hz:
                    continue
                length_s = count / rate_hz
                at_s, left_out_s = timeline.place(self._stamp_s(frame) if stamped else None, length_s)
                got_s += length_s
                samples = self._channels(frame)
                yield Block(at_s, rate_hz, samples[:, round(left_out_s * rate_hz) :] if left_out_s else samples)
                if end_s is not None and at_s + length_s >= end_s:
                    return
        if bad and not got_s:
            raise AudioError(self._path, f"damaged: {bad} of {packets} packets of sound cannot be decoded")
        if bad > _BAD_PACKETS * packets:
            self.warnings.append(f"damaged: {bad} of {packets} packets of sound cannot be decoded")
        elif timeline.gaps_s and self.info.container == "flac":  # FLAC has no pauses
            self.warnings.append(f"damaged: {timeline.gaps_s:.2f} s of the sound cannot be decoded")
        reached_s = max(timeline.end_s or 0.0, got_s)
        self._compare(reached_s, None if entered else got_s, cut_off=cut_off)

    def _packets(self) -> Iterator[av.Packet[AudioStream]]:
        """The packets of the track, up to the first damage of the container."""
        none = True
        try:
            for packet in self._container.demux(self._stream):
                none = none and not packet.size
                yield packet
        except _FAILURES as error:
            if none:
                raise AudioError(self._path, f"damaged: {_reason(error)}") from error
            self.warnings.append(f"damaged: {_reason(error)}")

    def _compare(self, reached_s: float, got_s: float | None, *, cut_off: bool) -> None:
        """At the end of the file, warn of less sound than promised, or more. ``got_s``: all sound, if known."""
        promised_s = self.info.duration_s
        if promised_s is None:
            if cut_off:
                self.warnings.append(f"truncated: the last packet is cut, after {reached_s:.1f} s")
        elif reached_s + _SLACK_S < promised_s:
            self.warnings.append(
                f"truncated or damaged: the header says {promised_s:.1f} s, only {reached_s:.1f} s are there"
            )
        elif got_s is not None and got_s > promised_s * (1 + _SLACK) + _SLACK_S:
            self.warnings.append(f"the header says {promised_s:.1f} s, {got_s:.1f} s are there")

    def _enter(self, start_s: float) -> bool:
        """Seek to before ``start_s`` if that pays and is exact; returns whether the time must be read from stamps."""
        stream, ends_s, container = self._stream, self.info.duration_s, self.info.container
        exact = container in _SEEK or (container == "wav" and self.info.codec.startswith("pcm_"))
        if start_s <= 2 * _PREROLL_S or not exact or stream.time_base is None:
            return False
        if ends_s is None or start_s >= ends_s:  # sound beyond the length in the header is only found by decoding
            return False
        try:
            self._container.seek(int((start_s - _PREROLL_S + self._zero_s) / stream.time_base), stream=stream)
        except _FAILURES:
            self._container.seek(0, stream=stream)
            return False
        return True

    def _stamp_s(self, frame: AudioFrame) -> float | None:
        """The presentation time of a frame in the file's time; None if its container, one of `_STAMPED`, has none."""
        if frame.pts is None:
            return None
        if self._base is None:  # the same for the whole track, and slow to read
            self._base = (0, 1) if frame.time_base is None else frame.time_base.as_integer_ratio()
        numerator, denominator = self._base
        if not numerator:
            return None
        stamp_s = frame.pts * numerator / denominator - self._zero_s
        if self._delay_s is None:
            is_delay = self.info.container == "asf" and stamp_s <= _DELAY_FRAMES * frame.samples / frame.sample_rate
            self._delay_s = stamp_s if is_delay else 0.0
        return stamp_s - self._delay_s

    def _channels(self, frame: AudioFrame) -> Channels:
        """A copy of a frame's samples."""
        name = frame.format.name
        dtype, apart = _FORMS.get(name, (None, False))
        if dtype is None:
            raise AudioError(self._path, f"samples of type {name} cannot be read")
        count, channels = frame.samples, frame.layout.nb_channels
        if channels == 1:
            return np.frombuffer(memoryview(AudioPlane(frame, 0)), dtype, count).copy().reshape(1, count)
        # plane by plane: with more than eight planes, frame.planes and to_ndarray() read out of bounds
        if apart:
            samples = np.empty((channels, count), dtype)
            for channel in range(channels):
                samples[channel] = np.frombuffer(memoryview(AudioPlane(frame, channel)), dtype, count)
            return samples
        plane = np.frombuffer(memoryview(AudioPlane(frame, 0)), dtype, count * channels)
        return plane.reshape(count, channels).T.copy()

    def close(self) -> None:
        """See ``Track.close``."""
        self._container.close()


def _follows(block: Block, end_s: float, after: Block) -> bool:
    """Whether ``after`` continues ``block``, at the same rate and with as many channels."""
    alike = block.rate_hz == after.rate_hz and len(block.samples) == len(after.samples)
    return alike and abs(after.start_s - end_s) * block.rate_hz < 0.5


def _one(parts: list[Block]) -> Block:
    return Block(parts[0].start_s, parts[0].rate_hz, joined([part.samples for part in parts]))


def _clock_s(text: str) -> float | None:
    try:
        hours, minutes, seconds = text.split(":")
        return int(hours) * 3600.0 + int(minutes) * 60.0 + float(seconds)
    except ValueError:
        return None


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).replace("\n", " ")
