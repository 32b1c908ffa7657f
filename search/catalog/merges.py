"""Merging clips in the catalog, and undoing merges: one transaction each, under the writer's lease.

A merge keeps one clip and takes the others out, like `TakeOutClip`. The kept clip inherits what users added to the
others: own tags, remarks, opinions, places in collections. The previous rows are kept for undo
(`search.catalog.journal`).

Undoing restores every row under its id, except for sequence numbers: readers see the rows as new. What users changed in
the meantime is left as it is and reported (`search.catalog.unmerging`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, func, insert, inspect, select

from search.catalog import blobs, journal, unmerging, writing
from search.catalog.database import now
from search.catalog.journal import KEPT, PASSED_ON, Held
from search.catalog.reading import IDS_PER_QUERY, chunked
from search.catalog.tables import CLIPS, COLLECTED, FEEDBACK, MERGES, ROOTS
from search.errors import QueryError
from search.model import MAX_REMARK_CHARACTERS, DescribeClip, Merge, MergedClip, TakeOutClip, Unmerged, split_tags

MOST_CLIPS: Final = 1_000
"""The most clips that one merge takes out."""
_BETTER: Final = ("like", "dislike", "seen")


def merge(connection: Connection, keep: int, others: Sequence[int]) -> Merge:
    """Keep one clip of several. Raises QueryError for unknown clips, or if no other clip is named."""
    leaving = list(dict.fromkeys(others))
    if not leaving or keep in leaving:
        raise QueryError("a merge keeps one clip and removes others: name at least one other")
    if len(leaving) > MOST_CLIPS:
        raise QueryError(f"a merge removes at most {MOST_CLIPS:,} clips; make several merges")
    held = journal.before(connection, leaving)
    stays = connection.execute(select(CLIPS).where(CLIPS.c.id == keep)).mappings().one_or_none()
    there = {row["id"] for row in held.of(CLIPS)}
    unknown = [clip_id for clip_id in (keep, *leaving) if clip_id not in there and (stays is None or clip_id != keep)]
    if stays is None or unknown:
        raise QueryError(f"no clip has the id {unknown[0]}")
    said = _said_of_all([dict(stays), *sorted(held.of(CLIPS), key=lambda row: leaving.index(row["id"]))])
    writing.apply(connection, [*said, *map(TakeOutClip, leaving)])
    after = connection.execute(select(CLIPS).where(CLIPS.c.id == keep)).mappings().one()
    held.add(KEPT, [{name: one[name] for name in PASSED_ON} for one in (stays, after)])
    held.add(FEEDBACK.name, _pass_on_opinions(connection, keep, leaving))
    held.add(COLLECTED.name, _pass_on_places(connection, dict(stays), held.of(CLIPS)))
    at = now(connection)
    merge_id = journal.write(connection, {"keep": keep, "clips": json.dumps(leaving), "at": at}, held)
    return Merge(merge_id, keep, at, _merged_clips(connection, held))


def exists(connection: Connection, merge_id: int) -> bool:
    """Whether a merge with this id can be undone."""
    return connection.execute(select(MERGES.c.id).where(MERGES.c.id == merge_id)).one_or_none() is not None


def page(connection: Connection, offset: int, limit: int | None) -> tuple[int, list[Merge]]:
    """The number of merges that can be undone, and a page of them, newest first; none if the schema is too old."""
    if not inspect(connection).has_table(MERGES.name):
        return 0, []
    total = connection.execute(select(func.count()).select_from(MERGES)).scalar_one()
    rows = connection.execute(select(MERGES).order_by(MERGES.c.id.desc()).offset(offset).limit(limit)).all()
    return int(total), [_merge(connection, row) for row in rows]


def make_final(connection: Connection, merge_id: int) -> Merge:
    """Delete the undo data of a merge; return the merge. Raises QueryError if it does not exist."""
    row = connection.execute(select(MERGES).where(MERGES.c.id == merge_id)).one_or_none()
    if row is None:
        raise _none_of(merge_id)
    made = _merge(connection, row)
    journal.forget(connection, merge_id)
    return made


def undo(connection: Connection, merge_id: int) -> Unmerged:
    """Undo a merge. Raises QueryError if it does not exist, or a later merge concerns its clips."""
    made = {row.id: row for row in connection.execute(select(MERGES))}
    if merge_id not in made:
        raise _none_of(merge_id)
    concerned = _concerned(made[merge_id])
    later = [other for other in sorted(made, reverse=True) if other > merge_id and concerned & _concerned(made[other])]
    if later:
        raise QueryError(f"merge {later[0]} came later and affects the same clips: undo it first")
    undone = _merge(connection, made[merge_id])
    restored, notes = unmerging.put_back(connection, undone.keep, journal.read(connection, merge_id))
    journal.forget(connection, merge_id)
    return Unmerged(undone, tuple(restored), tuple(notes))


def _none_of(merge_id: int) -> QueryError:
    return QueryError(f"no merge has the id {merge_id}, or it was undone; soundalike unmerge --list shows all")


def _concerned(row: Any) -> set[int]:  # noqa: ANN401  a row of the table
    return {row.keep, *json.loads(row.clips)}


def _merge(connection: Connection, row: Any) -> Merge:  # noqa: ANN401  a row of the table
    held = journal.read(connection, row.id, (CLIPS.name,))
    return Merge(row.id, row.keep, row.at, _merged_clips(connection, held))


def _merged_clips(connection: Connection, held: Held) -> tuple[MergedClip, ...]:
    roots = {row.id: blobs.path_text(row.path) for row in connection.execute(select(ROOTS.c.id, ROOTS.c.path))}
    return tuple(
        MergedClip(row["id"], roots.get(row["root_id"], ""), blobs.path_text(row["path"]), row["title"])
        for row in held.of(CLIPS)
    )


def _said_of_all(clips: Sequence[dict[str, Any]]) -> list[DescribeClip]:
    """A change that gives the first clip the own tags and remarks of all, its own first; none if it has them all."""
    first = clips[0]
    own_tags = split_tags([name for row in clips for name in blobs.own_tags_in(row["own_tags"], row["metadata"])])
    remark = first["remark"] or ""
    for other in filter(None, (row["remark"] for row in clips[1:])):
        longer = f"{remark}\n{other}" if remark else other
        remark = longer if other not in remark and len(longer) <= MAX_REMARK_CHARACTERS else remark
    has_all = own_tags == blobs.own_tags_in(first["own_tags"], first["metadata"])
    if has_all and remark == (first["remark"] or ""):
        return []
    metadata = blobs.metadata_of(first["metadata"])
    return [DescribeClip(first["id"], first["title"], metadata, None if has_all else own_tags, remark)]


def _pass_on_opinions(connection: Connection, keep: int, leaving: Sequence[int]) -> list[dict[str, Any]]:
    """Copy opinions of the other clips to the kept clip, for profiles without one of it; return the new rows."""
    rows = _of_clips(connection, FEEDBACK, [keep, *leaving])
    own = {row["profile"] for row in rows if row["clip_id"] == keep}
    best: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda one: (_BETTER.index(one["opinion"]), -one["at"], one["clip_id"])):
        if row["profile"] not in own:
            best.setdefault(row["profile"], {**row, "clip_id": keep})
    return _inserted(connection, FEEDBACK, list(best.values()))


def _pass_on_places(
    connection: Connection, keep: dict[str, Any], leaving: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Add the kept clip to the collections of the others; return the new rows.

    Passages stay if the content is equal.
    """
    content_of = {row["id"]: row["content_id"] for row in leaving}
    rows = _of_clips(connection, COLLECTED, [keep["id"], *content_of])
    own = {row["collection_id"] for row in rows if row["clip_id"] == keep["id"]}
    new: dict[int, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda one: (one["at"], one["clip_id"])):
        if row["collection_id"] not in own:
            same = content_of.get(row["clip_id"]) == keep["content_id"]
            passage = {} if same else {"start_s": None, "end_s": None}
            new.setdefault(row["collection_id"], {**row, **passage, "clip_id": keep["id"]})
    return _inserted(connection, COLLECTED, list(new.values()))


def _of_clips(connection: Connection, table: Any, clip_ids: Sequence[int]) -> list[dict[str, Any]]:  # noqa: ANN401  a row of the table
    return [
        dict(row)
        for ids in chunked(clip_ids, IDS_PER_QUERY)
        for row in connection.execute(select(table).where(table.c.clip_id.in_(ids))).mappings()
    ]


def _inserted(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:  # noqa: ANN401  a row of the table
    if rows:
        connection.execute(insert(table), rows)
    return rows
