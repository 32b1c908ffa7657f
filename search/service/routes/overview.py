"""``/duplicates`` and ``/map``: results of the last jobs over the whole library; ``/suggestions``: words to search."""

from __future__ import annotations

import threading

import numpy as np
from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from search.analysis.facts.definitions import PLACES
from search.columns import ClipColumns
from search.columns.factcounts import COUNTED
from search.columns.parsing import parse
from search.library.library import Library
from search.library.lists import clips_among
from search.library.suggesting import suggest
from search.model import DuplicateGroup, Ids, Suggestion
from search.service.http.answers.asked import SuggestionsOut
from search.service.http.answers.overview import MapOut
from search.service.http.answers.recordings import DuplicatesOut
from search.service.http.listing import rows_passing
from search.service.http.mapcolours import MOST, Groups, groups_by, groups_by_opinion, groups_of, values_of
from search.service.http.replies import reply, revisable
from search.service.http.requests.clips import MapOf, SuggestionList
from search.service.http.requests.overview import GroupList
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(name="overview", description="Views of the whole library; `POST /jobs` updates them.")


class _Suggested:
    """A cache of suggestions, for the current state of the library. Thread-safe."""

    KEPT = 64

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state: tuple[tuple[str, int], ...] = ()
        self._suggestions: dict[tuple[int, str | None], tuple[Suggestion, ...]] = {}

    def of(self, library: Library, limit: int, where: str | None) -> tuple[Suggestion, ...]:
        """The suggestions; raises as `suggest` does."""
        state = tuple((view.space.name, view.columns.sequence) for view in library.view().of())
        with self._lock:
            if state != self._state:
                self._state, self._suggestions = state, {}
            found = self._suggestions.get((limit, where))
        return self._look(library, limit, where, state) if found is None else found

    def _look(
        self, library: Library, limit: int, where: str | None, state: tuple[tuple[str, int], ...]
    ) -> tuple[Suggestion, ...]:
        found = suggest(library, limit, where)
        with self._lock:
            if state == self._state:
                self._suggestions[limit, where] = found
                if len(self._suggestions) > self.KEPT:
                    del self._suggestions[next(iter(self._suggestions))]
        return found


class OverviewRoutes:
    """Results of jobs on the whole library."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._suggested = _Suggested()

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoints."""
        api.get("/duplicates", tags=[TAG], responses={200: DuplicatesOut})(view(self.duplicates))
        api.get("/map", tags=[TAG], responses={200: MapOut})(view(self.map))
        api.get("/suggestions", tags=[TAG], responses={200: SuggestionsOut})(view(self.suggestions))

    def duplicates(self, query: GroupList) -> Response:
        """List groups of clips of the same recording, as copies or in another form, with the one worth keeping."""
        if not self._service.spaces():
            return reply(DuplicatesOut(total=0, offset=query.offset, current=True, groups=[]))
        with self._service.metrics.stage("engine"):
            found = self._service.library.duplicates.groups()
        groups = found.groups if query.clip_id is None else _with_clip(found.groups, query.clip_id)
        page = groups[query.offset : query.offset + query.limit]
        body = {"total": len(groups), "offset": query.offset, "current": found.current, "groups": page}
        return revisable(reply(DuplicatesOut.model_validate(body)))

    def suggestions(self, query: SuggestionList) -> Response:
        """Suggest words to search for; a search for each of them gets the verdict `good`."""
        if not self._service.spaces():
            return reply(SuggestionsOut(suggestions=[]))
        with self._service.metrics.stage("engine"):  # it runs dozens of searches: too long for a turn
            found = self._suggested.of(self._service.library, query.limit, query.where)
        return revisable(reply(SuggestionsOut.model_validate({"suggestions": found})))

    def map(self, query: MapOf) -> Response:
        """Get the map: a position for each clip, with clips that sound alike close together; empty until it is drawn.

        With a filter or a region, only the clips that pass are returned; colours and `fitted` are for the whole map.
        """
        library = self._service.library
        where = parse(query.where) if query.where else None
        drawn = library.maps.read() if self._service.spaces() else None
        if drawn is None:
            return revisable(reply(MapOut(fitted=0, clip_ids=[], x=[], y=[], group=[], groups=[], wheres=[])))
        columns = library.view().of()[0].columns
        coloured = self._coloured(query.colour, columns, drawn.clip_ids)
        shown: slice | Ids = slice(None)
        among = clips_among(library, query.region, query.within)
        if where is not None or among is not None:
            passing = columns.clip_ids[rows_passing(columns, where, among)]
            shown = np.flatnonzero(np.isin(drawn.clip_ids, passing))
        x, y = drawn.xy[shown].astype(float).round(4).T.tolist()
        found = MapOut(
            fitted=drawn.fitted,
            clip_ids=drawn.clip_ids[shown].tolist(),
            x=x,
            y=y,
            group=coloured.places[shown].tolist(),
            groups=list(coloured.names),
            wheres=list(coloured.wheres),
        )
        return revisable(reply(found))

    def _coloured(self, colour: str | None, columns: ClipColumns, clip_ids: Ids) -> Groups:
        """The groups of these clips (n,) by the requested colour."""
        library = self._service.library
        kind, _, profile = (colour or "").partition(":")
        if colour is None:
            return groups_of(columns, clip_ids)
        if kind == "liked":
            return groups_by_opinion(clip_ids, library.feedback.get(profile), profile)
        if colour in PLACES and colour not in COUNTED:
            return groups_by(columns, clip_ids, values_of(columns, colour))
        found = library.clips.facets(limit=MOST)
        facets = {"tag": found.tags, "own_tag": found.own_tags, "folder": found.folders, "duration_s": found.durations}
        return groups_by(columns, clip_ids, {**facets, **found.facts}.get(colour, ()))


def _with_clip(groups: tuple[DuplicateGroup, ...], clip_id: int) -> tuple[DuplicateGroup, ...]:
    """The group of a clip, or none; a clip is in one group at most."""
    return tuple(group for group in groups if any(one.clip_id == clip_id for one in group.clips))
