"""Decoding by libsndfile: uncompressed formats (WAV, RF64, W64, AIFF, CAF, AU, ...), and undamaged MP3."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import replace

import soundfile

from search.audio.mixing import block_frames
from search.audio.mpeg import WholeMpeg
from search.audio.track import Block, UnknownFormat
from search.errors import AudioError
from search.model import AudioInfo

_DTYPES = {"PCM_32": "int32", "DOUBLE": "float64"}
"""Codecs whose samples do not fit into float32, and the type to read them as."""

_UNKNOWN_LENGTH = 1 << 62
"""libsndfile returns a count this large if a header has no length."""


class SndfileTrack:
    """The one track of a file that libsndfile reads."""

    def __init__(self, path: str, file: io.RawIOBase, track: int) -> None:
        self.warnings: list[str] = []
        try:
            # with a descriptor libsndfile reads without the interpreter; on Windows its C library has other descriptors
            source = file.fileno() if os.name == "posix" and isinstance(file, io.FileIO) else file
            self._sound = soundfile.SoundFile(source, closefd=False)
        except soundfile.SoundFileError as error:
            raise UnknownFormat(str(error)) from error
        if track != 0:
            self.close()
            raise AudioError(path, f"has one sound track; track {track} (counted from 0) was asked for")
        sound = self._sound
        self._frames: int | None = sound.frames if 0 <= sound.frames < _UNKNOWN_LENGTH else None
        self.info = AudioInfo(
            container=sound.format,
            codec=sound.subtype,
            sample_rate_hz=sound.samplerate,
            channels=sound.channels,
            duration_s=None if self._frames is None else self._frames / sound.samplerate,
        )

    def blocks(self, start_s: float, end_s: float | None) -> Iterator[Block]:
        """See ``Track.blocks``."""
        rate, channels = self.info.sample_rate_hz, self.info.channels
        at = round(start_s * rate)
        stop = _UNKNOWN_LENGTH if end_s is None else round(end_s * rate)
        if self._frames is not None:
            stop = min(stop, self._frames)
        if at >= stop:
            return
        size = block_frames(rate, channels)
        dtype = _DTYPES.get(self.info.codec, "float32")
        try:
            if at:
                self._sound.seek(at)
            while at < stop:
                frames = self._sound.read(min(size, stop - at), dtype=dtype, always_2d=True)
                if not len(frames):
                    break
                yield Block(at / rate, rate, frames.T)
                at += len(frames)
        except soundfile.SoundFileError:
            of = "" if self._frames is None else f" of {self._frames / rate:.1f} s"
            self.warnings.append(f"damaged or truncated after {at / rate:.1f} s{of}")
            return
        if self._frames is not None and at < stop:
            promised = self._frames / rate
            self.warnings.append(f"truncated: the header says {promised:.1f} s, only {at / rate:.1f} s are there")

    def close(self) -> None:
        """See ``Track.close``."""
        self._sound.close()


class MpegTrack(SndfileTrack):
    """The track of an undamaged MP3 file (`search.audio.mpeg`), described as FFmpeg would."""

    def __init__(self, path: str, file: io.RawIOBase, track: int, whole: WholeMpeg) -> None:
        super().__init__(path, file, track)
        if self.info.codec != "MPEG_LAYER_III" or self._frames != whole.samples:
            self.close()
            raise UnknownFormat("libsndfile finds something other than its tag says")
        self.info = replace(self.info, container="mp3", codec="mp3float")

    def blocks(self, start_s: float, end_s: float | None) -> Iterator[Block]:
        """See ``Track.blocks``. Decodes from the start: after a seek, a passage would have different samples."""
        for block in super().blocks(0.0, end_s):
            part = block.within(start_s, end_s)
            if part.frames:
                yield part
