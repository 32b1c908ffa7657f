"""``POST /identify``: which recording of the library a sound is, and where in it."""

from __future__ import annotations

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from werkzeug.exceptions import UnprocessableEntity

from search.errors import AudioError
from search.model.as_json import identification_as_json
from search.service.http.answers.recordings import IdentificationOut
from search.service.http.replies import reply
from search.service.http.requests.jobs import IdentifyForm
from search.service.jobs.uploads import check_length, received, shown_name
from search.service.refusals import FileRefused
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(name="search", description="Searching the library.")


class IdentifyRoutes:
    """Identification of recordings."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoint."""
        api.post("/identify", tags=[TAG], responses={200: IdentificationOut})(view(self.identify))

    def identify(self, form: IdentifyForm) -> Response:
        """Find which recording of the library a sound is, even if re-encoded, noisy, trimmed or 2 % off speed.

        For a sound of up to ten seconds, the answer is the likeliest recordings; for a longer one, which recording
        plays when. Only sounds with fingerprints can be found; `fingerprinted` says how many have them.
        """
        if form.end_s is not None and form.end_s <= form.start_s:
            raise UnprocessableEntity("the passage ends before it starts: end_s must be more than start_s")
        name = shown_name(form.audio.filename)
        with self._service.decodes.taken(), received({"audio": form.audio}) as paths:
            try:
                check_length(paths["audio"], name, self._service.config.limits.query_s, form.start_s, form.end_s)
                with self._service.metrics.stage("engine"):
                    identified = self._service.library.recordings.identify(
                        paths["audio"], start_s=form.start_s, end_s=form.end_s, track=form.track, k=form.k
                    )
            except AudioError as error:
                raise FileRefused(name, error.cause, "audio") from error
        return reply(IdentificationOut.model_validate(identification_as_json(identified, paths="relative")))
