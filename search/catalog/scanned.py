"""Records about roots: their settings, their last scan, where they are, and deleting them."""

from __future__ import annotations

import json

from sqlalchemy import Connection, delete, insert, select, update

from search.catalog import blobs
from search.catalog.database import now
from search.catalog.reading import SCAN_OF_ROOT, SPEED_OF_ROOT
from search.catalog.tables import CHOICES, CLIPS, FAILURES, ROOTS, TAKEN_OUT
from search.errors import LibraryError, printable
from search.model import DescribeRoot


def describe_root(connection: Connection, change: DescribeRoot) -> None:
    """Store the exclusion patterns and the mounts of a root."""
    values = {"excludes": json.dumps(change.excludes), "mounts": json.dumps(change.mounts)}
    connection.execute(update(ROOTS).where(ROOTS.c.id == change.root_id).values(values))


def note_scan(connection: Connection, root_id: int) -> None:
    """Store the present time as that of the last complete scan of a root."""
    name = SCAN_OF_ROOT.format(root_id)
    connection.execute(delete(CHOICES).where(CHOICES.c.name == name))
    connection.execute(insert(CHOICES), {"name": name, "value": repr(now(connection))})


def move_root(connection: Connection, root_id: int, path: str) -> None:
    """Set the path of a root that was moved. Raises LibraryError if another root is there, or no root has this id."""
    stored = blobs.path_bytes(path)
    other = connection.execute(select(ROOTS.c.id).where(ROOTS.c.path == stored)).scalar()
    if other is not None and other != root_id:
        raise LibraryError(f"{printable(path)}: is already a root of the library; remove one of the two")
    if connection.execute(update(ROOTS).where(ROOTS.c.id == root_id).values(path=stored)).rowcount == 0:
        raise LibraryError(f"the library has no root {root_id}")


def drop_root(connection: Connection, root_id: int) -> None:
    """Delete a root, its speed, last scan, failures, and the list of files taken out.

    Raises LibraryError if it still has clips.
    """
    if connection.execute(select(CLIPS.c.id).where(CLIPS.c.root_id == root_id).limit(1)).first() is not None:
        raise LibraryError(f"the root {root_id} has clips; move or remove them first")
    for table in (FAILURES, TAKEN_OUT):
        connection.execute(delete(table).where(table.c.root_id == root_id))
    named = [name.format(root_id) for name in (SPEED_OF_ROOT, SCAN_OF_ROOT)]
    connection.execute(delete(CHOICES).where(CHOICES.c.name.in_(named)))
    connection.execute(delete(ROOTS).where(ROOTS.c.id == root_id))
