"""``POST /search``: words, sounds, clips and segments, wanted and unwanted, in one question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from flask import Response, request
from flask_openapi3 import APIBlueprint, Tag
from flask_openapi3.models import RequestBody
from flask_openapi3.utils import parse_body, parse_form
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import UnprocessableEntity, UnsupportedMediaType

from search.model import Answer, AudioPart, Part, Query
from search.service import reading
from search.service.answers import SearchOut
from search.service.hits import Hits, text
from search.service.listing import the_clip
from search.service.regions import clips_within
from search.service.replies import reply
from search.service.requests import AudioIn, ClipIn, HumIn, PartIn, SearchForm, SearchIn, part_of
from search.service.routes.view import view
from search.service.service import Service
from search.service.uploads import check_length, received, shown_name

TAG = Tag(name="search", description="Asking the library.")
QUERY_FIELD = "query"
LONE_FILES: tuple[tuple[str, Callable[[str], AudioIn | HumIn]], ...] = (
    ("audio", lambda field: AudioIn(audio=field)),
    ("hum", lambda field: HumIn(hum=field)),
)
"""The fields whose file needs no part, and the part that it stands for."""


class SearchRoutes:
    """Asking by anything."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._hits = Hits(service.library)

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoint."""
        api.post("/search", tags=[TAG], responses={200: SearchOut}, openapi_extensions=_two_bodies(api))(
            view(self.search)
        )

    def search(self) -> Response:
        """Find the clips that sound like, or are called, what is asked for.

        Send JSON, or, with files, multipart/form-data: the same JSON in the field `query`, and the files in the fields
        that its parts name. A lone file in the field `audio` (or `hum`: a tune) needs no part.
        """
        metrics = self._service.metrics
        with metrics.stage("receive"):
            asked, files = self._question()
        with ExitStack() as held:
            paths: Mapping[str, str] = {}
            if files or any(isinstance(part, ClipIn) and part.is_passage for part in asked.parts):
                with metrics.stage("wait"):
                    held.enter_context(self._service.decodes.taken())
            if files:
                paths = held.enter_context(received(files))
                self._check_lengths(asked, files, paths)
            parts = tuple(self._passage(part) or part_of(part, paths) for part in asked.parts)
            answer = self._service.search(lambda: self._answer(asked, parts))
        with metrics.stage("write"):
            return reply(self._hits.out(answer, with_facets=asked.facets))

    def _answer(self, asked: SearchIn, parts: tuple[Part, ...]) -> Answer:
        library = self._service.library
        among = None if asked.region is None else clips_within(library, asked.region)
        return library.search(Query(parts, asked.k, asked.where, asked.space, asked.collapse, among))

    def _question(self) -> tuple[SearchIn, dict[str, FileStorage]]:
        """What is asked, and the file of each field that a part of it names."""
        if request.mimetype == "application/json":
            asked, sent = reading.valid(SearchIn, request.get_json()), {}
        elif request.mimetype == "multipart/form-data":
            asked = reading.json_field(SearchIn, QUERY_FIELD) or SearchIn()
            sent = {name: found[0] for name, found in reading.files(self._service.config.limits.files).items()}
        else:
            raise UnsupportedMediaType("send application/json or multipart/form-data")
        named = {part.file for part in _with_files(asked)}
        lone = [make(field) for field, make in LONE_FILES if field in sent and field not in named]
        if lone:
            asked = asked.model_copy(update={"parts": [*lone, *asked.parts]})
            named.update(part.file for part in lone)
        if lost := sorted(named - sent.keys()):
            raise UnprocessableEntity(f"a part names the file {lost[0]!r}; send it as a field of multipart/form-data")
        if unused := sorted(sent.keys() - named):
            raise UnprocessableEntity(f"no part names the file {unused[0]!r}")
        return asked, sent

    def _passage(self, asked: PartIn) -> AudioPart | None:
        """The passage of a clip, listened to in its file; None for what is no such passage.

        Raises NotFound for an unknown clip, AudioError for a file that is away or a passage that is too long.
        """
        if not (isinstance(asked, ClipIn) and asked.is_passage):
            return None
        clip = the_clip(self._service.library, asked.clip_id)
        path = str(Path(clip.root.path, clip.path))
        check_length(path, text(clip.title), self._service.config.limits.query_s, asked.start_s, asked.end_s)
        return AudioPart(path, asked.start_s, asked.end_s, asked.weight)

    def _check_lengths(self, asked: SearchIn, files: Mapping[str, FileStorage], paths: Mapping[str, str]) -> None:
        """Raises AudioError for a file that is no sound, or a passage that is too long to decode for a query."""
        with self._service.metrics.stage("check"):
            for part in _with_files(asked):
                name = shown_name(files[part.file].filename)
                longest_s = self._service.config.limits.query_s
                check_length(paths[part.file], name, longest_s, part.start_s, part.end_s)


def _with_files(asked: SearchIn) -> list[AudioIn | HumIn]:
    return [part for part in asked.parts if isinstance(part, AudioIn | HumIn)]


def _two_bodies(api: APIBlueprint) -> dict[str, Any]:
    """The request body as OpenAPI has it: one model as JSON, another as a form."""
    content: dict[str, Any] = {}
    for parse, model in ((parse_body, SearchIn), (parse_form, SearchForm)):
        media, schemas = parse(model)
        content.update(media)
        api.components_schemas.update(schemas)
    return {"requestBody": RequestBody(content=content, required=True)}
