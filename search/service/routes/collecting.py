"""``/collections``: named collections of clips and passages."""

from __future__ import annotations

from flask import Response, url_for
from flask_openapi3 import APIBlueprint, Tag
from werkzeug.exceptions import NotFound

from search.model import Collected, Collection
from search.service.http.answers.keeping import CollectedOut, CollectionOut, CollectionsOut, CollectionSummaryOut
from search.service.http.replies import reply, revisable
from search.service.http.requests.keeping import CollectedIn, CollectionChange, CollectionPath, NewCollection
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(name="collections", description="Named collections of clips.")


class CollectionRoutes:
    """Collections of clips."""

    def __init__(self, service: Service) -> None:
        self._store = service.library.collections

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoints."""
        one = "/collections/<int:collection_id>"
        api.get("/collections", tags=[TAG], responses={200: CollectionsOut})(view(self.list_collections))
        api.post("/collections", tags=[TAG], responses={201: CollectionOut})(view(self.make_collection))
        api.get(one, tags=[TAG], responses={200: CollectionOut})(view(self.get_collection))
        api.patch(one, tags=[TAG], responses={200: CollectionOut})(view(self.change_collection))
        api.delete(one, tags=[TAG], responses={204: None})(view(self.delete_collection))

    def list_collections(self) -> Response:
        """List all collections, sorted by name."""
        made = [CollectionSummaryOut.model_validate(one) for one in self._store.all()]
        return revisable(reply(CollectionsOut(collections=made)))

    def make_collection(self, body: NewCollection) -> Response:
        """Create a collection, empty or with these clips. 422 if the name is taken."""
        made = self._store.add(body.name)
        self._store.change(made.id, _collected(body.clips))
        response = reply(self._out(made.id), 201)
        response.headers["Location"] = url_for("api.get_collection", collection_id=made.id)
        return response

    def get_collection(self, path: CollectionPath) -> Response:
        """Get a collection and its clips, oldest first; clips that left the library are listed too."""
        return revisable(reply(self._out(path.collection_id)))

    def change_collection(self, path: CollectionPath, body: CollectionChange) -> Response:
        """Rename a collection, remove clips, add clips; a clip added again replaces its passage."""
        if body.name is not None:
            self._store.rename(path.collection_id, body.name)
        if body.added or body.removed:
            self._store.change(path.collection_id, _collected(body.added), body.removed)
        return reply(self._out(path.collection_id))

    def delete_collection(self, path: CollectionPath) -> Response:
        """Delete a collection; its clips stay in the library."""
        if not self._store.remove(path.collection_id):
            raise _gone(path.collection_id)
        return Response(status=204)

    def _out(self, collection_id: int) -> CollectionOut:
        summary = _named(self._store.all(), collection_id)
        inside = self._store.collected(collection_id)
        if summary is None or inside is None:
            raise _gone(collection_id)
        return CollectionOut(
            id=summary.id,
            name=summary.name,
            created=summary.created,
            clips=[CollectedOut.model_validate(one) for one in inside],
        )


def _named(collections: list[Collection], collection_id: int) -> Collection | None:
    return next((one for one in collections if one.id == collection_id), None)


def _collected(clips: list[CollectedIn]) -> list[Collected]:
    return [Collected(one.clip_id, one.start_s, one.end_s) for one in clips]


def _gone(collection_id: int) -> NotFound:
    return NotFound(f"no collection has the id {collection_id}")
