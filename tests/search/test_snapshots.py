"""Snapshots and single files: written completely or not at all, checked when read, removed when old."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from search.errors import LibraryUnwritable, SnapshotError
from search.snapshots import single
from search.snapshots.folders import KEPT, Snapshots
from search.snapshots.snapshot import MANIFEST, MAPPED_FROM_BYTES, Kind, Snapshot, link_or_copy

KIND = Kind("numbers", 3, "soundalike count makes them anew")


@dataclass(frozen=True)
class NumberFacts:
    count: int
    names: tuple[str, ...]


def publish(directory: Path, sequence: int, *, count: int = 5) -> Snapshots:
    snapshots = Snapshots(directory, KIND)
    with snapshots.publication(sequence) as new:
        new.array("numbers.npy", np.arange(count) + sequence)
        (new.folder / "by path.txt").write_text(f"number {sequence}")
        new.describe(NumberFacts(count, ("a", "b")))
    return snapshots


def numbers(snapshot: Snapshot) -> list[int]:
    snapshot.check("numbers.npy")
    return snapshot.array("numbers.npy").tolist()


def test_a_publication_is_read_back_with_every_file_described(tmp_path: Path) -> None:
    """Also what a library wrote by its path; and what the kind says of itself."""
    snapshot = publish(tmp_path / "deep" / "er", 7).open(7)
    assert numbers(snapshot) == [7, 8, 9, 10, 11]
    assert set(snapshot.files) == {"numbers.npy", "by path.txt"}
    snapshot.check("by path.txt")
    assert snapshot.facts(NumberFacts) == NumberFacts(5, ["a", "b"])  # type: ignore[arg-type]  # JSON has no tuples


def test_small_arrays_take_no_file_handle_and_large_ones_are_mapped(tmp_path: Path) -> None:
    for count, mapped in ((5, False), (MAPPED_FROM_BYTES // 8, True)):
        array = publish(tmp_path, count, count=count).open(count).array("numbers.npy")
        assert isinstance(array.base, np.memmap) == mapped


def test_without_file_handles_the_remedy_is_to_have_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is wrong with the snapshot, so that making it anew is no remedy."""
    snapshots = publish(tmp_path, 7)

    def refuse(*_arguments: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(SnapshotError, match="ulimit -n") as refused:
        snapshots.open(7)
    assert "makes them anew" not in str(refused.value)


def test_one_of_an_earlier_format_is_passed_over_in_silence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is not read, it is no damage, and nothing counts as published; one of a later format is damage."""
    snapshots = publish(tmp_path, 7)
    manifest = snapshots.folder(7) / MANIFEST
    written = manifest.read_text()
    manifest.write_text(written.replace('"format": 3', '"format": 2'))
    assert (snapshots.newest(numbers), snapshots.verify(lambda _: ()), snapshots.is_published()) == (None, [], False)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    manifest.write_text(written.replace('"format": 3', '"format": 4'))
    assert snapshots.verify(lambda _: ())
    assert snapshots.is_published()


def test_an_array_without_values_is_read_back(tmp_path: Path) -> None:
    """There is nothing to map in it."""
    assert numbers(publish(tmp_path, 1, count=0).open(1)) == []


def test_the_last_two_are_kept_and_what_is_unfinished_or_of_an_earlier_version_goes(tmp_path: Path) -> None:
    """Names in the making, and numbers with leading zeros; anything else is left alone."""
    for name in (".writing-9", ".00000000000000000007.123", "00000000000000000007", ".removing-3", "notes"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("")
    for sequence in (1, 2, 30, 200):
        snapshots = publish(tmp_path, sequence)
    assert KEPT == 2
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["200", "30", "notes"]
    assert snapshots.sequences() == [200, 30]


def test_the_newest_that_can_be_read_is_told_of_and_passed_over_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Until another takes its place: then that one is read."""
    publish(tmp_path, 1)
    snapshots = publish(tmp_path, 2)
    (tmp_path / "2" / "numbers.npy").write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert snapshots.newest(numbers) == (1, [1, 2, 3, 4, 5])
            assert snapshots.newest(numbers, after=1) is None
    assert [KIND.remedy in record.message for record in caplog.records] == [True]
    publish(tmp_path, 2)
    assert snapshots.newest(numbers, after=1) == (2, [2, 3, 4, 5, 6])


def test_verify_names_every_damage_with_the_remedy(tmp_path: Path) -> None:
    """Whatever is done to a file: cut, changed, taken away; and what the kind itself finds."""
    snapshots = publish(tmp_path, 1)
    assert snapshots.verify(lambda snapshot: []) == []
    assert snapshots.verify(lambda snapshot: ["they are odd"]) == [
        f"numbers {tmp_path / '1'}: they are odd; {KIND.remedy}"
    ]
    for name in ("numbers.npy", "by path.txt", MANIFEST):
        file = tmp_path / "1" / name
        whole = file.read_bytes()
        for harm in (whole[:-1], b"", bytes([whole[0] ^ 1]) + whole[1:], whole[:-1] + bytes([whole[-1] ^ 1]), None):
            file.unlink()
            if harm is not None:
                file.write_bytes(harm)
            (line,) = snapshots.verify(lambda snapshot: [])
            assert str(tmp_path / "1") in line
            assert KIND.remedy in line
            file.write_bytes(whole)
    assert snapshots.verify(lambda snapshot: []) == []


def test_a_publication_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    """By any error of the one who writes, and by the disk, whose error is said plainly."""
    snapshots = publish(tmp_path, 1)
    for error, expected in ((ValueError("no"), ValueError), (OSError(28, "full"), LibraryUnwritable)):
        with pytest.raises(expected):
            half_written(snapshots, error)
        assert [entry.name for entry in tmp_path.iterdir()] == ["1"]
        assert numbers(snapshots.open(1)) == [1, 2, 3, 4, 5]


def half_written(snapshots: Snapshots, error: Exception) -> None:
    with snapshots.publication(1) as new:
        new.array("numbers.npy", np.arange(3))
        raise error


REFUSALS = [errno.EPERM, errno.EACCES, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EMLINK, errno.EXDEV, None]


@pytest.mark.parametrize("number", REFUSALS, ids=lambda number: errno.errorcode.get(number, "no function"))
def test_where_the_system_refuses_links_files_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int | None
) -> None:
    """FUSE, FAT, shares and Windows each have an error of their own, and some Pythons no links at all."""

    def refused(source: Path, target: Path) -> None:
        raise OSError(number, "no links here")

    old = publish(tmp_path, 1).open(1)
    if number is None:
        monkeypatch.delattr(os, "link")
    else:
        monkeypatch.setattr(os, "link", refused)
    snapshots = Snapshots(tmp_path, KIND)
    with snapshots.publication(2) as new:
        new.link("numbers.npy", old)
    assert numbers(snapshots.open(2)) == [1, 2, 3, 4, 5]
    assert not (tmp_path / "1" / "numbers.npy").samefile(tmp_path / "2" / "numbers.npy")


def test_a_link_never_writes_into_what_is_there(tmp_path: Path) -> None:
    """It may be a link itself; and a file that is gone is an error."""
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    with pytest.raises(FileExistsError):
        link_or_copy(tmp_path / "one", tmp_path / "two")
    assert (tmp_path / "two").read_text() == "two"
    with pytest.raises(FileNotFoundError):
        link_or_copy(tmp_path / "absent", tmp_path / "three")
    assert not (tmp_path / "three").exists()


def test_a_snapshot_that_describes_something_else_is_damaged(tmp_path: Path) -> None:
    """Facts of another kind, and arrays of another shape."""

    @dataclass
    class Others:
        colour: str

    snapshot = publish(tmp_path, 1).open(1)
    with pytest.raises(SnapshotError, match="describes something else"):
        snapshot.facts(Others)
    with pytest.raises(SnapshotError, match="shape"):
        snapshot.mapped("by path.txt", np.dtype(np.int64), (9,))
    with pytest.raises(SnapshotError, match="not in its manifest"):
        snapshot.check("absent")


def test_a_single_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    """An error on the way leaves the old one and nothing beside it; its permissions are those of any new file."""
    place, plain = tmp_path / "file.bin", tmp_path / "plain"
    plain.write_text("")
    for content in (b"one", b"two"):
        with single.replacing(place) as file:
            file.write(content)
        assert place.read_bytes() == content
    with pytest.raises(TypeError, match="bytes"), single.replacing(place) as file:
        file.write("no bytes")  # type: ignore[arg-type]  # the error on the way
    assert place.read_bytes() == b"two"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file.bin", "plain"]
    assert place.stat().st_mode == plain.stat().st_mode


def test_what_a_killed_process_left_beside_a_single_file_goes_after_a_day(tmp_path: Path) -> None:
    """Not before: another process may be writing it. Files that only look alike stay."""
    for name, age_s in ((".file.bin.dead", 2 * single.LEFT_OVER_S), (".file.bin.live", 60), (".file2.bin.x", 10**6)):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (time.time() - age_s,) * 2)
    with single.replacing(tmp_path / "file.bin") as file:
        file.write(b"x")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".file.bin.live", ".file2.bin.x", "file.bin"]


def test_arrays_in_a_single_file_are_checked_to_the_last_bit(tmp_path: Path) -> None:
    """Every bit of what they say: a change is either harmless or an error, never other values."""
    place = tmp_path / "arrays.npz"
    assert single.read_arrays(place, "") is None
    arrays = {"one": np.arange(5), "two": np.ones((2, 3), np.float32)}
    single.write_arrays(place, arrays)
    whole = place.read_bytes()
    for bit in range(0, 8 * len(whole), 5):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        place.write_bytes(changed)
        with contextlib.suppress(SnapshotError):
            read = single.read_arrays(place, "") or {}
            for name in read.keys() & arrays.keys():
                np.testing.assert_array_equal(read[name], arrays[name])
    place.write_bytes(whole[:-30])
    with pytest.raises(SnapshotError, match=r"arrays\.npz.*; the remedy"):
        single.read_arrays(place, "the remedy")
