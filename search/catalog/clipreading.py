"""Reading clips and their files, and the files that could not be indexed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, bindparam, func, inspect, null, select

from search.catalog import blobs, contentreading, reading
from search.catalog.knownfiles import KnownFiles
from search.catalog.reading import IDS_PER_QUERY, chunked
from search.catalog.tables import CLIPS, CONTENTS, ENCODINGS, FAILURES, FINDINGS, ROOTS
from search.model import NOTES, Clip, FileFacts, KnownFile, RecordFailure, Root, Tag

NO_SPACE: Final = -1
"""An id that no space has."""

LATER_COLUMNS: Final = ("own_tags", "remark")
"""Columns that users fill, and that earlier schemas lack."""
_CLIP_COLUMNS: Final = [column for column in CLIPS.c if column.name not in ("track", "changed_ns", *LATER_COLUMNS)]
"""The columns that every schema has; a clip's track is that of its content."""
_CLIPS_BY_ID: Final = (
    select(
        *_CLIP_COLUMNS,
        ROOTS.c.path.label("root_path"),
        CONTENTS.c.duration_s,
        CONTENTS.c.silent,
        CONTENTS.c.track,
        (CONTENTS.c.container == NOTES).label("notes"),
        ENCODINGS.c.clip_tag_classes,
        ENCODINGS.c.clip_tag_probabilities,
    )
    .join(ROOTS, ROOTS.c.id == CLIPS.c.root_id)
    .join(CONTENTS, CONTENTS.c.id == CLIPS.c.content_id)
    .outerjoin(
        ENCODINGS, (ENCODINGS.c.content_id == CLIPS.c.content_id) & (ENCODINGS.c.space_id == bindparam("tag_space"))
    )
    .where(CLIPS.c.id.in_(bindparam("ids", expanding=True)))
)
_CLIPS_OF: Final = (
    select(CLIPS.c.content_id, CLIPS.c.id)
    .where(CLIPS.c.content_id.in_(bindparam("ids", expanding=True)))
    .order_by(CLIPS.c.content_id, CLIPS.c.id)
)


def clips(connection: Connection, ids: Sequence[int]) -> list[Clip]:
    """The clips with these ids, in their order, with their likeliest tags; unknown ids are left out."""
    wanted = [int(id_) for id_ in ids if 0 <= id_ < 2**63]  # databases reject others
    tagging = reading.tag_space(connection)
    tag_space_id, vocabulary = (NO_SPACE, ()) if tagging is None else (tagging.id, tagging.vocabulary or ())
    made: dict[int, Clip] = {}
    for chunk in chunked(dict.fromkeys(wanted), IDS_PER_QUERY):
        for row in connection.execute(_clips_by_id(connection.engine), {"ids": chunk, "tag_space": tag_space_id}):
            made[row.id] = _clip(row, vocabulary)
    found = contentreading.findings(connection, {clip.content_id for clip in made.values()})
    speeds = reading.root_speeds(connection, {clip.root.id for clip in made.values()})
    for clip in made.values():
        root = replace(clip.root, speed=speeds.get(clip.root.id, 1.0))
        tracks, warned = found.get(clip.content_id, (clip.tracks, clip.warnings))
        made[clip.id] = replace(clip, root=root, tracks=tracks, warnings=warned)
    return [made[id_] for id_ in wanted if id_ in made]


def missing(connection: Connection) -> list[int]:
    """Ids of the clips that the last scan did not find, ascending."""
    return list(connection.execute(select(CLIPS.c.id).where(CLIPS.c.missing).order_by(CLIPS.c.id)).scalars())


def clips_of(connection: Connection, content_ids: Sequence[int]) -> dict[int, list[int]]:
    """Content id -> ids of its clips, ascending; contents without a clip are left out."""
    found: dict[int, list[int]] = {}
    for chunk in chunked(dict.fromkeys(map(int, content_ids)), IDS_PER_QUERY):
        for content_id, clip_id in connection.execute(_CLIPS_OF, {"ids": chunk}):
            found.setdefault(content_id, []).append(clip_id)
    return found


def files(connection: Connection, root_id: int, space_id: int) -> KnownFiles:
    """Every file of a root by relative path, as recorded in the clip of its first sound track."""
    wanted = (
        select(
            CLIPS.c.id,
            CLIPS.c.path,
            CLIPS.c.content_id,
            CLIPS.c.size_bytes,
            CLIPS.c.mtime_ns,
            CLIPS.c.changed_ns,
            CLIPS.c.missing,
            CONTENTS.c.digest,
            (CONTENTS.c.container == NOTES).label("notes"),
            ENCODINGS.c.content_id.is_not(None).label("encoded"),
        )
        .join(CONTENTS, CONTENTS.c.id == CLIPS.c.content_id)
        .outerjoin(ENCODINGS, (ENCODINGS.c.content_id == CLIPS.c.content_id) & (ENCODINGS.c.space_id == space_id))
        .where(CLIPS.c.root_id == root_id)
        .order_by(CLIPS.c.path, CONTENTS.c.track)
    )
    count = connection.execute(select(func.count()).select_from(CLIPS).where(CLIPS.c.root_id == root_id)).scalar_one()
    return KnownFiles(connection.execute(wanted), int(count))


def clips_of_root(connection: Connection, root_id: int) -> list[int]:
    """The ids of the clips of a root, ascending."""
    return list(connection.execute(select(CLIPS.c.id).where(CLIPS.c.root_id == root_id).order_by(CLIPS.c.id)).scalars())


def file(connection: Connection, clip_id: int) -> KnownFile | None:
    """A clip's file as the catalog remembers it; ``encoded`` says whether in any space."""
    wanted = (
        select(
            *_CLIP_COLUMNS,
            CONTENTS.c.digest,
            (CONTENTS.c.container == NOTES).label("notes"),
            select(ENCODINGS.c.space_id).where(ENCODINGS.c.content_id == CLIPS.c.content_id).exists().label("encoded"),
        )
        .join(CONTENTS, CONTENTS.c.id == CLIPS.c.content_id)
        .where(CLIPS.c.id == clip_id)
    )
    row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    facts = FileFacts(blobs.path_text(row.path), row.size_bytes, row.mtime_ns)
    return KnownFile(row.id, row.content_id, row.digest, facts, row.encoded, row.missing, row.notes)


def failures(connection: Connection) -> list[tuple[str, str]]:
    """Absolute path and cause of every file that could not be indexed, by root and path."""
    wanted = (
        select(ROOTS.c.path.label("root"), FAILURES.c.path, FAILURES.c.cause)
        .join(ROOTS, ROOTS.c.id == FAILURES.c.root_id)
        .order_by(FAILURES.c.root_id, FAILURES.c.path)
    )
    return [
        (f"{blobs.path_text(row.root)}/{blobs.path_text(row.path)}", row.cause) for row in connection.execute(wanted)
    ]


def failed_files(connection: Connection) -> list[RecordFailure]:
    """The files that could not be indexed, as recorded, by root and path."""
    wanted = select(FAILURES).order_by(FAILURES.c.root_id, FAILURES.c.path)
    return [
        RecordFailure(row.root_id, FileFacts(blobs.path_text(row.path), row.size_bytes, row.mtime_ns), row.cause)
        for row in connection.execute(wanted)
    ]


def warnings(connection: Connection) -> list[tuple[str, str]]:
    """Absolute path and warning of every clip whose file was read despite a defect, by root and path."""
    if not contentreading.has_findings(connection.engine):
        return []
    wanted = (
        select(ROOTS.c.path.label("root"), CLIPS.c.path, FINDINGS.c.warnings)
        .join(CLIPS, CLIPS.c.content_id == FINDINGS.c.content_id)
        .join(ROOTS, ROOTS.c.id == CLIPS.c.root_id)
        .where(FINDINGS.c.warnings != "[]")
        .order_by(CLIPS.c.root_id, CLIPS.c.path, CLIPS.c.id)
    )
    return [
        (f"{blobs.path_text(row.root)}/{blobs.path_text(row.path)}", warning)
        for row in connection.execute(wanted)
        for warning in json.loads(row.warnings)
    ]


@lru_cache(maxsize=8)
def later_columns(engine: Engine) -> tuple[ColumnElement[Any], ...]:
    """`LATER_COLUMNS` for a select; null for those that the catalog's schema lacks."""
    present = {column["name"] for column in inspect(engine).get_columns(CLIPS.name)}
    return tuple(CLIPS.c[name] if name in present else null().label(name) for name in LATER_COLUMNS)


@lru_cache(maxsize=8)
def _clips_by_id(engine: Engine) -> Select[*tuple[Any, ...]]:
    return _CLIPS_BY_ID.add_columns(*later_columns(engine))


def _clip(row: Row[*tuple[Any, ...]], vocabulary: tuple[str, ...]) -> Clip:
    tags: tuple[Tag, ...] = ()
    if row.clip_tag_classes is not None:
        tags = blobs.named_tags(row.clip_tag_classes, row.clip_tag_probabilities, vocabulary)
    metadata = blobs.metadata_of(row.metadata)
    return Clip(
        id=row.id,
        content_id=row.content_id,
        root=Root(id=row.root_id, path=blobs.path_text(row.root_path)),
        path=blobs.path_text(row.path),
        title=row.title,
        duration_s=row.duration_s,
        size_bytes=row.size_bytes,
        added=row.added,
        silent=row.silent,
        missing=row.missing,
        metadata=metadata,
        tags=tags,
        track=row.track,
        own_tags=blobs.own_tags_of(row.own_tags, metadata),
        remark=row.remark or "",
        notes=row.notes,
    )
