"""The clips affected by a batch of changes: read together, changed in memory, written together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Update, bindparam, delete, select, update

from search.catalog import blobs, numbering, words
from search.catalog.filemarks import Row, StoredPlace, by_root
from search.catalog.fulltext.port import ClipWords
from search.catalog.inserting import insert_all
from search.catalog.reading import IDS_PER_QUERY, chunked
from search.catalog.tables import CLIPS
from search.model import (
    AddContent,
    CatalogChange,
    DescribeClip,
    KeepTracks,
    LinkClip,
    MarkMissing,
    MoveClip,
    NoteFile,
    RemoveClip,
    TakeOutClip,
)

_OF_A_CLIP: Final = (MoveClip, DescribeClip, MarkMissing, RemoveClip, TakeOutClip, NoteFile)
_BY_ID: Final = select(CLIPS).where(CLIPS.c.id.in_(bindparam("ids", expanding=True)))
_BY_CONTENT: Final = select(CLIPS).where(CLIPS.c.content_id.in_(bindparam("ids", expanding=True)))
_BY_PLACE: Final = select(CLIPS).where(
    CLIPS.c.root_id == bindparam("root"), CLIPS.c.path.in_(bindparam("paths", expanding=True))
)
_REMOVE: Final = delete(CLIPS).where(CLIPS.c.id.in_(bindparam("ids", expanding=True)))


class ClipRows:
    """The rows of `search.catalog.tables.CLIPS` that a batch affects, and their words.

    Rows are dicts by column. Change them only through the methods, which keep the lookup tables up to date.
    """

    def __init__(self, connection: Connection, changes: Sequence[CatalogChange]) -> None:
        self._connection = connection
        self._rows: dict[int, Row] = {}
        self._at: defaultdict[StoredPlace, set[int]] = defaultdict(set)
        self._of_content: defaultdict[int, set[int]] = defaultdict(set)
        self._stored: dict[int, StoredPlace] = {}
        """The root and path of each clip, as stored in the database."""
        self._changed: defaultdict[int, set[str]] = defaultdict(set)
        self._gone: set[int] = set()
        self._words: dict[int, ClipWords] = {}
        self._last_id: int | None = None
        ids = [change.clip_id for change in changes if isinstance(change, _OF_A_CLIP)]
        self._read(_BY_ID, ids)
        self._read_places({*_places(changes), *self._at})

    def read_of(self, content_ids: Iterable[int]) -> None:
        """Read every clip of these contents."""
        self._read(_BY_CONTENT, content_ids)

    # --- looking --------------------------------------------------------------------------------------------

    def get(self, clip_id: int) -> Row | None:
        """A clip; None if it is gone."""
        return self._rows.get(clip_id)

    def at(self, place: StoredPlace) -> list[Row]:
        """The clips of a file, one for each sound track, sorted by track."""
        return sorted((self._rows[clip_id] for clip_id in self._at.get(place, ())), key=itemgetter("track"))

    def of(self, content_id: int) -> list[Row]:
        """The clips of a content, among those that were read."""
        return [self._rows[clip_id] for clip_id in self._of_content.get(content_id, ())]

    # --- changing -------------------------------------------------------------------------------------------

    def add(self, values: Mapping[str, Any]) -> Row:
        """Add a clip with the next id; return its row."""
        if self._last_id is None:
            self._last_id = numbering.last(self._connection, CLIPS.name)
        self._last_id += 1
        row = {"id": self._last_id, "own_tags": None, "remark": None, **values}
        self._take_in(row)
        return row

    def change(self, row: Row, values: Mapping[str, Any]) -> None:
        """Change columns of a clip."""
        self._forget_place(row)
        changed = {name for name, value in values.items() if row[name] != value}
        row.update(values)
        self._take_in(row)
        if row["id"] in self._stored:
            self._changed[row["id"]] |= changed

    def remove(self, row: Row) -> None:
        """Remove a clip."""
        clip_id = row["id"]
        self._forget_place(row)
        del self._rows[clip_id]
        self._changed.pop(clip_id, None)
        self._words.pop(clip_id, None)
        if self._stored.pop(clip_id, None) is not None:
            self._gone.add(clip_id)

    def say(self, row: Row, path: str, title: str, metadata: Mapping[str, str]) -> None:
        """Set the words by which a clip is found, replacing any others."""
        self._words[row["id"]] = words.of_clip(row["id"], path, title, metadata)

    # --- writing --------------------------------------------------------------------------------------------

    def write(self) -> None:
        """Write everything changed since the last call."""
        connection = self._connection
        for ids in chunked(sorted(self._gone), IDS_PER_QUERY):
            connection.execute(_REMOVE, {"ids": ids})
        self._write_changed()
        new = [row for clip_id, row in self._rows.items() if clip_id not in self._stored]
        insert_all(connection, CLIPS, new)
        if self._last_id is not None:  # also counts clips that were added and removed within the batch
            numbering.reach(connection, CLIPS.name, self._last_id)
        words.forget(connection, sorted(self._gone | {clip_id for clip_id in self._words if clip_id in self._stored}))
        words.store(connection, list(self._words.values()))
        self._stored |= {row["id"]: _place(row) for row in new}
        self._gone.clear()
        self._words.clear()

    def _write_changed(self) -> None:
        moved = [clip_id for clip_id in self._changed if self._stored[clip_id] != _place(self._rows[clip_id])]
        if moved:  # first move them out of each other's way
            parked = [{"clip": clip_id, "new_path": parking_path(clip_id)} for clip_id in moved]
            self._connection.execute(_update(("path",)), parked)
        for clip_id in moved:
            self._changed[clip_id].add("path")
        alike: defaultdict[tuple[str, ...], list[Row]] = defaultdict(list)
        for clip_id, names in self._changed.items():
            if names:
                alike[tuple(sorted(names))].append(self._rows[clip_id])
        for columns, rows in alike.items():
            values = [{"clip": row["id"]} | {f"new_{name}": row[name] for name in columns} for row in rows]
            self._connection.execute(_update(columns), values)
        self._stored |= {clip_id: _place(self._rows[clip_id]) for clip_id in moved}
        self._changed.clear()

    # --- reading --------------------------------------------------------------------------------------------

    def _read(self, statement: Select[Any], ids: Iterable[int]) -> None:
        for chunk in chunked(dict.fromkeys(ids), IDS_PER_QUERY):
            self._take_rows(statement, {"ids": chunk})

    def _read_places(self, places: Iterable[StoredPlace]) -> None:
        for root_id, paths in by_root(places):
            self._take_rows(_BY_PLACE, {"root": root_id, "paths": paths})

    def _take_rows(self, statement: Select[Any], parameters: Mapping[str, object]) -> None:
        for row in self._connection.execute(statement, parameters):
            if row.id not in self._rows:
                taken = dict(row._mapping)
                self._take_in(taken)
                self._stored[row.id] = _place(taken)

    def _take_in(self, row: Row) -> None:
        self._rows[row["id"]] = row
        self._at[_place(row)].add(row["id"])
        self._of_content[row["content_id"]].add(row["id"])

    def _forget_place(self, row: Row) -> None:
        self._at[_place(row)].discard(row["id"])
        self._of_content[row["content_id"]].discard(row["id"])


def parking_path(clip_id: int) -> bytes:
    """A temporary path for a clip while another takes its place."""
    return b"\0moving/%d" % clip_id  # no file name contains NUL


def _place(row: Row) -> StoredPlace:
    return row["root_id"], row["path"]


def _places(changes: Iterable[CatalogChange]) -> Iterable[StoredPlace]:
    """The places that changes name."""
    for change in changes:
        if isinstance(change, AddContent | LinkClip | MoveClip):
            yield change.root_id, blobs.path_bytes(change.file.path)
        elif isinstance(change, KeepTracks):
            yield change.root_id, blobs.path_bytes(change.path)


@lru_cache(maxsize=64)
def _update(columns: tuple[str, ...]) -> Update:
    """The statement that sets these columns of a clip."""
    values: dict[str, ColumnElement[Any]] = {name: bindparam(f"new_{name}") for name in columns}
    return update(CLIPS).where(CLIPS.c.id == bindparam("clip")).values(values)
