"""Work in chunks: a job puts them into the catalog, and workers claim, process and close them.

A claim is a token in a chunk's row, with an expiry time by the database's shared clock. Only `close` writes into the
library. It compares token and time inside its transaction, so a worker that slept past its claim writes nothing, and no
chunk is written twice. On a server, claiming takes no writer's turn: it skips rows that others have locked
(``SKIP LOCKED``). In a file, every writer locks the whole database.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update

from search.catalog import leases, reading, writing
from search.catalog.chunktexts import files_of, files_text, results_of, results_text
from search.catalog.database import Database, now
from search.catalog.tables import CHUNKS, PASSES
from search.errors import ClaimLost, printable
from search.model import (
    MAX_FAILED_CLAIMS,
    CatalogChange,
    Claim,
    PassState,
    RecordFailure,
    WorkCounts,
    WorkFile,
    WorkPass,
    WorkResult,
)

CLAIM_S: Final = 60.0
"""How long a claim is valid unless it is renewed."""
_CHUNKS_AT_ONCE: Final = 64
_UNCLAIMED: Final = {"state": "open", "token": "", "holder": "", "machine": "", "pid": 0, "expires": 0.0}


class CatalogChunks:
    """A `search.ports.ChunkPlan` and `ChunkWork` in the catalog's database. Safe to use from several threads."""

    def __init__(self, database: Database, clock: Callable[[Connection], float] = now) -> None:
        """``clock`` returns the time; only tests replace it."""
        self._database = database
        self._clock = clock

    # --- ChunkPlan ------------------------------------------------------------------------------------------

    def begin(
        self, space_id: int, kept_out: Sequence[str], *, max_duration_s: float | None = None, facts: bool = True
    ) -> WorkPass:
        """As the port says."""
        values = {"space_id": space_id, "state": "open", "max_duration_s": max_duration_s, "facts": facts}
        with self._database.claiming() as connection:
            connection.execute(delete(PASSES))
            made = connection.execute(
                insert(PASSES).returning(PASSES.c.id),
                {**values, "kept_out": json.dumps(sorted(kept_out)), "created": self._clock(connection)},
            )
            pass_id = int(made.scalar_one())
        return WorkPass(pass_id, space_id, "open", max_duration_s, facts, frozenset(kept_out))

    def put(self, pass_id: int, files: Sequence[WorkFile]) -> None:
        """As the port says."""
        with self._database.claiming() as connection:
            _require_pass(connection, pass_id)
            connection.execute(insert(CHUNKS), _new_chunk(pass_id, files))

    def collect(self, pass_id: int) -> list[WorkResult]:
        """As the port says."""
        done = select(CHUNKS.c.id, CHUNKS.c.results).where(CHUNKS.c.pass_id == pass_id, CHUNKS.c.state == "done")
        page = done.order_by(CHUNKS.c.id).limit(_CHUNKS_AT_ONCE)
        with self._database.reading() as connection:
            rows = connection.execute(page).all()
        if rows:  # nobody else needs them
            with self._database.claiming() as connection:
                connection.execute(delete(CHUNKS).where(CHUNKS.c.id.in_([row.id for row in rows])))
        return [result for row in rows for result in results_of(row.results)]

    def counts(self, pass_id: int) -> WorkCounts:
        """As the port says."""
        by_state = (
            select(CHUNKS.c.state, func.count(), func.sum(CHUNKS.c.done_bytes), func.sum(CHUNKS.c.done_audio_s))
            .where(CHUNKS.c.pass_id == pass_id)
            .group_by(CHUNKS.c.state)
        )
        claimed = CHUNKS.c.state == "claimed"
        holders = select(CHUNKS.c.holder).where(CHUNKS.c.pass_id == pass_id, claimed).distinct()
        with self._database.reading() as connection:
            _require_pass(connection, pass_id)
            rows = {row[0]: row for row in connection.execute(by_state)}
            workers = tuple(sorted(connection.execute(holders).scalars())) if "claimed" in rows else ()
        mine = rows.get("claimed", ("claimed", 0, 0, 0.0))
        number = {state: int(row[1]) for state, row in rows.items()}
        return WorkCounts(
            number.get("open", 0), int(mine[1]), number.get("done", 0), int(mine[2]), float(mine[3]), workers
        )

    def set_state(self, state: PassState) -> WorkPass | None:
        """As the port says."""
        with self._database.claiming() as connection:
            row = _newest(connection)
            if row is None:
                return None
            if row.state != "ended":
                connection.execute(update(PASSES).where(PASSES.c.id == row.id).values(state=state))
            if state == "ended":
                waiting = CHUNKS.c.state == "open"
                connection.execute(delete(CHUNKS).where(CHUNKS.c.pass_id == row.id, waiting))
        return self.current()

    def current(self) -> WorkPass | None:
        """As the port says."""
        with self._database.reading() as connection:
            row = _newest(connection)
        if row is None:
            return None
        kept_out = frozenset(json.loads(row.kept_out))
        return WorkPass(row.id, row.space_id, row.state, row.max_duration_s, row.facts, kept_out)

    # --- ChunkWork ------------------------------------------------------------------------------------------

    def claim(self, holder: str) -> Claim | None:
        """As the port says."""
        while True:
            with self._database.claiming() as connection:
                row = self._next(connection)
                if row is None:
                    return None
                files = files_of(row.files)
                if row.attempts < MAX_FAILED_CLAIMS:
                    return self._take(connection, row, files, holder)
                if len(files) > 1:
                    _halve(connection, row, files)
                    continue
            self._give_up(row.id)

    def renew(self, claim: Claim, done_bytes: int = 0, done_audio_s: float = 0.0) -> None:
        """As the port says."""
        with self._database.claiming() as connection:
            self._require(connection, claim)
            until = self._clock(connection) + CLAIM_S
            values = {"expires": until, "done_bytes": done_bytes, "done_audio_s": done_audio_s}
            connection.execute(update(CHUNKS).where(CHUNKS.c.id == claim.chunk_id).values(**values))

    def close(
        self,
        claim: Claim,
        changes: Sequence[CatalogChange],
        results: Sequence[WorkResult],
        rest: Sequence[WorkFile] = (),
    ) -> int:
        """As the port says."""
        with self._database.writing() as connection:
            self._require(connection, claim)
            sequence = writing.apply(connection, changes)
            done = {"state": "done", "results": results_text(results), "files": "[]", "token": "", "done_bytes": 0}
            connection.execute(update(CHUNKS).where(CHUNKS.c.id == claim.chunk_id).values(**done))
            if rest:
                connection.execute(insert(CHUNKS), _new_chunk(claim.pass_id, rest))
            return sequence

    def give_back(self, claim: Claim, *, failed: bool) -> None:
        """As the port says."""
        with self._database.claiming() as connection:
            mine = and_(CHUNKS.c.id == claim.chunk_id, CHUNKS.c.token == claim.token)
            attempts = CHUNKS.c.attempts if failed else CHUNKS.c.attempts - 1
            connection.execute(update(CHUNKS).where(mine).values(**_UNCLAIMED, attempts=attempts))

    # --- claims ---------------------------------------------------------------------------------------------

    def _next(self, connection: Connection) -> Row[Any] | None:
        """The oldest chunk that is open or whose worker is gone, locked; None if there is none."""
        at = self._clock(connection)
        here = select(CHUNKS.c.id, CHUNKS.c.pid).where(
            CHUNKS.c.state == "claimed", CHUNKS.c.machine == leases.machine_name()
        )
        dead = [row.id for row in connection.execute(here) if leases.is_gone(row.pid)]
        left = and_(CHUNKS.c.state == "claimed", or_(CHUNKS.c.expires < at, CHUNKS.c.id.in_(dead)))
        oldest = (
            select(CHUNKS)
            .join(PASSES, PASSES.c.id == CHUNKS.c.pass_id)
            .where(PASSES.c.state == "open", or_(CHUNKS.c.state == "open", left))
            .order_by(CHUNKS.c.id)
            .limit(1)
            .with_for_update(skip_locked=True, of=CHUNKS)
        )
        return connection.execute(oldest).one_or_none()

    def _take(self, connection: Connection, row: Row[Any], files: tuple[WorkFile, ...], holder: str) -> Claim:
        token = uuid.uuid4().hex
        values = {
            "state": "claimed",
            "attempts": row.attempts + 1,
            "token": token,
            "holder": printable(holder),
            "machine": leases.machine_name(),
            "pid": os.getpid(),
            "expires": self._clock(connection) + CLAIM_S,
            "done_bytes": 0,
            "done_audio_s": 0.0,
        }
        connection.execute(update(CHUNKS).where(CHUNKS.c.id == row.id).values(**values))
        return Claim(row.id, row.pass_id, token, files, row.attempts)

    def _require(self, connection: Connection, claim: Claim) -> None:
        """Raise ClaimLost unless the claim is valid.

        Locks the row, so that it stays valid until the transaction ends.
        """
        row = connection.execute(select(CHUNKS).where(CHUNKS.c.id == claim.chunk_id).with_for_update()).one_or_none()
        if row is None or row.token != claim.token or row.state != "claimed":
            raise ClaimLost("this worker has lost its claim: another worker has the chunk, or the job ended")
        if row.expires < self._clock(connection):
            raise ClaimLost(f"this worker's claim ran out: it was not renewed for {CLAIM_S:g} s")

    def _give_up(self, chunk_id: int) -> None:
        """Record a failure for the single file of a chunk whose workers died."""
        with self._database.writing() as connection:
            row = connection.execute(select(CHUNKS).where(CHUNKS.c.id == chunk_id).with_for_update()).one_or_none()
            if row is None or row.state == "done" or row.attempts < MAX_FAILED_CLAIMS:
                return
            if row.state == "claimed" and row.expires >= self._clock(connection) and not _is_dead(row):
                return
            (file,) = files_of(row.files)
            cause = f"{row.attempts} workers ended while reading it; it is not tried again in this job"
            writing.apply(connection, [RecordFailure(file.root_id, file.facts, cause)])
            path = _absolute(connection, file)
            result = WorkResult("failed", path, size_bytes=file.facts.size_bytes, cause=cause)
            done = {"state": "done", "results": results_text([result]), "files": "[]", "token": ""}
            connection.execute(update(CHUNKS).where(CHUNKS.c.id == chunk_id).values(**done))


def _is_dead(row: Row[Any]) -> bool:
    return bool(row.machine == leases.machine_name() and leases.is_gone(row.pid))


def _absolute(connection: Connection, file: WorkFile) -> str:
    root = next((root for root in reading.roots(connection) if root.id == file.root_id), None)
    return file.facts.path if root is None else root.absolute(file.facts.path)


def _newest(connection: Connection) -> Row[Any] | None:
    return connection.execute(select(PASSES).order_by(PASSES.c.id.desc()).limit(1)).one_or_none()


def _require_pass(connection: Connection, pass_id: int) -> None:
    if connection.execute(select(PASSES.c.id).where(PASSES.c.id == pass_id)).one_or_none() is None:
        raise ClaimLost("another job has planned the work again; run the command again")


def _new_chunk(pass_id: int, files: Sequence[WorkFile], attempts: int = 0) -> dict[str, Any]:
    said = {"files": files_text(files), "results": "", "done_bytes": 0, "done_audio_s": 0.0}
    return {"pass_id": pass_id, "attempts": attempts, **_UNCLAIMED, **said}


def _halve(connection: Connection, row: Row[Any], files: Sequence[WorkFile]) -> None:
    """Replace a chunk by two halves. One contains the file that kills workers, and is halved again at the next death.

    A single file gets a chunk's full number of tries, because the machine may have died for other reasons.
    """
    middle = len(files) // 2
    for half in (files[:middle], files[middle:]):
        attempts = MAX_FAILED_CLAIMS - 1 if len(half) > 1 else 0
        connection.execute(insert(CHUNKS), _new_chunk(row.pass_id, half, attempts))
    connection.execute(delete(CHUNKS).where(CHUNKS.c.id == row.id))
