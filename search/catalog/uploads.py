"""Uploads that join one job, and uploads that are sent again because the response was lost (idempotency keys)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select

from search.catalog.database import now
from search.catalog.tables import JOBS, UPLOADS
from search.errors import QueryError
from search.model import MAX_JOB_FILES, JobFailure, JobProgress, Sending

KEPT_S: Final = 86_400.0
"""How long the key of an upload is kept."""


def job_of_key(connection: Connection, sending: Sending) -> int | None:
    """The job of an earlier upload with the same key; None if there was none.

    Raises QueryError if that upload had other files, or if its job was deleted since: adding the files again would
    duplicate them.
    """
    if sending.key is None:
        return None
    connection.execute(delete(UPLOADS).where(UPLOADS.c.created < now(connection) - KEPT_S))
    row = connection.execute(select(UPLOADS).where(UPLOADS.c.key == sending.key)).one_or_none()
    if row is None:
        return None
    if row.files != sending.files:
        raise QueryError("other files were sent under this Idempotency-Key; use another key for these")
    if connection.execute(select(JOBS.c.id).where(JOBS.c.id == row.job_id)).one_or_none() is None:
        raise QueryError("these files were sent under this Idempotency-Key before; their job is no longer listed")
    return int(row.job_id)


def note(connection: Connection, sending: Sending, job_id: int) -> None:
    """Remember an upload, if it has a key."""
    if sending.key is not None:
        values = {"key": sending.key, "files": sending.files, "job_id": job_id, "created": now(connection)}
        connection.execute(insert(UPLOADS).values(values))


def columns_after_joining(connection: Connection, job_id: int, files: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The changed columns of a job that ``files`` join. Raises QueryError if the job cannot take them."""
    row = connection.execute(select(JOBS).where(JOBS.c.id == job_id)).one_or_none()
    if row is None or row.kind != "index":
        raise QueryError(f"no upload job has the id {job_id}")
    if row.state == "cancelled" or row.request == "cancel":
        raise QueryError(f"job {job_id} is cancelled; it accepts no more files")
    every = [*json.loads(row.files), *(list(one) for one in files)]
    if len(every) > MAX_JOB_FILES:
        raise QueryError(
            f"job {job_id} would have {len(every):,} files; it can have {MAX_JOB_FILES:,}: start another job"
        )
    progress = scaled(JobProgress(**json.loads(row.progress)), len(every))
    values: dict[str, Any] = {"files": json.dumps(every), "progress": json.dumps(asdict(progress))}
    if row.state in ("done", "failed"):
        values |= {"state": "queued", "finished": None, "reason": None, "attempts": 0}
    return values


def scaled(progress: JobProgress, files: int) -> JobProgress:
    """``progress`` scaled to ``files``, if the job has more files by now than it knew of."""
    if files <= progress.files_total:
        return progress
    share = progress.share * progress.files_total / files
    return replace(progress, files_total=files, share=share, left_s=None)


def failures_of_all(row: Row[*tuple[Any, ...]], failures: Sequence[JobFailure]) -> str:
    """The failures of a job as JSON; for a job of uploads, including those of files from before others joined."""
    known: list[list[str]] = json.loads(row.failures) if row.kind == "index" else []
    found = [[one.file, one.cause] for one in failures]
    return json.dumps([*(one for one in known if one not in found), *found])
