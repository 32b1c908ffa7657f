"""Undoing a merge: rows come back under their ids, with new sequence numbers, so that readers see them as new.

What users did in the meantime is left as it is and reported in a note: a file that was indexed again stays the clip it
is now, a removed folder stays removed, changed tags stay changed.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, and_, delete, select, update

from search.catalog import blobs, words
from search.catalog.contentrows import sequences
from search.catalog.filemarks import Row
from search.catalog.inserting import insert_all
from search.catalog.journal import KEPT, OF_CONTENT, Held
from search.catalog.tables import (
    CLIPS,
    COLLECTED,
    CONTENTS,
    CONTOURS,
    COUNTERS,
    ENCODINGS,
    FACTS,
    FAILURES,
    FEEDBACK,
    FINDINGS,
    ROOTS,
    SPACES,
    TAKEN_OUT,
    TRANSCRIPTS,
)
from search.errors import printable


def put_back(connection: Connection, keep: int, held: Held) -> tuple[list[int], list[str]]:
    """Undo a merge; return the ids of the restored clips, and a note for everything that is not as before."""
    putting = _PuttingBack(connection, held)
    restored = [row["id"] for row in held.of(CLIPS) if putting.clip(row)]
    putting.kept_clip(keep)
    putting.finish()
    return restored, putting.notes


class _PuttingBack:
    """One merge while it is undone."""

    def __init__(self, connection: Connection, held: Held) -> None:
        self._connection = connection
        self._held = held
        self._sequence: int = connection.execute(
            select(COUNTERS.c.value).where(COUNTERS.c.name == "sequence")
        ).scalar_one()
        self._roots = {
            row.id: blobs.path_text(row.path) for row in connection.execute(select(ROOTS.c.id, ROOTS.c.path))
        }
        self._spaces = set(connection.execute(select(SPACES.c.id)).scalars())
        self._contents: dict[int, int | None] = {}
        self.notes: list[str] = []

    def clip(self, row: Row) -> bool:
        """Restore a clip and its content; return whether that was possible."""
        place = {"root_id": row["root_id"], "path": row["path"]}
        if row["root_id"] not in self._roots:
            self._note(row, "its folder was removed from the library since; index it again to get it back")
            return False
        there = self._first(CLIPS.c.id, CLIPS, **place, track=row["track"])
        if there is not None:
            self._note(row, f"was indexed again since, as clip {there}, and keeps that id")
            return False
        self._delete(TAKEN_OUT, place)
        content_id = self._content(row["content_id"])
        if content_id is None:
            self._note(row, "its vectors are of an encoder that is gone: soundalike index will index the file again")
            return False
        back = {**row, "content_id": content_id, "sequence": self._take()}
        insert_all(self._connection, CLIPS, [back])
        self._say(back)
        for failure in self._held.of(FAILURES):
            if failure["root_id"] == row["root_id"] and failure["path"] == row["path"]:
                self._delete(FAILURES, place)
                insert_all(self._connection, FAILURES, [failure])
        return True

    def kept_clip(self, keep: int) -> None:
        """Remove from the kept clip what it inherited from the others."""
        for row in self._held.of(FEEDBACK):
            self._delete(FEEDBACK, row)
        for row in self._held.of(COLLECTED):
            self._delete(COLLECTED, row)
        clip = self._connection.execute(select(CLIPS).where(CLIPS.c.id == keep)).mappings().one_or_none()
        if clip is None:
            self.notes.append(f"clip {keep}, which was kept, was removed since and stays removed")
            return
        before, after = self._held.rows[KEPT]
        values = dict(before)
        if clip["own_tags"] != after["own_tags"]:
            values["own_tags"] = _without(clip, before["own_tags"], after["own_tags"])
            self.notes.append(f"clip {keep}, which was kept, keeps the tags that it was given since")
        if clip["remark"] != after["remark"]:
            values["remark"] = clip["remark"]
            self.notes.append(f"clip {keep}, which was kept, keeps the remark that was written since")
        if any(values[name] != clip[name] for name in values):
            values["sequence"] = self._take()
            self._connection.execute(update(CLIPS).where(CLIPS.c.id == keep).values(values))
            words.forget(self._connection, [keep])
            self._say({**clip, **values})

    def finish(self) -> None:
        """Update the counters ``sequence`` and ``returned`` (see `search.catalog.tables.COUNTERS`)."""
        for name in ("sequence", "returned"):
            self._connection.execute(update(COUNTERS).where(COUNTERS.c.name == name).values(value=self._sequence))

    def _content(self, content_id: int) -> int | None:
        """The content that a restored clip points to: its own, restored if necessary, or an equal one; or None."""
        if content_id not in self._contents:
            self._contents[content_id] = self._put_content(content_id)
        return self._contents[content_id]

    def _put_content(self, content_id: int) -> int | None:
        row = next(row for row in self._held.of(CONTENTS) if row["id"] == content_id)
        if self._first(CONTENTS.c.id, CONTENTS, id=content_id) is not None:
            return content_id
        equal: int | None = self._first(CONTENTS.c.id, CONTENTS, digest=row["digest"], track=row["track"])
        if equal is not None:
            return equal
        kept = {table: [row for row in self._held.of(table) if row["content_id"] == content_id] for table in OF_CONTENT}
        kept[ENCODINGS] = [row for row in kept[ENCODINGS] if row["space_id"] in self._spaces]
        kept[CONTOURS] = [row for row in kept[CONTOURS] if row["space_id"] in self._spaces]
        if not kept[ENCODINGS]:
            return None
        insert_all(self._connection, CONTENTS, [row])
        for table in (FINDINGS, FACTS):
            insert_all(self._connection, table, kept[table])
        insert_all(self._connection, TRANSCRIPTS, [{**said, "sequence": self._take()} for said in kept[TRANSCRIPTS]])
        for encoding in sorted(kept[ENCODINGS], key=lambda one: one["first_segment_id"]):
            sequence = self._take(sequences(encoding["n_segments"]))
            insert_all(self._connection, ENCODINGS, [{**encoding, "sequence": sequence}])
        insert_all(self._connection, CONTOURS, kept[CONTOURS])
        return content_id

    def _say(self, clip: Any) -> None:  # noqa: ANN401  a row, or a column's value
        metadata = blobs.described(blobs.metadata_of(clip["metadata"]), clip["own_tags"], clip["remark"])
        words.store(
            self._connection, [words.of_clip(clip["id"], blobs.path_text(clip["path"]), clip["title"], metadata)]
        )

    def _note(self, row: Row, what: str) -> None:
        root = self._roots.get(row["root_id"])
        path = blobs.path_text(row["path"])
        self.notes.append(f"{printable(path if root is None else f'{root}/{path}')}: {what}")

    def _first(self, column: Any, table: Table, **values: object) -> Any:  # noqa: ANN401  a row, or a column's value
        return self._connection.execute(select(column).where(_is(table, values)).limit(1)).scalar()

    def _delete(self, table: Table, values: Row) -> None:
        self._connection.execute(delete(table).where(_is(table, values)))

    def _take(self, count: int = 1) -> int:
        self._sequence += count
        return self._sequence


def _is(table: Table, values: Row) -> Any:  # noqa: ANN401  a row, or a column's value
    """The condition that a row has all of these values."""
    return and_(*(table.c[name] == value for name, value in values.items()))


def _without(clip: Any, tags_before: str | None, tags_after: str | None) -> str:  # noqa: ANN401  a row, or a column's value
    """The own tags of a clip, as stored: without those that a merge gave it, and with the user's changes since."""
    before, after, now = (
        blobs.own_tags_in(stored, clip["metadata"]) for stored in (tags_before, tags_after, clip["own_tags"])
    )
    stay = [name for name in before if name in now or name not in after]
    return blobs.own_tags_text([*stay, *(name for name in now if name not in after and name not in before)])
