"""`search.catalog.writing.apply`, one change after the other: its first version, with which batches are compared.

A content is removed if no clip points to it at the end of the batch. So the order of changes within a batch does not
decide what survives: a batch may remove the last copy of a file and link a new one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, exists, insert, select, update

from search.catalog import blobs, contentreading, contours, measured, reading, refusals, scanned, words
from search.catalog.contentrows import sequences
from search.catalog.database import now
from search.catalog.tables import (
    CLIPS,
    CONTENTS,
    CONTOURS,
    COUNTERS,
    ENCODINGS,
    FACTS,
    FAILURES,
    FINDINGS,
    REMOVALS,
    TAKEN_OUT,
)
from search.errors import ChangeRefused, LibraryError, printable
from search.model import (
    AddContent,
    CatalogChange,
    Content,
    DescribeClip,
    DescribeRoot,
    DropRoot,
    KeepFacts,
    KeepTracks,
    LinkClip,
    MarkMissing,
    MoveClip,
    MoveRoot,
    NoteFile,
    RecordFailure,
    RemoveClip,
    Space,
    StoredFacts,
    TakeOutClip,
)


def apply(connection: Connection, changes: Sequence[CatalogChange]) -> int:
    """Write ``changes`` within the connection's transaction. Return the sequence number reached.

    Raises ChangeRefused for a change that a row cannot hold; then the transaction must be rolled back.
    """
    return _Batch(connection).write(changes)


def take_out(connection: Connection, clip_id: int) -> None:
    """Record that the file of a clip is left out from now on. Do nothing if the clip is gone.

    The file is not left out while a clip of another of its sound tracks stays.
    """
    wanted = (
        select(CLIPS.c.root_id, CLIPS.c.path, CONTENTS.c.digest)
        .join(CONTENTS, CONTENTS.c.id == CLIPS.c.content_id)
        .where(CLIPS.c.id == clip_id)
    )
    clip = connection.execute(wanted).one_or_none()
    if clip is None:
        return
    others = (CLIPS.c.root_id == clip.root_id) & (CLIPS.c.path == clip.path) & (CLIPS.c.id != clip_id)
    if connection.execute(select(CLIPS.c.id).where(others).limit(1)).first() is not None:
        return
    let_in(connection, clip.root_id, clip.path)
    row = {"root_id": clip.root_id, "path": clip.path, "digest": clip.digest, "at": now(connection)}
    connection.execute(insert(TAKEN_OUT).values(row))


def let_in(connection: Connection, root_id: int, path: bytes) -> None:
    """Forget that a file was taken out."""
    is_it = (TAKEN_OUT.c.root_id == root_id) & (TAKEN_OUT.c.path == path)
    connection.execute(delete(TAKEN_OUT).where(is_it))


def note_file(connection: Connection, change: NoteFile) -> None:
    """Store the size and times that a scan saw of a file whose clip is unchanged. Readers see no difference."""
    file = change.file
    values = {"size_bytes": file.size_bytes, "mtime_ns": file.mtime_ns, "changed_ns": file.changed_ns}
    connection.execute(update(CLIPS).where(CLIPS.c.id == change.clip_id).values(values))


class _Batch:
    """One batch while it is written: the counters, and the contents that have lost a clip."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._now = now(connection)
        counters = {row.name: row.value for row in connection.execute(select(COUNTERS))}
        self._sequence: int = counters["sequence"]
        self._next_segment: int = counters["segment"]
        self._spaces: dict[int, Space] = {}
        self._left: set[int] = set()
        self._path_before: dict[int, bytes] = {}

    def write(self, changes: Sequence[CatalogChange]) -> int:
        self._free_paths([change for change in changes if isinstance(change, MoveClip)])
        for place, change in enumerate(changes):
            try:
                self._write_one(change)
            except refusals.POSSIBLE as error:
                raise ChangeRefused(place, refusals.cause(error)) from error
        self._remove_orphans()
        for name, value in (("sequence", self._sequence), ("segment", self._next_segment)):
            self._connection.execute(update(COUNTERS).where(COUNTERS.c.name == name).values(value=value))
        return self._sequence

    def _write_one(self, change: CatalogChange) -> None:
        match change:
            case AddContent():
                self._add_content(change)
            case KeepFacts():
                self._keep_facts(change.content_id, change.facts)
            case LinkClip():
                self._put_clip(change, change.content_id, self._track_of(change))
            case KeepTracks():
                self._keep_tracks(change)
            case MoveClip():
                self._move(change)
            case DescribeClip():
                self._describe(change)
            case MarkMissing():
                self._mark_missing(change.clip_id)
            case RemoveClip():
                self._remove_clip(change.clip_id)
            case TakeOutClip():
                take_out(self._connection, change.clip_id)
                self._remove_clip(change.clip_id)
            case RecordFailure():
                self._record_failure(change)
            case NoteFile():
                note_file(self._connection, change)
            case DescribeRoot() | MoveRoot() | DropRoot():
                self._write_root(change)

    def _write_root(self, change: DescribeRoot | MoveRoot | DropRoot) -> None:
        match change:
            case DescribeRoot():
                scanned.describe_root(self._connection, change)
            case MoveRoot():
                scanned.move_root(self._connection, change.root_id, change.path)
            case DropRoot():
                scanned.drop_root(self._connection, change.root_id)

    # --- contents -------------------------------------------------------------------------------------------

    def _add_content(self, change: AddContent) -> None:
        tracks = contentreading.with_digest(self._connection, change.content.digest)
        found = next((content for content in tracks if content.track == change.content.track), None)
        content_id = found.id if found else self._insert_content(change.content)
        if found:
            self._replace_encoding(content_id, change)
        else:
            self._insert_encoding(content_id, change)
        if change.content.tracks:
            self._put_findings(content_id, change.content)
        if change.facts is not None:
            self._keep_facts(content_id, change.facts)
        self._put_clip(change, content_id, change.content.track)

    def _insert_content(self, content: Content) -> int:
        values = {name: value for name, value in asdict(content).items() if name not in ("id", "tracks", "warnings")}
        values["container"] = blobs.storable(content.container)
        values["codec"] = blobs.storable(content.codec)
        return _inserted(self._connection.execute(insert(CONTENTS), values).inserted_primary_key)

    def _put_findings(self, content_id: int, content: Content) -> None:
        warnings = json.dumps([blobs.storable(warning) for warning in content.warnings])
        self._connection.execute(delete(FINDINGS).where(FINDINGS.c.content_id == content_id))
        self._connection.execute(
            insert(FINDINGS).values(content_id=content_id, tracks=content.tracks, warnings=warnings)
        )

    def _keep_facts(self, content_id: int, facts: StoredFacts) -> None:
        if self._connection.execute(select(CONTENTS.c.id).where(CONTENTS.c.id == content_id)).first() is None:
            return
        self._connection.execute(delete(FACTS).where(FACTS.c.content_id == content_id))
        self._connection.execute(insert(FACTS), measured.row(content_id, facts))
        # filters over its clips give other answers from now on
        self._connection.execute(update(CLIPS).where(CLIPS.c.content_id == content_id).values(sequence=self._take()))

    def _replace_encoding(self, content_id: int, change: AddContent) -> None:
        columns = blobs.pack(change.encoding, self._space(change.space_id))._asdict()
        is_it = (ENCODINGS.c.content_id == content_id) & (ENCODINGS.c.space_id == change.space_id)
        old = self._connection.execute(select(ENCODINGS).where(is_it)).one_or_none()
        if old is not None:
            if all(getattr(old, name) == value for name, value in columns.items()):
                return  # a copy was encoded at the same time: its segments keep their ids
            self._connection.execute(delete(ENCODINGS).where(is_it))
            self._log_segments(old, content_id)
        # other files of this content have other tags from now on as well
        self._connection.execute(update(CLIPS).where(CLIPS.c.content_id == content_id).values(sequence=self._take()))
        self._insert_encoding(content_id, change)

    def _insert_encoding(self, content_id: int, change: AddContent) -> None:
        columns = blobs.pack(change.encoding, self._space(change.space_id))._asdict()
        sequence = self._take(sequences(columns["n_segments"]))
        first = self._next_segment
        self._next_segment += max(1, columns["n_segments"])  # an empty encoding takes one id as well
        keys = {"content_id": content_id, "space_id": change.space_id}
        self._connection.execute(
            insert(ENCODINGS), {**keys, "sequence": sequence, "first_segment_id": first, **columns}
        )
        if rows := contours.rows(content_id, change.space_id, change.encoding):
            self._connection.execute(insert(CONTOURS), rows)

    def _track_of(self, change: LinkClip) -> int:
        """The track of the content to link."""
        wanted = select(CONTENTS.c.track).where(CONTENTS.c.id == change.content_id)
        track: int | None = self._connection.execute(wanted).scalar()
        if track is None:
            shown = printable(change.file.path)
            raise LibraryError(f"{shown}: the content {change.content_id} it was to share is gone; index it again")
        return track

    def _remove_orphans(self) -> None:
        for content_id in sorted(self._left):
            if self._connection.execute(select(exists().where(CLIPS.c.content_id == content_id))).scalar():
                continue
            owned = select(ENCODINGS.c.space_id, ENCODINGS.c.first_segment_id, ENCODINGS.c.n_segments).where(
                ENCODINGS.c.content_id == content_id
            )
            for row in self._connection.execute(owned).all():
                self._log_segments(row, content_id)
            self._connection.execute(delete(ENCODINGS).where(ENCODINGS.c.content_id == content_id))
            self._connection.execute(delete(CONTENTS).where(CONTENTS.c.id == content_id))

    # --- clips ----------------------------------------------------------------------------------------------

    def _put_clip(self, change: AddContent | LinkClip, content_id: int, track: int) -> None:
        path = blobs.path_bytes(change.file.path)
        title = blobs.storable(change.title)
        values = {
            "content_id": content_id,
            "track": track,
            "title": title,
            "metadata": blobs.metadata_text(change.metadata),
            "size_bytes": change.file.size_bytes,
            "mtime_ns": change.file.mtime_ns,
            "changed_ns": change.file.changed_ns,
            "missing": False,
            "sequence": self._take(),
        }
        at_path = (CLIPS.c.root_id == change.root_id) & (CLIPS.c.path == path) & (CLIPS.c.track == track)
        old_columns = (CLIPS.c.id, CLIPS.c.content_id, CLIPS.c.own_tags, CLIPS.c.remark)
        old = self._connection.execute(select(*old_columns).where(at_path)).one_or_none()
        if old is None:
            values |= {"root_id": change.root_id, "path": path, "added": self._now}
            clip_id = _inserted(self._connection.execute(insert(CLIPS), values).inserted_primary_key)
        else:
            clip_id = old.id
            words.forget(self._connection, [clip_id])
            self._connection.execute(update(CLIPS).where(CLIPS.c.id == clip_id).values(values))
            if old.content_id != content_id:
                self._left.add(old.content_id)
        said = (None, None) if old is None else (old.own_tags, old.remark)
        metadata = blobs.described(change.metadata, *said)
        words.store(self._connection, [words.of_clip(clip_id, change.file.path, title, metadata)])
        self._clear_failure(change.root_id, path)
        let_in(self._connection, change.root_id, path)

    def _free_paths(self, moves: Sequence[MoveClip]) -> None:
        """Move clips off their old paths first, so that two files that swapped places do not collide."""
        for change in moves:
            is_it = CLIPS.c.id == change.clip_id
            clip = self._connection.execute(select(CLIPS.c.root_id, CLIPS.c.path).where(is_it)).one_or_none()
            if clip is None or change.clip_id in self._path_before:
                continue
            self._path_before[change.clip_id] = clip.path
            parked = b"\0moving/%d" % change.clip_id  # no file's name holds a NUL
            self._connection.execute(update(CLIPS).where(_of_file(clip)).values(path=parked))

    def _move(self, change: MoveClip) -> None:
        clip = self._connection.execute(select(CLIPS).where(CLIPS.c.id == change.clip_id)).one_or_none()
        if clip is None:
            raise LibraryError(
                f"{printable(change.file.path)}: the clip {change.clip_id} that moved here is gone; index it again"
            )
        self._keep_tracks(KeepTracks(change.root_id, change.file.path, ()))  # remove clips that are in the way
        for one in self._connection.execute(select(CLIPS).where(_of_file(clip))).all():
            self._move_one(one, change, blobs.path_text(self._path_before[clip.id]))
        path = blobs.path_bytes(change.file.path)
        self._clear_failure(change.root_id, path)
        let_in(self._connection, change.root_id, path)

    def _move_one(self, clip: Row[*tuple[Any, ...]], change: MoveClip, path_before: str) -> None:
        path = blobs.path_bytes(change.file.path)
        title = blobs.retitled(path_before, clip.title, change.file.path)
        self._connection.execute(
            update(CLIPS)
            .where(CLIPS.c.id == clip.id)
            .values(
                root_id=change.root_id,
                path=path,
                title=title,
                size_bytes=change.file.size_bytes,
                mtime_ns=change.file.mtime_ns,
                changed_ns=change.file.changed_ns,
                missing=False,
                sequence=self._take(),
            )
        )
        words.forget(self._connection, [clip.id])
        metadata = blobs.described(blobs.metadata_of(clip.metadata), clip.own_tags, clip.remark)
        words.store(self._connection, [words.of_clip(clip.id, change.file.path, title, metadata)])

    def _keep_tracks(self, change: KeepTracks) -> None:
        at_path = (CLIPS.c.root_id == change.root_id) & (CLIPS.c.path == blobs.path_bytes(change.path))
        others = select(CLIPS.c.id).where(at_path, CLIPS.c.track.not_in(change.tracks))
        for clip_id in self._connection.execute(others).scalars().all():
            self._remove_clip(clip_id)

    def _describe(self, change: DescribeClip) -> None:
        is_it = CLIPS.c.id == change.clip_id
        clip = self._connection.execute(
            select(CLIPS.c.path, CLIPS.c.own_tags, CLIPS.c.remark).where(is_it)
        ).one_or_none()
        if clip is None:
            return
        title = blobs.storable(change.title)
        own_tags = clip.own_tags if change.own_tags is None else blobs.own_tags_text(change.own_tags)
        remark = clip.remark if change.remark is None else blobs.remark_text(change.remark)
        values = {
            "title": title,
            "metadata": blobs.metadata_text(change.metadata),
            "own_tags": own_tags,
            "remark": remark,
            "sequence": self._take(),
        }
        self._connection.execute(update(CLIPS).where(is_it).values(values))
        words.forget(self._connection, [change.clip_id])
        metadata = blobs.described(change.metadata, own_tags, remark)
        words.store(self._connection, [words.of_clip(change.clip_id, blobs.path_text(clip.path), title, metadata)])

    def _mark_missing(self, clip_id: int) -> None:
        clip = self._connection.execute(
            select(CLIPS.c.root_id, CLIPS.c.path).where(CLIPS.c.id == clip_id)
        ).one_or_none()
        if clip is None:
            return
        self._connection.execute(update(CLIPS).where(_of_file(clip)).values(missing=True, sequence=self._take()))
        self._clear_failure(clip.root_id, clip.path)

    def _remove_clip(self, clip_id: int) -> None:
        clip = self._connection.execute(select(CLIPS).where(CLIPS.c.id == clip_id)).one_or_none()
        if clip is None:
            return
        self._connection.execute(delete(CLIPS).where(CLIPS.c.id == clip_id))
        words.forget(self._connection, [clip_id])
        self._clear_failure(clip.root_id, clip.path)
        self._left.add(clip.content_id)
        self._connection.execute(insert(REMOVALS).values(sequence=self._take(), clip_id=clip_id))

    # --- failures, spaces, sequence numbers --------------------------------------------------------------------------

    def _record_failure(self, change: RecordFailure) -> None:
        path = blobs.path_bytes(change.file.path)
        self._clear_failure(change.root_id, path)
        if not change.cause:  # the file is gone or no longer wanted
            return
        self._connection.execute(
            insert(FAILURES).values(
                root_id=change.root_id,
                path=path,
                size_bytes=change.file.size_bytes,
                mtime_ns=change.file.mtime_ns,
                cause=blobs.storable(change.cause),
                at=self._now,
            )
        )

    def _clear_failure(self, root_id: int, path: bytes) -> None:
        self._connection.execute(delete(FAILURES).where((FAILURES.c.root_id == root_id) & (FAILURES.c.path == path)))

    def _space(self, space_id: int) -> Space:
        if space_id not in self._spaces:
            self._spaces = {space.id: space for space in reading.spaces(self._connection)}
        if space_id not in self._spaces:
            raise LibraryError(f"the library has no space {space_id}")
        return self._spaces[space_id]

    def _take(self, count: int = 1) -> int:
        """The last of the next ``count`` sequence numbers."""
        self._sequence += count
        return self._sequence

    def _log_segments(self, gone: Row[*tuple[Any, ...]], content_id: int) -> None:
        self._connection.execute(
            insert(REMOVALS).values(
                sequence=self._take(sequences(gone.n_segments)),
                space_id=gone.space_id,
                content_id=content_id,
                first_segment_id=gone.first_segment_id,
                n_segments=gone.n_segments,
            )
        )


def _of_file(clip: Row[*tuple[Any, ...]]) -> ColumnElement[bool]:
    """Whether a clip is of the same file as ``clip`` (root_id, path): a file has a clip for each sound track."""
    return and_(CLIPS.c.root_id == clip.root_id, CLIPS.c.path == clip.path)


def _inserted(key: Sequence[object] | None) -> int:
    if key is None or not isinstance(key[0], int):  # every table that uses this numbers its rows
        raise LibraryError("the database gave no id to a new row; run `soundalike verify`")
    return key[0]
