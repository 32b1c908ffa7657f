"""``/jobs``: long work, its progress by polling or server-sent events, and stopping it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from flask_openapi3.types import ResponseDict
from werkzeug.exceptions import Conflict, NotFound

from search.errors import QueryError, SoundalikeError
from search.model import Job, JobRequest
from search.service.http.answers.jobs import JobEvent, JobOut, JobsOut
from search.service.http.replies import accepted, reply, revisable
from search.service.http.requests.jobs import JobList, JobPath, NewJob
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(
    name="jobs",
    description="Long work: indexing uploads, finding duplicates, drawing the map, measuring facts, finding events, "
    "making fingerprints, transcribing speech.",
)
POLL_S = 0.3
BEAT_S = 10.0
STREAM_S = 55.0
"""A stream ends after this time, before proxies cut it; clients of server-sent events reconnect by themselves."""
_ENDED = ("done", "failed", "cancelled")
_EVENTS: ResponseDict = {
    200: {
        "description": "An event `job` with the job as JSON, now and after every change, until it ends.",
        "content": {"text/event-stream": {"schema": JobEvent.model_json_schema()}},
    }
}


class JobRoutes:
    """Jobs."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._jobs = service.jobs
        self._taken_up: set[tuple[int, int]] = set()

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoints."""
        one = "/jobs/<int:job_id>"
        api.get("/jobs", tags=[TAG], responses={200: JobsOut})(view(self.list_jobs))
        api.post("/jobs", tags=[TAG], responses={202: JobOut})(view(self.start_job))
        api.get(one, tags=[TAG], responses={200: JobOut})(view(self.get_job))
        api.delete(one, tags=[TAG], responses={204: None})(view(self.forget_job))
        api.get(f"{one}/events", tags=[TAG], responses=_EVENTS)(view(self.job_events))
        api.post(f"{one}/pause", tags=[TAG], responses={200: JobOut})(view(self.pause_job))
        api.post(f"{one}/resume", tags=[TAG], responses={200: JobOut})(view(self.resume_job))
        api.post(f"{one}/retry", tags=[TAG], responses={200: JobOut})(view(self.retry_job))
        api.post(f"{one}/cancel", tags=[TAG], responses={200: JobOut})(view(self.cancel_job))

    def list_jobs(self, query: JobList) -> Response:
        """List the jobs, newest first, one page at a time."""
        total, jobs = self._jobs.list(query.state, query.offset, query.limit)
        self._take_up(jobs)
        return revisable(reply(JobsOut.model_validate({"total": total, "offset": query.offset, "jobs": jobs})))

    def start_job(self, body: NewJob) -> Response:
        """Start a job on the whole library: duplicates, map, facts, events, fingerprints or speech.

        A job does only what is missing: it compares new clips, places them on the map, or processes the sounds that
        lack facts, events, fingerprints or a transcript. If the library has events or fingerprints, uploads get theirs
        while they are indexed.
        """
        return accepted(self._jobs.add(body.kind, []))

    def get_job(self, path: JobPath) -> Response:
        """Get one job and its progress."""
        return revisable(reply(JobOut.model_validate(self._job(path.job_id))))

    def pause_job(self, path: JobPath) -> Response:
        """Pause a job, which stops within seconds; its work so far is kept, and `resume` continues it."""
        return self._request(path.job_id, "pause")

    def resume_job(self, path: JobPath) -> Response:
        """Resume a paused job."""
        return self._request(path.job_id, "resume")

    def retry_job(self, path: JobPath) -> Response:
        """Run a job again that is done or failed, skipping what it did already."""
        return self._request(path.job_id, "retry")

    def cancel_job(self, path: JobPath) -> Response:
        """Cancel a job. What it indexed stays; uploaded files that it did not reach are deleted."""
        return self._request(path.job_id, "cancel")

    def forget_job(self, path: JobPath) -> Response:
        """Delete an ended job and its failures from the list. Its results stay."""
        self._request(path.job_id, "forget")
        return Response(status=204)

    def job_events(self, path: JobPath) -> Response:
        """Follow a job as server-sent events. The id of an event is the job's version."""
        job = self._job(path.job_id)
        held = ExitStack()
        held.enter_context(self._service.streams.taken())
        response = Response(self._events(job), mimetype="text/event-stream")
        response.call_on_close(held.close)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Accel-Buffering"] = "no"
        return response

    def _events(self, job: Job) -> Iterator[str]:
        end_s = time.monotonic() + STREAM_S
        yield "retry: 1000\n\n"
        sent_version, beat_s = 0, time.monotonic()
        while True:
            if job.version != sent_version:
                self._take_up([job])
                sent_version, beat_s = job.version, time.monotonic()
                yield f"event: job\nid: {sent_version}\ndata: {JobOut.model_validate(job).model_dump_json()}\n\n"
            if job.state in _ENDED or self._service.stopping.is_set() or time.monotonic() >= end_s:
                return
            if time.monotonic() - beat_s > BEAT_S:  # writing is how a client that left is noticed
                beat_s = time.monotonic()
                yield ": still there\n\n"
            self._service.stopping.wait(POLL_S)
            if self._jobs.version(job.id) != job.version:
                now = self._jobs.get(job.id)
                if now is None:
                    return
                job = now

    def _request(self, job_id: int, request: JobRequest) -> Response:
        try:
            job = self._jobs.request(job_id, request)
        except QueryError as error:
            raise Conflict(str(error)) from error
        if job is None:
            raise _gone(job_id)
        if job.state == "cancelled" and request == "cancel":
            self._service.uploads.discard_unindexed(job, self._service.library.catalog)
        return reply(JobOut.model_validate(job))

    def _job(self, job_id: int) -> Job:
        job = self._jobs.get(job_id)
        if job is None:
            raise _gone(job_id)
        self._take_up([job])
        return job

    def _take_up(self, jobs: Iterable[Job]) -> None:
        """Refresh the library once for each ended job, so that a client that sees the end also sees the results."""
        ended = {(job.id, job.version) for job in jobs if job.state in _ENDED} - self._taken_up
        if not ended:
            return
        with suppress(SoundalikeError):  # the thread that follows the library logs the cause
            self._service.library.refresh()
        self._taken_up |= ended


def _gone(job_id: int) -> NotFound:
    return NotFound(f"no job has the id {job_id}")
