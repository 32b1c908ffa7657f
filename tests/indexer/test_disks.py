"""Missing disks, and changes that keep size and time."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from indexer.job import index
from indexer.model import Options, Summary
from indexer.scan import is_absent
from search.model import DescribeClip, DescribeRoot, NoteFile
from tests import disks
from tests.indexer.conftest import Bench, write_tone


def prune(bench: Bench, *, yes: bool = False) -> Summary:
    return bench.index(options=Options(workers=1, prune=True, yes=yes))


def write_tones(folder: Path, count: int, *, low_hz: float = 300.0) -> None:
    for number in range(count):
        write_tone(folder / f"{number}.wav", low_hz + 40 * number, seconds=0.3)


def missing(bench: Bench) -> int:
    return sum(clip.missing for clip in bench.clips().values())


def test_a_disk_below_a_root_that_is_away_keeps_its_clips(bench: Bench) -> None:
    """Two real disks under one folder: whichever way one is away, its clips stay as they are, --prune --yes or not."""
    with disks.mounted(bench.sounds / "DISK1", "1m") as first, disks.mounted(bench.sounds / "DISK2", "1m") as second:
        write_tones(first, 2)
        write_tones(second, 2, low_hz=900)
        bench.index()
        assert bench.library.roots()[0].mounts == ("DISK1", "DISK2")
        kept = [path.read_bytes() for path in sorted(first.iterdir())]

    summary = prune(bench, yes=True)
    assert (summary.removed, summary.missing, len(bench.clips()), missing(bench)) == (0, 0, 4, 0)
    assert {Path(failure.path).name for failure in summary.failed} == {"DISK1", "DISK2"}
    assert "2 clips are kept" in summary.failed[0].cause
    (first / ".DS_Store").write_bytes(b"")
    shutil.rmtree(second)
    assert (prune(bench, yes=True).removed, len(bench.clips())) == (0, 4)

    for number, data in enumerate(kept):  # the disk was copied into the folder: it is a plain folder from now on
        (first / f"{number}.wav").write_bytes(data)
    assert (prune(bench, yes=True).unchanged, missing(bench)) == (2, 0)


def test_a_root_that_holds_hidden_names_alone_is_absent(bench: Bench) -> None:
    """A mount point that keeps a .DS_Store is an unplugged disk."""
    write_tones(bench.sounds, 3)
    bench.index()
    for path in bench.sounds.iterdir():
        path.unlink()
    (bench.sounds / ".DS_Store").write_bytes(b"")

    summary = prune(bench, yes=True)

    assert is_absent(str(bench.sounds))
    assert (summary.removed, len(bench.clips()), missing(bench)) == (0, 3, 0)


@pytest.mark.parametrize("leave_folder", [False, True])
def test_more_than_a_tenth_is_not_pruned_unasked(bench: Bench, *, leave_folder: bool) -> None:
    """4 of 7 clips gone at once: nobody says yes, so they are missing, and what to do is said."""
    write_tones(bench.sounds / "DISK1", 4)
    write_tones(bench.sounds / "DISK2", 3, low_hz=900)
    bench.index()
    shutil.rmtree(bench.sounds / "DISK1")
    if leave_folder:
        (bench.sounds / "DISK1").mkdir()

    summary = prune(bench)

    assert (summary.removed, summary.missing, len(bench.clips())) == (0, 4, 7)
    if leave_folder:
        assert "is empty" in bench.notes.notes[0]
    else:
        assert summary.not_pruned == 4
        assert "4 of 7" in bench.notes.notes[0]
        assert "--yes" in bench.notes.notes[0]
    assert (prune(bench, yes=True).removed, len(bench.clips())) == ((0, 7) if leave_folder else (4, 3))


def test_who_is_asked_may_say_yes_and_a_tenth_needs_no_asking(bench: Bench) -> None:
    """The question names how many; a tenth or less is pruned at once."""
    write_tones(bench.sounds, 10)
    bench.index()
    (bench.sounds / "0.wav").unlink()
    assert prune(bench).removed == 1
    for number in range(1, 5):
        (bench.sounds / f"{number}.wav").unlink()
    questions: list[str] = []

    def yes(question: str, *, otherwise: bool) -> bool:
        assert not otherwise
        questions.append(question)
        return True

    options = Options(workers=1, prune=True)
    summary = index(bench.library, bench.encoder, [str(bench.sounds)], options, bench.notes, confirm=yes)

    assert (summary.removed, summary.not_pruned) == (4, 0)
    assert "4 of 9 clips" in questions[0]


def test_files_moved_out_of_a_folder_that_stays_are_moves(bench: Bench) -> None:
    """A folder that somebody emptied is no disk: its clips are found again where they are now."""
    write_tones(bench.sounds / "old", 3)
    bench.index()
    (bench.sounds / "new").mkdir()
    for path in sorted((bench.sounds / "old").iterdir()):
        path.rename(bench.sounds / "new" / path.name)

    summary = prune(bench)

    assert (summary.moved, summary.removed, summary.missing) == (3, 0, 0)


def replace_keeping_time(path: Path, hz: float) -> None:
    """Other bytes of the same size and time, as taggers and rsync -t leave them."""
    before = path.stat()
    write_tone(path, hz, seconds=0.3)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


@pytest.mark.skipif(os.name == "nt", reason="Windows does not note when a file changed")
def test_a_change_that_keeps_size_and_time_is_seen(bench: Bench) -> None:
    """The system's own time of change tells it; what differs is encoded, a file whose rights changed is not."""
    write_tones(bench.sounds, 2)
    bench.index()
    encoded = len(bench.encoder.passes)
    replace_keeping_time(bench.sounds / "0.wav", 2_000)
    (bench.sounds / "1.wav").chmod(0o600)

    summary = bench.index()

    assert (summary.changed, summary.unchanged, len(bench.encoder.passes)) == (1, 1, encoded + 1)
    assert bench.index().stages.hash_s == 0


def forget_change_times(bench: Bench) -> None:
    """As a library of before has it, or a disk that has no such time."""
    catalog, clips = bench.library.catalog, bench.clips()
    root = catalog.roots()[0]
    known = catalog.files(root.id, catalog.spaces()[0].id)
    with catalog.lease("test", 0) as lease:
        for path, clip in clips.items():
            facts = known[path].facts
            catalog.apply(lease, [NoteFile(clip.id, type(facts)(facts.path, facts.size_bytes, facts.mtime_ns))])


def test_a_library_of_before_is_not_looked_into_again(bench: Bench) -> None:
    """Where no time of change is known it is noted, once, without opening a file; nothing is encoded."""
    write_tones(bench.sounds, 2)
    bench.index()
    forget_change_times(bench)
    encoded, sequence = len(bench.encoder.passes), bench.library.catalog.sequence()

    summary = bench.index()

    assert (summary.unchanged, summary.stages.hash_s, len(bench.encoder.passes)) == (2, 0, encoded)
    assert bench.library.catalog.sequence() == sequence, "readers see no change"
    root = bench.library.roots()[0]
    known = bench.library.catalog.files(root.id, bench.library.catalog.spaces()[0].id)
    assert all(file.facts.changed_ns is not None for file in known.values()) == (os.name != "nt")


def test_force_looks_into_every_file_and_encodes_what_differs(bench: Bench) -> None:
    """--force finds a change that nothing tells of; what is the same is not encoded again."""
    write_tones(bench.sounds, 3)
    bench.index()
    replace_keeping_time(bench.sounds / "0.wav", 2_000)
    forget_change_times(bench)
    bench.index()
    encoded = len(bench.encoder.passes)

    summary = bench.index(options=Options(workers=1, force=True))

    assert (summary.changed, summary.unchanged, len(bench.encoder.passes)) == (1, 2, encoded + 1)


def test_what_a_person_called_a_clip_stays_when_only_the_rights_of_its_file_change(bench: Bench) -> None:
    """The same bytes, written at the same time, leave the title alone."""
    path = write_tone(bench.sounds / "a.wav")
    bench.index()
    catalog = bench.library.catalog
    with catalog.lease("test", 0) as lease:
        catalog.apply(lease, [DescribeClip(bench.clips()["a.wav"].id, "my name", {})])
    path.chmod(0o600)

    assert bench.index().unchanged == 1
    assert bench.clips()["a.wav"].title == "my name"


def test_what_a_root_leaves_out_survives_what_a_scan_learns_of_its_disks(bench: Bench) -> None:
    """Patterns and mounts of a root are kept side by side, in the catalog."""
    write_tones(bench.sounds, 1)
    bench.index(options=Options(workers=1, exclude=("x/",)))
    catalog = bench.library.catalog
    with catalog.lease("test", 0) as lease:
        catalog.apply(lease, [DescribeRoot(catalog.roots()[0].id, ("x/",), ("gone", os.fsdecode(b"\xff")))])

    bench.index()

    root = catalog.roots()[0]
    assert root.excludes == ("x/",)
    assert set(root.mounts) >= {"gone", os.fsdecode(b"\xff")}, "disks that are away stay remembered"
