"""``/clips/{id}/audio``, ``/file``, ``/peaks`` and ``/spectrogram.png``: the sound and the pictures of a clip.

The notes of a MIDI file are played: its sound, waveform and spectrogram are those of its tune.

A file can only be reached by the id of a clip: its path comes from the catalog, never from a request.
"""

from __future__ import annotations

import io
import mimetypes
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TypeAlias, cast

from flask import Response, redirect
from flask_openapi3 import APIBlueprint, Tag
from flask_openapi3.types import ResponseDict
from werkzeug.exceptions import NotFound, UnprocessableEntity

from search.analysis.melody.playing import notes_of
from search.audio.opening import open_regular
from search.errors import AudioError
from search.ground.urls import is_in_store
from search.model import Clip
from search.service.http.answers.media import ClipPeaksOut, ManyPeaksOut, NotesOut, PeaksOut
from search.service.http.files import sent
from search.service.http.listing import gone, the_clip
from search.service.http.replies import JSON, lasting, reply, revisable
from search.service.http.requests.clips import ClipPath, NamedClipPath
from search.service.http.requests.media import AudioOf, ManyPeaks, PassageQuery, PeaksOf, PictureOf
from search.service.media import pictures
from search.service.media.files import file_of, signed_address
from search.service.media.sounds import PlayedTune, RecordedSound, Sound, sound_of
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(name="media", description="Audio, waveforms and spectrograms of clips.")
PNG = "image/png"
WAV = "audio/wav"
MOST_NOTES = 4000
"""Most notes that the picture of a tune in a list shows, from the first one."""
OCTETS = "application/octet-stream"
LONG_S = 300.0
"""Longer recordings take long to draw, so lists request them one by one."""
FINE = 3840
"""Stretches of the cached waveform of a long recording. Coarser ones are computed from it if they divide this."""
SIGNED_S = 600.0
"""How long a signed URL of an object is valid."""
_BINARY = {"schema": {"type": "string", "format": "binary"}}


def ranged(*media_types: str) -> ResponseDict:
    """The responses of a file that is sent whole or in ranges."""
    content = dict.fromkeys(media_types, _BINARY)
    return {
        200: {"description": "The file.", "content": content},
        206: {"description": "The requested range of the file.", "content": content},
        304: {"description": "The client's copy is current."},
        416: {"description": "No such range."},
    }


Picture: TypeAlias = Callable[[Sound, float, float], bytes]
"""Renders the passage of a sound between two times, as bytes."""


class MediaRoutes:
    """Sound, waveform and spectrogram of clips."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoints."""
        one = "/clips/<int:clip_id>"
        picture: ResponseDict = {200: {"description": "The picture.", "content": {PNG: _BINARY}}}
        listened: ResponseDict = {
            **ranged("audio/*", "video/*"),
            307: {"description": "Redirect to the object store, with `direct`."},
        }
        api.get(f"{one}/audio", tags=[TAG], responses=listened)(view(self.clip_audio))
        api.get(f"{one}/file", tags=[TAG], responses=ranged(OCTETS))(view(self.clip_file))
        api.get(f"{one}/file/<name>", tags=[TAG], responses=ranged(OCTETS))(view(self.clip_file_named))
        api.get(f"{one}/peaks", tags=[TAG], responses={200: PeaksOut})(view(self.clip_peaks))
        api.get("/peaks", tags=[TAG], responses={200: ManyPeaksOut})(view(self.many_peaks))
        api.get(f"{one}/spectrogram.png", tags=[TAG], responses=picture)(view(self.clip_spectrogram))

    def clip_audio(self, path: ClipPath, query: AudioOf) -> Response:
        """Get the sound of a clip, whole or in ranges: its file, or WAV for notes (MIDI) and tracks after the first."""
        clip, digest = self._clip(path)
        if clip.notes:
            played = self._once(f"{digest} played", lambda: PlayedTune(file_of(clip).path).wav())
            name = f"{Path(clip.path).stem}.wav"
            return sent(io.BytesIO(played), WAV, name, f"{digest[:32]}-played")
        if clip.track and clip.duration_s <= self._service.config.limits.shown_s:  # browsers play only the first track
            sound = RecordedSound(file_of(clip).path, clip.track)
            played = self._once(f"{digest} track {clip.track}", lambda: sound.wav(clip.duration_s))
            name = f"{Path(clip.path).stem}-{clip.track}.wav"
            return sent(io.BytesIO(played), WAV, name, f"{digest[:32]}-{clip.track}")
        if query.direct and (address := signed_address(clip, SIGNED_S)):
            sent_on = redirect(address, 307)
            sent_on.headers["Cache-Control"] = "no-store"
            return cast(Response, sent_on)
        return self._as_it_is(clip, digest, media_type(clip.path))

    def clip_file(self, path: ClipPath) -> Response:
        """Download the file of a clip, unchanged."""
        clip, digest = self._clip(path)
        return self._as_it_is(clip, digest, OCTETS, to_keep=True)

    def clip_file_named(self, path: NamedClipPath) -> Response:
        """Download the file of a clip from a URL that ends in a name, for programs that save it under that name."""
        return self.clip_file(path)

    def _as_it_is(self, clip: Clip, digest: str, media_type_: str, *, to_keep: bool = False) -> Response:
        found = file_of(clip)
        etag = f"{digest[:32]}-{found.size_bytes:x}-{found.version:x}"
        name = Path(clip.path).name
        source = open_regular(found.path) if is_in_store(found.path) else found.path
        return sent(
            source,
            media_type_,
            name,
            etag,
            to_keep=to_keep,
            last_modified=found.modified_s,
            length_bytes=found.size_bytes,
        )

    def clip_peaks(self, path: ClipPath, query: PeaksOf) -> Response:
        """Get the waveform of a clip or of a passage of it, as peaks."""
        clip, digest = self._clip(path)
        body, name = self._peaks(clip, digest, query, query.buckets)
        return lasting(body, JSON, name.replace(" ", "-"))

    def _peaks(self, clip: Clip, digest: str, passage: PassageQuery, buckets: int) -> tuple[bytes, str]:
        """A waveform as JSON, and its name in the cache. A long recording is decoded once for all widths."""
        start_s, end_s = self._passage(clip, passage)
        if FINE % buckets or clip.notes or end_s - start_s < max(LONG_S, clip.duration_s):
            return self._cached(clip, digest, passage, f"peaks {buckets}", _peaks_in(buckets))
        name = _fine_peaks(clip, digest)
        sound = sound_of(file_of(clip).path, clip.track)
        made = self._once(name, lambda: _peaks_in(FINE)(sound, 0.0, clip.duration_s))
        fine = PeaksOut.model_validate_json(made)
        coarse = pictures.coarser(pictures.WaveformPeaks(fine.start_s, fine.end_s, fine.low, fine.high), buckets)
        return _peaks_json(coarse), f"{name} in {buckets}"

    def many_peaks(self, query: ManyPeaks) -> Response:
        """Get the waveforms of several whole clips."""
        clips = {clip.id: clip for clip in self._service.library.reader.clips(query.clip_id)}
        wanted = [clips[clip_id] for clip_id in query.clip_id if clip_id in clips]
        if query.short:
            wanted = [clip for clip in wanted if not self._takes_long(clip)]
        return revisable(reply(ManyPeaksOut(peaks=[self._whole_peaks(clip, query.buckets) for clip in wanted])))

    def _takes_long(self, clip: Clip) -> bool:
        """Whether a long recording would have to be decoded first."""
        if clip.notes or not LONG_S < clip.duration_s <= self._service.config.limits.drawn_s:
            return False
        file = self._service.library.catalog.file(clip.id)
        return file is not None and not self._service.cache.has(_fine_peaks(clip, file.digest))

    def _whole_peaks(self, clip: Clip, buckets: int) -> ClipPeaksOut:
        try:
            _, digest = self._clip(ClipPath(clip_id=clip.id))
            if clip.notes:
                written = self._once(f"{digest} notes", lambda: _notes_json(file_of(clip).path))
                notes = NotesOut.model_validate_json(written)
                return ClipPeaksOut(clip_id=clip.id, end_s=clip.duration_s, low=[], high=[], notes=notes)
            made, _ = self._peaks(clip, digest, PassageQuery(), buckets)
        except (AudioError, NotFound, UnprocessableEntity):
            return ClipPeaksOut(clip_id=clip.id, end_s=clip.duration_s, low=[], high=[])
        found = PeaksOut.model_validate_json(made)
        return ClipPeaksOut(clip_id=clip.id, end_s=clip.duration_s, low=found.low, high=found.high)

    def clip_spectrogram(self, path: ClipPath, query: PictureOf) -> Response:
        """Draw the spectrogram of a clip or of a passage of it: up to 11,025 Hz, 80 dB deep, louder is lighter."""

        def make(sound: Sound, start_s: float, end_s: float) -> bytes:
            return pictures.spectrogram_png(sound, start_s, end_s, query.width, query.height, scale=query.scale)

        name = f"spectrogram {query.scale} {query.width}x{query.height}"
        return self._made(path, query, name, PNG, make)

    def _made(
        self,
        path: ClipPath,
        passage: PassageQuery,
        what: str,
        media_type_: str,
        make: Picture,
    ) -> Response:
        """Render a clip's sound, as an answer."""
        clip, digest = self._clip(path)
        body, name = self._cached(clip, digest, passage, what, make)
        return lasting(body, media_type_, name.replace(" ", "-"))

    def _cached(self, clip: Clip, digest: str, passage: PassageQuery, what: str, make: Picture) -> tuple[bytes, str]:
        """Render a clip's sound once, then read it from the cache; also returns its name there."""
        start_s, end_s = self._passage(clip, passage)
        name = f"{digest} {what} {start_s:.3f}-{end_s:.3f}" + (f" track {clip.track}" if clip.track else "")
        return self._once(name, lambda: make(sound_of(file_of(clip).path, clip.track), start_s, end_s)), name

    def _once(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The bytes of this name from the cache, or else from ``make``."""

        def decode() -> bytes:
            with self._service.decodes.taken(), self._service.metrics.stage("decode"):
                return make()

        return self._service.cache.get(name, decode)

    def _clip(self, path: ClipPath) -> tuple[Clip, str]:
        clip = the_clip(self._service.library, path.clip_id)
        file = self._service.library.catalog.file(clip.id)
        if file is None:
            raise gone(path.clip_id)
        return clip, file.digest

    def _passage(self, clip: Clip, passage: PassageQuery) -> tuple[float, float]:
        """Start and end of the passage, in seconds. Raises UnprocessableEntity if it is empty or too long."""
        end_s = clip.duration_s if passage.end_s is None else min(passage.end_s, clip.duration_s)
        if passage.start_s >= end_s:
            raise UnprocessableEntity(f"clip {clip.id} is {clip.duration_s:.3f} s long; the passage is outside it")
        longest_s = self._service.config.limits.drawn_s
        if end_s - passage.start_s > longest_s:
            raise UnprocessableEntity(f"at most {longest_s:g} s at once; ask for a passage by start_s and end_s")
        return passage.start_s, end_s


def _peaks_in(buckets: int) -> Picture:
    """A function that renders the waveform of a passage in ``buckets`` stretches, as JSON."""
    return lambda sound, start_s, end_s: _peaks_json(pictures.peaks(sound, start_s, end_s, buckets))


def _peaks_json(peaks: pictures.WaveformPeaks) -> bytes:
    return PeaksOut.model_validate(asdict(peaks)).model_dump_json().encode()


def _fine_peaks(clip: Clip, digest: str) -> str:
    """The cache name of the finest waveform of a long recording, from which coarser ones are computed."""
    return f"{digest} overview" + (f" track {clip.track}" if clip.track else "")


def _notes_json(file: str) -> bytes:
    """The notes of a MIDI file's tune as JSON. Raises AudioError."""
    notes = notes_of(file)
    rows = (one[:MOST_NOTES].tolist() for one in (notes.start_s, notes.end_s, notes.pitch))
    return (
        NotesOut.model_validate(dict(zip(("start_s", "end_s", "pitch"), rows, strict=True))).model_dump_json().encode()
    )


def media_type(path: str) -> str:
    """The media type by the name of a file, if it is audio or video; else binary, which no browser runs."""
    guessed = mimetypes.guess_type(path)[0] or ""
    return guessed if guessed.startswith(("audio/", "video/")) else OCTETS
