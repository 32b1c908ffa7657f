"""The contents affected by a batch of changes, with encodings and findings: read together and written together."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Row, bindparam, delete, exists, select

from search.catalog import blobs, contours, measured, numbering, reading, transcripts
from search.catalog.inserting import insert_all, insert_in_parts
from search.catalog.reading import IDS_PER_QUERY, chunked
from search.catalog.tables import CLIPS, CONTENTS, CONTOURS, ENCODINGS, FACTS, FINDINGS, TRANSCRIPTS
from search.errors import LibraryError
from search.ground.memory import give_back_freed_memory
from search.model import (
    AddContent,
    CatalogChange,
    Content,
    ContentEncoding,
    KeepFacts,
    KeepTranscript,
    LinkClip,
    Space,
    StoredFacts,
)

SEGMENTS_PER_SEQUENCE: Final = 8192
MOST_WAITING_BYTES: Final = 16 << 20
"""The most bytes of vectors that wait to be written."""
LARGE_BYTES: Final = 4 << 20
"""Vectors of more than this size, from recordings of hours, are written in parts."""

_KEYS: Final = (CONTENTS.c.id, CONTENTS.c.digest, CONTENTS.c.track)
_IDS: Final[BindParameter[int]] = bindparam("ids", expanding=True)
_BY_DIGEST: Final = select(*_KEYS).where(CONTENTS.c.digest.in_(bindparam("digests", expanding=True)))
_BY_ID: Final = select(*_KEYS).where(CONTENTS.c.id.in_(_IDS))
_ENCODED: Final = select(ENCODINGS.c.content_id, ENCODINGS.c.space_id).where(ENCODINGS.c.content_id.in_(_IDS))
_WITHOUT_CLIP: Final = select(CONTENTS.c.id).where(
    CONTENTS.c.id.in_(_IDS), ~exists().where(CLIPS.c.content_id == CONTENTS.c.id)
)
_SEGMENTS: Final = (
    select(ENCODINGS.c.content_id, ENCODINGS.c.space_id, ENCODINGS.c.first_segment_id, ENCODINGS.c.n_segments)
    .where(ENCODINGS.c.content_id.in_(_IDS))
    .order_by(ENCODINGS.c.content_id, ENCODINGS.c.space_id)
)


def sequences(n_segments: int) -> int:
    """How many sequence numbers it takes to add or remove ``n_segments``.

    Each piece of at most `SEGMENTS_PER_SEQUENCE` segments has its own number. So a day-long recording is replayed in
    bounded memory, and an interrupted replay resumes where it was.
    """
    return max(1, -(-n_segments // SEGMENTS_PER_SEQUENCE))


class ContentRows:
    """The contents that a batch reads and writes."""

    def __init__(self, connection: Connection, changes: Sequence[CatalogChange]) -> None:
        self._connection = connection
        self._ids: dict[tuple[str, int], int] = {}
        self._digests: dict[int, tuple[str, int]] = {}
        self._spaces: dict[int, Space] = {}
        self._contents: list[dict[str, Any]] = []
        self._encodings: list[dict[str, Any]] = []
        self._waiting_bytes = 0
        self._contours: list[dict[str, Any]] = []
        self._findings: dict[int, dict[str, Any]] = {}
        self._facts: dict[int, dict[str, Any]] = {}
        self._transcripts: dict[int, dict[str, Any]] = {}
        self._last_id: int | None = None
        digests = dict.fromkeys(change.content.digest for change in changes if isinstance(change, AddContent))
        named = dict.fromkeys(
            change.content_id for change in changes if isinstance(change, LinkClip | KeepFacts | KeepTranscript)
        )
        measured_ids = [change.content_id for change in changes if isinstance(change, KeepFacts)]
        for chunk in chunked(digests, IDS_PER_QUERY):
            self._take_rows(connection.execute(_BY_DIGEST, {"digests": chunk}))
        again = tuple(self._digests)
        self.whose_clips_change = (*again, *measured_ids)
        """The ids of stored contents that the batch encodes again or measures."""
        for ids in chunked(named, IDS_PER_QUERY):
            self._take_rows(connection.execute(_BY_ID, {"ids": ids}))
        self._encoded = {
            (row.content_id, row.space_id)
            for ids in chunked(again, IDS_PER_QUERY)
            for row in connection.execute(_ENCODED, {"ids": ids})
        }

    # --- looking --------------------------------------------------------------------------------------------

    def find(self, digest: str, track: int) -> int | None:
        """The id of a content that is stored, or was added earlier in this batch; else None."""
        return self._ids.get((digest, track))

    def digest_and_track(self, content_id: int) -> tuple[str, int] | None:
        """The digest and track of a content; None if it is gone."""
        if content_id not in self._digests:
            self._take_rows(self._connection.execute(_BY_ID, {"ids": [content_id]}))
        return self._digests.get(content_id)

    def packed(self, change: AddContent) -> blobs.EncodingColumns:
        """The columns of an encoding. Raises LibraryError if it does not fit its space."""
        if len(change.encoding.vectors) > SEGMENTS_PER_SEQUENCE:
            self.write()
            give_back_freed_memory()  # a day-long recording is packed as a whole: first free what encoding used
        return blobs.pack(change.encoding, self._space(change.space_id))

    def encoding(self, content_id: int, space_id: int) -> Row[Any] | None:
        """The encoding that a content has already; None if it has none."""
        if (content_id, space_id) not in self._encoded:
            return None
        self.write()  # it may have been added in this batch
        return self._connection.execute(select(ENCODINGS).where(_is(content_id, space_id))).one_or_none()

    # --- changing -------------------------------------------------------------------------------------------

    def add(self, content: Content) -> int:
        """Add a content; return its id.

        Raises LibraryError if the duration is not finite: a file could not store it.
        """
        if not math.isfinite(content.duration_s):
            raise LibraryError(f"a content cannot last {content.duration_s} s")
        if self._last_id is None:
            self._last_id = numbering.last(self._connection, CONTENTS.name)
        self._last_id += 1
        self._contents.append(
            {
                "id": self._last_id,
                "digest": content.digest,
                "track": content.track,
                "duration_s": content.duration_s,
                "sample_rate_hz": content.sample_rate_hz,
                "channels": content.channels,
                "container": blobs.storable(content.container),
                "codec": blobs.storable(content.codec),
                "silent": content.silent,
            }
        )
        self._ids[content.digest, content.track] = self._last_id
        self._digests[self._last_id] = (content.digest, content.track)
        return self._last_id

    def encode(
        self, keys: tuple[int, int], numbers: tuple[int, int], columns: blobs.EncodingColumns, encoding: ContentEncoding
    ) -> None:
        """Store an encoding of ``keys`` (content, space), with its sequence ``numbers`` and first segment id."""
        (content_id, space_id), (sequence, first) = keys, numbers
        row = {"content_id": content_id, "space_id": space_id, "sequence": sequence, "first_segment_id": first}
        self._encodings.append(row | columns._asdict())
        self._contours += contours.rows(content_id, space_id, encoding)
        self._encoded.add(keys)
        self._waiting_bytes += len(columns.vectors)
        if self._waiting_bytes > MOST_WAITING_BYTES:
            self.write()

    def drop_encoding(self, content_id: int, space_id: int) -> None:
        """Delete an encoding that `encoding` returned."""
        self._connection.execute(delete(ENCODINGS).where(_is(content_id, space_id)))

    def remember_findings(self, content_id: int, content: Content) -> None:
        """Store the findings of decoding a content."""
        warnings = json.dumps([blobs.storable(warning) for warning in content.warnings])
        self._findings[content_id] = {"content_id": content_id, "tracks": content.tracks, "warnings": warnings}

    def remember_facts(self, content_id: int, facts: StoredFacts) -> None:
        """Store the facts of a content."""
        self._facts[content_id] = measured.row(content_id, facts)

    def remember_transcript(self, change: KeepTranscript, sequence: int) -> None:
        """Store the transcript of a content."""
        self._transcripts[change.content_id] = transcripts.row(change, sequence)

    def remove_orphans(self, content_ids: Iterable[int]) -> list[Row[Any]]:
        """Delete the contents that no clip points to; return the deleted segment ranges, by content and space."""
        gone: list[Row[Any]] = []
        for chunk in chunked(sorted(content_ids), IDS_PER_QUERY):
            orphans = list(self._connection.execute(_WITHOUT_CLIP, {"ids": chunk}).scalars())
            gone += self._connection.execute(_SEGMENTS, {"ids": orphans})
            for column in (ENCODINGS.c.content_id, CONTENTS.c.id):
                self._connection.execute(delete(column.table).where(column.in_(orphans)))
        return gone

    def write(self) -> None:
        """Write everything added since the last call."""
        large = [row for row in self._encodings if len(row["vectors"]) > LARGE_BYTES]
        small = [row for row in self._encodings if len(row["vectors"]) <= LARGE_BYTES]
        for table, rows in ((CONTENTS, self._contents), (ENCODINGS, small), (CONTOURS, self._contours)):
            insert_all(self._connection, table, rows)
        for row in large:
            insert_in_parts(self._connection, ENCODINGS, row, "vectors")
        for rows in (self._contents, self._encodings, self._contours):
            rows.clear()
        self._waiting_bytes = 0
        for table, by_content in (
            (FINDINGS, self._findings),
            (FACTS, self._facts),
            (TRANSCRIPTS, self._transcripts),
        ):
            for ids in chunked(by_content, IDS_PER_QUERY):
                self._connection.execute(delete(table).where(table.c.content_id.in_(ids)))
            insert_all(self._connection, table, list(by_content.values()))
            by_content.clear()
        if self._last_id is not None:
            numbering.reach(self._connection, CONTENTS.name, self._last_id)

    # --- reading --------------------------------------------------------------------------------------------

    def _take_rows(self, rows: Iterable[Row[Any]]) -> None:
        for row in rows:
            self._ids[row.digest, row.track] = row.id
            self._digests[row.id] = (row.digest, row.track)

    def _space(self, space_id: int) -> Space:
        if space_id not in self._spaces:
            self._spaces = {space.id: space for space in reading.spaces(self._connection)}
        if space_id not in self._spaces:
            raise LibraryError(f"the library has no space {space_id}")
        return self._spaces[space_id]


def _is(content_id: int, space_id: int) -> Any:  # noqa: ANN401  SQLAlchemy's clause
    return (ENCODINGS.c.content_id == content_id) & (ENCODINGS.c.space_id == space_id)
