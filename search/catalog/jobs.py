"""The jobs of a service in the catalog's database, behind the ports JobQueue and JobWork.

They need no writer's lease: each call is a short transaction of its own. Writing into the library takes the lease, as
always.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final, cast

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from search.catalog import blobs
from search.catalog.database import Database, now
from search.catalog.leases import is_stale, machine_name
from search.catalog.tables import CLIPS, JOBS, ROOTS
from search.catalog.uploads import columns_after_joining, failures_of_all, job_of_key, note, scaled
from search.errors import QueryError
from search.model import (
    GIVING_WAY,
    MAX_ATTEMPTS,
    Job,
    JobFailure,
    JobKind,
    JobOutcome,
    JobProgress,
    JobRequest,
    JobState,
    Sending,
)

_AT_ONCE: Final[dict[tuple[str, JobRequest], JobState]] = {
    ("queued", "pause"): "paused",
    ("paused", "resume"): "queued",
    ("queued", "cancel"): "cancelled",
    ("paused", "cancel"): "cancelled",
    ("done", "retry"): "queued",
    ("failed", "retry"): "queued",
}
_ENDED: Final = ("done", "failed", "cancelled")


class CatalogJobs:
    """A `search.ports.JobQueue` and `JobWork` in the catalog's database. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- JobQueue -------------------------------------------------------------------------------------------

    def add(self, kind: JobKind, files: Sequence[tuple[str, str]], sending: Sending | None = None) -> Job:
        """As the port says."""
        sending = sending or Sending()
        with self._database.writing() as connection:
            job_id = job_of_key(connection, sending)
            if job_id is None:
                job_id = _joining(connection, sending.job_id, files) or _added(connection, kind, files)
                note(connection, sending, job_id)
            row = connection.execute(select(JOBS).where(JOBS.c.id == job_id)).one()
            return _job(row, _clips_of(connection, row))

    def get(self, job_id: int) -> Job | None:
        """As the port says."""
        with self._database.reading() as connection:
            row = connection.execute(select(JOBS).where(JOBS.c.id == job_id)).one_or_none()
            return None if row is None else _job(row, _clips_of(connection, row))

    def version(self, job_id: int) -> int | None:
        """As the port says."""
        with self._database.reading() as connection:
            return connection.execute(select(JOBS.c.version).where(JOBS.c.id == job_id)).scalar_one_or_none()

    def having(self, paths: Sequence[str]) -> frozenset[str]:
        """As the port says. It takes a writer's turn, so that it sees every committed job."""
        with self._database.writing() as connection:
            files = connection.execute(select(JOBS.c.files)).scalars()
            return frozenset(paths) & {path for of_job in files for path, _ in json.loads(of_job)}

    def list(self, state: JobState | None, offset: int, limit: int) -> tuple[int, list[Job]]:
        """As the port says."""
        wanted = JOBS.c.state == state if state is not None else JOBS.c.id > 0
        page = select(JOBS).where(wanted).order_by(JOBS.c.id.desc()).offset(offset).limit(limit)
        with self._database.reading() as connection:
            total = connection.execute(select(func.count()).select_from(JOBS).where(wanted)).scalar_one()
            rows = connection.execute(page).all()
            return int(total), [_job(row, _clips_of(connection, row)) for row in rows]

    def counts(self) -> dict[str, int]:
        """As the port says."""
        counted = select(JOBS.c.state, func.count()).group_by(JOBS.c.state)
        with self._database.reading() as connection:
            return {str(state): int(count) for state, count in connection.execute(counted)}

    def request(self, job_id: int, request: JobRequest) -> Job | None:
        """As the port says."""
        with self._database.writing() as connection:
            row = connection.execute(select(JOBS).where(JOBS.c.id == job_id)).one_or_none()
            if row is None:
                return None
            if request == "forget" and row.state in _ENDED:
                connection.execute(delete(JOBS).where(JOBS.c.id == job_id))
                return _job(row, ())
            at_once = _AT_ONCE.get((row.state, request))
            if at_once is not None:
                values: dict[str, Any] = {"finished": now(connection)} if at_once in _ENDED else {}
                if request == "retry":
                    anew = asdict(JobProgress(files_total=len(json.loads(row.files))))
                    values = {"finished": None, "attempts": 0, "failures": "[]", "progress": json.dumps(anew)}
                _set(connection, row, state=at_once, request=None, reason=None, **values)
            elif request == "forget":
                raise QueryError(f"job {job_id} is {row.state}; it can be removed from the list once it has ended")
            elif row.state == "running":
                _set(connection, row, request=None if request == "resume" else request)
            elif (row.state, request) != ("paused", "pause") and (row.state, request) != ("queued", "resume"):
                raise QueryError(f"job {job_id} is {row.state}; it cannot {request}")
        return self.get(job_id)

    # --- JobWork --------------------------------------------------------------------------------------------

    def claim(self) -> Job | None:
        """As the port says."""
        with self._database.writing() as connection:
            self._recover(connection)
            queued = select(JOBS).where(JOBS.c.state == "queued")
            row = connection.execute(queued.order_by(JOBS.c.kind.in_(GIVING_WAY), JOBS.c.id).limit(1)).one_or_none()
            if row is None:
                return None
            mine = {"machine": machine_name(), "pid": os.getpid(), "heartbeat": now(connection)}
            started = row.started or now(connection)
            _set(connection, row, state="running", attempts=row.attempts + 1, started=started, reason=None, **mine)
        return self.get(row.id)

    def is_awaited(self) -> bool:
        """As the port says."""
        others = select(JOBS.c.id).where(JOBS.c.state == "queued", JOBS.c.kind.not_in(GIVING_WAY)).limit(1)
        with self._database.reading() as connection:
            return connection.execute(others).one_or_none() is not None

    def report(self, job_id: int, progress: JobProgress) -> JobRequest | None:
        """As the port says."""
        with self._database.writing() as connection:
            row = connection.execute(select(JOBS).where(JOBS.c.id == job_id)).one()
            now_of_all = scaled(progress, len(json.loads(row.files)) if row.kind == "index" else 0)
            progress_json = json.dumps(asdict(now_of_all))
            changed = {"progress": progress_json, "version": row.version + 1} if progress_json != row.progress else {}
            beat = {"heartbeat": now(connection)}
            connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(**beat, **changed))
            return cast("JobRequest | None", row.request)

    def finish(self, job_id: int, outcome: JobOutcome, files: int | None = None) -> None:
        """As the port says."""
        with self._database.writing() as connection:
            row = connection.execute(select(JOBS).where(JOBS.c.id == job_id)).one()
            values: dict[str, Any] = {"state": outcome.state, "reason": outcome.reason, "request": None}
            if outcome.failures:
                values["failures"] = failures_of_all(row, outcome.failures)
            more_came = files is not None and files < len(json.loads(row.files))
            if more_came and outcome.state in ("done", "failed"):
                values |= {"state": "queued", "reason": None}
            if values["state"] in _ENDED:
                values["finished"] = now(connection)
            else:  # it was stopped, not killed: that does not count as an attempt
                values["attempts"] = max(0, row.attempts - 1)
            _set(connection, row, **values)

    def _recover(self, connection: Connection) -> None:
        """Requeue the running jobs of processes that are gone, or mark them failed after too many attempts."""
        for row in connection.execute(select(JOBS).where(JOBS.c.state == "running")).all():
            if not is_stale(row.machine, row.pid, row.heartbeat, now(connection)):
                continue
            if row.request == "cancel":
                _set(connection, row, state="cancelled", request=None, finished=now(connection))
            elif row.request == "pause":
                _set(connection, row, state="paused", request=None)
            elif row.attempts >= MAX_ATTEMPTS:
                reason = f"the service ended {row.attempts} times while this job ran; it is not tried again"
                _set(connection, row, state="failed", reason=reason, finished=now(connection))
            else:
                _set(connection, row, state="queued", reason="the service ended while this job ran; it will resume")


def _added(connection: Connection, kind: JobKind, files: Sequence[tuple[str, str]]) -> int:
    """Add a job to the queue; return its id."""
    values = {
        "kind": kind,
        "state": "queued",
        "files": json.dumps([list(one) for one in files]),
        "progress": json.dumps(asdict(JobProgress(files_total=len(files)))),
        "failures": "[]",
        "attempts": 0,
        "version": 1,
        "machine": "",
        "pid": 0,
        "heartbeat": 0.0,
        "created": now(connection),
    }
    key = connection.execute(insert(JOBS), values).inserted_primary_key
    return int(key[0]) if key else 0


def _joining(connection: Connection, job_id: int | None, files: Sequence[tuple[str, str]]) -> int | None:
    """Add ``files`` to the job ``job_id``, if given; return ``job_id``."""
    if job_id is not None:
        changed = columns_after_joining(connection, job_id, files)
        row = connection.execute(select(JOBS).where(JOBS.c.id == job_id)).one()
        _set(connection, row, **changed)
    return job_id


def _set(connection: Connection, row: Row[*tuple[Any, ...]], **values: Any) -> None:  # noqa: ANN401 - columns
    connection.execute(update(JOBS).where(JOBS.c.id == row.id).values(**values, version=row.version + 1))


def _clips_of(connection: Connection, row: Row[*tuple[Any, ...]]) -> tuple[int, ...]:
    """The ids of the clips at a job's paths, in the order of the paths."""
    paths = [path for path, _ in json.loads(row.files)]
    if not paths:
        return ()
    roots = [(root.id, blobs.path_text(root.path)) for root in connection.execute(select(ROOTS))]
    found: dict[tuple[int, bytes], int] = {}
    places: list[tuple[int, bytes]] = []
    for path in paths:
        root = max((r for r in roots if path.startswith(r[1] + os.sep)), key=lambda r: len(r[1]), default=None)
        if root is not None:
            places.append((root[0], blobs.path_bytes(path[len(root[1]) + 1 :].replace(os.sep, "/"))))
    for root_id in {root_id for root_id, _ in places}:
        wanted = [path for root, path in places if root == root_id]
        at = select(CLIPS.c.id, CLIPS.c.path).where(CLIPS.c.root_id == root_id, CLIPS.c.path.in_(wanted))
        found.update(((root_id, clip.path), clip.id) for clip in connection.execute(at))
    return tuple(found[place] for place in places if place in found)


def _job(row: Row[*tuple[Any, ...]], clip_ids: tuple[int, ...]) -> Job:
    files = json.loads(row.files)
    return Job(
        id=row.id,
        kind=row.kind,
        state=row.state,
        paths=tuple(path for path, _ in files),
        files=tuple(name for _, name in files),
        created=row.created,
        started=row.started,
        finished=row.finished,
        progress=JobProgress(**json.loads(row.progress)),
        failures=tuple(JobFailure(*one) for one in json.loads(row.failures)),
        clip_ids=clip_ids,
        reason=row.reason,
        request=row.request,
        attempts=row.attempts,
        version=row.version,
    )
