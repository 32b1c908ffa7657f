"""The contract of CatalogReader and CatalogWriter; a second catalog joins by one more parameter of ``shelf``."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from search.catalog.store import Catalog
from search.errors import LibraryError, SpaceMismatch
from search.model import AddContent, DescribeClip, MarkMissing, RecordFailure, RemoveClip
from search.ports import CatalogReader, CatalogWriter
from tests.search.catalog_helpers import VOCABULARY, Shelf, digest, encoding, facts, replayed, spec


@pytest.fixture(params=["sqlite"])
def shelf(tmp_path):
    made = Shelf(tmp_path)
    yield made
    made.catalog.close()


def test_a_catalog_serves_both_ports(shelf):
    """What type checkers compare statically: the methods of both ports are there."""
    clip_catalog: CatalogReader = shelf.catalog
    job_catalog: CatalogWriter = shelf.catalog
    for port in (CatalogReader, CatalogWriter):
        for name in (name for name in vars(port) if not name.startswith("_")):
            assert callable(getattr(clip_catalog if port is CatalogReader else job_catalog, name))


def test_an_encoding_comes_back_as_it_was_stored(shelf):
    """Spans, vectors, silent marks and tags of every length survive, and ids are consecutive."""
    for n in (0, 1, 7, 8, 9, 300):
        change = shelf.add(f"{n}.wav", n=n)
        shelf.apply(change)
        content, spaces = shelf.catalog.find(digest(f"{n}.wav"))
        stored = shelf.catalog.encoding(content.id, shelf.space.id)
        assert spaces == {shelf.space.id}
        np.testing.assert_array_equal(stored.spans, change.encoding.spans)
        np.testing.assert_array_equal(stored.vectors, change.encoding.vectors)
        np.testing.assert_array_equal(stored.silent, change.encoding.silent)
        if n:
            np.testing.assert_array_equal(stored.tags.classes, change.encoding.tags.classes)
            np.testing.assert_array_equal(stored.tags.probabilities, change.encoding.tags.probabilities)
            np.testing.assert_array_equal(np.diff(stored.segment_ids), 1)
    assert shelf.catalog.verify() == []


def test_what_is_not_there_is_none(shelf):
    """Unknown digests, contents and clips are no errors."""
    assert shelf.catalog.find("0" * 64) is None
    assert shelf.catalog.encoding(7, shelf.space.id) is None
    assert shelf.catalog.clips([5, 6]) == []
    assert shelf.catalog.clips_of([5]) == {}


def test_clips_come_in_the_order_they_are_asked_for(shelf):
    """Order and repetitions are the caller's; unknown ids are left out; fields are what was written."""
    shelf.apply(shelf.add("a/x.wav", metadata={"artist": "Björk"}, title="Ex"), shelf.add("b.wav"))
    first, second = (shelf.ids()[path] for path in ("a/x.wav", "b.wav"))
    clips = shelf.catalog.clips([second, 999, first, second])
    assert [clip.id for clip in clips] == [second, first, second]
    clip = clips[1]
    assert (clip.path, clip.title, clip.metadata, clip.root) == ("a/x.wav", "Ex", {"artist": "Björk"}, shelf.root)
    assert (clip.duration_s, clip.size_bytes, clip.missing, clip.silent) == (1.5, 1000, False, False)


def test_a_clips_tags_are_the_maxima_over_its_segments(shelf):
    """Likeliest first, each class once, named by the vocabulary."""
    change = shelf.add("a.wav", n=5)
    shelf.apply(change)
    highest: dict[str, float] = {}
    for classes, probabilities in zip(change.encoding.tags.classes, change.encoding.tags.probabilities, strict=True):
        for class_, probability in zip(classes, probabilities, strict=True):
            name = VOCABULARY[class_]
            highest[name] = max(highest.get(name, 0.0), float(probability))
    (clip,) = shelf.catalog.clips([1])
    assert {tag.name: tag.probability for tag in clip.tags} == highest
    assert [tag.probability for tag in clip.tags] == sorted(highest.values(), reverse=True)


def test_equal_files_share_one_content(shelf):
    """Two files of one digest have one content and one set of segments, found from both."""
    shelf.apply(shelf.add("a.wav", "same"), shelf.add("b.wav", "same"))
    content, _ = shelf.catalog.find(digest("same"))
    assert shelf.catalog.clips_of([content.id]) == {content.id: [1, 2]}
    assert len(replayed(shelf.catalog, shelf.space)) == 2


def test_a_linked_clip_shares_its_content(shelf):
    """LinkClip needs no encoding, and fails as a whole batch when the content is gone."""
    shelf.apply(shelf.add("a.wav"))
    shelf.apply(shelf.link("copy.wav", 1))
    assert shelf.catalog.clips_of([1]) == {1: [1, 2]}
    with pytest.raises(LibraryError, match=r"late\.wav.*gone"):
        shelf.apply(shelf.add("new.wav"), shelf.link("late.wav", 99))
    assert set(shelf.ids()) == {"a.wav", "copy.wav"}


def test_a_changed_file_keeps_its_clip_and_loses_its_old_content(shelf):
    """The clip's id stays, the old segments go, the new ones have ids never given before."""
    shelf.apply(shelf.add("a.wav", "before"))
    before = replayed(shelf.catalog, shelf.space)
    shelf.apply(shelf.add("a.wav", "after", n=3))
    assert shelf.ids() == {"a.wav": 1}
    assert shelf.catalog.find(digest("before")) is None
    after = replayed(shelf.catalog, shelf.space)
    assert len(after) == 3
    assert not set(after) & set(before)
    assert min(after) > max(before)


def test_an_equal_encoding_of_a_known_content_changes_no_segment(shelf):
    """Two workers that decoded the same sound do not make it look new; another encoding replaces it."""
    shelf.apply(shelf.add("a.wav", "same"))
    before = set(replayed(shelf.catalog, shelf.space))
    shelf.apply(shelf.add("b.wav", "same"))
    assert set(replayed(shelf.catalog, shelf.space)) == before
    shelf.apply(shelf.add("a.wav", "same", seed=99))
    assert not set(replayed(shelf.catalog, shelf.space)) & before


def test_a_moved_clip_keeps_its_id_and_a_title_of_its_own(shelf):
    """A title that was the file's name follows the file; one from its metadata stays."""
    shelf.apply(shelf.add("a.wav"), shelf.add("b.wav", title="Rain at night"))
    shelf.apply(shelf.move(1, "new/c.wav"), shelf.move(2, "new/d.wav"))
    assert shelf.ids() == {"new/c.wav": 1, "new/d.wav": 2}
    assert [clip.title for clip in shelf.catalog.clips([1, 2])] == ["c", "Rain at night"]


def test_files_may_change_places(shelf):
    """Two clips that swap their paths in one batch both keep their ids."""
    shelf.apply(shelf.add("a.wav"), shelf.add("b.wav"))
    shelf.apply(shelf.move(1, "b.wav"), shelf.move(2, "a.wav"))
    assert shelf.ids() == {"b.wav": 1, "a.wav": 2}


def test_a_new_file_may_take_the_place_of_a_moved_one(shelf):
    """Whatever the order within the batch, the moved clip keeps its content and the new file is a new clip."""
    shelf.apply(shelf.add("a.wav", "old"))
    shelf.apply(shelf.add("a.wav", "new"), shelf.move(1, "b.wav"))
    ids = shelf.ids()
    assert ids["b.wav"] == 1
    assert ids["a.wav"] != 1
    assert shelf.files()["b.wav"].digest == digest("old")


def test_a_missing_clip_is_found_until_it_is_removed(shelf):
    """Missing: marked, still in the index. Removed: gone, with its content, and its ids never come again."""
    shelf.apply(shelf.add("a.wav"))
    shelf.apply(MarkMissing(1))
    assert shelf.catalog.clips([1])[0].missing
    assert shelf.files()["a.wav"].missing
    assert shelf.catalog.missing() == [1]
    assert len(replayed(shelf.catalog, shelf.space)) == 2
    shelf.apply(RemoveClip(1))
    assert replayed(shelf.catalog, shelf.space) == {}
    shelf.apply(shelf.add("a.wav"))
    assert shelf.ids() == {"a.wav": 2}
    assert min(replayed(shelf.catalog, shelf.space)) > 2


def test_a_file_that_came_back_is_not_missing(shelf):
    """Linking it again, or finding it elsewhere, clears the mark."""
    shelf.apply(shelf.add("a.wav"), shelf.add("b.wav"))
    shelf.apply(MarkMissing(1), MarkMissing(2))
    shelf.apply(shelf.link("a.wav", 1), shelf.move(2, "c.wav"))
    assert shelf.catalog.missing() == []


def test_a_clip_that_is_called_something_else_keeps_everything_else(shelf):
    """Its words follow; whether its file is missing, and failures on its path, are no matter of that."""
    shelf.apply(shelf.add("a.wav"), shelf.add("b.wav"), MarkMissing(1))
    shelf.apply(RecordFailure(shelf.root.id, facts("a.wav"), "no audio track"))
    before = shelf.catalog.clips([1])[0]
    shelf.apply(DescribeClip(1, "Storm", {"artist": "Anna"}), DescribeClip(99, "gone", {}))
    changed = shelf.catalog.clips([1])[0]
    assert changed == replace(before, title="Storm", metadata={"artist": "Anna"})
    assert changed.missing
    assert [match.clip_id for match in shelf.catalog.match_words("anna storm", 5)] == [1]
    assert len(shelf.catalog.failures()) == 1
    assert shelf.catalog.verify() == []


def test_a_content_lives_as_long_as_one_clip(shelf):
    """Removing one of two copies removes no segment; and a batch may remove the last one and link another."""
    shelf.apply(shelf.add("a.wav", "same"), shelf.add("b.wav", "same"))
    shelf.apply(RemoveClip(1))
    assert len(replayed(shelf.catalog, shelf.space)) == 2
    shelf.apply(RemoveClip(2), shelf.link("c.wav", 1))
    assert len(replayed(shelf.catalog, shelf.space)) == 2
    assert shelf.catalog.verify() == []


def test_failures_are_remembered_until_the_file_is_indexed_or_gone(shelf):
    """A failure names file and cause; success, removal and an empty cause clear it."""
    failed = [RecordFailure(shelf.root.id, facts(path), "no audio track") for path in ("a.wav", "b.wav", "c.wav")]
    shelf.apply(*failed)
    assert shelf.catalog.failures()[0] == ("/sounds/a.wav", "no audio track")
    shelf.apply(shelf.add("a.wav"), RecordFailure(shelf.root.id, facts("b.wav"), ""))
    assert [path for path, _ in shelf.catalog.failures()] == ["/sounds/c.wav"]


@pytest.mark.parametrize(
    "path", ["quote'\".wav", "new\nline.wav", "emoji 🎺.wav", os.fsdecode(b"bytes \xff\xfe.wav"), "a/../b.wav"]
)
def test_any_file_name_survives(shelf, path):
    """Names with quotes, newlines, emoji and bytes that are no UTF-8 come back as they went in."""
    shelf.apply(shelf.add(path, metadata={"comment": path + "\0"}))
    (clip,) = shelf.catalog.clips([1])
    assert clip.path == path
    assert clip.metadata == {"comment": path + "\0"}
    assert list(shelf.files()) == [path]
    assert shelf.catalog.verify() == []


def test_known_files_say_what_a_scan_compares(shelf):
    """Size, time, digest, and whether the content has vectors in the space asked about."""
    other = shelf.catalog.space(spec("clap:x", vocabulary=None))
    shelf.apply(shelf.add("a.wav"))
    known = shelf.files()["a.wav"]
    assert (known.digest, known.facts, known.encoded) == (digest("a.wav"), facts("a.wav"), True)
    assert not shelf.catalog.files(shelf.root.id, other.id)["a.wav"].encoded
    assert "b.wav" not in shelf.files()
    assert shelf.catalog.files(99, shelf.space.id) == {}


def test_a_space_is_made_once_and_remembers_its_encoder(shelf):
    """The same encoder gets the same space; another fingerprint is an error that names the remedy."""
    assert shelf.catalog.space(spec()) == shelf.space
    assert shelf.catalog.spaces() == [shelf.space]
    assert (shelf.space.vocabulary, shelf.space.calibration, shelf.space.dim) == (VOCABULARY, (9.0, -4.0), 4)
    with pytest.raises(SpaceMismatch, match="soundalike reindex"):
        shelf.catalog.space(spec(fingerprint="e" * 64))


def test_two_spaces_are_kept_apart(shelf):
    """A content encoded twice has segments in both; each space replays its own."""
    other = shelf.catalog.space(spec("clap:x", vocabulary=None))
    change = shelf.add("a.wav", n=3, space=other)
    shelf.apply(shelf.add("a.wav", n=2))
    shelf.apply(
        AddContent(**{name: getattr(change, name) for name in change.__slots__} | {"encoding": encoding(3, tags=False)})
    )
    assert len(replayed(shelf.catalog, shelf.space)) == 2
    assert len(replayed(shelf.catalog, other)) == 3
    assert shelf.catalog.find(digest("a.wav"))[1] == {shelf.space.id, other.id}


def test_an_encoding_that_does_not_fit_is_refused(shelf):
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
        change = shelf.add("a.wav")
        change = AddContent(
            **{name: getattr(change, name) for name in change.__slots__} | {"encoding": type(good)(**values)}
        )
        with pytest.raises(LibraryError, match=word):
            shelf.apply(change)
    assert shelf.catalog.sequence() == 0
    assert shelf.ids() == {}


def test_a_root_can_move(shelf):
    """Clips follow their root to its new path; two roots cannot lie at one path."""
    shelf.apply(shelf.add("a.wav"))
    other = shelf.catalog.root("/other")
    shelf.catalog.move_root(shelf.root.id, "/elsewhere")
    assert shelf.catalog.clips([1])[0].root.path == "/elsewhere"
    assert [root.path for root in shelf.catalog.roots()] == ["/elsewhere", "/other"]
    with pytest.raises(LibraryError, match="already"):
        shelf.catalog.move_root(shelf.root.id, "/other")
    with pytest.raises(LibraryError, match="no root"):
        shelf.catalog.move_root(other.id + 9, "/x")


# --- the tail -----------------------------------------------------------------------------------------------


def test_the_tail_leads_from_any_sequence_to_now(shelf):
    """Replaying from wherever a reader stood gives what is there, and the last change has the catalog's sequence."""
    states: list[tuple[int, dict]] = [(0, {})]
    for changes in (
        [shelf.add("a.wav"), shelf.add("b.wav", n=3)],
        [RemoveClip(1)],
        [shelf.add("b.wav", "new")],
        [MarkMissing(2)],
    ):
        shelf.apply(*changes)
        states.append((shelf.catalog.sequence(), replayed(shelf.catalog, shelf.space)))
    for since, state in states:
        present = replayed(shelf.catalog, shelf.space, since, state)
        assert set(present) == set(states[-1][1])
        tail = list(shelf.catalog.changes(shelf.space.id, since))
        assert [change.sequence for change in tail] == sorted(change.sequence for change in tail)
        assert (tail[-1].sequence if tail else since) == shelf.catalog.sequence()


def test_the_tail_comes_in_bounded_pieces_that_can_be_resumed(shelf):
    """A recording of many segments is cut; a reader that stops after any piece goes on from its sequence."""
    shelf.apply(shelf.add("long.wav", n=20_000), shelf.add("short.wav"))
    pieces = list(shelf.catalog.changes(shelf.space.id, 0))
    assert max(len(change.segment_ids) for change in pieces) <= 8192
    whole = replayed(shelf.catalog, shelf.space)
    assert len(whole) == 20_002
    for stop in range(1, len(pieces)):
        state = {id_: None for change in pieces[:stop] for id_ in change.segment_ids.tolist()}
        assert set(replayed(shelf.catalog, shelf.space, pieces[stop - 1].sequence, state)) == set(whole)
    shelf.apply(RemoveClip(1))
    assert len(replayed(shelf.catalog, shelf.space, pieces[-1].sequence, whole)) == 2


def test_a_reader_behind_a_pruned_tail_still_arrives(shelf):
    """Forgotten removals reach it all the same, and a fresh reader sees nothing of what went."""
    shelf.apply(*(shelf.add(f"{i}.wav") for i in range(6)))
    since, state = shelf.catalog.sequence(), replayed(shelf.catalog, shelf.space)
    shelf.apply(RemoveClip(2), RemoveClip(5))
    shelf.apply(shelf.add("new.wav"), shelf.add("0.wav", "other"))
    shelf.catalog.prune_changes(shelf.catalog.sequence() + 1)
    now = set(replayed(shelf.catalog, shelf.space))
    assert len(now) == 10
    assert set(replayed(shelf.catalog, shelf.space, since, state)) == now


def test_pending_counts_what_a_reader_would_replay(shelf):
    """Segments that came and that went since a sequence; nothing at the present one."""
    shelf.apply(shelf.add("a.wav", n=3))
    since = shelf.catalog.sequence()
    shelf.apply(shelf.add("b.wav", n=2), RemoveClip(1))
    assert shelf.catalog.pending(shelf.space.id, since) == 5
    assert shelf.catalog.pending(shelf.space.id, shelf.catalog.sequence()) == 0


# --- the whole ----------------------------------------------------------------------------------------------


def test_stats_count_contents_once(shelf):
    """Hours are of contents, segments and bytes of spaces."""
    shelf.apply(shelf.add("a.wav", "same", duration_s=1800), shelf.add("b.wav", "same"), MarkMissing(1))
    stats = shelf.catalog.stats()
    assert (stats.clips, stats.contents, stats.hours) == (2, 1, 0.5)
    assert [(space.name, space.segments, space.vector_bytes) for space in stats.spaces] == [("spectral", 2, 16)]


def test_a_backup_is_a_catalog_of_its_own(shelf, tmp_path):
    """Made while a writer holds the lease; complete, sound, writable, and it does not follow the original."""
    shelf.apply(shelf.add("a.wav"))
    with shelf.catalog.lease("busy", 0) as lease:
        shelf.catalog.backup(tmp_path / "copy.sqlite")
        shelf.catalog.apply(lease, [shelf.add("b.wav")])
    with Catalog.open(tmp_path / "copy.sqlite") as copy:
        assert copy.verify() == []
        assert list(copy.files(shelf.root.id, shelf.space.id)) == ["a.wav"]
        with copy.lease("me", 0) as lease:
            copy.apply(lease, [shelf.add("c.wav")])
    with pytest.raises(LibraryError, match="already"):
        shelf.catalog.backup(tmp_path / "copy.sqlite")
