"""``/merges``: clips of one recording become one, until that is undone."""

from __future__ import annotations

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from werkzeug.exceptions import NotFound

from search.library import merging
from search.library.leasing import holder
from search.model import Merge
from search.service.http.answers.recordings import MergedClipOut, MergeOut, MergesOut, UnmergedOut
from search.service.http.listing import the_clip
from search.service.http.replies import reply, revisable
from search.service.http.requests.keeping import MergeList, MergePath, NewMerge
from search.service.routes.clips import LEASE_WAIT_S
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(name="merges", description="Merging clips of one recording, and undoing it.")


class MergeRoutes:
    """Merges of clips."""

    def __init__(self, service: Service) -> None:
        self._library = service.library

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoints."""
        api.get("/merges", tags=[TAG], responses={200: MergesOut})(view(self.list_merges))
        api.post("/merges", tags=[TAG], responses={201: MergeOut})(view(self.make_merge))
        api.delete("/merges/<int:merge_id>", tags=[TAG], responses={204: None})(view(self.make_final))
        api.post("/merges/<int:merge_id>/undo", tags=[TAG], responses={200: UnmergedOut})(view(self.undo_merge))

    def list_merges(self, query: MergeList) -> Response:
        """List the merges that can be undone, newest first, one page at a time."""
        total, made = self._library.catalog.merges(query.offset, query.limit)
        return revisable(reply(MergesOut(total=total, offset=query.offset, merges=[self._out(one) for one in made])))

    def make_merge(self, body: NewMerge) -> Response:
        """Keep one clip and remove others of the same recording.

        Own tags, remarks, opinions and places in collections pass to the clip that is kept. No file is deleted, not
        even an uploaded one, so the merge can be undone.
        """
        for clip_id in (body.keep, *body.clips):
            the_clip(self._library, clip_id)
        with self._library.writer.lease(holder("serve"), LEASE_WAIT_S) as lease:
            made = self._library.catalog.merge(lease, body.keep, body.clips)
        self._library.refresh()
        return reply(self._out(made), 201)

    def undo_merge(self, path: MergePath) -> Response:
        """Undo a merge, so that its clips come back; `notes` lists what has changed since and stays changed.

        422 while a later merge involves the same clips.
        """
        self._check(path.merge_id)
        with self._library.writer.lease(holder("serve"), LEASE_WAIT_S) as lease:
            undone = merging.unmerge(self._library.catalog, lease, path.merge_id)
        self._library.refresh()
        return reply(UnmergedOut(restored=list(undone.restored), notes=list(undone.notes)))

    def make_final(self, path: MergePath) -> Response:
        """Make a merge final: it cannot be undone any more, and the data kept to undo it is deleted."""
        self._check(path.merge_id)
        with self._library.writer.lease(holder("serve"), LEASE_WAIT_S) as lease:
            self._library.catalog.make_merge_final(lease, path.merge_id)
        return Response(status=204)

    def _check(self, merge_id: int) -> None:
        if not self._library.catalog.has_merge(merge_id):
            raise NotFound(f"no merge has the id {merge_id}, or it was undone")

    @staticmethod
    def _out(merge: Merge) -> MergeOut:
        clips = [MergedClipOut.model_validate(one) for one in merge.clips]
        return MergeOut(id=merge.id, keep=merge.keep, at=merge.at, clips=clips)
