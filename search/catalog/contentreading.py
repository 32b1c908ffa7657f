"""Reading contents, their encodings, and the warnings about their files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from sqlalchemy import Connection, Engine, bindparam, inspect, select

from search.catalog import blobs
from search.catalog.reading import IDS_PER_QUERY, chunked
from search.catalog.tables import CONTENTS, ENCODINGS, FINDINGS, SPACES
from search.model import Content, ContentEncoding

_FOUND: Final = select(FINDINGS).where(FINDINGS.c.content_id.in_(bindparam("ids", expanding=True)))


def encoding(connection: Connection, content_id: int, space_id: int) -> ContentEncoding | None:
    """A content's segments in a space, as encoded."""
    wanted = (
        select(ENCODINGS, SPACES.c.dim)
        .join(SPACES, SPACES.c.id == ENCODINGS.c.space_id)
        .where(ENCODINGS.c.content_id == content_id, ENCODINGS.c.space_id == space_id)
    )
    row = connection.execute(wanted).one_or_none()
    return None if row is None else blobs.unpack(row, row.dim)


def contents(connection: Connection, ids: Iterable[int]) -> dict[int, Content]:
    """The contents with these ids; unknown ids are left out."""
    found: dict[int, Content] = {}
    for chunk in chunked(ids, IDS_PER_QUERY):
        for row in connection.execute(select(CONTENTS).where(CONTENTS.c.id.in_(chunk))):
            found[row.id] = Content(**row._mapping)
    return found


def with_digest(connection: Connection, digest: str) -> tuple[Content, ...]:
    """The stored contents of a file's sound tracks, sorted by track."""
    rows = connection.execute(select(CONTENTS).where(CONTENTS.c.digest == digest).order_by(CONTENTS.c.track))
    return tuple(Content(**row._mapping) for row in rows)


def ids_of(connection: Connection, digests: Iterable[str]) -> dict[tuple[str, int], int]:
    """The content ids of files with these ``digests``, by digest and sound track."""
    columns = (CONTENTS.c.digest, CONTENTS.c.track, CONTENTS.c.id)
    return {
        (row.digest, row.track): row.id
        for chunk in chunked(digests, IDS_PER_QUERY)
        for row in connection.execute(select(*columns).where(CONTENTS.c.digest.in_(chunk)))
    }


def tracks(connection: Connection, digest: str) -> tuple[tuple[Content, ...], frozenset[int]] | None:
    """The stored contents of a file's sound tracks, and the ids of the spaces in which all are encoded; or None."""
    rows = connection.execute(select(CONTENTS).where(CONTENTS.c.digest == digest).order_by(CONTENTS.c.track)).all()
    if not rows:
        return None
    known = findings(connection, [row.id for row in rows])
    contents = tuple(Content(**row._mapping, tracks=known.get(row.id, (0, ()))[0]) for row in rows)
    encoded = [
        set(connection.execute(select(ENCODINGS.c.space_id).where(ENCODINGS.c.content_id == row.id)).scalars())
        for row in rows
    ]
    return contents, frozenset.intersection(*map(frozenset, encoded))


def findings(connection: Connection, content_ids: Iterable[int]) -> dict[int, tuple[int, tuple[str, ...]]]:
    """The number of sound tracks of contents' files, and their warnings; contents without findings are left out."""
    if not has_findings(connection.engine):
        return {}
    return {
        row.content_id: (row.tracks, tuple(json.loads(row.warnings)))
        for chunk in chunked(content_ids, IDS_PER_QUERY)
        for row in connection.execute(_FOUND, {"ids": chunk})
    }


@lru_cache(maxsize=8)
def has_findings(engine: Engine) -> bool:
    """Whether the catalog's schema has findings; a catalog opened only for reading may be older.

    Cached, because the check takes as long as a search.
    """
    return inspect(engine).has_table(FINDINGS.name)
