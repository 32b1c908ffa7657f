"""The right to write: one row that its holder renews while it lives.

Whoever finds the row stale (no heartbeat for `STALE_S`, or the holder's process gone from this machine) takes it
over with a new token. A holder that only slept finds out from `apply`, which compares the token inside its own
transaction: a lost lease can delay a writer, never let two of them write.
"""

from __future__ import annotations

import os
import platform
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from search.catalog.database import Database, now
from search.catalog.tables import LEASES
from search.errors import LibraryBusy, LibraryError, printable
from search.ports import Lease

HEARTBEAT_S: Final = 5.0
STALE_S: Final = 30.0
_POLL_S: Final = 0.2
_pause = time.sleep


class CatalogLease:
    """The lease of this process: implements `search.ports.Lease`."""

    def __init__(self, database: Database, holder: str, token: str) -> None:
        self._database = database
        self._holder = holder
        self.token = token

    @property
    def holder(self) -> str:
        """Who holds it: host, process id, command."""
        return self._holder

    def check(self) -> None:
        """Raises LibraryBusy when the lease was lost, LibraryError when the catalog cannot be read."""
        with self._database.reading() as connection:
            require(connection, self.token)

    def renew(self) -> None:
        """Say that the holder lives. Raises LibraryBusy when the lease was lost."""
        with self._database.writing() as connection:
            require(connection, self.token)
            connection.execute(update(LEASES).values(heartbeat=now(connection)))


def require(connection: Connection, token: str) -> None:
    """Raise LibraryBusy unless ``token`` is the present lease's; inside a writing transaction that settles it."""
    row = connection.execute(select(LEASES)).one_or_none()
    if row is None:
        raise LibraryBusy("this process lost the right to write (it gave the lease up); run the command again")
    if row.token != token:
        raise LibraryBusy(
            f"this process lost the right to write: {printable(row.holder)} took it {_when(row.taken)}; "
            "run the command again"
        )


def token_of(lease: Lease) -> str:
    """What tells the lease of a catalog from another. Raises LibraryBusy for one that is of no catalog."""
    if not isinstance(lease, CatalogLease):
        raise LibraryBusy(f"{lease.holder} holds no lease of this catalog; take one with `lease`")
    return lease.token


@contextmanager
def held(database: Database, holder: str, wait_s: float) -> Iterator[CatalogLease]:
    """Take the lease, waiting up to ``wait_s`` for it; keep it alive until the block ends, then give it back.

    Raises LibraryBusy that names the holder and says since when.
    """
    lease = _take(database, holder, wait_s)
    stop = threading.Event()
    beating = threading.Thread(target=_beat, args=(lease, stop), name="lease-heartbeat", daemon=True)
    beating.start()
    try:
        yield lease
    finally:
        stop.set()
        beating.join()
        with suppress(LibraryError):  # a lease that cannot be given back goes stale by itself
            _give_back(database, lease)


def _take(database: Database, holder: str, wait_s: float) -> CatalogLease:
    deadline = time.monotonic() + wait_s
    while True:
        lease = CatalogLease(database, holder, uuid.uuid4().hex)
        with database.writing() as connection:
            row = connection.execute(select(LEASES)).one_or_none()
            at = now(connection)
            if row is None or is_stale(row.machine, row.pid, row.heartbeat, at):
                connection.execute(delete(LEASES))
                connection.execute(
                    insert(LEASES).values(
                        id=1,
                        token=lease.token,
                        holder=printable(holder),
                        machine=machine_name(),
                        pid=os.getpid(),
                        taken=at,
                        heartbeat=at,
                    )
                )
                return lease
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise LibraryBusy(
                f"{database.name}: {printable(row.holder)} is writing since {_when(row.taken)}; "
                "wait until it is done, or stop it"
            )
        _pause(min(_POLL_S, left_s))


def _give_back(database: Database, lease: CatalogLease) -> None:
    with database.writing() as connection:
        connection.execute(delete(LEASES).where(LEASES.c.token == lease.token))


def _beat(lease: CatalogLease, stop: threading.Event) -> None:
    while not stop.wait(HEARTBEAT_S):
        try:
            lease.renew()
        except LibraryBusy:
            with suppress(LibraryError):
                lease.check()
                continue  # only the database was busy
            return  # lost: the next apply of its holder raises LibraryBusy
        except LibraryError:
            continue  # a full disk may be emptied again


def is_stale(machine: str, pid: int, heartbeat: float, at: float) -> bool:
    """Whether a process is gone at ``at``: without a renewal for `STALE_S`, or of this machine and not there."""
    # A heartbeat from the future is a clock that jumped back; the holder's next one puts it right within seconds.
    if abs(at - heartbeat) > STALE_S:
        return True
    return machine == machine_name() and is_gone(pid)


def is_gone(pid: int) -> bool:
    """Whether no process of this machine has this id."""
    if os.name != "posix":  # there, signal 0 would end the process; the heartbeat alone decides
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def machine_name() -> str:
    """Names the machine, and the process-id namespace where containers have their own."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return f"{platform.node()} {namespace}".strip()


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
