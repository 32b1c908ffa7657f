"""``/failures``: the files that could not be indexed the last time; trying them again, and clearing the list."""

from __future__ import annotations

from dataclasses import replace

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from werkzeug.exceptions import NotFound

from search.errors import printable
from search.library.leasing import holder
from search.library.maintenance import failures
from search.model import MAX_JOB_FILES, RecordFailure, Root
from search.service.http.answers.jobs import FailedFileOut, FailuresOut, JobOut
from search.service.http.replies import accepted, reply, revisable
from search.service.http.requests.jobs import FailureList
from search.service.routes.clips import LEASE_WAIT_S
from search.service.routes.folders import name_of
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(name="failures", description="The files that could not be indexed.")


class FailureRoutes:
    """Files that jobs and the command line could not index."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoints."""
        api.get("/failures", tags=[TAG], responses={200: FailuresOut})(view(self.list_failures))
        api.post("/failures/retry", tags=[TAG], responses={202: JobOut})(view(self.retry_failures))
        api.delete("/failures", tags=[TAG], responses={204: None})(view(self.clear_failures))

    def list_failures(self, query: FailureList) -> Response:
        """List the existing files that could not be indexed, and why, one page at a time.

        A file is listed until it is indexed or gone, its folder is removed, or the list is cleared.
        """
        failed = failures(self._service.library)
        page = [self._out(*one) for one in failed[query.offset : query.offset + query.limit]]
        return revisable(reply(FailuresOut(total=len(failed), offset=query.offset, failures=page)))

    def retry_failures(self) -> Response:
        """Start a job that tries the listed files again (the first thousand). 404 if the list is empty."""
        failed = failures(self._service.library)[:MAX_JOB_FILES]
        if not failed:
            raise NotFound("no file is listed as failed")
        shown = [(root.absolute(one.file.path), self._out(root, one)) for root, one in failed]
        files = [(path, out.file if out.folder is None else f"{out.folder}/{out.file}") for path, out in shown]
        return accepted(self._service.jobs.add("scan", files))

    def clear_failures(self) -> Response:
        """Clear the list. A file that a later scan cannot index is listed again."""
        catalog = self._service.library.writer
        cleared = [replace(one, cause="") for one in self._service.library.catalog.failed_files()]
        with catalog.lease(holder("serve"), LEASE_WAIT_S) as lease:
            catalog.apply(lease, cleared)
        return Response(status=204)

    def _out(self, root: Root, failed: RecordFailure) -> FailedFileOut:
        folder = None if self._service.uploads.holds(root.path) else name_of(root.path)
        return FailedFileOut(folder=folder, file=printable(failed.file.path), cause=printable(failed.cause))
