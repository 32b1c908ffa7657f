"""``/clips/{id}/events``: the events of a clip."""

from __future__ import annotations

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from werkzeug.exceptions import UnprocessableEntity

from search.analysis.time.labels import FORMS
from search.model import Clip, TimeLine
from search.model.as_json import time_line_as_json
from search.service.http.answers.moments import TimeLineOut
from search.service.http.listing import the_clip
from search.service.http.replies import reply, revisable
from search.service.http.requests.clips import ClipPath, EventsOf
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(name="clips", description="The clips of the library.")
_MEDIA_TYPES = {"csv": "text/csv", "srt": "application/x-subrip"}


class EventRoutes:
    """Time lines of clips."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoint."""
        api.get("/clips/<int:clip_id>/events", tags=[TAG], responses={200: TimeLineOut})(view(self.clip_events))

    def clip_events(self, path: ClipPath, query: EventsOf) -> Response:
        """Get the events of a clip, in order of time, as JSON or in a format for other programs.

        If the events of the clip are not stored, they are found now, which takes as long as encoding the clip. With
        `stored`, only stored events are returned, and `stored` in the answer is false if the clip has none stored.
        """
        clip = the_clip(self._service.library, path.clip_id)
        line = self._service.library.events.stored(clip.id, least=query.least)
        if line is None:
            line = TimeLine(clip, (), stored=False) if query.stored else self._found_now(clip, query.least)
        if query.form == "json":
            return revisable(reply(TimeLineOut.model_validate(time_line_as_json(line, paths="relative"))))
        return Response(FORMS[query.form](line.events), mimetype=_MEDIA_TYPES.get(query.form, "text/plain"))

    def _found_now(self, clip: Clip, least: float) -> TimeLine:
        longest_s = self._service.config.limits.shown_s
        if clip.duration_s > longest_s:
            raise UnprocessableEntity(
                f"longer than {longest_s:g} s, and its events are not known yet; run: soundalike events"
            )
        with self._service.decodes.taken():
            return self._service.library.events.of(clip.id, least=least)
