"""Which library decodes a file, by its content and not by its name."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Protocol

from search.audio import containers
from search.errors import AudioError
from search.model import AudioInfo, Wave


class Track(Protocol):
    """One opened sound track."""

    @property
    def info(self) -> AudioInfo:
        """What the header says."""

    def blocks(self, start_s: float, end_s: float | None) -> Iterator[Wave]:
        """Mono blocks of about a second at the file's own rate, of the passage asked for.

        A passage that begins after the sound ends has no blocks. Raises AudioError where the file is damaged, and
        at its end when less sound was there than the header promises.
        """

    def close(self) -> None:
        """Let go of what the decoder holds; the file stays open."""


class UnknownFormat(Exception):
    """A decoder does not know what this is, and the next one is asked; never leaves this package."""


def open_track(path: str, file: io.FileIO, track: int) -> Track:
    """Open sound track ``track`` (counted from 0) of ``file``. Raises AudioError when no decoder knows it.

    FFmpeg decodes Ogg, Opus and MP3: the same samples as libsndfile (to 1e-6), Vorbis at twice and Opus at two and
    a half times its speed; and libsndfile's MP3 decoder writes its complaints about damaged files to the terminal.
    libsndfile is first with all others, FFmpeg comes after it.
    """
    head = containers.head(file)
    if containers.is_text(head):
        raise AudioError(path, "text, not sound")
    containers.check_promises(path, file, head)
    if not containers.is_ogg_or_mpeg(head):
        from search.audio.sndfile import SndfileTrack

        try:
            return SndfileTrack(path, file, track)
        except UnknownFormat:
            file.seek(0)
    from search.audio.libav import LibavTrack

    try:
        return LibavTrack(path, file, track)
    except UnknownFormat as error:
        raise AudioError(path, containers.why_unknown(head)) from error
