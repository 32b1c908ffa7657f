"""Making spaces and roots: the two things that exist before anything is indexed."""

from __future__ import annotations

import json
import os

from sqlalchemy import insert, select, update

from search.catalog import blobs, reading
from search.catalog.database import Database
from search.catalog.tables import ROOTS, SPACES
from search.errors import LibraryError, SpaceMismatch, printable
from search.model import EncoderSpec, Root, Space


def space(database: Database, spec: EncoderSpec) -> Space:
    """The space of this encoder, made when it is new. Raises SpaceMismatch when its name has another fingerprint.

    A space that an older version called after a relative path of the encoder's file is called after its absolute one.
    """
    found = _space(database, spec) or _renamed(database, spec)
    facts_at_hand = (spec.calibration, spec.can_text, spec.beneath)
    if found is not None and (found.calibration, found.can_text, found.beneath) == facts_at_hand:
        return found
    slope, offset = spec.calibration or (None, None)
    # what a newer version of the program may know better about the same vectors
    facts = {
        "calibration_slope": slope,
        "calibration_offset": offset,
        "can_text": spec.can_text,
        "beneath": spec.beneath,
    }
    with database.writing() as connection:
        known = connection.execute(update(SPACES).where(SPACES.c.name == spec.name).values(facts)).rowcount
        if not known:
            connection.execute(
                insert(SPACES).values(
                    name=spec.name,
                    revision=spec.revision,
                    fingerprint=spec.fingerprint,
                    dim=spec.dim,
                    sample_rate_hz=spec.sample_rate_hz,
                    window_s=spec.window_s,
                    hop_s=spec.hop_s,
                    vocabulary=None if spec.vocabulary is None else json.dumps(spec.vocabulary),
                    **facts,
                )
            )
    made = _space(database, spec)  # another process may have been quicker, with another fingerprint
    if made is None:
        raise LibraryError(f"the space {spec.name} was not kept; run `soundalike verify`")
    return made


def _space(database: Database, spec: EncoderSpec) -> Space | None:
    with database.reading() as connection:
        found = next((space for space in reading.spaces(connection) if space.name == spec.name), None)
    if found is not None and found.fingerprint != spec.fingerprint:
        raise SpaceMismatch(
            f"{printable(str(database.path))}: its vectors come from {found.name} {found.revision} "
            f"({found.fingerprint[:12]}), the encoder at hand is {spec.name} {spec.revision} "
            f"({spec.fingerprint[:12]}); run `soundalike reindex` to encode everything again, or use the first encoder"
        )
    return found


def _renamed(database: Database, spec: EncoderSpec) -> Space | None:
    """The space that an older version recorded under the relative path of the same file, under its name of today."""
    with database.reading() as connection:
        known = reading.spaces(connection)
    for space in known:
        if space.fingerprint == spec.fingerprint and _is_short_for(space.name, spec.name):
            with database.writing() as connection:
                connection.execute(update(SPACES).where(SPACES.c.id == space.id).values(name=spec.name))
            return _space(database, spec)
    return None


def _is_short_for(typed: str, name: str) -> bool:
    """Whether the encoder's name ``typed`` is ``name`` with a relative path instead of the absolute one."""
    (family, _, path), (wanted_family, _, wanted) = typed.partition(":"), name.partition(":")
    same_file = os.path.basename(path) == os.path.basename(wanted)  # noqa: PTH119 -- a variant need not be a path
    return family == wanted_family and same_file and os.path.isabs(wanted) and not os.path.isabs(path)  # noqa: PTH117


def root(database: Database, path: str) -> Root:
    """The root at this absolute path, made when it is new."""
    stored = blobs.path_bytes(path)
    wanted = select(ROOTS.c.id).where(ROOTS.c.path == stored)
    with database.reading() as connection:
        found = connection.execute(wanted).scalar()
    if found is None:
        with database.writing() as connection:
            found = connection.execute(wanted).scalar()
            if found is None:
                connection.execute(insert(ROOTS).values(path=stored))
                found = connection.execute(wanted).scalar_one()
    return Root(id=found, path=path)


def move_root(database: Database, root_id: int, path: str) -> Root:
    """Say where a root lies now. Raises LibraryError when another root is there, or no root has this id."""
    stored = blobs.path_bytes(path)
    with database.writing() as connection:
        other = connection.execute(select(ROOTS.c.id).where(ROOTS.c.path == stored)).scalar()
        if other is not None and other != root_id:
            raise LibraryError(f"{printable(path)}: is a root of the library already; remove one of the two")
        if connection.execute(update(ROOTS).where(ROOTS.c.id == root_id).values(path=stored)).rowcount == 0:
            raise LibraryError(f"the library has no root {root_id}")
    return Root(id=root_id, path=path)
