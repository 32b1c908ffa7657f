"""``/export`` and ``/clips/{id}/passage.wav``: sounds for other programs, as files, passages, lists and projects.

Exports are made while they are sent, and nothing is stored: an archive may be larger than memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack

from flask import Response, request
from flask_openapi3 import APIBlueprint, Tag
from flask_openapi3.types import ResponseDict
from werkzeug.exceptions import NotFound, UnprocessableEntity
from werkzeug.http import dump_options_header

from search.exporting import bundles, edl, reaper
from search.exporting.archive import zip_blocks
from search.exporting.items import ExportItem, passage_name
from search.service.http import reading
from search.service.http.bodies import two_bodies
from search.service.http.files import header_name
from search.service.http.listing import the_clip
from search.service.http.requests.clips import ClipPath, NamedClipPath
from search.service.http.requests.media import ExportForm, ExportIn, ExportItemIn, FilesOf, NamedExport, PassageOf
from search.service.media.files import file_of
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(name="export", description="Exports for other programs.")
FIELD = "export"
WAV, ZIP, EDL, PROJECT = "audio/wav", "application/zip", "text/plain; charset=utf-8", "application/x-reaper"
_BINARY = {"schema": {"type": "string", "format": "binary"}}


def _sends(*media_types: str) -> ResponseDict:
    content = {one.partition(";")[0]: _BINARY for one in media_types}
    return {200: {"description": "The file, streamed while it is made.", "content": content}}


class ExportRoutes:
    """Exports."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoints."""
        one = "/clips/<int:clip_id>"
        api.get(f"{one}/passage.wav", tags=[TAG], responses=_sends(WAV))(view(self.clip_passage))
        api.get(f"{one}/passage/<name>", tags=[TAG], responses=_sends(WAV))(view(self.clip_passage_named))
        api.get("/export/<name>", tags=[TAG], responses=_sends(ZIP))(view(self.export_files))
        api.post(
            "/export",
            tags=[TAG],
            responses=_sends(ZIP, EDL, PROJECT),
            openapi_extensions=two_bodies(api, ExportIn, ExportForm),
        )(view(self.export))

    def clip_passage(self, path: ClipPath, query: PassageOf) -> Response:
        """Get a passage of a clip as WAV: its original samples at its own rate; for notes (MIDI), the tune played."""
        clip = the_clip(self._service.library, path.clip_id)
        file_of(clip)
        item = ExportItem.of(clip, query.start_s, query.end_s, query.handles_s)
        if query.start_s >= clip.duration_s or item.duration_s <= 0:
            raise UnprocessableEntity(f"clip {clip.id} is {clip.duration_s:.3f} s long; the passage is outside it")
        wav = bundles.passage_wav(item)
        response = self._streamed(wav.blocks, WAV, passage_name(item))
        response.content_length = wav.size_bytes
        return response

    def clip_passage_named(self, path: NamedClipPath, query: PassageOf) -> Response:
        """Get a passage of a clip from a URL that ends in a name, for programs that save it under that name."""
        return self.clip_passage(path, query)

    def export_files(self, path: NamedExport, query: FilesOf) -> Response:
        """Get an archive of the files of some clips, as `POST /export` makes it, from a URL that can be dragged."""
        body = ExportIn(items=[ExportItemIn(clip_id=clip_id) for clip_id in query.clip_id])
        return self._streamed(zip_blocks(bundles.files(self._items(body))), ZIP, path.name)

    def export(self) -> Response:
        """Export many sounds at once: an archive of files or passages, an edit list, or a REAPER project.

        Send JSON, or multipart/form-data with the same JSON in the field `export`, as an HTML form does.
        """
        if request.mimetype == "multipart/form-data":
            body = reading.json_field(ExportIn, FIELD)
            if body is None:
                raise UnprocessableEntity(f"the field {FIELD!r} is missing")
        else:
            body = reading.valid(ExportIn, request.get_json(silent=True))
        items = self._items(body)
        match body.format:
            case "files":
                return self._streamed(zip_blocks(bundles.files(items)), ZIP, "soundalike.zip")
            case "passages":
                return self._streamed(zip_blocks(bundles.passages(items)), ZIP, "soundalike passages.zip")
            case "edl":
                text = edl.edit_list([(item.clip.path, item) for item in items])
                return self._streamed([text.encode()], EDL, "soundalike.edl")
            case "reaper":
                text = reaper.project([(item.clip.path, item) for item in items])
                return self._streamed([text.encode()], PROJECT, "soundalike.rpp")

    def _items(self, body: ExportIn) -> list[ExportItem]:
        """The items that exist and are not empty. Raises NotFound if there are none."""
        clips = {clip.id: clip for clip in self._service.library.reader.clips([one.clip_id for one in body.items])}
        items = [
            ExportItem.of(clips[one.clip_id], one.start_s, one.end_s, body.handles_s)
            for one in body.items
            if one.clip_id in clips
        ]
        sounding = [item for item in items if item.duration_s > 0]
        if not sounding:
            raise NotFound("none of these clips is in the library, or the passages are outside them")
        return sounding

    def _streamed(self, blocks: Iterable[bytes], media_type: str, name: str) -> Response:
        """A download that is sent while it is made. Raises TooManyRequests."""
        held = ExitStack()
        held.enter_context(self._service.streams.taken())
        response = Response(_until_stopped(blocks, self._service), mimetype=None, content_type=media_type)
        response.call_on_close(held.close)
        shown = dump_options_header("attachment", {"filename": header_name(name)})
        response.headers["Content-Disposition"] = shown
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Accel-Buffering"] = "no"
        return response


def _until_stopped(blocks: Iterable[bytes], service: Service) -> Iterator[bytes]:
    for block in blocks:
        if service.stopping.is_set():
            raise ConnectionAbortedError("the service is shutting down")
        if block:
            yield block
