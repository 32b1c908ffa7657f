"""The saved searches of a library in the catalog's database, behind the ports SearchStore and MatchStore.

Like collections they need no lease: each change is a transaction of its own. Whether a clip or content is new is
decided by its id and sequence number, not by times: later ones have higher numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, bindparam, delete, func, insert, inspect, select, update

from search.catalog import reading
from search.catalog.database import Database, now
from search.catalog.tables import CLIPS, CONTENTS, MATCHES, SEARCH_SOUNDS, SEARCHES
from search.errors import QueryError
from search.model import MAX_KEPT_SOUND_BYTES, MAX_MATCHES, MAX_SEARCHES, Mark, NewSearch, SavedMatch, SavedSearch

MAX_NAME_CHARACTERS: Final = 200


class CatalogSearches:
    """A `search.ports.SearchStore` in the catalog's database. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[SavedSearch]:
        """As the port says."""
        with self._database.reading() as connection:
            return _all(connection) if _has_searches(connection.engine) else []

    def add(self, new: NewSearch) -> SavedSearch:
        """As the port says."""
        name, least = _checked_name(new.name), _checked_least(new.least)
        if any(len(sound) > MAX_KEPT_SOUND_BYTES for sound in new.sounds):
            raise QueryError(f"a saved search keeps sounds of at most {MAX_KEPT_SOUND_BYTES >> 20} MB; use a passage")
        with self._database.writing() as connection:
            _check_free(connection, name)
            if connection.execute(select(func.count()).select_from(SEARCHES)).scalar_one() >= MAX_SEARCHES:
                raise QueryError(f"a library keeps at most {MAX_SEARCHES:,} searches; delete one")
            mark, at = _mark(connection), now(connection)
            values = {
                "name": name,
                "question": new.question,
                "least": least,
                "created": at,
                "sequence": mark.sequence,
                "last_clip": mark.clip_id,
                "last_content": mark.content_id,
                "trouble": "",
                "webhook": new.webhook,
                "secret": new.secret,
                "may_be_private": new.may_be_private,
            }
            search_id = connection.execute(insert(SEARCHES).values(values).returning(SEARCHES.c.id)).scalar_one()
            rows = [{"search_id": search_id, "place": at_, "sound": one} for at_, one in enumerate(new.sounds)]
            if rows:
                connection.execute(insert(SEARCH_SOUNDS), rows)
            return SavedSearch(
                search_id, name, new.question, least, at, mark,
                webhook=new.webhook, secret=new.secret, may_be_private=new.may_be_private,
            )  # fmt: skip

    def change(self, search: SavedSearch) -> bool:
        """As the port says."""
        name = _checked_name(search.name)
        values = {
            "name": name,
            "least": _checked_least(search.least),
            "webhook": search.webhook,
            "secret": search.secret,
            "may_be_private": search.may_be_private,
        }
        with self._database.writing() as connection:
            _check_free(connection, name, but=search.id)
            return connection.execute(update(SEARCHES).where(SEARCHES.c.id == search.id).values(values)).rowcount > 0

    def remove(self, search_id: int) -> bool:
        """As the port says."""
        with self._database.writing() as connection:
            for table in (MATCHES, SEARCH_SOUNDS):
                connection.execute(delete(table).where(table.c.search_id == search_id))
            return connection.execute(delete(SEARCHES).where(SEARCHES.c.id == search_id)).rowcount > 0

    def sound(self, search_id: int, place: int) -> bytes | None:
        """As the port says."""
        wanted = select(SEARCH_SOUNDS.c.sound).where(
            SEARCH_SOUNDS.c.search_id == search_id, SEARCH_SOUNDS.c.place == place
        )
        with self._database.reading() as connection:
            if not _has_searches(connection.engine):
                return None
            sound = connection.execute(wanted).scalar()
            return None if sound is None else bytes(sound)


class CatalogMatches:
    """A `search.ports.MatchStore` in the catalog's database. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def candidates(self, mark: Mark, sequence: int) -> tuple[list[int], Mark]:
        """As the port says."""
        came = (CLIPS.c.id > mark.clip_id) | (CLIPS.c.content_id > mark.content_id)
        wanted = select(CLIPS.c.id, CLIPS.c.content_id).where(
            CLIPS.c.sequence > mark.sequence, CLIPS.c.sequence <= sequence, came
        )
        with self._database.reading() as connection:
            rows = connection.execute(wanted.order_by(CLIPS.c.id)).all()
        last_clip = max((mark.clip_id, *(row.id for row in rows)))
        last_content = max((mark.content_id, *(row.content_id for row in rows)))
        return [row.id for row in rows], Mark(max(sequence, mark.sequence), last_clip, last_content)

    def keep(self, search: SavedSearch, mark: Mark, matches: Sequence[SavedMatch]) -> list[SavedMatch]:
        """As the port says."""
        here, before = SEARCHES.c.id == search.id, search.mark
        unmoved = (
            (SEARCHES.c.sequence == before.sequence)
            & (SEARCHES.c.last_clip == before.clip_id)
            & (SEARCHES.c.last_content == before.content_id)
        )
        moved = {"sequence": mark.sequence, "last_clip": mark.clip_id, "last_content": mark.content_id, "trouble": ""}
        with self._database.writing() as connection:
            if connection.execute(update(SEARCHES).where(here, unmoved).values(moved)).rowcount == 0:
                return []
            _forget(connection, search.id, [one.clip_id for one in matches])
            ids = _add(connection, matches)
            _prune(connection, search.id)
        return [replace(one, id=id_) for one, id_ in zip(matches, ids, strict=True)]

    def fail(self, search: SavedSearch, trouble: str) -> None:
        """As the port says."""
        with self._database.writing() as connection:
            connection.execute(update(SEARCHES).where(SEARCHES.c.id == search.id).values(trouble=trouble))

    def list(
        self, search_ids: Iterable[int] | None = None, *, after: int = 0, unseen: bool = False, limit: int = MAX_MATCHES
    ) -> list[SavedMatch]:
        """As the port says."""
        wanted = select(MATCHES).where(MATCHES.c.id > after).order_by(MATCHES.c.id).limit(limit)
        if search_ids is not None:
            wanted = wanted.where(MATCHES.c.search_id.in_(list(search_ids)))
        if unseen:
            wanted = wanted.where(~MATCHES.c.seen)
        with self._database.reading() as connection:
            if not _has_searches(connection.engine):
                return []
            return [SavedMatch(**row._mapping) for row in connection.execute(wanted)]

    def newest(self) -> int:
        """As the port says."""
        with self._database.reading() as connection:
            if not _has_searches(connection.engine):
                return 0
            return int(connection.execute(select(func.max(MATCHES.c.id))).scalar() or 0)

    def see(self, search_id: int, up_to: int | None = None) -> int:
        """As the port says."""
        seeing = update(MATCHES).where(MATCHES.c.search_id == search_id, ~MATCHES.c.seen).values(seen=True)
        if up_to is not None:
            seeing = seeing.where(MATCHES.c.id <= up_to)
        with self._database.writing() as connection:
            return connection.execute(seeing).rowcount


def _all(connection: Connection) -> list[SavedSearch]:
    counted = select(MATCHES.c.search_id, func.count().label("unseen")).where(~MATCHES.c.seen)
    counts = counted.group_by(MATCHES.c.search_id).subquery()
    statement = (
        select(SEARCHES, func.coalesce(counts.c.unseen, 0).label("unseen"))
        .join_from(SEARCHES, counts, counts.c.search_id == SEARCHES.c.id, isouter=True)
        .order_by(func.lower(SEARCHES.c.name), SEARCHES.c.id)
    )
    return [_saved(row) for row in connection.execute(statement)]


def _saved(row: Row[Any]) -> SavedSearch:
    return SavedSearch(
        id=row.id,
        name=row.name,
        question=row.question,
        least=row.least,
        created=row.created,
        mark=Mark(row.sequence, row.last_clip, row.last_content),
        unseen=row.unseen,
        trouble=row.trouble,
        webhook=row.webhook,
        secret=row.secret,
        may_be_private=bool(row.may_be_private),
    )


def _mark(connection: Connection) -> Mark:
    """The present state of the library as a mark."""
    last_clip, last_content = (
        int(connection.execute(select(func.max(table.c.id))).scalar() or 0) for table in (CLIPS, CONTENTS)
    )
    return Mark(reading.sequence(connection), last_clip, last_content)


def _add(connection: Connection, matches: Sequence[SavedMatch]) -> list[int]:
    columns = [column.name for column in MATCHES.c if column.name != "id"]
    rows = [{name: getattr(match, name) for name in columns} for match in matches]
    if not rows:
        return []
    adding = insert(MATCHES).returning(MATCHES.c.id, sort_by_parameter_order=True)
    return list(connection.execute(adding, rows).scalars())


def _forget(connection: Connection, search_id: int, clip_ids: Sequence[int]) -> None:
    """Delete matches of these clips: their sound changed, so they are new matches."""
    if clip_ids:
        one = delete(MATCHES).where(MATCHES.c.search_id == search_id, MATCHES.c.clip_id == bindparam("gone"))
        connection.execute(one, [{"gone": clip_id} for clip_id in clip_ids])


def _prune(connection: Connection, search_id: int) -> None:
    newest = select(MATCHES.c.id).where(MATCHES.c.search_id == search_id).order_by(MATCHES.c.id.desc())
    oldest = connection.execute(newest.offset(MAX_MATCHES).limit(1)).scalar()
    if oldest is not None:
        connection.execute(delete(MATCHES).where(MATCHES.c.search_id == search_id, MATCHES.c.id <= oldest))


def _checked_name(name: str) -> str:
    written = " ".join(name.split())
    if not written or len(written) > MAX_NAME_CHARACTERS:
        raise QueryError(f"a saved search's name must have from 1 to {MAX_NAME_CHARACTERS} characters")
    if any("\ud800" <= character <= "\udfff" for character in written):
        raise QueryError("a saved search's name must be text that UTF-8 can encode")
    return written


def _checked_least(least: float) -> float:
    if not (math.isfinite(least) and 0 < least <= 1):
        raise QueryError(f"the least probability of a match is {least}; it must be above 0 and at most 1")
    return least


def _check_free(connection: Connection, name: str, but: int = 0) -> None:
    """Raise QueryError if a saved search other than ``but`` has the name."""
    taken = select(SEARCHES.c.id).where(SEARCHES.c.name == name, SEARCHES.c.id != but)
    if connection.execute(taken).first() is not None:
        raise QueryError(f"there is already a saved search called {name}")


@lru_cache(maxsize=8)
def _has_searches(engine: Engine) -> bool:
    """Whether the catalog's schema has saved searches."""
    return inspect(engine).has_table(SEARCHES.name)
