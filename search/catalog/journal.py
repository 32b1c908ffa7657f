"""The undo data of merges: rows as they were before, packed one by one, independent of their tables' columns.

A packed row is the length of its head (4 bytes, little-endian), the head, and its byte values one after the other. The
head is JSON: the value of each column, or for bytes a list with their length. Columns added later get their default
when an old row is restored. A migration that changes the meaning of a column must convert or delete the data here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, insert, select

from search.catalog.filemarks import Row
from search.catalog.inserting import insert_all
from search.catalog.reading import IDS_PER_QUERY, chunked
from search.catalog.tables import (
    CLIPS,
    CONTENTS,
    CONTOURS,
    ENCODINGS,
    FACTS,
    FAILURES,
    FINDINGS,
    MERGED,
    MERGES,
    TRANSCRIPTS,
)

PASSED_ON: Final = ("own_tags", "remark")
"""The columns of a clip that a merge passes on to the kept clip."""
KEPT: Final = "kept"
"""Kind of the rows with own tags and remark of the kept clip, before and after, as stored."""
OF_CONTENT: Final = (FINDINGS, FACTS, TRANSCRIPTS, ENCODINGS, CONTOURS)
"""The tables whose rows belong to a content and are deleted with it."""
_LENGTH_BYTES: Final = 4
_ROWS_AT_ONCE: Final = 64


@dataclass
class Held:
    """The held rows of a merge, by table name or `KEPT`."""

    rows: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def of(self, table: Table) -> list[Row]:
        """The held rows of a table."""
        return self.rows[table.name]

    def add(self, kind: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows to hold."""
        self.rows[kind].extend(dict(row) for row in rows)


def before(connection: Connection, clip_ids: Sequence[int]) -> Held:
    """The present rows of clips, of their contents with all that belongs to them, and of their files' failures."""
    held = Held()
    held.add(CLIPS.name, _rows(connection, CLIPS, CLIPS.c.id, clip_ids))
    content_ids = sorted({row["content_id"] for row in held.of(CLIPS)})
    held.add(CONTENTS.name, _rows(connection, CONTENTS, CONTENTS.c.id, content_ids))
    for table in OF_CONTENT:
        held.add(table.name, _rows(connection, table, table.c.content_id, content_ids))
    places = {(row["root_id"], row["path"]) for row in held.of(CLIPS)}
    failed = _rows(connection, FAILURES, FAILURES.c.path, sorted({path for _, path in places}))
    held.add(FAILURES.name, [row for row in failed if (row["root_id"], row["path"]) in places])
    return held


def write(connection: Connection, merge: Mapping[str, Any], held: Held) -> int:
    """Store a merge with its undo data; return its id."""
    making = insert(MERGES).values(**merge).returning(MERGES.c.id)
    merge_id: int = connection.execute(making).scalar_one()
    named = [(kind, row) for kind, rows in held.rows.items() for row in rows]
    for page in chunked(enumerate(named), _ROWS_AT_ONCE):
        packed = [
            {"merge_id": merge_id, "number": number, "kind": kind, "held": pack(row)} for number, (kind, row) in page
        ]
        insert_all(connection, MERGED, packed)
    return merge_id


def read(connection: Connection, merge_id: int, kinds: Sequence[str] | None = None) -> Held:
    """The undo data of a merge; only of ``kinds``, if given."""
    wanted = select(MERGED.c.kind, MERGED.c.held).where(MERGED.c.merge_id == merge_id).order_by(MERGED.c.number)
    held = Held()
    for kind, packed in connection.execute(wanted if kinds is None else wanted.where(MERGED.c.kind.in_(kinds))):
        held.rows[kind].append(unpack(packed))
    return held


def forget(connection: Connection, merge_id: int) -> None:
    """Delete a merge and its undo data."""
    connection.execute(delete(MERGED).where(MERGED.c.merge_id == merge_id))
    connection.execute(delete(MERGES).where(MERGES.c.id == merge_id))


def pack(row: Mapping[str, Any]) -> bytes:
    """A row as bytes."""
    head = {name: [len(value)] if isinstance(value, bytes) else value for name, value in row.items()}
    written = json.dumps(head, separators=(",", ":")).encode()
    values = [value for value in row.values() if isinstance(value, bytes)]
    return b"".join([len(written).to_bytes(_LENGTH_BYTES, "little"), written, *values])


def unpack(packed: bytes) -> Row:
    """The row that `pack` wrote."""
    begin = _LENGTH_BYTES + int.from_bytes(packed[:_LENGTH_BYTES], "little")
    row: Row = json.loads(packed[_LENGTH_BYTES:begin])
    for name, value in row.items():
        if isinstance(value, list):
            row[name] = packed[begin : begin + value[0]]
            begin += value[0]
    return row


def _rows(connection: Connection, table: Table, column: Any, values: Sequence[Any]) -> list[Row]:  # noqa: ANN401  SQLAlchemy's column
    names = table.c.keys()
    return [
        dict(zip(names, row, strict=True))
        for chunk in chunked(values, IDS_PER_QUERY)
        for row in connection.execute(select(table).where(column.in_(chunk)).order_by(*table.primary_key.columns))
    ]
