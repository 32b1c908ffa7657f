"""Making spaces and roots: the two things that exist before anything is indexed."""

from __future__ import annotations

import json
import os
from typing import Any

from sqlalchemy import Connection, insert, select, update

from search.catalog import blobs, leases, reading, scanned
from search.catalog.database import Database
from search.catalog.tables import CHOICES, ROOTS, SPACES
from search.errors import LibraryError, SpaceMismatch, printable
from search.model import EncoderSpec, Root, Space


def space(database: Database, spec: EncoderSpec) -> Space:
    """The active space of this encoder, made if it is new. Raises SpaceMismatch if another revision made it.

    A retired space with the same fingerprint becomes active again: its encoder came back before another replaced it. A
    space that an older version named by a relative path of the encoder's file is renamed to the absolute path.
    """
    with database.reading() as connection:
        found = _active(connection, database, spec)
    if found is not None and _facts(found) == _facts(spec):
        return found
    with database.writing() as connection:
        found = _active(connection, database, spec) or _returning(connection, spec)
        if found is None:
            connection.execute(insert(SPACES).values(_described(spec)))
        else:  # a newer version of the program may have better facts about the same vectors
            values = {"name": spec.name, "state": "active"} | _facts(spec)
            connection.execute(update(SPACES).where(SPACES.c.id == found.id).values(values))
    with database.reading() as connection:
        made = _active(connection, database, spec)
    if made is None:
        raise LibraryError(f"the space {spec.name} was not saved; run `soundalike verify`")
    return made


def retire(database: Database, space_id: int, token: str) -> None:
    """Free a space's name for its successor. Raises LibraryBusy if the lease is lost."""
    with database.writing() as connection:
        leases.require(connection, token)
        connection.execute(update(SPACES).where(SPACES.c.id == space_id).values(state="retired"))


def _active(connection: Connection, database: Database, spec: EncoderSpec) -> Space | None:
    """The active space of the encoder's name; None if there is none.

    Raises SpaceMismatch if another revision made it.
    """
    found = next((s for s in reading.spaces(connection) if s.name == spec.name and not s.is_retired), None)
    if found is not None and found.fingerprint != spec.fingerprint:
        raise SpaceMismatch(
            f"{database.name}: its vectors come from {found.name} {found.revision} "
            f"({found.fingerprint[:12]}), the encoder at hand is {spec.name} {spec.revision} "
            f"({spec.fingerprint[:12]}); run `soundalike reindex` to encode everything again, or use the first encoder"
        )
    return found


def _returning(connection: Connection, spec: EncoderSpec) -> Space | None:
    """A space of the same encoder that is retired, or that was named by a relative path of the encoder's file."""
    same = [space for space in reading.spaces(connection) if space.fingerprint == spec.fingerprint]
    return next((s for s in same if s.name == spec.name or _is_short_for(s.name, spec.name)), None)


def _facts(of: Space | EncoderSpec) -> dict[str, Any]:
    """The columns of a space that do not affect its vectors."""
    slope, offset = of.calibration or (None, None)
    return {
        "calibration_slope": slope,
        "calibration_offset": offset,
        "can_text": of.can_text,
        "adapts": of.adapts,
    }


def _described(spec: EncoderSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "state": "active",
        "revision": spec.revision,
        "fingerprint": spec.fingerprint,
        "dim": spec.dim,
        "sample_rate_hz": spec.sample_rate_hz,
        "window_s": spec.window_s,
        "hop_s": spec.hop_s,
        "vocabulary": None if spec.vocabulary is None else json.dumps(spec.vocabulary),
    } | _facts(spec)


def _is_short_for(typed: str, name: str) -> bool:
    """Whether the encoder's name ``typed`` is ``name`` with a relative path instead of the absolute one."""
    (family, _, path), (wanted_family, _, wanted) = typed.partition(":"), name.partition(":")
    same_file = os.path.basename(path) == os.path.basename(wanted)  # noqa: PTH119 -- a variant need not be a path
    return family == wanted_family and same_file and os.path.isabs(wanted) and not os.path.isabs(path)  # noqa: PTH117  as above


def root(database: Database, path: str, speed: float | None) -> Root:
    """The root at this absolute path, made if it is new. Raises LibraryError if it has another ``speed``."""
    stored = blobs.path_bytes(path)
    wanted = select(ROOTS.c.id).where(ROOTS.c.path == stored)
    with database.reading() as connection:
        found = connection.execute(wanted).scalar()
    if found is None:
        with database.writing() as connection:
            if connection.execute(wanted).scalar() is None:
                connection.execute(insert(ROOTS).values(path=stored))
                if speed is not None and speed != 1.0:
                    name = reading.SPEED_OF_ROOT.format(connection.execute(wanted).scalar_one())
                    connection.execute(insert(CHOICES).values(name=name, value=repr(float(speed))))
    with database.reading() as connection:
        made = next(root for root in reading.roots(connection) if root.path == path)
    if speed is not None and speed != made.speed:
        raise LibraryError(
            f"{printable(path)}: its sounds are indexed as played at speed {made.speed:g}, which cannot become "
            f"{speed:g}: index it into another library (--library)"
        )
    return made


def move_root(database: Database, root_id: int, path: str) -> Root:
    """Set the path of a root that was moved. Raises LibraryError if another root is there, or no root has this id."""
    with database.writing() as connection:
        scanned.move_root(connection, root_id, path)
    with database.reading() as connection:
        return next(root for root in reading.roots(connection) if root.id == root_id)
