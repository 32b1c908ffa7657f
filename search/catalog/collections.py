"""The collections of a library in the catalog's database, behind the port CollectionStore.

Like opinions they need no lease: each change is a transaction of its own. A removed clip stays in its collections,
invisible, because a restored clip comes back with its id.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, inspect, select, update

from search.catalog.database import Database, now
from search.catalog.tables import COLLECTED, COLLECTIONS
from search.errors import QueryError
from search.model import MAX_COLLECTED, Collected, Collection

MAX_NAME_CHARACTERS: Final = 200


class CatalogCollections:
    """A `search.ports.CollectionStore` in the catalog's database. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Collection]:
        """As the port says."""
        counted = select(COLLECTED.c.collection_id, func.count().label("clips")).group_by(COLLECTED.c.collection_id)
        counts = counted.subquery()
        statement = (
            select(COLLECTIONS.c.id, COLLECTIONS.c.name, func.coalesce(counts.c.clips, 0), COLLECTIONS.c.created)
            .join_from(COLLECTIONS, counts, counts.c.collection_id == COLLECTIONS.c.id, isouter=True)
            .order_by(func.lower(COLLECTIONS.c.name), COLLECTIONS.c.id)
        )
        with self._database.reading() as connection:
            if not _has_collections(connection.engine):
                return []
            return [Collection(*row) for row in connection.execute(statement)]

    def add(self, name: str) -> Collection:
        """As the port says."""
        written = _checked(name)
        with self._database.writing() as connection:
            _check_free(connection, written)
            at = now(connection)
            making = insert(COLLECTIONS).values(name=written, created=at).returning(COLLECTIONS.c.id)
            return Collection(connection.execute(making).scalar_one(), written, 0, at)

    def rename(self, collection_id: int, name: str) -> bool:
        """As the port says."""
        written = _checked(name)
        renaming = update(COLLECTIONS).where(COLLECTIONS.c.id == collection_id).values(name=written)
        with self._database.writing() as connection:
            _check_free(connection, written, but=collection_id)
            return connection.execute(renaming).rowcount > 0

    def remove(self, collection_id: int) -> bool:
        """As the port says."""
        with self._database.writing() as connection:
            connection.execute(delete(COLLECTED).where(COLLECTED.c.collection_id == collection_id))
            return connection.execute(delete(COLLECTIONS).where(COLLECTIONS.c.id == collection_id)).rowcount > 0

    def change(self, collection_id: int, added: Sequence[Collected], removed: Sequence[int] = ()) -> bool:
        """As the port says."""
        with self._database.writing() as connection:
            if not _is_there(connection, collection_id):
                return False
            _take(connection, collection_id, [*removed, *(one.clip_id for one in added)])
            _put(connection, collection_id, added)
            held = select(func.count()).where(COLLECTED.c.collection_id == collection_id)
            if connection.execute(held).scalar_one() > MAX_COLLECTED:
                raise QueryError(f"a collection holds at most {MAX_COLLECTED:,} clips")
        return True

    def collected(self, collection_id: int) -> list[Collected] | None:
        """As the port says."""
        columns = (COLLECTED.c.clip_id, COLLECTED.c.start_s, COLLECTED.c.end_s, COLLECTED.c.at)
        order = (COLLECTED.c.at, COLLECTED.c.clip_id)
        with self._database.reading() as connection:
            if not (_has_collections(connection.engine) and _is_there(connection, collection_id)):
                return None
            rows = connection.execute(
                select(*columns).where(COLLECTED.c.collection_id == collection_id).order_by(*order)
            )
            return [Collected(*row) for row in rows]


def _checked(name: str) -> str:
    written = " ".join(name.split())
    if not written or len(written) > MAX_NAME_CHARACTERS:
        raise QueryError(f"a collection's name must have from 1 to {MAX_NAME_CHARACTERS} characters")
    if any("\ud800" <= character <= "\udfff" for character in written):
        raise QueryError("a collection's name must be text that UTF-8 can encode")
    return written


def _check_free(connection: Connection, name: str, but: int = 0) -> None:
    """Raise QueryError if a collection other than ``but`` has the name. Writers take turns, so the name stays free."""
    taken = select(COLLECTIONS.c.id).where(COLLECTIONS.c.name == name, COLLECTIONS.c.id != but)
    if connection.execute(taken).first() is not None:
        raise QueryError(f"there is already a collection called {name}")


def _is_there(connection: Connection, collection_id: int) -> bool:
    wanted = select(COLLECTIONS.c.id).where(COLLECTIONS.c.id == collection_id)
    return connection.execute(wanted).first() is not None


def _take(connection: Connection, collection_id: int, clip_ids: Sequence[int]) -> None:
    if clip_ids:
        here = COLLECTED.c.collection_id == collection_id
        one = delete(COLLECTED).where(here, COLLECTED.c.clip_id == bindparam("gone"))
        connection.execute(one, [{"gone": clip_id} for clip_id in dict.fromkeys(clip_ids)])


def _put(connection: Connection, collection_id: int, added: Sequence[Collected]) -> None:
    at = now(connection)
    rows = {
        one.clip_id: {
            "collection_id": collection_id,
            "clip_id": one.clip_id,
            "start_s": one.start_s,
            "end_s": one.end_s,
            "at": one.at or at,
        }
        for one in added
    }
    if rows:
        connection.execute(insert(COLLECTED), list(rows.values()))


@lru_cache(maxsize=8)
def _has_collections(engine: Engine) -> bool:
    """Whether the catalog's schema has collections."""
    return inspect(engine).has_table(COLLECTIONS.name)
