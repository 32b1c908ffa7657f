"""``/facts``, ``/clips/{id}/facts`` and ``/defects``: measured facts of clips, and their defects."""

from __future__ import annotations

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from search.analysis.facts.measuring import measure
from search.errors import AudioError
from search.library.measuring import defects, unmeasured_contents
from search.model.as_json import facts_as_json
from search.service.http.answers.clips import ClipFactsOut, DefectsOut, FactsOut, ManyFactsOut
from search.service.http.listing import the_clip
from search.service.http.replies import reply, revisable
from search.service.http.requests.clips import ClipPath, DefectsOf
from search.service.http.requests.media import ManyFacts
from search.service.jobs.uploads import check_length
from search.service.media.files import file_of
from search.service.refusals import FileRefused
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(name="clips", description="What is in the library.")


class FactRoutes:
    """Facts and defects."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._library = service.library

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoints."""
        api.get("/clips/<int:clip_id>/facts", tags=[TAG], responses={200: FactsOut})(view(self.clip_facts))
        api.get("/facts", tags=[TAG], responses={200: ManyFactsOut})(view(self.many_facts))
        api.get("/defects", tags=[TAG], responses={200: DefectsOut})(view(self.defects))

    def clip_facts(self, path: ClipPath) -> Response:
        """Get the measured facts of a clip: loudness, brightness, bandwidth and others, as far as they apply to it.

        If the clip was not measured yet, it is measured now.
        """
        clip = the_clip(self._library, path.clip_id)
        facts = self._library.facts.of([clip.id]).get(clip.id)
        if facts is None and clip.notes:
            facts = {}
        if facts is None:
            file = file_of(clip).path
            with self._service.decodes.taken():
                try:
                    check_length(file, clip.title, self._service.config.limits.query_s)
                    facts = measure(file, clip.track)
                except AudioError as error:
                    raise FileRefused(clip.title, error.cause) from error
        return revisable(reply(FactsOut(clip_id=clip.id, facts=facts_as_json(facts))))

    def many_facts(self, query: ManyFacts) -> Response:
        """Get the stored facts of several clips. Clips without facts are not measured."""
        clips = {clip.id: clip for clip in self._library.reader.clips(query.clip_id)}
        known = self._library.facts.of(clips)
        found = [
            ClipFactsOut(
                clip_id=clip_id,
                duration_s=clips[clip_id].duration_s,
                measured=clip_id in known or clips[clip_id].notes,
                facts=facts_as_json(known.get(clip_id, {})),
            )
            for clip_id in query.clip_id
            if clip_id in clips
        ]
        return revisable(reply(ManyFactsOut(facts=found)))

    def defects(self, query: DefectsOf) -> Response:
        """Count the clips with each defect, among those that pass a filter; each `where` selects the clips counted."""
        beside = f" and ({query.where})" if query.where else ""
        counts = []
        if any(not space.is_melody for space in self._library.reader.spaces()):
            found = defects(self._library.view().of()[0].columns, query.where)
            for name, ids in found.of.items():
                counts.append({"value": name, "count": len(ids), "where": f"defects = '{name}'{beside}"})
        left = unmeasured_contents(self._library.catalog)
        return revisable(reply(DefectsOut.model_validate({"defects": counts, "unmeasured": left})))
