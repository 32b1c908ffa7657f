"""The writer's lease: one row that its holder renews while it runs.

A process that finds the lease stale (no heartbeat for `STALE_S`, or the holder's process on this machine is gone) takes
it over with a new token. `apply` compares the token inside its own transaction, so a holder that was only suspended
notices there. So a lost lease may delay a writer, but two processes never both write.
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
        """The holder: host, process id, command."""
        return self._holder

    def check(self) -> None:
        """Raise LibraryBusy if the lease was lost, LibraryError if the catalog cannot be read."""
        with self._database.reading() as connection:
            require(connection, self.token)

    def renew(self) -> None:
        """Write a heartbeat. Raises LibraryBusy if the lease was lost."""
        with self._database.writing() as connection:
            require(connection, self.token)
            connection.execute(update(LEASES).values(heartbeat=now(connection)))


def require(connection: Connection, token: str) -> None:
    """Raise LibraryBusy unless ``token`` belongs to the present lease. In a writing transaction this is conclusive."""
    row = connection.execute(select(LEASES)).one_or_none()
    if row is None:
        raise LibraryBusy("this process lost the right to write (it gave the lease up); run the command again")
    if row.token != token:
        raise LibraryBusy(
            f"this process lost the right to write: {printable(row.holder)} took it {_when(row.taken)}; "
            "run the command again"
        )


def token_of(lease: Lease) -> str:
    """The token of a catalog's lease. Raises LibraryBusy if ``lease`` is not the lease of a catalog."""
    if not isinstance(lease, CatalogLease):
        raise LibraryBusy(f"{lease.holder} holds no lease on this catalog; take one with `lease`")
    return lease.token


@contextmanager
def held(database: Database, holder: str, wait_s: float) -> Iterator[CatalogLease]:
    """Take the lease, waiting up to ``wait_s`` for it; renew it until the block ends, then give it back.

    Raises LibraryBusy, which names the holder and the time since when.
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
        with suppress(LibraryError):  # a lease that cannot be given back becomes stale
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
                f"{database.name}: {printable(row.holder)} has been writing since {_when(row.taken)}; "
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
            continue  # perhaps temporary, like a full disk


def is_stale(machine: str, pid: int, heartbeat: float, at: float) -> bool:
    """Whether a process counts as gone at ``at``: no renewal for `STALE_S`, or not running on this machine."""
    # a heartbeat from the future: the clock jumped back; the holder's next heartbeat corrects it within seconds
    if abs(at - heartbeat) > STALE_S:
        return True
    return machine == machine_name() and is_gone(pid)


def is_gone(pid: int) -> bool:
    """Whether no process on this machine runs under this id; a zombie does not run."""
    if os.name != "posix":  # on Windows, signal 0 would end the process; only the heartbeat decides
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Whether the process has ended and only waits to be collected by its parent; False where /proc does not say."""
    try:
        status = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return status.rpartition(b")")[2].split()[:1] == [b"Z"]  # the name before it may hold anything


def machine_name() -> str:
    """The name of the machine, with the process-id namespace, since containers have their own."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return f"{platform.node()} {namespace}".strip()


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
