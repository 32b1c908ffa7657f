"""The list of snapshots in the library's store: the publisher writes it under its lease, and readers follow it."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from sqlalchemy import Connection, Select, delete, func, insert, select, text

from search.catalog import leases
from search.catalog.database import Database, now
from search.catalog.sqlite import SQLiteDatabase
from search.catalog.tables import SHIPMENTS
from search.model import Shipment
from search.ports import Lease

GRACE_S: Final = 3600.0
"""How long a shipment is kept after a newer one arrives, because a reader may still be fetching it."""
_EPOCH: Final = text(
    "SELECT (SELECT system_identifier FROM pg_control_system()) || '-' || CASE WHEN pg_is_in_recovery() THEN 'standby' "
    "ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END"
)


class CatalogShipments:
    """A `search.ports.Shipments` in the catalog's database. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self) -> list[Shipment]:
        """As the port says."""
        ids = select(func.max(SHIPMENTS.c.id)).group_by(SHIPMENTS.c.place)
        return self._read(ids)

    def kept(self) -> list[Shipment]:
        """As the port says."""
        return self._read(select(SHIPMENTS.c.id))

    def add(self, shipment: Shipment, lease: Lease) -> Shipment:
        """As the port says."""
        with self._database.writing() as connection:
            leases.require(connection, leases.token_of(lease))
            at = now(connection)
            values = {"place": shipment.place, "sequence": shipment.sequence, "digest": shipment.digest}
            made = connection.execute(
                insert(SHIPMENTS).returning(SHIPMENTS.c.id), {**values, "size_bytes": shipment.size_bytes, "made": at}
            )
            added = int(made.scalar_one())
            _forget_old(connection, shipment.place, added, at)
        return Shipment(shipment.place, shipment.sequence, shipment.digest, shipment.size_bytes, added)

    def withdraw(self, place: str, lease: Lease) -> None:
        """As the port says."""
        with self._database.writing() as connection:
            leases.require(connection, leases.token_of(lease))
            connection.execute(delete(SHIPMENTS).where(SHIPMENTS.c.place == place))

    def epoch(self) -> str:
        """As the port says."""
        if isinstance(self._database, SQLiteDatabase):
            return ""
        with self._database.reading() as connection:
            return str(connection.execute(_EPOCH).scalar_one())

    def _read(self, ids: Select[tuple[int]]) -> list[Shipment]:
        table = SHIPMENTS.c
        wanted = select(table.place, table.sequence, table.digest, table.size_bytes, table.id)
        with self._database.reading() as connection:
            rows = connection.execute(wanted.where(table.id.in_(ids)).order_by(table.id)).all()
        return [Shipment(row.place, row.sequence, row.digest, row.size_bytes, row.id) for row in rows]


def _forget_old(connection: Connection, place: str, newest: int, at: float) -> None:
    """Delete the shipments of a place that have had a successor for longer than `GRACE_S`."""
    table = SHIPMENTS.c
    of_place = select(table.id, table.made).where(table.place == place).order_by(table.id)
    rows = connection.execute(of_place).all()
    replaced = [row.id for row, following in pairwise(rows) if at - following.made > GRACE_S and row.id != newest]
    connection.execute(delete(SHIPMENTS).where(table.id.in_(replaced)))
