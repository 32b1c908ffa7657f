"""Reading the catalog: its sequence, choices, spaces and roots."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, Final, TypeVar, cast

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, case, func, inspect, select, text

from search.catalog import blobs
from search.catalog.database import Database
from search.catalog.tables import CHOICES, CLIPS, COUNTERS, ENCODINGS, ROOTS, SPACES, TAKEN_OUT
from search.model import Root, RootState, Space, SpaceState

IDS_PER_QUERY: Final = 10_000
"""SQLite allows 32,766 parameters in one statement."""

SPEED_OF_ROOT: Final = "speed of root {}"
"""The name of a choice: the speed at which a root's sounds are played."""

SCAN_OF_ROOT: Final = "scan of root {}"
"""The name of a choice: the time of the last complete scan of a root."""

T = TypeVar("T")

_SPACES: Final = select(text("*")).select_from(SPACES).order_by(SPACES.c.id)
"""Selects the columns that exist: a library opened only for reading may lack those of later schemas."""


def chunked(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """``items`` in lists of at most ``size``."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def sequence(connection: Connection) -> int:
    """The last sequence number given; 0 for an empty library."""
    return counter(connection, "sequence")


def counter(connection: Connection, name: str) -> int:
    """One of `search.catalog.tables.COUNTERS`."""
    return int(connection.execute(_counted(name)).scalar_one())


def newest(database: Database) -> int:
    """As `sequence`, for frequent polling: a single query without a transaction."""
    return int(database.glance(_counted("sequence")))


def _counted(name: str) -> Select[int]:
    return select(COUNTERS.c.value).where(COUNTERS.c.name == name)


def in_order_of_ids(connection: Connection, since: int) -> ColumnElement[int]:
    """The column by which to sort encodings added after ``since`` so that their segment ids ascend.

    That is the sequence number, which is indexed, unless an undone merge restored segments under their old ids since.
    """
    returned = select(COUNTERS.c.value).where(COUNTERS.c.name == "returned")
    came_back = since < (connection.execute(returned).scalar() or 0)
    return ENCODINGS.c.first_segment_id if came_back else ENCODINGS.c.sequence


def spaces(connection: Connection) -> list[Space]:
    """Every space, in the order they were made."""
    return [_space(row) for row in connection.execute(_SPACES)]


def _space(row: Row[Any]) -> Space:
    name, state = row.name, getattr(row, "state", None)
    if state is None:  # before schema 6 a suffix of the name marked a retired space
        ending = f"@{row.fingerprint[:12]}"
        name, state = name.removesuffix(ending), "retired" if name.endswith(ending) else "active"
    return Space(
        id=row.id,
        name=name,
        revision=row.revision,
        fingerprint=row.fingerprint,
        dim=row.dim,
        sample_rate_hz=row.sample_rate_hz,
        window_s=row.window_s,
        hop_s=row.hop_s,
        vocabulary=None if row.vocabulary is None else _names(row.vocabulary),
        calibration=None if row.calibration_slope is None else (row.calibration_slope, row.calibration_offset),
        can_text=bool(row.can_text),
        adapts=getattr(row, "beneath", None),
        state=cast(SpaceState, state),
    )


def tag_space(connection: Connection) -> Space | None:
    """The space that the tags of clips come from: the first with a vocabulary.

    While a successor is being made, this is still the retired space, in which more contents have tags.
    """
    return next((space for space in spaces(connection) if space.vocabulary is not None), None)


def choice(connection: Connection, name: str) -> str | None:
    """A choice made when the library was made; None if it was not made, or the schema is too old for choices."""
    if not inspect(connection).has_table(CHOICES.name):
        return None
    return connection.execute(select(CHOICES.c.value).where(CHOICES.c.name == name)).scalar()


def roots(connection: Connection) -> list[Root]:
    """Every root, in the order they were made."""
    rows = connection.execute(select(text("*")).select_from(ROOTS).order_by(ROOTS.c.id))
    return [_root(row, root_speed(connection, row.id)) for row in rows]


def root_speed(connection: Connection, root_id: int) -> float:
    """The speed at which a root's sounds are played for encoders."""
    return float(choice(connection, SPEED_OF_ROOT.format(root_id)) or 1.0)


def root_speeds(connection: Connection, root_ids: Iterable[int]) -> dict[int, float]:
    """The speeds of these roots, without those that are played as recorded."""
    if not _has_choices(connection.engine):
        return {}
    names = {SPEED_OF_ROOT.format(root_id): root_id for root_id in root_ids}
    wanted = select(CHOICES.c.name, CHOICES.c.value).where(CHOICES.c.name.in_(list(names)))
    return {names[row.name]: float(row.value) for row in connection.execute(wanted)}


def _root(row: Row[Any], speed: float) -> Root:
    """A root from the columns that exist (see `_SPACES`)."""
    excludes, mounts = (tuple(json.loads(getattr(row, name, "[]"))) for name in ("excludes", "mounts"))
    return Root(row.id, blobs.path_text(row.path), excludes, mounts, speed)


def root_states(connection: Connection) -> list[RootState]:
    """Every root with its number of clips, missing ones, and its last scan; in the order they were made."""
    gone = func.sum(case((CLIPS.c.missing, 1), else_=0))
    counted = select(CLIPS.c.root_id, func.count(), gone).group_by(CLIPS.c.root_id)
    counts = {root_id: (int(clips), int(missing)) for root_id, clips, missing in connection.execute(counted)}
    found = []
    for root in roots(connection):
        scanned = choice(connection, SCAN_OF_ROOT.format(root.id))
        found.append(RootState(root, *counts.get(root.id, (0, 0)), None if scanned is None else float(scanned)))
    return found


def taken_out(connection: Connection, root_id: int) -> dict[str, str]:
    """Relative path -> digest of every file of a root that was taken out."""
    rows = connection.execute(select(TAKEN_OUT.c.path, TAKEN_OUT.c.digest).where(TAKEN_OUT.c.root_id == root_id))
    return {blobs.path_text(row.path): row.digest for row in rows}


@lru_cache(maxsize=8)
def _has_choices(engine: Engine) -> bool:
    """Whether the catalog's schema has choices."""
    return inspect(engine).has_table(CHOICES.name)


@lru_cache(maxsize=8)
def _names(vocabulary: str) -> tuple[str, ...]:
    """A stored vocabulary, cached because every answer needs it."""
    return tuple(json.loads(vocabulary))
