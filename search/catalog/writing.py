"""Writing one batch (`apply`): its changes, the removals they cause, and the words of the clips.

The affected rows are read at once, changed in memory in the order of the changes, and written at once, with one
statement for many rows. Statements are what costs: on a server each is a round trip, and in a file each takes most of
the time of a row.

A content is deleted if no clip points to it when the batch ends. So the order of changes within a batch does not decide
what survives: a batch may remove the last copy of a file and then link a new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from search.catalog import blobs, reading, refusals, scanned
from search.catalog.cliprows import ClipRows, parking_path
from search.catalog.contentrows import ContentRows, sequences
from search.catalog.database import now
from search.catalog.filemarks import FileMarks, StoredPlace
from search.catalog.inserting import insert_all
from search.catalog.tables import CHOICES, COUNTERS, REMOVALS
from search.errors import ChangeRefused, LibraryError, printable
from search.model import (
    AddContent,
    CatalogChange,
    DescribeClip,
    DescribeRoot,
    DropRoot,
    KeepFacts,
    KeepTracks,
    KeepTranscript,
    LinkClip,
    MarkMissing,
    MoveClip,
    MoveRoot,
    NoteFile,
    NoteScan,
    RecordFailure,
    RemoveClip,
    StoredFacts,
    TakeOutClip,
)


def apply(connection: Connection, changes: Sequence[CatalogChange]) -> int:
    """Write ``changes`` within the connection's transaction; return the sequence number reached.

    Raises ChangeRefused for a change that a row cannot hold; the transaction must then be rolled back.
    """
    written = connection.begin_nested()
    try:
        sequence = _Batch(connection, changes).write()
    except refusals.POSSIBLE as error:
        cause = refusals.cause(error)
        if cause is None:
            raise  # the whole transaction fails; a full disk, for example, has ended it already
        written.rollback()
        begun = changes[: error.place + 1] if isinstance(error, ChangeRefused) else changes
        raise _refusal(connection, begun, cause) from error
    written.commit()
    return sequence


def _refusal(connection: Connection, changes: Sequence[CatalogChange], cause: str) -> ChangeRefused:
    """Find which of ``changes`` cannot be written, by trial: a database that refuses many rows does not say which.

    ``cause`` is that of the first attempt. The last change is tried first, since it is the culprit if the error came
    before anything was written; then a binary search follows.
    """
    fit, beyond = 0, len(changes)
    middle = beyond - 1
    while fit < beyond - 1:
        refused = _refused(connection, changes[:middle])
        if refused is None:
            fit = middle
        else:
            beyond, cause = middle, refused
        middle = (fit + beyond) // 2
    return ChangeRefused(beyond - 1, cause)


def _refused(connection: Connection, changes: Sequence[CatalogChange]) -> str | None:
    """Why ``changes`` cannot be written; None if they can. Rolls the trial back."""
    trial = connection.begin_nested()
    cause = None
    try:
        _Batch(connection, changes).write()
    except refusals.POSSIBLE as error:
        cause = refusals.cause(error)
        if cause is None:
            raise
    trial.rollback()
    return cause


def choose(connection: Connection, name: str, value: str) -> None:
    """Store a choice that the library was made with. Raises LibraryError if another value was chosen before."""
    made = reading.choice(connection, name)
    if made is None:
        connection.execute(insert(CHOICES), {"name": name, "value": value})
    elif made != value:
        raise LibraryError(f"this library's {name} is {made!r}, which cannot become {value!r}; make a new library")


def prefer(connection: Connection, name: str, value: str | None) -> None:
    """Store a choice that may change, or delete it (None)."""
    connection.execute(delete(CHOICES).where(CHOICES.c.name == name))
    if value is not None:
        connection.execute(insert(CHOICES), {"name": name, "value": value})


class _Batch:
    """One batch while it is written: the counters, the affected rows, and the contents that lost a clip."""

    def __init__(self, connection: Connection, changes: Sequence[CatalogChange]) -> None:
        self._connection = connection
        self._changes = changes
        self._now = now(connection)
        counters = {row.name: row.value for row in connection.execute(select(COUNTERS))}
        self._sequence: int = counters["sequence"]
        self._next_segment: int = counters["segment"]
        self._contents = ContentRows(connection, changes)
        self._clips = ClipRows(connection, changes)
        self._clips.read_of(self._contents.whose_clips_change)
        self._marks = FileMarks(connection, self._now)
        self._removals: list[dict[str, Any]] = []
        self._contents_that_lost_a_clip: set[int] = set()
        self._path_before: dict[int, bytes] = {}

    def write(self) -> int:
        """Write the whole batch; return the sequence number reached."""
        self._free_paths()
        for place, change in enumerate(self._changes):
            try:
                self._write_one(change)
            except (LibraryError, ValueError, TypeError, RecursionError) as error:
                raise ChangeRefused(place, refusals.cause(error) or "") from error
        self._flush()
        for gone in self._contents.remove_orphans(self._contents_that_lost_a_clip):
            self._log_segments(gone)
        insert_all(self._connection, REMOVALS, self._removals)
        for name, value in (("sequence", self._sequence), ("segment", self._next_segment)):
            self._connection.execute(update(COUNTERS).where(COUNTERS.c.name == name).values(value=value))
        return self._sequence

    def _flush(self) -> None:
        self._contents.write()
        self._clips.write()
        self._marks.write()

    def _write_one(self, change: CatalogChange) -> None:
        match change:
            case AddContent():
                self._add_content(change)
            case KeepFacts() | KeepTranscript():
                self._keep(change)
            case LinkClip():
                self._put_clip(change, change.content_id, self._track_of(change))
            case KeepTracks():
                self._keep_tracks((change.root_id, blobs.path_bytes(change.path)), change.tracks)
            case MoveClip():
                self._move(change)
            case DescribeClip():
                self._describe(change)
            case MarkMissing():
                self._mark_missing(change.clip_id)
            case RemoveClip():
                self._remove_clip(change.clip_id)
            case TakeOutClip():
                self._take_out(change.clip_id)
            case RecordFailure():
                self._marks.fail(change)
            case NoteFile():
                self._note_file(change)
            case DescribeRoot() | NoteScan() | MoveRoot() | DropRoot():
                self._flush()  # changes of the root's files come first
                self._write_root(change)

    def _write_root(self, change: DescribeRoot | NoteScan | MoveRoot | DropRoot) -> None:
        match change:
            case DescribeRoot():
                scanned.describe_root(self._connection, change)
            case NoteScan():
                scanned.note_scan(self._connection, change.root_id)
            case MoveRoot():
                scanned.move_root(self._connection, change.root_id, change.path)
            case DropRoot():
                scanned.drop_root(self._connection, change.root_id)

    # --- contents -------------------------------------------------------------------------------------------

    def _add_content(self, change: AddContent) -> None:
        columns = self._contents.packed(change)
        content = change.content
        content_id = self._contents.find(content.digest, content.track)
        if content_id is None:
            content_id = self._contents.add(content)
            self._encode(content_id, change, columns)
        else:
            self._replace_encoding(content_id, change, columns)
        if content.tracks:
            self._contents.remember_findings(content_id, content)
        if change.facts is not None:
            self._keep_facts(content_id, change.facts)
        self._put_clip(change, content_id, content.track)

    def _keep_facts(self, content_id: int, facts: StoredFacts) -> None:
        if self._contents.digest_and_track(content_id) is None:
            return
        self._contents.remember_facts(content_id, facts)
        self._touch_clips(content_id)  # filters by facts now give other answers for them

    def _keep(self, change: KeepFacts | KeepTranscript) -> None:
        if isinstance(change, KeepFacts):
            self._keep_facts(change.content_id, change.facts)
        elif self._contents.digest_and_track(change.content_id) is not None:
            self._contents.remember_transcript(change, self._take())

    def _replace_encoding(self, content_id: int, change: AddContent, columns: blobs.EncodingColumns) -> None:
        old = self._contents.encoding(content_id, change.space_id)
        if old is not None:
            if all(getattr(old, name) == value for name, value in columns._asdict().items()):
                return  # a copy encoded at the same time: its segments keep their ids
            self._contents.drop_encoding(content_id, change.space_id)
            self._log_segments(old)
        self._touch_clips(content_id)  # the tags of all clips of this content change
        self._encode(content_id, change, columns)

    def _touch_clips(self, content_id: int) -> None:
        sequence = self._take()
        for clip in self._clips.of(content_id):
            self._clips.change(clip, {"sequence": sequence})

    def _encode(self, content_id: int, change: AddContent, columns: blobs.EncodingColumns) -> None:
        sequence = self._take(sequences(columns.n_segments))
        first = self._next_segment
        self._next_segment += max(1, columns.n_segments)  # an empty encoding takes an id, too
        self._contents.encode((content_id, change.space_id), (sequence, first), columns, change.encoding)

    def _track_of(self, change: LinkClip) -> int:
        """The track of the content to link."""
        known = self._contents.digest_and_track(change.content_id)
        if known is None:
            shown = printable(change.file.path)
            raise LibraryError(f"{shown}: the content {change.content_id} it was to share is gone; index it again")
        return known[1]

    # --- clips ----------------------------------------------------------------------------------------------

    def _put_clip(self, change: AddContent | LinkClip, content_id: int, track: int) -> None:
        place = (change.root_id, blobs.path_bytes(change.file.path))
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
        clip = next((clip for clip in self._clips.at(place) if clip["track"] == track), None)
        if clip is None:
            clip = self._clips.add(values | {"root_id": place[0], "path": place[1], "added": self._now})
        else:
            if clip["content_id"] != content_id:
                self._contents_that_lost_a_clip.add(clip["content_id"])
            self._clips.change(clip, values)
        metadata = blobs.described(change.metadata, clip["own_tags"], clip["remark"])
        self._clips.say(clip, change.file.path, title, metadata)
        self._marks.clear_failure(place)
        self._marks.let_in(place)

    def _free_paths(self) -> None:
        """Park the clips that will move under temporary paths, so that two files that swapped paths do not collide."""
        for change in self._changes:
            clip = self._clips.get(change.clip_id) if isinstance(change, MoveClip) else None
            if clip is None or clip["id"] in self._path_before:
                continue
            self._path_before[clip["id"]] = clip["path"]
            for one in self._clips.at((clip["root_id"], clip["path"])):
                self._clips.change(one, {"path": parking_path(clip["id"])})

    def _move(self, change: MoveClip) -> None:
        clip = self._clips.get(change.clip_id)
        if clip is None:
            raise LibraryError(
                f"{printable(change.file.path)}: the clip {change.clip_id} that moved here is gone; index it again"
            )
        place = (change.root_id, blobs.path_bytes(change.file.path))
        self._keep_tracks(place, ())  # remove the clips that are in the way
        for one in self._clips.at((clip["root_id"], clip["path"])):
            self._move_one(one, change, blobs.path_text(self._path_before[clip["id"]]))
        self._marks.clear_failure(place)
        self._marks.let_in(place)

    def _move_one(self, clip: dict[str, Any], change: MoveClip, path_before: str) -> None:
        title = blobs.retitled(path_before, clip["title"], change.file.path)
        values = {
            "root_id": change.root_id,
            "path": blobs.path_bytes(change.file.path),
            "title": title,
            "size_bytes": change.file.size_bytes,
            "mtime_ns": change.file.mtime_ns,
            "changed_ns": change.file.changed_ns,
            "missing": False,
            "sequence": self._take(),
        }
        self._clips.change(clip, values)
        metadata = blobs.described(blobs.metadata_of(clip["metadata"]), clip["own_tags"], clip["remark"])
        self._clips.say(clip, change.file.path, title, metadata)

    def _keep_tracks(self, place: StoredPlace, tracks: Sequence[int]) -> None:
        for clip in self._clips.at(place):
            if clip["track"] not in tracks:
                self._remove_clip(clip["id"])

    def _describe(self, change: DescribeClip) -> None:
        clip = self._clips.get(change.clip_id)
        if clip is None:
            return
        title = blobs.storable(change.title)
        own_tags = clip["own_tags"] if change.own_tags is None else blobs.own_tags_text(change.own_tags)
        remark = clip["remark"] if change.remark is None else blobs.remark_text(change.remark)
        values = {
            "title": title,
            "metadata": blobs.metadata_text(change.metadata),
            "own_tags": own_tags,
            "remark": remark,
            "sequence": self._take(),
        }
        self._clips.change(clip, values)
        metadata = blobs.described(change.metadata, own_tags, remark)
        self._clips.say(clip, blobs.path_text(clip["path"]), title, metadata)

    def _note_file(self, change: NoteFile) -> None:
        """Store the file facts that a scan saw, for an otherwise unchanged clip. Readers see no difference."""
        clip, file = self._clips.get(change.clip_id), change.file
        if clip is not None:
            facts = {"size_bytes": file.size_bytes, "mtime_ns": file.mtime_ns, "changed_ns": file.changed_ns}
            self._clips.change(clip, facts)

    def _mark_missing(self, clip_id: int) -> None:
        clip = self._clips.get(clip_id)
        if clip is None:
            return
        place = (clip["root_id"], clip["path"])
        sequence = self._take()
        for one in self._clips.at(place):
            self._clips.change(one, {"missing": True, "sequence": sequence})
        self._marks.clear_failure(place)

    def _take_out(self, clip_id: int) -> None:
        """Remove a clip, and make scans skip its file unless a clip of another sound track stays."""
        clip = self._clips.get(clip_id)
        if clip is None:
            return
        place = (clip["root_id"], clip["path"])
        known = self._contents.digest_and_track(clip["content_id"])
        if known is not None and len(self._clips.at(place)) == 1:
            self._marks.take_out(place, known[0])
        self._remove_clip(clip_id)

    def _remove_clip(self, clip_id: int) -> None:
        clip = self._clips.get(clip_id)
        if clip is None:
            return
        self._clips.remove(clip)
        self._marks.clear_failure((clip["root_id"], clip["path"]))
        self._contents_that_lost_a_clip.add(clip["content_id"])
        self._log(self._take(), {"clip_id": clip_id})

    # --- sequence numbers -----------------------------------------------------------------------------------

    def _take(self, count: int = 1) -> int:
        """Take the next ``count`` sequence numbers; return the last."""
        self._sequence += count
        return self._sequence

    def _log_segments(self, gone: Row[Any]) -> None:
        columns = ("space_id", "content_id", "first_segment_id", "n_segments")
        self._log(self._take(sequences(gone.n_segments)), {name: getattr(gone, name) for name in columns})

    def _log(self, sequence: int, gone: Mapping[str, int]) -> None:
        columns = (column.name for column in REMOVALS.c if column.name != "sequence")
        self._removals.append({"sequence": sequence} | {name: gone.get(name) for name in columns})
