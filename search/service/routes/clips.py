"""``/clips``: listing, reading, changing and removing clips, uploading new ones, and finding similar ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Container, Sequence

from flask import Response, g
from flask_openapi3 import APIBlueprint, Tag
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import Conflict, RequestEntityTooLarge

from search.errors import AudioError, CommitUnknown, LibraryError, QueryError
from search.library.leasing import holder
from search.model import CatalogChange, ClipPart, DescribeClip, Query, Sending, TakeOutClip
from search.model.as_json import companions_as_json, path_as_json
from search.service.http.answers.clips import ClipOut, ClipsOut
from search.service.http.answers.hits import SearchOut
from search.service.http.answers.jobs import JobOut
from search.service.http.answers.overview import CompanionsOut, PathOut
from search.service.http.hits import ordered, search_out
from search.service.http.listing import Listing, clip_out, the_clip
from search.service.http.replies import accepted, reply, revisable
from search.service.http.requests.clips import ClipChange, ClipList, ClipPath, CompanionsOf, PathTo, SimilarTo
from search.service.http.requests.jobs import UploadForm, UploadHeaders
from search.service.jobs.uploads import shown_name
from search.service.refusals import FileRefused
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(name="clips", description="The clips of the library.")
LEASE_WAIT_S = 2.0
"""How long a change waits for the writer's lease. An indexing job holds it for its whole run, so not longer."""


class ClipRoutes:
    """Clips."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._library = service.library
        self._listing = Listing(service.library)

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoints."""
        one = "/clips/<int:clip_id>"
        api.get("/clips", tags=[TAG], responses={200: ClipsOut})(view(self.list_clips))
        api.post("/clips", tags=[TAG], responses={202: JobOut})(view(self.upload_clips))
        api.get(one, tags=[TAG], responses={200: ClipOut})(view(self.get_clip))
        api.patch(one, tags=[TAG], responses={200: ClipOut})(view(self.change_clip))
        api.delete(one, tags=[TAG], responses={204: None})(view(self.remove_clip))
        api.get(f"{one}/similar", tags=[TAG], responses={200: SearchOut})(view(self.similar_clips))
        api.get(f"{one}/path", tags=[TAG], responses={200: PathOut})(view(self.path_of_clips))
        api.get(f"{one}/goes-with", tags=[TAG], responses={200: CompanionsOut})(view(self.companions))

    def list_clips(self, query: ClipList) -> Response:
        """List the clips that pass a filter, sorted, one page at a time."""
        return revisable(reply(self._listing.page(query)))

    def get_clip(self, path: ClipPath) -> Response:
        """Get one clip."""
        return revisable(reply(clip_out(the_clip(self._library, path.clip_id))))

    def similar_clips(self, path: ClipPath, query: SimilarTo) -> Response:
        """Find the clips that sound most like this one."""
        asked = Query(
            (ClipPart(path.clip_id),),
            query.k,
            query.where,
            query.space,
            query.collapse,
            offset=query.offset,
            recall=query.recall,
        )
        with self._service.one_at_a_time():
            try:
                answer = self._library.search(asked)
            except QueryError:
                the_clip(self._library, path.clip_id)
                raise  # the clip exists: the error has another cause
        with self._service.metrics.stage("write"):
            if query.sort is not None:
                answer = ordered(answer, self._library, query.sort)
            return reply(search_out(answer, self._library if query.facts else None))

    def path_of_clips(self, path: ClipPath, query: PathTo) -> Response:
        """Find clips that lead from this one to another in even steps: the path whose largest step is smallest."""
        ends = [ClipPart(the_clip(self._library, clip_id).id) for clip_id in (path.clip_id, query.to)]
        with self._service.one_at_a_time():
            found = self._library.path_between(*ends, steps=query.steps, where=query.where, space=query.space)
        return reply(PathOut.model_validate(path_as_json(found, paths="relative")))

    def companions(self, path: ClipPath, query: CompanionsOf) -> Response:
        """Find other kinds of sounds that fit this clip in tempo and key, and say why they fit.

        Needs facts: 422 for a clip that was not measured, or has neither tempo nor key.
        """
        clip = the_clip(self._library, path.clip_id)
        with self._service.one_at_a_time():
            found = self._library.goes_with(
                clip.id, k=query.k, where=query.where, space=query.space, stretch=query.stretch
            )
        return reply(CompanionsOut.model_validate(companions_as_json(found, paths="relative")))

    def upload_clips(self, form: UploadForm, header: UploadHeaders) -> Response:
        """Store audio files in the library, and index them in a new job or as part of an earlier upload job.

        Once the service has answered, it does not lose the files, even if it is killed. The answer is the job. Poll its
        `Location` for progress, or follow its `events`.
        """
        limits = self._service.config.limits
        if len(form.files) > limits.files:
            raise RequestEntityTooLarge(f"more than {limits.files} files in one request")
        with self._service.decodes.taken(), self._service.metrics.stage("receive"):
            try:
                kept = self._service.uploads.keep(form.files, limits.indexed_s)
            except AudioError as error:  # under the client's name of the file
                raise FileRefused(error.path, error.cause) from error
        taken: Container[str] = ()
        try:
            job = self._service.jobs.add("index", kept, _sending(form, header))
            taken = job.paths
        except QueryError as error:
            raise Conflict(str(error)) from error
        except CommitUnknown:
            taken = self._wanted([path for path, _ in kept])
            raise
        finally:
            for path, _ in kept:
                if path not in taken:
                    self._service.uploads.discard(path)
        return accepted(job)

    def _wanted(self, paths: Sequence[str]) -> Collection[str]:
        """Those of ``paths`` that a job has; all of them if the catalog does not answer, because a job may have them.

        A client that sends them again joins that job.
        """
        try:
            return self._service.jobs.having(paths)
        except LibraryError:
            return paths

    def change_clip(self, path: ClipPath, body: ClipChange) -> Response:
        """Change the title, the metadata, the own tags or the remark of a clip.

        When the file changes and is indexed again, title and metadata are read from it again; own tags and remark stay.
        """
        clip = the_clip(self._library, path.clip_id)
        title = clip.title if body.title is None else body.title
        metadata = clip.metadata if body.metadata is None else body.metadata
        own_tags = None if body.own_tags is None else tuple(body.own_tags)
        self._apply(DescribeClip(clip.id, title, metadata, own_tags, body.remark))
        return reply(clip_out(the_clip(self._library, clip.id)))

    def remove_clip(self, path: ClipPath) -> Response:
        """Remove a clip from the library. An uploaded file is deleted; any other file stays where it is."""
        clip = the_clip(self._library, path.clip_id)
        self._apply(TakeOutClip(clip.id))
        self._service.uploads.discard(clip.absolute_path)
        return Response(status=204)

    def _apply(self, change: CatalogChange) -> None:
        """Write one change under the lease. Raises LibraryBusy (409) while a job holds it."""
        catalog = self._library.writer
        with catalog.lease(holder("serve"), LEASE_WAIT_S) as lease:
            catalog.apply(lease, [change])
        self._library.refresh()


def _sending(form: UploadForm, header: UploadHeaders) -> Sending:
    """How the client sends files. An idempotency key belongs to its client: other clients may use the same text."""
    if header.key is None:
        return Sending(form.job)
    files = [(shown_name(file.filename), _digest_of_file(file)) for file in form.files]
    return Sending(form.job, _digest([getattr(g, "key_name", ""), header.key]), _digest(files))


def _digest_of_file(file: FileStorage) -> str:
    found = hashlib.sha256()
    file.stream.seek(0)
    while block := file.stream.read(1 << 20):
        found.update(block)
    return found.hexdigest()


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()
