"""What a second scan of a folder makes of the changes since the first."""

from __future__ import annotations

import os
import shutil

import pytest

from indexer.model import Options
from search.audio import metadata
from tests.indexer.conftest import Bench, write_tone


def test_every_audio_file_becomes_a_clip_and_a_second_run_has_nothing_to_do(bench: Bench) -> None:
    """After one run every audio file is a clip; the next run encodes nothing."""
    for number in range(5):
        write_tone(bench.sounds / f"folder{number % 2}" / f"{number}.wav", 200 + 100 * number)
    (bench.sounds / "notes.txt").write_text("not a sound")

    first, encoded = bench.index(), len(bench.encoder.passes)
    second = bench.index()

    assert (first.indexed, first.failed) == (5, ())
    assert sorted(bench.clips()) == [f"folder{n % 2}/{n}.wav" for n in (0, 2, 4)] + [f"folder1/{n}.wav" for n in (1, 3)]
    assert (second.indexed, second.unchanged) == (0, 5)
    assert len(bench.encoder.passes) == encoded


def test_a_moved_or_renamed_file_keeps_its_clip_and_is_not_encoded_again(bench: Bench) -> None:
    """A file found under another name, its old one gone, is the same clip."""
    write_tone(bench.sounds / "a.wav", 300)
    write_tone(bench.sounds / "b.wav", 600)
    bench.index()
    before, encoded = bench.clips(), len(bench.encoder.passes)
    (bench.sounds / "deep").mkdir()
    (bench.sounds / "a.wav").rename(bench.sounds / "deep" / "renamed.wav")

    summary = bench.index()

    after = bench.clips()
    assert (summary.moved, summary.indexed, summary.missing, summary.unchanged) == (1, 0, 0, 1)
    assert after["deep/renamed.wav"].id == before["a.wav"].id
    assert after["deep/renamed.wav"].title == "renamed"
    assert "a.wav" not in after
    assert len(bench.encoder.passes) == encoded


def test_a_move_from_one_root_to_another_keeps_the_clip(bench: Bench) -> None:
    """Roots that are indexed together exchange clips."""
    write_tone(bench.sounds / "one" / "a.wav")
    write_tone(bench.sounds / "one" / "stays.wav", 900)
    write_tone(bench.sounds / "two" / "b.wav", 800)
    bench.index(bench.sounds / "one", bench.sounds / "two")
    before = bench.clips()["a.wav"].id
    (bench.sounds / "one" / "a.wav").rename(bench.sounds / "two" / "a2.wav")

    summary = bench.index(bench.sounds / "one", bench.sounds / "two")

    moved = bench.clips()["a2.wav"]
    assert (summary.moved, summary.missing) == (1, 0)
    assert (moved.id, moved.root.path) == (before, str(bench.sounds / "two"))


def test_equal_files_share_one_content(bench: Bench) -> None:
    """Copies are clips of their own with one content, whether found together or later; one of them is encoded."""
    write_tone(bench.sounds / "a.wav")
    for name in ("copy1.wav", "copy2.wav", "copy3.wav"):
        shutil.copy(bench.sounds / "a.wav", bench.sounds / name)
    first = bench.index()
    shutil.copy(bench.sounds / "a.wav", bench.sounds / "later.wav")
    second = bench.index()

    clips = bench.clips().values()
    assert (first.indexed, first.linked) == (1, 3)
    assert (second.linked, second.unchanged) == (1, 4)
    assert len(clips) == 5
    assert len({clip.content_id for clip in clips}) == 1


def test_a_changed_file_is_encoded_again_and_keeps_its_clip(bench: Bench) -> None:
    """New bytes under an old name: same clip id, new content, and the old content leaves."""
    write_tone(bench.sounds / "a.wav", 300)
    bench.index()
    before = bench.clips()["a.wav"]
    write_tone(bench.sounds / "a.wav", 900, seconds=2.2)

    summary = bench.index()

    after = bench.clips()["a.wav"]
    assert (summary.changed, summary.indexed) == (1, 0)
    assert after.id == before.id
    assert after.content_id != before.content_id
    assert after.duration_s == pytest.approx(2.2)
    assert bench.library.catalog.verify() == []


def test_a_touched_file_is_unchanged(bench: Bench) -> None:
    """A new time with the same bytes is remembered without encoding; the next run does not even hash it."""
    path = write_tone(bench.sounds / "a.wav")
    bench.index()
    encoded = len(bench.encoder.passes)
    os.utime(path, (1_000_000_000, 1_000_000_000))

    touched = bench.index()
    settled = bench.index()

    assert (touched.unchanged, touched.changed, touched.indexed) == (1, 0, 0)
    assert (settled.unchanged, settled.stages.hash_s) == (1, 0)
    assert len(bench.encoder.passes) == encoded


def test_a_vanished_file_is_marked_missing_and_comes_back(bench: Bench) -> None:
    """Missing clips stay, are counted at every run, and are found again when the file returns."""
    path = write_tone(bench.sounds / "a.wav", 300)
    write_tone(bench.sounds / "b.wav", 600)
    bench.index()
    kept = path.read_bytes()
    before = bench.clips()["a.wav"].id
    path.unlink()

    assert (bench.index().missing, bench.index().missing) == (1, 1)
    assert bench.clips()["a.wav"].missing
    path.write_bytes(kept)
    summary = bench.index()

    assert (summary.missing, summary.unchanged) == (0, 2)
    assert not bench.clips()["a.wav"].missing
    assert bench.clips()["a.wav"].id == before


def test_prune_removes_what_is_gone_and_nothing_else(bench: Bench) -> None:
    """With --prune a vanished clip leaves with its content; within a partial PATH, others are not touched."""
    for name in ("in/a.wav", "in/b.wav", "out/c.wav"):
        write_tone(bench.sounds / name, 200 + 50 * len(name) + ord(name[-5]))
    bench.index()
    (bench.sounds / "in" / "a.wav").unlink()
    (bench.sounds / "out" / "c.wav").unlink()

    summary = bench.index(bench.sounds / "in", options=Options(workers=1, prune=True, yes=True))

    assert (summary.removed, summary.missing) == (1, 0)
    assert sorted(bench.clips()) == ["in/b.wav", "out/c.wav"]
    assert not bench.clips()["out/c.wav"].missing
    assert bench.library.catalog.verify() == []


@pytest.mark.parametrize("leave_mount_point", [True, False])
def test_an_unmounted_root_is_not_taken_for_deletions(bench: Bench, *, leave_mount_point: bool) -> None:
    """A root that is empty or not there is reported, and no clip of it is marked missing or pruned."""
    for number in range(3):
        write_tone(bench.sounds / f"{number}.wav", 300 + 100 * number)
    bench.index()
    shutil.rmtree(bench.sounds)
    if leave_mount_point:
        bench.sounds.mkdir()

    summary = bench.index(options=Options(workers=1, prune=True))

    assert (summary.missing, summary.removed) == (0, 0)
    assert "3 clips are kept" in summary.failed[0].cause
    assert not any(clip.missing for clip in bench.clips().values())


def test_a_copy_of_a_clip_on_an_unmounted_root_is_no_move(bench: Bench) -> None:
    """A clip whose root is not there did not move: the file found elsewhere is a copy."""
    write_tone(bench.sounds / "disk" / "a.wav")
    (bench.sounds / "home").mkdir()
    shutil.copy(bench.sounds / "disk" / "a.wav", bench.sounds / "home" / "a2.wav")
    bench.index(bench.sounds / "disk")
    shutil.rmtree(bench.sounds / "disk")

    summary = bench.index(bench.sounds / "disk", bench.sounds / "home")

    assert (summary.moved, summary.linked) == (0, 1)
    assert set(bench.clips()) == {"a.wav", "a2.wav"}


def test_a_second_encoder_encodes_everything_into_its_own_space(bench: Bench) -> None:
    """Known files without vectors in a space are encoded for it; clips stay the same."""
    write_tone(bench.sounds / "a.wav")
    bench.index()
    before = bench.clips()["a.wav"]
    bench.encoder = type(bench.encoder)("bands:other")

    summary = bench.index()

    first, second = bench.library.catalog.spaces()
    assert summary.indexed == 1
    assert bench.clips()["a.wav"].id == before.id
    assert bench.library.catalog.encoding(before.content_id, first.id) is not None
    assert bench.library.catalog.encoding(before.content_id, second.id) is not None


def test_files_that_change_places_keep_one_clip_each(bench: Bench) -> None:
    """Two files that swapped names: both paths keep their clips, with the other content, and nothing is encoded."""
    write_tone(bench.sounds / "a.wav", 300)
    write_tone(bench.sounds / "b.wav", 600)
    bench.index()
    before, encoded = bench.clips(), len(bench.encoder.passes)
    (bench.sounds / "a.wav").rename(bench.sounds / "x")
    (bench.sounds / "b.wav").rename(bench.sounds / "a.wav")
    (bench.sounds / "x").rename(bench.sounds / "b.wav")

    summary = bench.index()

    after = bench.clips()
    assert summary.changed == 2
    assert after["a.wav"].content_id == before["b.wav"].content_id
    assert after["b.wav"].content_id == before["a.wav"].content_id
    assert len(bench.encoder.passes) == encoded


def test_a_link_into_another_root_makes_no_second_clip(bench: Bench) -> None:
    """A folder that is a root is not entered through a link in another root, whichever is indexed."""
    write_tone(bench.sounds / "one" / "a.wav")
    write_tone(bench.sounds / "two" / "b.wav", 800)
    (bench.sounds / "two" / "link").symlink_to(bench.sounds / "one")
    bench.index(bench.sounds / "one")

    bench.index(bench.sounds / "two")

    assert sorted(bench.clips()) == ["a.wav", "b.wav"]


def test_indexing_above_a_root_keeps_its_clips(bench: Bench) -> None:
    """The folder above a root becomes a root beside it: every file is one clip, those of the inner root as before."""
    write_tone(bench.sounds / "inner" / "a.wav")
    write_tone(bench.sounds / "b.wav", 800)
    bench.index(bench.sounds / "inner")
    before = bench.clips()["a.wav"].id

    summary = bench.index()

    clips = bench.clips()
    assert (summary.indexed, summary.unchanged) == (1, 1)
    assert {path: clip.root.path for path, clip in clips.items()} == {
        "a.wav": str(bench.sounds / "inner"),
        "b.wav": str(bench.sounds),
    }
    assert clips["a.wav"].id == before


def test_titles_that_an_earlier_version_did_not_read_come_without_encoding(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is looked at again, here for its new time, gives its texts anew; its sound is known."""
    path = bench.sounds / "a.wav"
    write_tone(path)
    path.write_bytes(path.read_bytes() + b"bext" + (602).to_bytes(4, "little") + b"Foghorn".ljust(602, b"\0"))
    with monkeypatch.context() as earlier:
        earlier.setattr(metadata, "read", lambda path: ("a", {}))
        bench.index()
    before, encoded = bench.clips()["a.wav"], len(bench.encoder.passes)
    os.utime(path, (1, 1))

    summary = bench.index()

    after = bench.clips()["a.wav"]
    assert (before.metadata, after.metadata, after.id) == ({}, {"description": "Foghorn"}, before.id)
    assert (summary.unchanged, len(bench.encoder.passes)) == (1, encoded)
