"""Reading the catalog in bulk to make columns: clips and segment ranges, at one sequence number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from sqlalchemy import Connection, Row, Select, select

from search.catalog import blobs, clipreading, measured, reading
from search.catalog.tables import CLIPS, CONTENTS, ENCODINGS, FACTS, REMOVALS
from search.model import Ids

_PAGE: Final = 2000


class ClipRow(NamedTuple):
    """The data of a clip that filters need.

    ``tag_classes`` and ``tag_probabilities`` are bytes of uint16 classes and float16 values, likeliest first.
    ``facts`` are bytes of float32 values in the order of ``facts_version``; both are None if it was not measured.
    """

    id: int
    content_id: int
    path: str
    title: str
    container: str
    duration_s: float
    size_bytes: int
    added: float
    silent: bool
    missing: bool
    tag_classes: bytes
    tag_probabilities: bytes
    facts_version: int | None
    facts: bytes | None
    own_tags: tuple[str, ...]
    remark: str


class EncodingRow(NamedTuple):
    """The segments of a content. ``spans`` are the bytes of their start and end times, (n_segments, 2) float64."""

    content_id: int
    first_segment_id: int
    n_segments: int
    spans: bytes


class ColumnReader:
    """Reads one state of the catalog in bulk: what changed after a sequence ``since``, or everything (0)."""

    def __init__(self, connection: Connection, space_id: int) -> None:
        self._connection = connection
        self._space_id = space_id
        self.sequence = reading.sequence(connection)
        """The state's sequence number."""
        self.pruned = reading.counter(connection, "pruned")
        """Removals up to this sequence are pruned, so `removed` cannot return them."""
        self._tag_space = reading.tag_space(connection)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The names of tags, by class; empty if no space of the library has a vocabulary."""
        return () if self._tag_space is None else self._tag_space.vocabulary or ()

    @property
    def tag_space_id(self) -> int:
        """The space that the tags come from; -1 if there is none."""
        return -1 if self._tag_space is None else self._tag_space.id

    def clips(self, since: int) -> Iterator[ClipRow]:
        """Every clip that was added or changed after ``since``, by id."""
        engine = self._connection.engine
        wanted = (
            select(
                CLIPS.c.id,
                CLIPS.c.content_id,
                CLIPS.c.path,
                CLIPS.c.title,
                CONTENTS.c.container,
                CONTENTS.c.duration_s,
                CLIPS.c.size_bytes,
                CLIPS.c.added,
                CONTENTS.c.silent,
                CLIPS.c.missing,
                ENCODINGS.c.clip_tag_classes,
                ENCODINGS.c.clip_tag_probabilities,
                *measured.columns(engine),
                *clipreading.later_columns(engine),
                CLIPS.c.metadata,
            )
            .join(CONTENTS, CONTENTS.c.id == CLIPS.c.content_id)
            .outerjoin(
                ENCODINGS, (ENCODINGS.c.content_id == CLIPS.c.content_id) & (ENCODINGS.c.space_id == self.tag_space_id)
            )
            .order_by(CLIPS.c.id)
        )
        if measured.has_facts(engine):
            wanted = wanted.outerjoin(FACTS, FACTS.c.content_id == CLIPS.c.content_id)
        for row in self._stream(wanted.where(CLIPS.c.sequence > since) if since else wanted):
            yield ClipRow._make(row[:-1])._replace(
                path=blobs.path_text(row.path),
                tag_classes=row.clip_tag_classes or b"",
                tag_probabilities=row.clip_tag_probabilities or b"",
                own_tags=blobs.own_tags_in(row.own_tags, row.metadata),
                remark=row.remark or "",
            )

    def encodings(self, since: int) -> Iterator[EncodingRow]:
        """The segments of every content that was encoded in the space after ``since``, by first segment id."""
        table = ENCODINGS.c
        wanted = (
            select(table.content_id, table.first_segment_id, table.n_segments, table.spans)
            .where(table.space_id == self._space_id, table.sequence > since)
            .order_by(reading.in_order_of_ids(self._connection, since))
        )
        for row in self._stream(wanted):
            yield EncodingRow(*row)

    def removed(self, since: int) -> tuple[Ids, Ids]:
        """The ids of clips, and first segment ids in the space, removed after ``since``, which is at least `pruned`."""
        table = REMOVALS.c
        clips = select(table.clip_id).where(table.sequence > since, table.clip_id.is_not(None))
        firsts = select(table.first_segment_id).where(table.sequence > since, table.space_id == self._space_id)
        return self._ids(clips), self._ids(firsts)

    def _ids(self, statement: Select[int]) -> Ids:
        return np.fromiter(self._connection.execute(statement).scalars(), np.int64)

    def _stream(self, statement: Select[*tuple[Any, ...]]) -> Iterator[Row[*tuple[Any, ...]]]:
        yield from self._connection.execute(statement, execution_options={"yield_per": _PAGE})
