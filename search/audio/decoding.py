"""Choose the library that decodes a file, by its content and not by its name."""

from __future__ import annotations

import io

from search.audio import containers, mpeg, promises
from search.audio.track import Track, UnknownFormat
from search.errors import AudioError


def open_track(path: str, file: io.RawIOBase, track: int) -> Track:
    """Open sound track ``track`` (counted from 0) of ``file``. Raises AudioError if no decoder can read it.

    FFmpeg decodes Ogg, Opus, MP3 and FLAC. It gives the same samples as libsndfile (to 3e-6), and is twice as fast for
    Vorbis and two and a half times as fast for Opus. libsndfile's FLAC decoder stops at damage, and at files without a
    length. Its MP3 decoder takes half of FFmpeg's time, but prints messages about damaged files to the terminal, so it
    decodes only MP3 files that are undamaged by their checksum (`search.audio.mpeg`). All other formats try libsndfile
    first, then FFmpeg. Both decoders see corrected sizes in the header (`search.audio.promises`), and no ID3 tag before
    a file that is not MPEG.
    """
    sound = containers.behind_tag(file)
    head = containers.head(sound)
    if containers.is_text(head):
        raise AudioError(path, "text, not sound")
    found = promises.look(sound, head)
    # libsndfile reads 4 GiB at most if a size of 4 bytes says "to the end of the file"
    by_ffmpeg = containers.is_compressed(head) or found.over_4_gib
    opened = _open(path, found.as_decoded(sound), track, head, by_ffmpeg=by_ffmpeg)
    opened.warnings.extend(found.warnings)
    return opened


def _open(path: str, file: io.RawIOBase, track: int, head: bytes, *, by_ffmpeg: bool) -> Track:
    whole = mpeg.whole(file) if by_ffmpeg else None
    if whole is not None or not by_ffmpeg:
        from search.audio.sndfile import MpegTrack, SndfileTrack

        try:
            return SndfileTrack(path, file, track) if whole is None else MpegTrack(path, file, track, whole)
        except UnknownFormat:
            file.seek(0)
    from search.audio.libav import LibavTrack

    try:
        return LibavTrack(path, file, track)
    except UnknownFormat as error:
        raise AudioError(path, containers.why_unknown(head)) from error
