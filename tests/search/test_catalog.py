"""The contract of CatalogReader and CatalogWriter, for both kinds of catalog."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from search.catalog import contentrows, inserting
from search.catalog.store import Catalog
from search.errors import LibraryError, SpaceMismatch
from search.model import AddContent, DescribeClip, MarkMissing, RecordFailure, RemoveClip
from search.ports import CatalogReader, CatalogWriter
from tests.search.catalog_helpers import VOCABULARY, FilledCatalog, digest, encoding, facts, replayed, spec

pytestmark = pytest.mark.usefixtures("kind")


@pytest.fixture
def filled(tmp_path):
    made = FilledCatalog(tmp_path)
    yield made
    made.catalog.close()


def test_a_catalog_serves_both_ports(filled):
    """What type checkers compare statically: the methods of both ports are there."""
    clip_catalog: CatalogReader = filled.catalog
    job_catalog: CatalogWriter = filled.catalog
    for port in (CatalogReader, CatalogWriter):
        for name in (name for name in vars(port) if not name.startswith("_")):
            assert callable(getattr(clip_catalog if port is CatalogReader else job_catalog, name))


def test_an_encoding_comes_back_as_it_was_stored(filled):
    """Spans, vectors, silent marks and tags of every length survive, and ids are consecutive."""
    for n in (0, 1, 7, 8, 9, 300):
        change = filled.add(f"{n}.wav", n=n)
        filled.apply(change)
        (content,), spaces = filled.catalog.find(digest(f"{n}.wav"))
        stored = filled.catalog.encoding(content.id, filled.space.id)
        assert spaces == {filled.space.id}
        np.testing.assert_array_equal(stored.spans, change.encoding.spans)
        np.testing.assert_array_equal(stored.vectors, change.encoding.vectors)
        np.testing.assert_array_equal(stored.silent, change.encoding.silent)
        if n:
            np.testing.assert_array_equal(stored.tags.classes, change.encoding.tags.classes)
            np.testing.assert_array_equal(stored.tags.probabilities, change.encoding.tags.probabilities)
            np.testing.assert_array_equal(np.diff(stored.segment_ids), 1)
    assert filled.catalog.verify() == []


def test_vectors_of_a_long_recording_are_written_in_parts_and_come_back_as_they_were(filled, monkeypatch):
    """Beside short ones in one batch, and again where they are the same or others."""
    monkeypatch.setattr(contentrows, "LARGE_BYTES", 1000)
    monkeypatch.setattr(inserting, "_PART_BYTES", 300)
    long, others = filled.add("long.wav", n=200), filled.add("long.wav", n=180)
    filled.apply(filled.add("a.wav", n=3), long, filled.add("b.wav", n=2))
    for change in (long, long, others):
        filled.apply(change)
        (content,), _ = filled.catalog.find(digest("long.wav"))
        stored = filled.catalog.encoding(content.id, filled.space.id)
        np.testing.assert_array_equal(stored.vectors, change.encoding.vectors)
        np.testing.assert_array_equal(stored.spans, change.encoding.spans)
    assert len(replayed(filled.catalog, filled.space)) == 3 + 2 + 180
    assert filled.catalog.verify() == []


def test_what_is_not_there_is_none(filled):
    """Unknown digests, contents and clips are no errors."""
    assert filled.catalog.find("0" * 64) is None
    assert filled.catalog.encoding(7, filled.space.id) is None
    assert filled.catalog.clips([5, 6]) == []
    assert filled.catalog.clips_of([5]) == {}


def test_clips_come_in_the_order_they_are_asked_for(filled):
    """Order and repetitions are the caller's; unknown ids are left out; fields are what was written."""
    filled.apply(filled.add("a/x.wav", metadata={"artist": "Björk"}, title="Ex"), filled.add("b.wav"))
    first, second = (filled.ids()[path] for path in ("a/x.wav", "b.wav"))
    clips = filled.catalog.clips([second, 999, first, second])
    assert [clip.id for clip in clips] == [second, first, second]
    clip = clips[1]
    assert (clip.path, clip.title, clip.metadata, clip.root) == ("a/x.wav", "Ex", {"artist": "Björk"}, filled.root)
    assert (clip.duration_s, clip.size_bytes, clip.missing, clip.silent) == (1.5, 1000, False, False)


def test_a_clips_tags_are_the_maxima_over_its_segments(filled):
    """Likeliest first, each class once, named by the vocabulary."""
    change = filled.add("a.wav", n=5)
    filled.apply(change)
    highest: dict[str, float] = {}
    for classes, probabilities in zip(change.encoding.tags.classes, change.encoding.tags.probabilities, strict=True):
        for class_, probability in zip(classes, probabilities, strict=True):
            name = VOCABULARY[class_]
            highest[name] = max(highest.get(name, 0.0), float(probability))
    (clip,) = filled.catalog.clips([1])
    assert {tag.name: tag.probability for tag in clip.tags} == highest
    assert [tag.probability for tag in clip.tags] == sorted(highest.values(), reverse=True)


def test_equal_files_share_one_content(filled):
    """Two files of one digest have one content and one set of segments, found from both."""
    filled.apply(filled.add("a.wav", "same"), filled.add("b.wav", "same"))
    (content,), _ = filled.catalog.find(digest("same"))
    assert filled.catalog.clips_of([content.id]) == {content.id: [1, 2]}
    assert len(replayed(filled.catalog, filled.space)) == 2


def test_a_linked_clip_shares_its_content(filled):
    """LinkClip needs no encoding, and fails as a whole batch when the content is gone."""
    filled.apply(filled.add("a.wav"))
    filled.apply(filled.link("copy.wav", 1))
    assert filled.catalog.clips_of([1]) == {1: [1, 2]}
    with pytest.raises(LibraryError, match=r"late\.wav.*gone"):
        filled.apply(filled.add("new.wav"), filled.link("late.wav", 99))
    assert set(filled.ids()) == {"a.wav", "copy.wav"}


def test_a_changed_file_keeps_its_clip_and_loses_its_old_content(filled):
    """The clip's id stays, the old segments go, the new ones have ids never given before."""
    filled.apply(filled.add("a.wav", "before"))
    before = replayed(filled.catalog, filled.space)
    filled.apply(filled.add("a.wav", "after", n=3))
    assert filled.ids() == {"a.wav": 1}
    assert filled.catalog.find(digest("before")) is None
    after = replayed(filled.catalog, filled.space)
    assert len(after) == 3
    assert not set(after) & set(before)
    assert min(after) > max(before)


def test_an_equal_encoding_of_a_known_content_changes_no_segment(filled):
    """Two workers that decoded the same sound do not make it look new; another encoding replaces it."""
    filled.apply(filled.add("a.wav", "same"))
    before = set(replayed(filled.catalog, filled.space))
    filled.apply(filled.add("b.wav", "same"))
    assert set(replayed(filled.catalog, filled.space)) == before
    filled.apply(filled.add("a.wav", "same", seed=99))
    assert not set(replayed(filled.catalog, filled.space)) & before


def test_a_moved_clip_keeps_its_id_and_a_title_of_its_own(filled):
    """A title that was the file's name follows the file; one from its metadata stays."""
    filled.apply(filled.add("a.wav"), filled.add("b.wav", title="Rain at night"))
    filled.apply(filled.move(1, "new/c.wav"), filled.move(2, "new/d.wav"))
    assert filled.ids() == {"new/c.wav": 1, "new/d.wav": 2}
    assert [clip.title for clip in filled.catalog.clips([1, 2])] == ["c", "Rain at night"]


def test_files_may_change_places(filled):
    """Two clips that swap their paths in one batch both keep their ids."""
    filled.apply(filled.add("a.wav"), filled.add("b.wav"))
    filled.apply(filled.move(1, "b.wav"), filled.move(2, "a.wav"))
    assert filled.ids() == {"b.wav": 1, "a.wav": 2}


def test_a_new_file_may_take_the_place_of_a_moved_one(filled):
    """Whatever the order within the batch, the moved clip keeps its content and the new file is a new clip."""
    filled.apply(filled.add("a.wav", "old"))
    filled.apply(filled.add("a.wav", "new"), filled.move(1, "b.wav"))
    ids = filled.ids()
    assert ids["b.wav"] == 1
    assert ids["a.wav"] != 1
    assert filled.files()["b.wav"].digest == digest("old")


def test_a_missing_clip_is_found_until_it_is_removed(filled):
    """Missing: marked, still in the index. Removed: gone, with its content, and its ids never come again."""
    filled.apply(filled.add("a.wav"))
    filled.apply(MarkMissing(1))
    assert filled.catalog.clips([1])[0].missing
    assert filled.files()["a.wav"].missing
    assert filled.catalog.missing() == [1]
    assert len(replayed(filled.catalog, filled.space)) == 2
    filled.apply(RemoveClip(1))
    assert replayed(filled.catalog, filled.space) == {}
    filled.apply(filled.add("a.wav"))
    assert filled.ids() == {"a.wav": 2}
    assert min(replayed(filled.catalog, filled.space)) > 2


def test_a_file_that_came_back_is_not_missing(filled):
    """Linking it again, or finding it elsewhere, clears the mark."""
    filled.apply(filled.add("a.wav"), filled.add("b.wav"))
    filled.apply(MarkMissing(1), MarkMissing(2))
    filled.apply(filled.link("a.wav", 1), filled.move(2, "c.wav"))
    assert filled.catalog.missing() == []


def test_a_clip_that_is_called_something_else_keeps_everything_else(filled):
    """Its words follow; whether its file is missing, and failures on its path, are no matter of that."""
    filled.apply(filled.add("a.wav"), filled.add("b.wav"), MarkMissing(1))
    filled.apply(RecordFailure(filled.root.id, facts("a.wav"), "no audio track"))
    before = filled.catalog.clips([1])[0]
    filled.apply(DescribeClip(1, "Storm", {"artist": "Anna"}), DescribeClip(99, "gone", {}))
    changed = filled.catalog.clips([1])[0]
    assert changed == replace(before, title="Storm", metadata={"artist": "Anna"})
    assert changed.missing
    assert [match.clip_id for match in filled.catalog.match_words("anna storm", 5)] == [1]
    assert len(filled.catalog.failures()) == 1
    assert filled.catalog.verify() == []


def test_a_content_lives_as_long_as_one_clip(filled):
    """Removing one of two copies removes no segment; and a batch may remove the last one and link another."""
    filled.apply(filled.add("a.wav", "same"), filled.add("b.wav", "same"))
    filled.apply(RemoveClip(1))
    assert len(replayed(filled.catalog, filled.space)) == 2
    filled.apply(RemoveClip(2), filled.link("c.wav", 1))
    assert len(replayed(filled.catalog, filled.space)) == 2
    assert filled.catalog.verify() == []


def test_failures_are_remembered_until_the_file_is_indexed_or_gone(filled):
    """A failure names file and cause; success, removal and an empty cause clear it."""
    failed = [RecordFailure(filled.root.id, facts(path), "no audio track") for path in ("a.wav", "b.wav", "c.wav")]
    filled.apply(*failed)
    assert filled.catalog.failures()[0] == ("/sounds/a.wav", "no audio track")
    filled.apply(filled.add("a.wav"), RecordFailure(filled.root.id, facts("b.wav"), ""))
    assert [path for path, _ in filled.catalog.failures()] == ["/sounds/c.wav"]


@pytest.mark.parametrize(
    "path", ["quote'\".wav", "new\nline.wav", "emoji 🎺.wav", os.fsdecode(b"bytes \xff\xfe.wav"), "a/../b.wav"]
)
def test_any_file_name_survives(filled, path):
    """Names with quotes, newlines, emoji and bytes that are no UTF-8 come back as they went in."""
    filled.apply(filled.add(path, metadata={"comment": path + "\0"}))
    (clip,) = filled.catalog.clips([1])
    assert clip.path == path
    assert clip.metadata == {"comment": path + "\0"}
    assert list(filled.files()) == [path]
    assert filled.catalog.verify() == []


def test_known_files_say_what_a_scan_compares(filled):
    """Size, time, digest, and whether the content has vectors in the space asked about."""
    other = filled.catalog.space(spec("clap:x", vocabulary=None))
    filled.apply(filled.add("a.wav"))
    known = filled.files()["a.wav"]
    assert (known.digest, known.facts, known.encoded) == (digest("a.wav"), facts("a.wav"), True)
    assert not filled.catalog.files(filled.root.id, other.id)["a.wav"].encoded
    assert "b.wav" not in filled.files()
    assert filled.catalog.files(99, filled.space.id) == {}


def test_a_space_is_made_once_and_remembers_its_encoder(filled):
    """The same encoder gets the same space; another fingerprint is an error that names the remedy."""
    assert filled.catalog.space(spec()) == filled.space
    assert filled.catalog.spaces() == [filled.space]
    assert (filled.space.vocabulary, filled.space.calibration, filled.space.dim) == (VOCABULARY, (9.0, -4.0), 4)
    with pytest.raises(SpaceMismatch, match="soundalike reindex"):
        filled.catalog.space(spec(fingerprint="e" * 64))


def test_two_spaces_are_kept_apart(filled):
    """A content encoded twice has segments in both; each space replays its own."""
    other = filled.catalog.space(spec("clap:x", vocabulary=None))
    change = filled.add("a.wav", n=3, space=other)
    filled.apply(filled.add("a.wav", n=2))
    filled.apply(
        AddContent(**{name: getattr(change, name) for name in change.__slots__} | {"encoding": encoding(3, tags=False)})
    )
    assert len(replayed(filled.catalog, filled.space)) == 2
    assert len(replayed(filled.catalog, other)) == 3
    assert filled.catalog.find(digest("a.wav"))[1] == {filled.space.id, other.id}


def test_an_encoding_that_does_not_fit_is_refused(filled):
    """Wrong dimensions, NaN, spans that are too few, tags beyond the vocabulary: an error and nothing written."""
    good = encoding(2)
    bad_vectors = good.vectors.copy()
    bad_vectors[0, 0] = np.nan
    wrong = {
        "dimensions": {"vectors": good.vectors[:, :3]},
        "finite": {"vectors": bad_vectors},
        "spans": {"spans": good.spans[:1]},
        "vocabulary": {"tags": type(good.tags)(good.tags.classes + 90, good.tags.probabilities)},
    }
    for word, fields in wrong.items():
        values = {name: getattr(good, name) for name in ("spans", "vectors", "silent", "tags")} | fields
        change = filled.add("a.wav")
        change = AddContent(
            **{name: getattr(change, name) for name in change.__slots__} | {"encoding": type(good)(**values)}
        )
        with pytest.raises(LibraryError, match=word):
            filled.apply(change)
    assert filled.catalog.sequence() == 0
    assert filled.ids() == {}


def test_a_root_can_move(filled):
    """Clips follow their root to its new path; two roots cannot lie at one path."""
    filled.apply(filled.add("a.wav"))
    other = filled.catalog.root("/other")
    filled.catalog.move_root(filled.root.id, "/elsewhere")
    assert filled.catalog.clips([1])[0].root.path == "/elsewhere"
    assert [root.path for root in filled.catalog.roots()] == ["/elsewhere", "/other"]
    with pytest.raises(LibraryError, match="already"):
        filled.catalog.move_root(filled.root.id, "/other")
    with pytest.raises(LibraryError, match="no root"):
        filled.catalog.move_root(other.id + 9, "/x")


# --- the tail -----------------------------------------------------------------------------------------------


def test_the_tail_leads_from_any_sequence_to_now(filled):
    """Replaying from wherever a reader stood gives what is there, and the last change has the catalog's sequence."""
    states: list[tuple[int, dict]] = [(0, {})]
    for changes in (
        [filled.add("a.wav"), filled.add("b.wav", n=3)],
        [RemoveClip(1)],
        [filled.add("b.wav", "new")],
        [MarkMissing(2)],
    ):
        filled.apply(*changes)
        states.append((filled.catalog.sequence(), replayed(filled.catalog, filled.space)))
    for since, state in states:
        present = replayed(filled.catalog, filled.space, since, state)
        assert set(present) == set(states[-1][1])
        tail = list(filled.catalog.changes(filled.space.id, since))
        assert [change.sequence for change in tail] == sorted(change.sequence for change in tail)
        assert (tail[-1].sequence if tail else since) == filled.catalog.sequence()


def test_the_tail_comes_in_bounded_pieces_that_can_be_resumed(filled):
    """A recording of many segments is cut; a reader that stops after any piece goes on from its sequence."""
    filled.apply(filled.add("long.wav", n=20_000), filled.add("short.wav"))
    pieces = list(filled.catalog.changes(filled.space.id, 0))
    assert max(len(change.segment_ids) for change in pieces) <= 8192
    whole = replayed(filled.catalog, filled.space)
    assert len(whole) == 20_002
    for stop in range(1, len(pieces)):
        state = {id_: None for change in pieces[:stop] for id_ in change.segment_ids.tolist()}
        assert set(replayed(filled.catalog, filled.space, pieces[stop - 1].sequence, state)) == set(whole)
    filled.apply(RemoveClip(1))
    assert len(replayed(filled.catalog, filled.space, pieces[-1].sequence, whole)) == 2


def test_a_reader_behind_a_pruned_tail_still_arrives(filled):
    """Forgotten removals reach it all the same, and a fresh reader sees nothing of what went."""
    filled.apply(*(filled.add(f"{i}.wav") for i in range(6)))
    since, state = filled.catalog.sequence(), replayed(filled.catalog, filled.space)
    filled.apply(RemoveClip(2), RemoveClip(5))
    filled.apply(filled.add("new.wav"), filled.add("0.wav", "other"))
    filled.catalog.prune_changes(filled.catalog.sequence() + 1)
    now = set(replayed(filled.catalog, filled.space))
    assert len(now) == 10
    assert set(replayed(filled.catalog, filled.space, since, state)) == now


def test_pending_counts_what_a_reader_would_replay(filled):
    """Segments that came and that went since a sequence; nothing at the present one."""
    filled.apply(filled.add("a.wav", n=3))
    since = filled.catalog.sequence()
    filled.apply(filled.add("b.wav", n=2), RemoveClip(1))
    assert filled.catalog.pending(filled.space.id, since) == 5
    assert filled.catalog.pending(filled.space.id, filled.catalog.sequence()) == 0


# --- the whole ----------------------------------------------------------------------------------------------


def test_stats_count_contents_once(filled):
    """Hours are of contents, segments and bytes of spaces."""
    filled.apply(filled.add("a.wav", "same", duration_s=1800), filled.add("b.wav", "same"), MarkMissing(1))
    stats = filled.catalog.stats()
    assert (stats.clips, stats.contents, stats.hours) == (2, 1, 0.5)
    assert [(space.name, space.segments, space.vector_bytes) for space in stats.spaces] == [("spectral", 2, 16)]


def test_a_backup_is_a_catalog_of_its_own(filled, tmp_path, kind):
    """Made while a writer holds the lease; complete, sound, writable, and it does not follow the original."""
    if kind == "postgresql":
        with pytest.raises(LibraryError, match="pg_dump"):
            filled.catalog.backup(tmp_path / "backup")
        return
    filled.apply(filled.add("a.wav"))
    with filled.catalog.lease("busy", 0) as lease:
        filled.catalog.backup(tmp_path / "copy.sqlite")
        filled.catalog.apply(lease, [filled.add("b.wav")])
    with Catalog.open(tmp_path / "copy.sqlite") as copy:
        assert copy.verify() == []
        assert list(copy.files(filled.root.id, filled.space.id)) == ["a.wav"]
        with copy.lease("me", 0) as lease:
            copy.apply(lease, [filled.add("c.wav")])
    with pytest.raises(LibraryError, match="already"):
        filled.catalog.backup(tmp_path / "copy.sqlite")
