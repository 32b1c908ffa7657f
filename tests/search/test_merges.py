"""Merging clips and undoing it: the catalog is then as before, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from search.catalog.journal import pack, unpack
from search.catalog.store import Catalog
from search.catalog.tables import COUNTERS, LEASES, MERGED, MERGES, METADATA, REMOVALS, TAKEN_OUT
from search.columns.clipcolumns import ClipColumns
from search.errors import LibraryBusy, QueryError
from search.model import (
    Collected,
    DescribeClip,
    DropRoot,
    Feedback,
    KeepFacts,
    KeepTranscript,
    Merge,
    RecordFailure,
    RemoveClip,
    SpokenLine,
    SpokenWord,
    StoredFacts,
    Transcript,
    Unmerged,
)
from tests.amounts import few
from tests.search.catalog_helpers import FilledCatalog, facts, replayed, saved, spec
from tests.search.old_catalogs import catalog_at

NEWS = (COUNTERS, LEASES, REMOVALS, MERGES, MERGED)
"""Not compared: sequence numbers, and what tells readers of changes."""

MOSTLY_IN_A_FILE = pytest.mark.parametrize("kind", few(["sqlite", "postgresql"]), indirect=True, scope="module")
"""Tests of what is the same in a database of a server, where `make test-all` runs them."""


@pytest.fixture
def filled(tmp_path: Path, kind: str) -> Iterator[FilledCatalog]:
    """Four clips: 1 and 2 of one content, 3 and 4 of others; with all that can be said of clips and contents."""
    made = FilledCatalog(tmp_path)
    made.apply(
        made.add("a.wav", "same"),
        made.add("b.wav", "same", metadata={"keywords": "wet, loop"}),
        made.add("c.wav", n=3, title="door slam"),
        made.add("d.wav", "d", n=0),
    )
    said = Transcript("toy", "en", 1.0, ((0.0, 1.0),), (SpokenLine((SpokenWord("hello", 0.0, 0.5, 1.0),)),))
    made.apply(
        KeepFacts(2, StoredFacts(1, np.array([1.5, np.nan], np.float32))),
        KeepTranscript(2, said),
        DescribeClip(3, "door slam", {"artist": "nobody"}, ("hero", "wet"), "too loud"),
        RecordFailure(made.root.id, facts("c.wav"), "was locked"),
    )
    other = made.catalog.collections.add("doors")
    made.catalog.collections.change(other.id, [Collected(3, 0.5, 1.0, at=5.0), Collected(2, 0.25, 0.5, at=6.0)])
    made.catalog.feedback.put("me", [Feedback(3, "seen", 1.0, 4.0), Feedback(2, "like", 2.0, 3.0)])
    made.catalog.feedback.put("you", [Feedback(1, "dislike", 1.0, 4.0), Feedback(2, "like", 2.0, 3.0)])
    yield made
    made.catalog.close()


def rows(catalog: Catalog) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but `NEWS`, without sequence numbers; the words of clips among them."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    with catalog._database.reading() as connection:
        for table in METADATA.sorted_tables:
            if table not in NEWS:
                columns = [column for column in table.c if column.name != "sequence"]
                found[table.name] = sorted(map(tuple, connection.execute(select(*columns))), key=repr)
        server = connection.dialect.name != "sqlite"
        text = "SELECT * FROM clip_words" if server else "SELECT rowid, * FROM clip_words"
        found["words"] = sorted(map(tuple, connection.exec_driver_sql(text)), key=repr)
    return found


def merge(made: FilledCatalog, keep: int, *others: int) -> Merge:
    with made.catalog.lease("test", 5.0) as lease:
        return made.catalog.merge(lease, keep, others)


def unmerge(made: FilledCatalog, merge_id: int) -> Unmerged:
    with made.catalog.lease("test", 5.0) as lease:
        return made.catalog.unmerge(lease, merge_id)


@MOSTLY_IN_A_FILE
def test_a_merge_passes_on_what_was_said_and_undone_it_leaves_every_row_as_before(filled):
    catalog = filled.catalog
    before, state = rows(catalog), replayed(catalog, filled.space)
    done = merge(filled, 1, 2, 3, 2)
    assert [(one.clip_id, one.absolute_path, one.title) for one in done.clips] == [
        (2, "/sounds/b.wav", "b"),
        (3, "/sounds/c.wav", "door slam"),
    ]
    kept = catalog.clips([1, 2, 3])
    assert [(clip.id, clip.own_tags, clip.remark) for clip in kept] == [(1, ("wet", "loop", "hero"), "too loud")]
    assert set(catalog.taken_out(filled.root.id)) == {"b.wav", "c.wav"}
    assert [(one.clip_id, one.opinion, one.at) for one in catalog.feedback.get("me") if one.clip_id == 1] == [
        (1, "like", 3.0)
    ]
    assert [one.opinion for one in catalog.feedback.get("you") if one.clip_id == 1] == ["dislike"]
    collected = catalog.collections.collected(1)
    assert [(one.start_s, one.end_s) for one in collected if one.clip_id == 1] == [(None, None)]
    assert [found.clip_id for found in catalog.match_words("hero", 9)] == [1]
    assert catalog.merges() == (1, [done])
    assert catalog.verify() == []

    undone = unmerge(filled, done.id)
    assert undone == Unmerged(done, (2, 3), ())
    assert rows(catalog) == before
    assert catalog.merges() == (0, [])
    assert catalog.verify() == []
    assert [found.clip_id for found in catalog.match_words("slam", 9)] == [3]
    back = replayed(catalog, filled.space)
    assert {id_: vector.tolist() for id_, vector in back.items()} == {
        id_: vector.tolist() for id_, vector in state.items()
    }


@MOSTLY_IN_A_FILE
def test_whoever_follows_the_catalog_arrives_from_wherever_it_stood(filled, tmp_path):
    """Segments come back under their ids: those ascend no more with sequence numbers."""
    catalog, space = filled.catalog, filled.space
    states = [(catalog.sequence(), replayed(catalog, space), ClipColumns.build(catalog, space))]
    done = merge(filled, 4, 1, 2)
    states.append((catalog.sequence(), replayed(catalog, space), states[0][2].refreshed(catalog)))
    filled.apply(filled.add("e.wav", n=2))
    unmerge(filled, done.id)
    fresh = ClipColumns.build(catalog, space)
    everything = fresh.bitmap(fresh.present)
    for place, (since, state, columns) in enumerate(states):
        assert set(replayed(catalog, space, since, state)) == set(replayed(catalog, space))
        for one in (columns.refreshed(catalog), saved(columns, tmp_path / str(place)).refreshed(catalog)):
            assert one.bitmap(one.present).tobytes() == everything.tobytes()
            assert [one.segments_of(content).tolist() for content in (1, 2)] == [[1, 2], [3, 4, 5]]
            np.testing.assert_array_equal(one.place(np.arange(1, 9))[0], fresh.place(np.arange(1, 9))[0])
            assert one.clips_of(np.array([1])) == {1: [1, 2]}
    # a reader that removals are forgotten of
    catalog.prune_changes(catalog.sequence() + 1)
    since, state, columns = states[1]
    assert set(replayed(catalog, space, since, state)) == set(replayed(catalog, space))
    assert columns.refreshed(catalog).segments_of(1).tolist() == [1, 2]


@MOSTLY_IN_A_FILE
def test_later_merges_of_the_same_clips_are_undone_first(filled):
    before = rows(filled.catalog)
    first, second = merge(filled, 1, 2), merge(filled, 3, 1)
    with pytest.raises(QueryError, match=f"merge {second.id} came later .* undo it first"):
        unmerge(filled, first.id)
    apart = merge(filled, 3, 4)
    for one in (apart, second, first):
        assert unmerge(filled, one.id).notes == ()
    assert rows(filled.catalog) == before
    assert merge(filled, 1, 2).id > apart.id


@MOSTLY_IN_A_FILE
def test_what_was_changed_since_stays_changed_and_is_said(filled):
    done = merge(filled, 1, 3)
    filled.apply(DescribeClip(1, "a", {}, ("wet", "new"), "cut at 3 s"))
    filled.catalog.feedback.put("me", [Feedback(1, "like", 3.0, 9.0)])
    filled.catalog.collections.change(1, [Collected(1, 1.0, 2.0, at=9.0)])
    undone = unmerge(filled, done.id)
    assert undone.restored == (3,)
    assert undone.notes == (
        "clip 1, which was kept, keeps the tags that it was given since",
        "clip 1, which was kept, keeps the remark that was written since",
    )
    clips = [(clip.own_tags, clip.remark) for clip in filled.catalog.clips([1, 3])]
    assert clips == [(("new",), "cut at 3 s"), (("hero", "wet"), "too loud")]
    assert [one.opinion for one in filled.catalog.feedback.get("me") if one.clip_id == 1] == ["like"]
    assert [one.start_s for one in filled.catalog.collections.collected(1) if one.clip_id == 1] == [1.0]
    assert filled.catalog.verify() == []


@MOSTLY_IN_A_FILE
def test_clips_come_back_though_the_kept_one_went(filled):
    """And though it shared their content."""
    done = merge(filled, 1, 2, 3)
    filled.apply(RemoveClip(1))
    undone = unmerge(filled, done.id)
    assert undone.restored == (2, 3)
    assert undone.notes == ("clip 1, which was kept, was removed since and stays removed",)
    assert filled.catalog.facts([2])[2].version == 1
    assert filled.catalog.transcripts([2])[2].lines[0].words[0].text == "hello"
    assert len(replayed(filled.catalog, filled.space)) == 5
    assert filled.catalog.verify() == []


@MOSTLY_IN_A_FILE
def test_a_file_that_was_indexed_again_stays_the_clip_that_it_is(filled):
    done = merge(filled, 1, 3, 4)
    filled.apply(filled.add("c.wav", n=3))
    now = filled.ids()["c.wav"]
    undone = unmerge(filled, done.id)
    assert undone.restored == (4,)
    assert undone.notes == (f"/sounds/c.wav: was indexed again since, as clip {now}, and keeps that id",)
    assert filled.catalog.verify() == []


@MOSTLY_IN_A_FILE
def test_an_equal_content_that_came_since_is_shared(filled):
    done = merge(filled, 1, 3)
    filled.apply(filled.add("copy.wav", "c.wav", n=3))
    assert unmerge(filled, done.id) == Unmerged(done, (3,), ())
    kept, copy = filled.catalog.clips([3, filled.ids()["copy.wav"]])
    assert kept.content_id == copy.content_id
    assert filled.catalog.verify() == []


@MOSTLY_IN_A_FILE
def test_what_cannot_come_back_is_said_and_may_be_indexed_again(filled):
    """A folder that left, an encoder that is gone."""
    catalog = filled.catalog
    other = catalog.root("/other")
    filled.apply(replace(filled.add("x.wav"), root_id=other.id))
    away = merge(filled, 1, filled.catalog.clips_of([4])[4][0])
    filled.apply(DropRoot(other.id))
    assert unmerge(filled, away.id).notes == (
        "x.wav: its folder was removed from the library since; index it again to get it back",
    )
    stale = merge(filled, 1, 3)
    again = catalog.space(spec("other", "e" * 64))
    filled.apply(*(replace(filled.add(path, what, n), space_id=again.id) for path, what, n in EVERY))
    with catalog.lease("test", 5.0) as lease:
        catalog.retire_space(filled.space.id, lease)
        catalog.drop_space(filled.space.id, lease)
    undone = unmerge(filled, stale.id)
    assert undone.restored == ()
    assert "/sounds/c.wav: its vectors are of an encoder that is gone" in undone.notes[0]
    assert catalog.taken_out(filled.root.id) == {}
    assert catalog.verify() == []


EVERY = (("a.wav", "same", 2), ("b.wav", "same", 2), ("d.wav", "d", 0))


@MOSTLY_IN_A_FILE
def test_bad_merges_change_nothing(filled):
    before = rows(filled.catalog)
    for kept, others, why in (
        (1, (), "at least one other"),
        (1, (2, 1), "at least one other"),
        (1, (2, 99), "no clip has the id 99"),
        (99, (1,), "no clip has the id 99"),
        (1, tuple(range(2, 1500)), "at most 1,000"),
    ):
        with pytest.raises(QueryError, match=why):
            merge(filled, kept, *others)
    with pytest.raises(QueryError, match="no merge has the id 7"):
        unmerge(filled, 7)
    with filled.catalog.lease("test", 5.0) as lost:
        pass
    with pytest.raises(LibraryBusy):
        filled.catalog.merge(lost, 1, [2])
    with pytest.raises(LibraryBusy):
        filled.catalog.unmerge(lost, 1)
    assert rows(filled.catalog) == before


def test_merges_travel_with_the_catalog_and_can_be_undone_there(filled, tmp_path):
    """In a backup that was put back, and in a copy in another database."""
    before = rows(filled.catalog)
    done = merge(filled, 1, 2, 3)
    with Catalog.open(tmp_path / "copy.sqlite") as copy:
        filled.catalog.copy_to(copy, "copy", lambda done, total: None)
        with copy.lease("test", 5.0) as lease:
            copy.unmerge(lease, done.id)
        assert {name: len(some) for name, some in rows(copy).items() if name != "choices"} == {
            name: len(some) for name, some in before.items() if name != "choices"
        }
        copy.backup(tmp_path / "undone.sqlite")
        with copy.lease("test", 5.0) as lease:
            again = copy.merge(lease, 1, [3])
            copy.restore(tmp_path / "undone.sqlite", lease)
        assert copy.merges() == (0, [])
        assert copy.verify() == []
        assert len(replayed(copy, copy.spaces()[0])) == 5
        with copy.lease("test", 5.0) as lease:
            assert copy.merge(lease, 1, [3]).id > again.id


@MOSTLY_IN_A_FILE
def test_a_final_merge_is_held_no_longer_and_an_earlier_one_can_be_undone(filled):
    catalog = filled.catalog
    with catalog.lease("test", 5.0) as lease:
        first, second = catalog.merge(lease, 1, [3]), catalog.merge(lease, 2, [1])
        assert catalog.merges(offset=1, limit=1) == (2, [first])
        assert catalog.make_merge_final(lease, second.id) == second
        assert catalog.merges() == (1, [first])
        with catalog._database.reading() as connection:
            assert set(connection.execute(select(MERGED.c.merge_id)).scalars()) == {first.id}
        with pytest.raises(QueryError, match="no merge has the id"):
            catalog.make_merge_final(lease, second.id)
        assert catalog.unmerge(lease, first.id).restored == (3,)
    assert [clip.id for clip in catalog.clips([1, 2, 3])] == [2, 3]
    assert "a.wav" in catalog.taken_out(filled.root.id)
    assert catalog.verify() == []


def test_a_packed_row_is_read_as_it_was():
    row = {"id": 1 << 60, "text": 'ü"\\', "half": 0.1, "none": None, "yes": True, "bytes": b"\0\xff", "no": b""}
    assert unpack(pack(row)) == row


@pytest.mark.parametrize("version", ["0012", "0013"])
def test_a_library_of_the_version_before_gets_room_for_merges(tmp_path, version):
    path = catalog_at(version, tmp_path / "catalog.sqlite", [("bands", "f")])
    with Catalog.open(path, read_only=True) as before:
        assert before.merges() == (0, [])
        assert set(replayed(before, before.spaces()[0])) == {1}
    with Catalog.open(path) as now:
        assert now.merges() == (0, [])
        with now.lease("test", 5.0) as lease, pytest.raises(QueryError, match="no clip has the id 2"):
            now.merge(lease, 1, [2])
        with now._database.reading() as connection:
            assert connection.execute(select(TAKEN_OUT)).all() == []
