"""A library over time: publishing, restoring under readers, changing encoders."""

from __future__ import annotations

from pathlib import PureWindowsPath

import numpy as np
import pytest

from search.errors import LibraryError, UsageError
from search.library import maintenance, verifying
from search.model import ClipPart, FileFacts, Query, RecommendQuery, RecordFailure, RemoveClip, TextPart
from tests.search.libraries import Entry, axis, fill, open_library, spec


def entries(names, along=0):
    return [Entry(f"{name}.wav", np.stack([axis(along, i % 7 + 1, 0.3)])) for i, name in enumerate(names)]


def names(library):
    clips = library.reader.clips(range(1, 1000))
    return sorted(clip.path.removesuffix(".wav") for clip in clips)


def remove(library, *clip_names):
    clips = {clip.path.removesuffix(".wav"): clip.id for clip in library.reader.clips(range(1, 1000))}
    with library.writer.lease("test", wait_s=5) as lease:
        library.writer.apply(lease, [RemoveClip(clips[name]) for name in clip_names])


def up_to_date(library):
    """Let the next search look at the catalog at once, not after half a second."""
    library.refresh()
    return library


def test_a_reader_takes_up_what_another_process_writes_and_publishes(tmp_path):
    with open_library(tmp_path) as writer, open_library(tmp_path) as reader:
        fill(writer, entries("abc"))
        assert len(reader.search(Query((ClipPart(1),))).hits) == 2
        fill(writer, entries("de"), publish=False)
        assert len(up_to_date(reader).search(Query((ClipPart(1),))).hits) == 4
        fill(writer, entries("f"), publish=True)
        remove(writer, "b")
        hits = up_to_date(reader).search(Query((ClipPart(1),))).hits
        assert {hit.title for hit in hits} == set("cdef")
        assert verifying.verify(up_to_date(reader)) == []


def test_a_closed_library_refuses_and_says_so(tmp_path):
    """Whoever asks after `close` made a mistake; an answer would leave connections open that nobody closes."""
    library = open_library(tmp_path)
    fill(library, entries("ab"))
    library.close()
    library.close()
    asked = (
        lambda: library.search(Query((ClipPart(1),))),
        lambda: library.recommend(RecommendQuery(likes=(ClipPart(1),))),
        library.view,
        library.roots,
        lambda: library.reader.clips([1]),
        lambda: maintenance.info(library),
        lambda: fill(library, entries("c")),
    )
    for ask in asked:
        with pytest.raises(LibraryError, match="was closed; open it again"):
            ask()


def test_a_small_library_is_published_when_anything_is_pending_and_only_then(tmp_path):
    with open_library(tmp_path) as library:
        fill(library, entries("ab"), publish=False)
        with library.writer.lease("test", wait_s=5) as lease:
            assert library.publisher.publish(library.spaces.get(), lease)
            assert not library.publisher.publish(library.spaces.get(), lease)


def test_a_damaged_snapshot_costs_nothing_but_time(tmp_path):
    with open_library(tmp_path) as library:
        fill(library, entries("abc"))
        for file in (library.spaces.folder(library.spaces.get())).rglob("*"):
            if file.is_file():
                file.write_bytes(b"")
    with open_library(tmp_path) as library:
        assert len(library.search(Query((ClipPart(1),))).hits) == 2
        assert verifying.verify(library) != []
        with library.writer.lease("test", wait_s=5) as lease:
            maintenance.rebuild(library, library.spaces.get(), lease)
        assert verifying.verify(library) == []


def test_a_backup_is_restored_under_a_reader_who_then_sees_the_old_state(tmp_path):
    with open_library(tmp_path) as writer, open_library(tmp_path) as reader:
        fill(writer, entries("abc"))
        maintenance.backup(writer, tmp_path / "backup.sqlite")
        remove(writer, "a")
        fill(writer, entries("xyz", along=3))
        newest = max(clip.id for clip in writer.reader.clips(range(1000)))
        assert names(up_to_date(reader)) == sorted("bcxyz")
        assert len(reader.search(Query((TextPart("x"),))).hits) == 1
        with writer.writer.lease("test", wait_s=5) as lease:
            maintenance.restore(writer, tmp_path / "backup.sqlite", lease)
            lease.check()
        assert names(up_to_date(reader)) == list("abc")
        assert {h.title for h in up_to_date(reader).search(Query((ClipPart(1),))).hits} == {"b", "c"}
        assert verifying.verify(up_to_date(reader)) == []
        fill(writer, entries("n"))
        assert min(c.id for c in writer.reader.clips(range(4, 1000))) > newest, "ids are never given twice"
        assert verifying.verify(up_to_date(reader)) == []


def test_a_backup_is_one_file_and_never_overwrites(tmp_path):
    with open_library(tmp_path) as library:
        fill(library, entries("a"))
        maintenance.backup(library, tmp_path / "b.sqlite")
        assert [f.name for f in tmp_path.glob("b.sqlite*")] == ["b.sqlite"]
        with pytest.raises(UsageError, match="already exists"):
            maintenance.backup(library, tmp_path / "b.sqlite")
        (tmp_path / "no.sqlite").write_text("this is not a library at all " * 100)
        with library.writer.lease("test", wait_s=5) as lease, pytest.raises(LibraryError):
            maintenance.restore(library, tmp_path / "no.sqlite", lease)
        assert names(library) == ["a"]
        assert verifying.verify(library) == []


def test_a_new_encoder_takes_a_space_over_only_when_it_has_everything(tmp_path):
    old, new = spec(fingerprint="a" * 64), spec(fingerprint="b" * 64)
    with open_library(tmp_path, old) as library:
        fill(library, entries("abc"), old)
        stale = library.spaces.get()
        with library.writer.lease("test", wait_s=5) as lease:
            maintenance.retire(library, stale, lease)
        fill(library, entries("ab", along=2), new)
        fresh = library.spaces.get("toy")
        with library.writer.lease("test", wait_s=5) as lease:
            ((kept, only_there),) = maintenance.drop_replaced(library, fresh, lease)
        assert (kept.fingerprint, only_there) == (old.fingerprint, 1)
        fill(library, entries("c"), new)
        with library.writer.lease("test", wait_s=5) as lease:
            assert maintenance.drop_replaced(library, fresh, lease) == []
        assert [s.fingerprint for s in library.reader.spaces()] == [new.fingerprint]
        assert verifying.verify(up_to_date(library)) == []


def test_removing_by_folder_takes_what_is_below_it_and_nothing_beside_it(tmp_path):
    with open_library(tmp_path) as library:
        fill(library, [Entry(p, np.stack([axis(0)])) for p in ("a/x.wav", "a/b/y.wav", "ab/z.wav")])
        clips = {c.path: c.id for c in library.reader.clips(range(10))}
        assert set(maintenance.clips_below(library, "/sounds/a")) == {clips["a/x.wav"], clips["a/b/y.wav"]}
        assert maintenance.clips_below(library, "/sounds/ab/z.wav") == [clips["ab/z.wav"]]
        assert len(maintenance.clips_below(library, "/sounds")) == len(maintenance.clips_below(library, "/")) == 3
        assert maintenance.clips_below(library, "/elsewhere") == []


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("D:\\Sounds", ""),
        ("D:\\", ""),
        ("d:\\sounds\\Rain\\a.wav", "Rain/a.wav"),
        ("D:\\Sounds and more", None),
        ("C:\\Sounds", None),
    ],
)
def test_a_part_of_a_root_is_found_on_windows_too(path, part):
    """Backslashes, either case, another drive."""
    assert maintenance.part_of_root(PureWindowsPath("D:\\Sounds"), PureWindowsPath(path)) == part


def test_a_missing_library_is_not_made_by_reading_it(tmp_path):
    from search import wiring
    from tests.search.libraries import settings

    with pytest.raises(LibraryError, match="soundalike index"):
        wiring.library(tmp_path / "nowhere", settings(tmp_path))
    assert not (tmp_path / "nowhere").exists()


def test_info_names_the_files_that_failed_as_long_as_they_are_there(tmp_path):
    bad = tmp_path / "bad.wav"
    bad.write_text("no sound")
    with open_library(tmp_path) as library:
        fill(library, entries("a"))
        root = library.writer.root(str(tmp_path))
        with library.writer.lease("test", wait_s=5) as lease:
            failed = [RecordFailure(root.id, FileFacts(name, 8, 1), "no audio") for name in ("bad.wav", "gone.wav")]
            library.writer.apply(lease, failed)
        assert maintenance.info(library).failures == ({"path": str(bad), "cause": "no audio"},)
