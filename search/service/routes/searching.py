"""``POST /search`` and ``/moments``: words, sounds, clips and segments, wanted and unwanted, in one query."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Generic, NamedTuple, TypeVar

from flask import Response, request
from flask_openapi3 import APIBlueprint, Tag
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import NotFound, UnprocessableEntity, UnsupportedMediaType

from search.errors import AudioError
from search.library.lists import clips_among
from search.model import AudioPart, HumPart, Moments, Part, Query, TunePart
from search.model.as_json import moments_as_json
from search.service.http import reading
from search.service.http.answers.hits import SearchOut
from search.service.http.answers.moments import MomentsOut
from search.service.http.bodies import two_bodies
from search.service.http.hits import ordered, search_out, search_out_with_facets
from search.service.http.listing import the_clip
from search.service.http.replies import reply
from search.service.http.requests.queries import (
    AudioIn,
    ClipIn,
    HumIn,
    MomentsForm,
    MomentsIn,
    PassagesIn,
    SearchForm,
    SearchIn,
    aspects_of,
    part_of,
)
from search.service.jobs.uploads import check_length, received, shown_name
from search.service.media.files import file_of
from search.service.refusals import FileRefused
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(name="search", description="Searching the library.")
QUERY_FIELD = "query"
A = TypeVar("A")
B = TypeVar("B", bound=PassagesIn)
LONE_FILES: tuple[tuple[str, Callable[[str], AudioIn | HumIn]], ...] = (
    ("audio", lambda field: AudioIn(audio=field)),
    ("hum", lambda field: HumIn(hum=field)),
)
"""The fields whose file needs no part in the query, and the part that each stands for."""


class PostedQuestion(NamedTuple, Generic[B]):
    """The query of a request, and the file of each field that a part names; parts of ``lone`` files come first."""

    body: B
    files: Mapping[str, FileStorage]
    lone: int

    @property
    def is_listened_to(self) -> bool:
        """Whether the query needs a sound to be decoded."""
        return bool(self.files) or any(isinstance(part, ClipIn) and part.is_passage for part in self.body.parts)


class AskedPart(NamedTuple):
    """A part of the engine's query; for a sound, also its name for the client, and its place in the request."""

    part: Part
    name: str = ""
    where: str = ""


class SearchRoutes:
    """Searches by words, sounds and tunes."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoints."""
        api.post(
            "/search",
            tags=[TAG],
            responses={200: SearchOut},
            openapi_extensions=two_bodies(api, SearchIn, SearchForm),
        )(view(self.search))
        api.post(
            "/moments",
            tags=[TAG],
            responses={200: MomentsOut},
            openapi_extensions=two_bodies(api, MomentsIn, MomentsForm),
        )(view(self.moments))

    def search(self) -> Response:
        """Find clips by sound, by words, by a tune, or by any combination.

        Send JSON. To send files too, use multipart/form-data: the same JSON in the field `query`, and each file in the
        field that its part names. A single file in the field `audio` (or `hum`, for a tune) needs no part.
        """
        library = self._service.library
        body, answer = self._answered(SearchIn, lambda _, query: self._service.search(lambda: library.search(query())))
        with self._service.metrics.stage("write"):
            if body.sort is not None:
                answer = ordered(answer, library, body.sort)
            if body.facets:
                return reply(search_out_with_facets(answer, library, facts=body.facts))
            return reply(search_out(answer, library if body.facts else None))

    def moments(self) -> Response:
        """Find passages with their own start and end, possibly several in one recording.

        Send the query as to `/search`. Words may combine two sounds: `dog THEN car`, `rain WHILE speech`,
        `bark WITHOUT music`.
        """
        library = self._service.library

        def ask(body: MomentsIn, query: Callable[[], Query]) -> Moments:
            if not self._service.spaces():
                return Moments((), 0.0)
            with self._service.metrics.stage("engine"):
                return library.moments(query(), gap_s=body.gap_s)

        _, found = self._answered(MomentsIn, ask)
        with self._service.metrics.stage("write"):
            return reply(MomentsOut.model_validate(moments_as_json(found, paths="relative")))

    def _answered(self, body_type: type[B], ask: Callable[[B, Callable[[], Query]], A]) -> tuple[B, A]:
        """The query of this request, and the answer that ``ask`` returns for it."""
        metrics = self._service.metrics
        with metrics.stage("receive"):
            question = self.question(body_type)
        with ExitStack() as held:
            paths: Mapping[str, str] = {}
            if question.is_listened_to:
                with metrics.stage("wait"):
                    held.enter_context(self._service.decodes.taken())
            if question.files:
                paths = held.enter_context(received(question.files))
            with metrics.stage("check"):
                examples = self.examples(question, paths)
            body = question.body
            return body, _named(examples, lambda: ask(body, lambda: self._query(body, examples)))

    def _query(self, body: PassagesIn, examples: Sequence[AskedPart]) -> Query:
        among = clips_among(self._service.library, body.region, body.within)
        parts = tuple(one.part for one in examples)
        # an unwanted passage rules out its whole clip; only this function knows which
        refused = tuple(part.clip_id for part in body.parts if isinstance(part, ClipIn) and part.weight < 0)
        collapse = isinstance(body, SearchIn) and body.collapse
        return Query(
            parts,
            body.k,
            body.where,
            body.space,
            collapse,
            among,
            offset=body.offset,
            without=refused,
            language=body.language or "",
            count=isinstance(body, SearchIn) and body.facets,
            recall=body.recall,
        )

    def question(self, body_type: type[B]) -> PostedQuestion[B]:
        """The query of this request."""
        sent: Mapping[str, FileStorage] = {}
        if request.mimetype == "application/json":
            body = reading.valid(body_type, request.get_json())
        elif request.mimetype == "multipart/form-data":
            body = reading.json_field(body_type, QUERY_FIELD) or body_type()
            sent = {name: found[0] for name, found in reading.files(self._service.config.limits.files).items()}
        else:
            raise UnsupportedMediaType("send application/json or multipart/form-data")
        named = {part.file for part in _with_files(body)}
        lone = [make(field) for field, make in LONE_FILES if field in sent and field not in named]
        if lone:
            body = body.model_copy(update={"parts": [*lone, *body.parts]})
            named.update(part.file for part in lone)
        if lost := sorted(named - sent.keys()):
            raise UnprocessableEntity(f"a part names the file {lost[0]!r}; send it as a field of multipart/form-data")
        if unused := sorted(sent.keys() - named):
            raise UnprocessableEntity(
                f"no part names the file {unused[0]!r}; a lone sound is sent as the field audio, a lone tune as hum"
            )
        return PostedQuestion(body, sent, len(lone))

    def examples(self, question: PostedQuestion[B], paths: Mapping[str, str]) -> list[AskedPart]:
        """The engine's parts, after a check that their sounds can be read and are not too long for a query.

        Raises NotFound for an unknown clip, FileRefused for a sound that is invalid, too long or missing.
        """
        examples = []
        for place, part in enumerate(question.body.parts, start=-question.lone):
            if isinstance(part, ClipIn) and part.is_passage:
                examples.append(self._passage(part, place))
                continue
            example = AskedPart(part_of(part, paths))
            if isinstance(part, AudioIn | HumIn):
                name = shown_name(question.files[part.file].filename)
                example = example._replace(name=name, where=name)
                self._check(paths[part.file], part, example)
            examples.append(example)
        return examples

    def _passage(self, part: ClipIn, place: int) -> AskedPart:
        """A passage of a clip, to be decoded from its file; for a tune, its notes."""
        clip = the_clip(self._service.library, part.clip_id)
        if clip.notes:
            return AskedPart(TunePart(clip.id, part.start_s, part.end_s, part.weight))
        name, where = f"part {place + 1} ({clip.title})", f"parts.{place}"
        try:
            path = file_of(clip).path
        except NotFound as error:
            raise FileRefused(name, str(error.description), where) from error
        aspects, changes = aspects_of(part.aspects), tuple(part.changes)
        passage = AudioPart(path, part.start_s, part.end_s, part.weight, clip.root.speed, clip.track, aspects, changes)
        example = AskedPart(passage, name, where)
        self._check(path, part, example)
        return example

    def _check(self, path: str, part: AudioIn | HumIn | ClipIn, example: AskedPart) -> None:
        try:
            check_length(path, example.name, self._service.config.limits.query_s, part.start_s, part.end_s)
        except AudioError as error:
            raise FileRefused(example.name, error.cause, example.where) from error


def _named(examples: Sequence[AskedPart], ask: Callable[[], A]) -> A:
    """What ``ask`` returns. Raises as the engine does, and FileRefused for a sound that turns out to be damaged."""
    try:
        return ask()
    except AudioError as error:
        for one in examples:
            if isinstance(one.part, AudioPart | HumPart) and one.part.path == error.path:
                raise FileRefused(one.name, error.cause, one.where) from error
        raise


def _with_files(body: PassagesIn) -> list[AudioIn | HumIn]:
    return [part for part in body.parts if isinstance(part, AudioIn | HumIn)]
