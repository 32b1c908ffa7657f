"""What the catalog is asked: spaces, roots, clips, contents, encodings, failures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any, Final, TypeVar, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    bindparam,
    case,
    func,
    inspect,
    null,
    select,
    text,
)

from search.catalog import blobs
from search.catalog.database import Database
from search.catalog.knownfiles import KnownFiles
from search.catalog.tables import (
    CHOICES,
    CLIPS,
    CONTENTS,
    COUNTERS,
    ENCODINGS,
    FAILURES,
    FINDINGS,
    ROOTS,
    SPACES,
    TAKEN_OUT,
)
from search.model import (
    NOTES,
    Clip,
    Content,
    ContentEncoding,
    FileFacts,
    KnownFile,
    Root,
    RootState,
    Space,
    SpaceState,
    Tag,
)

IDS_PER_QUERY: Final = 10_000
"""SQLite takes 32,766 parameters in one statement."""

NO_SPACE: Final = -1
"""The id of no space."""

SPEED_OF_ROOT: Final = "speed of root {}"
"""The name of a choice: at what speed a root's sounds are played."""

SCAN_OF_ROOT: Final = "scan of root {}"
"""The name of a choice: when all of a root was looked through last."""

T = TypeVar("T")

_SPACES: Final = select(text("*")).select_from(SPACES).order_by(SPACES.c.id)
"""With the columns that are there: a library that nobody wrote to since lacks those of later schemas."""
LATER_COLUMNS: Final = ("own_tags", "remark")
"""What people say of clips: columns that earlier schemas lack."""
_CLIP_COLUMNS: Final = [column for column in CLIPS.c if column.name not in ("track", "changed_ns", *LATER_COLUMNS)]
"""Those that every schema has; a clip's track is that of its content."""
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
_FOUND: Final = select(FINDINGS).where(FINDINGS.c.content_id.in_(bindparam("ids", expanding=True)))
_CLIPS_OF: Final = (
    select(CLIPS.c.content_id, CLIPS.c.id)
    .where(CLIPS.c.content_id.in_(bindparam("ids", expanding=True)))
    .order_by(CLIPS.c.content_id, CLIPS.c.id)
)


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
    """As `sequence`, for whoever looks often and asks nothing else."""
    return int(database.glance(_counted("sequence")))


def _counted(name: str) -> Select[int]:
    return select(COUNTERS.c.value).where(COUNTERS.c.name == name)


def in_order_of_ids(connection: Connection, since: int) -> ColumnElement[int]:
    """What encodings that came after ``since`` are sorted by to have their segments' ids ascend.

    Their sequence numbers, which an index has at hand, but where segments came back under the ids that they had before.
    """
    returned = select(COUNTERS.c.value).where(COUNTERS.c.name == "returned")
    came_back = since < (connection.execute(returned).scalar() or 0)
    return ENCODINGS.c.first_segment_id if came_back else ENCODINGS.c.sequence


def spaces(connection: Connection) -> list[Space]:
    """Every space, in the order they were made."""
    return [_space(row) for row in connection.execute(_SPACES)]


def _space(row: Row[Any]) -> Space:
    name, state = row.name, getattr(row, "state", None)
    if state is None:  # before schema 6 the name of a space said that it is retired
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

    While its successor is made that is the retired one, in which more contents have tags.
    """
    return next((space for space in spaces(connection) if space.vocabulary is not None), None)


def choice(connection: Connection, name: str) -> str | None:
    """What was chosen when the library was made, None where nothing was, or its schema is older than choices."""
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


def _speeds(connection: Connection, root_ids: Iterable[int]) -> dict[int, float]:
    """The speeds of these roots, those that are played as recorded left out."""
    if not _has_choices(connection.engine):
        return {}
    names = {SPEED_OF_ROOT.format(root_id): root_id for root_id in root_ids}
    wanted = select(CHOICES.c.name, CHOICES.c.value).where(CHOICES.c.name.in_(list(names)))
    return {names[row.name]: float(row.value) for row in connection.execute(wanted)}


def _root(row: Row[Any], speed: float) -> Root:
    """A root with the columns that are there (see `_SPACES`)."""
    excludes, mounts = (tuple(json.loads(getattr(row, name, "[]"))) for name in ("excludes", "mounts"))
    return Root(row.id, blobs.path_text(row.path), excludes, mounts, speed)


def root_states(connection: Connection) -> list[RootState]:
    """Every root, how many clips it has, and when it was looked through last; in the order they were made."""
    gone = func.sum(case((CLIPS.c.missing, 1), else_=0))
    counted = select(CLIPS.c.root_id, func.count(), gone).group_by(CLIPS.c.root_id)
    counts = {root_id: (int(clips), int(missing)) for root_id, clips, missing in connection.execute(counted)}
    found = []
    for root in roots(connection):
        scanned = choice(connection, SCAN_OF_ROOT.format(root.id))
        found.append(RootState(root, *counts.get(root.id, (0, 0)), None if scanned is None else float(scanned)))
    return found


def clips_of_root(connection: Connection, root_id: int) -> list[int]:
    """The ids of the clips of a root, ascending."""
    return list(connection.execute(select(CLIPS.c.id).where(CLIPS.c.root_id == root_id).order_by(CLIPS.c.id)).scalars())


def taken_out(connection: Connection, root_id: int) -> dict[str, str]:
    """Relative path -> digest of every file of a root that was taken out."""
    rows = connection.execute(select(TAKEN_OUT.c.path, TAKEN_OUT.c.digest).where(TAKEN_OUT.c.root_id == root_id))
    return {blobs.path_text(row.path): row.digest for row in rows}


def clips(connection: Connection, ids: Sequence[int]) -> list[Clip]:
    """The clips with these ids, in their order, with their likeliest tags; unknown ids are left out."""
    wanted = [int(id_) for id_ in ids if 0 <= id_ < 2**63]  # no database takes others
    tagging = tag_space(connection)
    tag_space_id, vocabulary = (NO_SPACE, ()) if tagging is None else (tagging.id, tagging.vocabulary or ())
    made: dict[int, Clip] = {}
    for chunk in chunked(dict.fromkeys(wanted), IDS_PER_QUERY):
        for row in connection.execute(_clips_by_id(connection.engine), {"ids": chunk, "tag_space": tag_space_id}):
            made[row.id] = _clip(row, vocabulary)
    found = findings(connection, {clip.content_id for clip in made.values()})
    speeds = _speeds(connection, {clip.root.id for clip in made.values()})
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


def find(connection: Connection, digest: str, track: int) -> tuple[Content, frozenset[int]] | None:
    """A stored content and the ids of the spaces it is encoded in."""
    row = connection.execute(
        select(CONTENTS).where(CONTENTS.c.digest == digest, CONTENTS.c.track == track)
    ).one_or_none()
    if row is None:
        return None
    encoded = connection.execute(select(ENCODINGS.c.space_id).where(ENCODINGS.c.content_id == row.id)).scalars()
    return Content(**row._mapping), frozenset(encoded)


def with_digest(connection: Connection, digest: str) -> tuple[Content, ...]:
    """The stored contents of a file's sound tracks, by track."""
    rows = connection.execute(select(CONTENTS).where(CONTENTS.c.digest == digest).order_by(CONTENTS.c.track))
    return tuple(Content(**row._mapping) for row in rows)


def tracks(connection: Connection, digest: str) -> tuple[tuple[Content, ...], frozenset[int]] | None:
    """The stored contents of a file's sound tracks, by track, and the ids of the spaces that all are encoded in."""
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


def files(connection: Connection, root_id: int, space_id: int) -> KnownFiles:
    """Every file of a root by its relative path, as the clip of its first sound track knows it."""
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


def warnings(connection: Connection) -> list[tuple[str, str]]:
    """Absolute path and warning of every clip whose file was read although something was amiss, by root and path."""
    if not _has_findings(connection.engine):
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


def findings(connection: Connection, content_ids: Iterable[int]) -> dict[int, tuple[int, tuple[str, ...]]]:
    """How many sound tracks the files of contents have, and what was amiss; without those that nobody looked at."""
    if not _has_findings(connection.engine):
        return {}
    return {
        row.content_id: (row.tracks, tuple(json.loads(row.warnings)))
        for chunk in chunked(content_ids, IDS_PER_QUERY)
        for row in connection.execute(_FOUND, {"ids": chunk})
    }


@lru_cache(maxsize=8)
def later_columns(engine: Engine) -> tuple[ColumnElement[Any], ...]:
    """`LATER_COLUMNS` to read: nothing for those that the schema of a catalog lacks."""
    present = {column["name"] for column in inspect(engine).get_columns(CLIPS.name)}
    return tuple(CLIPS.c[name] if name in present else null().label(name) for name in LATER_COLUMNS)


@lru_cache(maxsize=8)
def _clips_by_id(engine: Engine) -> Select[*tuple[Any, ...]]:
    return _CLIPS_BY_ID.add_columns(*later_columns(engine))


@lru_cache(maxsize=8)
def _has_findings(engine: Engine) -> bool:
    """Whether a catalog's schema has them: one that nobody wrote to since is older. Asked once: it costs a search."""
    return inspect(engine).has_table(FINDINGS.name)


@lru_cache(maxsize=8)
def _has_choices(engine: Engine) -> bool:
    """The same of what was chosen when a library was made."""
    return inspect(engine).has_table(CHOICES.name)


@lru_cache(maxsize=8)
def _names(vocabulary: str) -> tuple[str, ...]:
    """A vocabulary as it is stored, read once: it is asked for with every answer."""
    return tuple(json.loads(vocabulary))


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
