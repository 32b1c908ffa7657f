"""Which library decodes a file, by its content and not by its name."""

from __future__ import annotations

import io

from search.audio import containers
from search.audio.track import Track, UnknownFormat
from search.errors import AudioError


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
