"""``/clips/{id}/speech`` and ``/spoken``: transcripts of clips, and searching them."""

from __future__ import annotations

from typing import Final

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from werkzeug.exceptions import UnprocessableEntity

from search.analysis.speech.writing import FORMS
from search.errors import EncoderError
from search.model.speech_as_json import sayings_as_json, transcript_as_json
from search.service.http.answers.moments import SayingsOut, TranscriptOut
from search.service.http.listing import the_clip
from search.service.http.replies import reply, revisable
from search.service.http.requests.clips import ClipPath, SpeechOf, SpokenQuery
from search.service.routes.view import view
from search.service.service import Service

CLIPS = Tag(name="clips", description="The clips of the library.")
SEARCH = Tag(name="search", description="Searching the library.")
NO_RECOGNISER: Final = (
    "not transcribed yet, and the service cannot recognise words: it needs the package soundalike[speech] and a model"
)
_MEDIA_TYPES = {"srt": "application/x-subrip", "vtt": "text/vtt"}


class SpeechRoutes:
    """Spoken words."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoints."""
        api.get("/clips/<int:clip_id>/speech", tags=[CLIPS], responses={200: TranscriptOut})(view(self.clip_speech))
        api.get("/spoken", tags=[SEARCH], responses={200: SayingsOut})(view(self.spoken))

    def clip_speech(self, path: ClipPath, query: SpeechOf) -> Response:
        """Get what is said in a clip, with the times of words, as JSON or as subtitles.

        If the clip was not transcribed yet, it is transcribed now, which takes about a tenth of its length.
        """
        library = self._service.library
        clip = the_clip(library, path.clip_id)
        longest_s = self._service.config.limits.query_s
        if clip.duration_s > longest_s and not library.catalog.transcripts([clip.content_id]):
            raise UnprocessableEntity(f"longer than {longest_s:g} s, and not transcribed yet; run: soundalike speech")
        try:
            with self._service.decodes.taken():
                said = library.speech.transcript(clip.id, query.language)
        except EncoderError as error:  # nothing is wrong with the library: its owner did not ask for speech
            raise UnprocessableEntity(NO_RECOGNISER) from error
        if query.form == "json":
            out = transcript_as_json(clip, said.transcript, "relative", stored=said.stored)
            return revisable(reply(TranscriptOut.model_validate(out)))
        return Response(FORMS[query.form](said.transcript, clip), mimetype=_MEDIA_TYPES.get(query.form, "text/plain"))

    def spoken(self, query: SpokenQuery) -> Response:
        """Find passages in which words are said, best first, each with its line of the transcript.

        Search for words, phrases in quotes, and beginnings of words (`thunder*`). Only transcribed sounds can be found:
        `transcribed` of `contents`.
        """
        library = self._service.library
        with self._service.metrics.stage("engine"):
            found = library.speech.find(query.words, k=query.k, offset=query.offset, where=query.where)
        return reply(SayingsOut.model_validate(sayings_as_json(found, "relative")))
