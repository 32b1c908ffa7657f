"""``/searches``: saved searches, and what they found among clips that were added later."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from flask import Response, request, url_for
from flask_openapi3 import APIBlueprint, Tag
from flask_openapi3.types import ResponseDict
from werkzeug.exceptions import NotFound

from search.library import saving
from search.library.following import match_as_json, with_clips
from search.model import NewSearch, SavedMatch, SavedSearch
from search.service.http.answers.hits import SearchOut
from search.service.http.answers.keeping import (
    SavedMatchesOut,
    SavedMatchEvent,
    SavedMatchOut,
    SavedSearchesOut,
    SavedSearchOut,
)
from search.service.http.bodies import two_bodies
from search.service.http.hits import search_out
from search.service.http.replies import reply, revisable
from search.service.http.requests.keeping import (
    MatchList,
    NewSearchForm,
    NewSearchIn,
    SavedHits,
    SearchChange,
    SearchPath,
    SearchSoundPath,
    SeenMatches,
)
from search.service.http.requests.queries import AudioIn, HumIn, part_of
from search.service.jobs.uploads import received
from search.service.routes.jobs import BEAT_S, STREAM_S
from search.service.routes.searching import SearchRoutes
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(name="saved searches", description="Searches that are kept, and notify of new matches.")
POLL_S = 0.5
_EVENTS: ResponseDict = {
    200: {
        "description": "An event `match` for each new match from now on, or after the `Last-Event-ID`.",
        "content": {"text/event-stream": {"schema": SavedMatchEvent.model_json_schema()}},
    }
}
_SOUND: ResponseDict = {
    200: {
        "description": "The sound, as it was sent, or the passage cut from it.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_QUESTION = ("k", "where", "region", "within", "space", "language", "collapse", "recall")


class SavedSearchRoutes:
    """Saved searches."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._library = service.library
        self._asking = SearchRoutes(service)

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoints."""
        one = "/searches/<int:search_id>"
        found: ResponseDict = {200: SavedSearchOut}
        made: ResponseDict = {201: SavedSearchOut}
        api.get("/searches", tags=[TAG], responses={200: SavedSearchesOut})(view(self.list_searches))
        api.post(
            "/searches",
            tags=[TAG],
            responses=made,
            openapi_extensions=two_bodies(api, NewSearchIn, NewSearchForm),
        )(view(self.save_search))
        api.get("/searches/matches", tags=[TAG], responses={200: SavedMatchesOut})(view(self.list_matches))
        api.get("/searches/events", tags=[TAG], responses=_EVENTS)(view(self.match_events))
        api.get(one, tags=[TAG], responses=found)(view(self.get_search))
        api.patch(one, tags=[TAG], responses=found)(view(self.change_search))
        api.delete(one, tags=[TAG], responses={204: None})(view(self.delete_search))
        api.get(f"{one}/hits", tags=[TAG], responses={200: SearchOut})(view(self.search_hits))
        api.post(f"{one}/seen", tags=[TAG], responses=found)(view(self.see_matches))
        api.get(f"{one}/sounds/<int:place>", tags=[TAG], responses=_SOUND)(view(self.search_sound))

    # --- keeping --------------------------------------------------------------------------------------------

    def list_searches(self) -> Response:
        """List all saved searches, sorted by name, with the number of unseen matches of each."""
        searches = self._library.searches.all()
        out = SavedSearchesOut(searches=[_out(one) for one in searches], unseen=sum(one.unseen for one in searches))
        return revisable(reply(out))

    def save_search(self) -> Response:
        """Save a search: the body of `POST /search`, with a `name`. 422 if the name is taken.

        Files are sent as to `/search`. A clip that enters the library from now on is a new match if its probability is
        `least` or more. New matches are posted to the `webhook`, signed with the `secret` of this answer.
        """
        with self._service.metrics.stage("receive"):
            question = self._asking.question(NewSearchIn)
        with ExitStack() as held:
            if question.is_listened_to:
                held.enter_context(self._service.decodes.taken())
            paths: Mapping[str, str] = held.enter_context(received(question.files)) if question.files else {}
            self._asking.examples(question, paths)
            said, sounds = _kept(question.body, paths)
            body, private = question.body, self._service.config.private_webhooks
            new = NewSearch(body.name, json.dumps(said), sounds, body.least, body.webhook, "", private)
            saved = saving.add(self._library, new)
        response = reply(_out(saved, secret=saved.secret or None), 201)
        response.headers["Location"] = url_for("api.get_search", search_id=saved.id)
        return response

    def get_search(self, path: SearchPath) -> Response:
        """Get one saved search."""
        return revisable(reply(_out(self._search(path.search_id))))

    def change_search(self, path: SearchPath, body: SearchChange) -> Response:
        """Change the name, the least probability or the webhook of a saved search; an empty webhook removes it."""
        before = search = self._search(path.search_id)
        if body.webhook is not None:
            private = self._service.config.private_webhooks
            search = saving.with_webhook(search, body.webhook, may_be_private=private)
        name, least = body.name or search.name, search.least if body.least is None else body.least
        if not self._library.searches.change(replace(search, name=name, least=least)):
            raise _gone(path.search_id)
        secret = search.secret if search.secret and search.secret != before.secret else None
        return reply(_out(self._search(path.search_id), secret=secret))

    def delete_search(self, path: SearchPath) -> Response:
        """Delete a saved search and its matches; clips stay."""
        if not self._library.searches.remove(path.search_id):
            raise _gone(path.search_id)
        return Response(status=204)

    def search_sound(self, path: SearchSoundPath) -> Response:
        """Get a sound that a saved search searches by, at the place that its part names."""
        sound = self._library.searches.sound(path.search_id, path.place)
        if sound is None:
            raise NotFound(f"the saved search {path.search_id} has no sound {path.place}")
        return Response(sound, mimetype="application/octet-stream")

    # --- asking ---------------------------------------------------------------------------------------------

    def search_hits(self, path: SearchPath, query: SavedHits) -> Response:
        """Run a saved search on the library as it is now; its matches stay unseen."""
        search = self._search(path.search_id)
        with ExitStack() as held:
            if _out(search).sounds:
                held.enter_context(self._service.decodes.taken())
            answer = self._service.search(
                lambda: saving.run_search(self._library, search, k=query.k, offset=query.offset)
            )
        return reply(search_out(answer))

    def list_matches(self, query: MatchList) -> Response:
        """List the matches that one or all saved searches found since they were saved."""
        ids = None if query.search_id is None else [query.search_id]
        found = self._library.matches.list(ids, after=query.after, unseen=query.unseen, limit=query.limit)
        return revisable(reply(SavedMatchesOut(matches=list(self._matches(found)))))

    def see_matches(self, path: SearchPath, body: SeenMatches) -> Response:
        """Mark the matches of a saved search as seen."""
        self._search(path.search_id)
        self._library.matches.see(path.search_id, body.up_to)
        return reply(_out(self._search(path.search_id)))

    def match_events(self) -> Response:
        """Follow new matches of all saved searches as server-sent events. The id of an event is that of its match."""
        last = request.headers.get("Last-Event-ID", "")
        newest = self._library.matches.newest() if not (last.isascii() and last.isdigit()) else int(last[:18])
        held = ExitStack()
        held.enter_context(self._service.streams.taken())
        response = Response(self._events(newest), mimetype="text/event-stream")
        response.call_on_close(held.close)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Accel-Buffering"] = "no"
        return response

    def _events(self, sent: int) -> Iterator[str]:
        end_s = time.monotonic() + STREAM_S
        beat_s = time.monotonic()
        yield "retry: 1000\n\n"
        while not self._service.stopping.is_set() and time.monotonic() < end_s:
            found = self._library.matches.list(after=sent)
            for one in self._matches(found):
                yield f"event: match\nid: {one.id}\ndata: {one.model_dump_json()}\n\n"
            sent = found[-1].id if found else sent
            if time.monotonic() - beat_s > BEAT_S:  # writing is how a client that left is noticed
                beat_s = time.monotonic()
                yield ": still there\n\n"
            self._service.stopping.wait(POLL_S)

    def _matches(self, matches: list[SavedMatch]) -> Iterator[SavedMatchOut]:
        for match, search, clip in with_clips(self._library, matches, self._library.searches.all()):
            yield SavedMatchOut.model_validate(match_as_json(match, search, clip, absolute=False))

    def _search(self, search_id: int) -> SavedSearch:
        found = next((one for one in self._library.searches.all() if one.id == search_id), None)
        if found is None:
            raise _gone(search_id)
        return found


def _kept(body: NewSearchIn, paths: Mapping[str, str]) -> tuple[dict[str, Any], tuple[bytes, ...]]:
    """The query as it is stored, and its sounds."""
    sounds: list[bytes] = []
    parts = []
    for part in body.parts:
        if isinstance(part, AudioIn | HumIn):
            parts.append(saving.part_as_json(part_of(part, paths), sounds))
        else:
            parts.append(part.model_dump(exclude_defaults=True))
    said = {name: value for name in _QUESTION if (value := getattr(body, name))}
    return {"parts": parts, **said}, tuple(sounds)


def _out(search: SavedSearch, secret: str | None = None) -> SavedSearchOut:
    query = json.loads(search.question)
    return SavedSearchOut(
        id=search.id,
        name=search.name,
        query=query,
        sounds=sum("audio" in part or "hum" in part for part in query["parts"]),
        least=search.least,
        created=search.created,
        unseen=search.unseen,
        trouble=search.trouble,
        webhook=search.webhook,
        secret=secret,
    )


def _gone(search_id: int) -> NotFound:
    return NotFound(f"no saved search has the id {search_id}")
