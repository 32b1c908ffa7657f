"""The feedback store: opinions of clips in the catalog's database, behind the port FeedbackStore.

It does not take the writer's lease: opinions arrive while a job is indexing, each in a transaction of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, get_args

from sqlalchemy import Connection, bindparam, delete, insert, select

from search.catalog.database import Database, now
from search.catalog.tables import FEEDBACK
from search.errors import QueryError
from search.model import MAX_FEEDBACK, Feedback, Opinion

MAX_PROFILE_CHARACTERS: Final = 200


class CatalogFeedback:
    """A `search.ports.FeedbackStore` in the catalog's database. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, profile: str, feedback: Sequence[Feedback]) -> None:
        """As the port says."""
        _check(profile, feedback)
        with self._database.writing() as connection:
            _write(connection, profile, _stored(connection, profile), feedback)

    def put(self, profile: str, feedback: Sequence[Feedback]) -> None:
        """As the port says."""
        _check(profile, feedback)
        with self._database.writing() as connection:
            _write(connection, profile, [], feedback)

    def get(self, profile: str) -> list[Feedback]:
        """As the port says."""
        with self._database.reading() as connection:
            return _stored(connection, profile)

    def forget(self, profile: str, clip_id: int | None = None) -> int:
        """As the port says."""
        with self._database.writing() as connection:
            gone = [one.clip_id for one in _stored(connection, profile) if clip_id in (None, one.clip_id)]
            _delete(connection, profile, gone)
        return len(gone)


def _check(profile: str, feedback: Sequence[Feedback]) -> None:
    if not profile.strip() or len(profile) > MAX_PROFILE_CHARACTERS:
        raise QueryError(f"a profile's name must have from 1 to {MAX_PROFILE_CHARACTERS} characters")
    if "/" in profile:
        raise QueryError("a profile's name must not contain '/'; choose another character")
    if any("\ud800" <= character <= "\udfff" for character in profile):
        raise QueryError("a profile's name must be text that UTF-8 can encode")
    if len(feedback) > MAX_FEEDBACK:
        raise QueryError(f"{len(feedback)} opinions at once; at most {MAX_FEEDBACK} are allowed")
    for one in feedback:
        if not 0 <= one.clip_id < 2**63:
            raise QueryError(f"no clip has the id {one.clip_id}")
        if one.opinion not in get_args(Opinion):
            raise QueryError(f"an opinion must be one of {', '.join(get_args(Opinion))}, not {one.opinion!r}")
        if not (math.isfinite(one.weight) and one.weight > 0):
            raise QueryError(f"the weight of an opinion must be a number above 0; clip {one.clip_id} has {one.weight}")
        if not (math.isfinite(one.at) and one.at >= 0):
            raise QueryError("the time of an opinion must be in seconds since 1970")


def _stored(connection: Connection, profile: str) -> list[Feedback]:
    statement = (
        select(FEEDBACK.c.clip_id, FEEDBACK.c.opinion, FEEDBACK.c.weight, FEEDBACK.c.at)
        .where(FEEDBACK.c.profile == profile)
        .order_by(FEEDBACK.c.at.desc(), FEEDBACK.c.clip_id.desc())
    )
    return [Feedback(*row) for row in connection.execute(statement)]


def _write(connection: Connection, profile: str, stored: Sequence[Feedback], fresh: Sequence[Feedback]) -> None:
    """Replace a profile's opinions by ``stored`` updated with ``fresh``."""
    at = now(connection)
    merged = {one.clip_id: one for one in stored}
    for one in fresh:
        before = merged.get(one.clip_id)
        if one.opinion == "seen" and before is not None and before.opinion != "seen":
            continue
        merged[one.clip_id] = one if one.at else Feedback(one.clip_id, one.opinion, one.weight, at)
    kept = sorted(merged.values(), key=lambda one: (one.opinion == "seen", -one.at))[:MAX_FEEDBACK]
    changed = set(kept) - set(stored)
    gone = {one.clip_id for one in stored} - {one.clip_id for one in kept}
    _delete(connection, profile, None if not stored else [one.clip_id for one in changed] + sorted(gone))
    if changed:
        rows = [
            {"profile": profile, "clip_id": one.clip_id, "opinion": one.opinion, "weight": one.weight, "at": one.at}
            for one in changed
        ]
        connection.execute(insert(FEEDBACK), rows)


def _delete(connection: Connection, profile: str, clip_ids: Sequence[int] | None = None) -> None:
    """Delete a profile's opinions of these clips, or all of them (None)."""
    if clip_ids is None:
        connection.execute(delete(FEEDBACK).where(FEEDBACK.c.profile == profile))
        return
    if clip_ids:
        one = delete(FEEDBACK).where(FEEDBACK.c.profile == profile, FEEDBACK.c.clip_id == bindparam("gone"))
        connection.execute(one, [{"gone": clip_id} for clip_id in clip_ids])
