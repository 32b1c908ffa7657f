"""Rate limits of clients, shared in PostgreSQL by all services over one catalog, behind the port Allowances.

They have a table of their own, which is made when first needed; migrations, copies, backups and comparisons ignore it.
It is UNLOGGED, so that no commit waits for a disk. After a crash it is empty, and every client has its full allowance.
"""

from __future__ import annotations

import threading
from typing import Final

from sqlalchemy import text

from search.catalog.database import Database

_LOCK: Final = 0x50_6E_65  # any number, the same for all: two services may start at once
_MAKE: Final = text(
    "CREATE UNLOGGED TABLE IF NOT EXISTS allowances ("
    "client text PRIMARY KEY, tokens float8 NOT NULL, granted float8 NOT NULL, at timestamptz NOT NULL)"
)
_NOW: Final = "clock_timestamp()"
_LEFT: Final = (  # the client's tokens by now; a clock that was set back changes nothing
    f"LEAST(:size, mine.tokens + GREATEST(0, extract(epoch FROM {_NOW} - mine.at)) * :rate)"
)
_TAKE: Final = text(
    "INSERT INTO allowances AS mine (client, tokens, granted, at) "  # noqa: S608 - fixed
    f"VALUES (:client, :size - LEAST(:wanted, floor(:size)), LEAST(:wanted, floor(:size)), {_NOW}) "
    "ON CONFLICT (client) DO UPDATE SET "
    f"granted = LEAST(:wanted, floor({_LEFT})), tokens = {_LEFT} - LEAST(:wanted, floor({_LEFT})), at = {_NOW} "
    "RETURNING CASE WHEN granted > 0 THEN granted ELSE tokens - 1 END"
).bindparams(size=0.0, rate=0.0, wanted=0.0)
"""One statement, one round trip. Returns the number granted, or a negative number: how much the first token lacks."""
_FORGET: Final = text(
    "WITH gone AS (DELETE FROM allowances WHERE client IN ("  # noqa: S608 - fixed
    f"SELECT client FROM allowances WHERE at < {_NOW} - make_interval(secs => :full_s) FOR UPDATE SKIP LOCKED"
    ") RETURNING 1) SELECT count(*) FROM gone"
)
_FORGET_EVERY: Final = 1_000


class CatalogAllowances:
    """A `search.ports.Allowances` in the catalog's database. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._taken = 0

    def prepare(self) -> None:
        """As the port says."""
        with self._database.claiming() as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            connection.execute(_MAKE)

    def take(self, client: str, most: int, per_second: float, size: float) -> float:
        """As the port says."""
        values = {"client": client, "wanted": float(most), "rate": per_second, "size": size}
        found = float(self._database.glance(_TAKE.bindparams(**values)))
        with self._lock:
            self._taken += 1
            is_time = self._taken % _FORGET_EVERY == 0
        if is_time:  # forget clients that have been quiet so long that their allowance is full again
            self._database.glance(_FORGET.bindparams(full_s=60 + size / per_second))
        return found if found > 0 else found / per_second
