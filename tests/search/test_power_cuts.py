"""Whatever the disk does while a snapshot or a single file is written: the old one or the new one, never a half."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from benchmarks.robustness.failing_disk import END, LOSSES, Watched
from search.errors import LibraryUnwritable
from search.snapshots import single
from search.snapshots.folders import Snapshots
from search.snapshots.snapshot import Kind, Snapshot

KIND = Kind("numbers", 1, "nothing")

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows flushes no folders")


@dataclass(frozen=True)
class NumberFacts:
    count: int


def publish(directory: Path, sequence: int) -> None:
    with Snapshots(directory, KIND).publication(sequence) as new:
        new.array("numbers.npy", np.arange(1000) + sequence)
        (new.folder / "by path.txt").write_text(f"number {sequence}")
        new.describe(NumberFacts(1000))


def read(snapshot: Snapshot) -> int:
    assert list(snapshot.changed()) == []
    values = snapshot.array("numbers.npy")
    assert values.tolist() == list(range(snapshot.sequence, snapshot.sequence + 1000))
    return int(values[0])


def newest(directory: Path) -> int:
    snapshots = Snapshots(directory, KIND)
    assert snapshots.verify(lambda snapshot: []) == []
    found = snapshots.newest(read)
    return -1 if found is None else found[0]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder in which numbers were published twice, and a file was written."""
    place = tmp_path / "library"
    place.mkdir()
    publish(place / "space" / "numbers", 3)
    publish(place / "space" / "numbers", 5)
    write(place, b"old" * 5000)
    return place


def write(place: Path, content: bytes) -> None:
    with single.replacing(place / "file.bin") as file:
        file.write(content)


def all_cuts(tmp_path: Path, library: Path, step: Callable[[Path], None], check: Callable[[Path, bool], None]) -> int:
    """Do ``step``, and ``check`` what every power cut leaves (true: after it had ended); how many there were."""
    disk = Watched(library)
    with disk.watching():
        step(library)
    for number, cut in enumerate(disk.cuts):
        cut.write(tmp_path / f"cut{number}")
        check(tmp_path / f"cut{number}", cut.before == END)
    assert {cut.loss for cut in disk.cuts} == set(LOSSES)
    return len(disk.cuts)


def test_a_publication_survives_a_power_cut_at_any_moment(tmp_path: Path, library: Path) -> None:
    """The one before it is there until the new one is, which no cut takes once it is published; all is sound."""

    def check(place: Path, ended: bool) -> None:
        found = newest(place / "space" / "numbers")
        assert found == 8 if ended else found in (5, 8)
        publish(place / "space" / "numbers", 9)
        assert newest(place / "space" / "numbers") == 9
        assert sorted(entry.name for entry in (place / "space" / "numbers").iterdir())[-1] == "9"

    assert all_cuts(tmp_path, library, lambda place: publish(place / "space" / "numbers", 8), check) > 20


def test_a_first_publication_survives_a_power_cut_at_any_moment(tmp_path: Path, library: Path) -> None:
    """Also the names of the folders that it makes."""

    def check(place: Path, ended: bool) -> None:
        found = newest(place / "other" / "numbers")
        assert found == 1 if ended else found in (-1, 1)

    all_cuts(tmp_path, library, lambda place: publish(place / "other" / "numbers", 1), check)


def test_a_damaged_snapshot_is_replaced_whatever_happens(tmp_path: Path, library: Path) -> None:
    """In its place is the damaged one, none, or the new one; the older one stays."""
    (library / "space" / "numbers" / "5" / "numbers.npy").write_bytes(b"")

    def check(place: Path, ended: bool) -> None:
        found = Snapshots(place / "space" / "numbers", KIND).newest(read)
        assert found is not None
        assert found[0] == 5 if ended else found[0] in (3, 5)

    all_cuts(tmp_path, library, lambda place: publish(place / "space" / "numbers", 5), check)


def test_a_single_file_survives_a_power_cut_at_any_moment(tmp_path: Path, library: Path) -> None:
    """It is the old one or the new one; once it is written, the new one."""
    old, new = b"old" * 5000, b"new one" * 9000

    def check(place: Path, ended: bool) -> None:
        content = (place / "file.bin").read_bytes()
        assert content == new if ended else content in (old, new)

    all_cuts(tmp_path, library, lambda place: write(place, new), check)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_disk_that_refuses_any_call_costs_nothing_that_is_there(tmp_path: Path, code: int) -> None:
    """From whichever call on: the error is said, what was there stays, and with room again all goes on."""
    for call in range(1, 60):
        place = tmp_path / f"library{call}"
        place.mkdir()
        publish(place / "numbers", 3)
        write(place, b"old")
        disk = Watched(place, refuse=(call, code), cutting=False)
        failed = False
        with disk.watching():
            try:
                publish(place / "numbers", 5)
            except LibraryUnwritable:
                failed = True
            try:
                write(place, b"new")
            except OSError:
                assert (place / "file.bin").read_bytes() in (b"old", b"new")
        assert newest(place / "numbers") == (3 if failed and not (place / "numbers" / "5").exists() else 5)
        publish(place / "numbers", 7)
        write(place, b"newer")
        assert newest(place / "numbers") == 7
        assert (place / "file.bin").read_bytes() == b"newer"
        if disk.calls < call:
            return
    raise AssertionError("the last call was not reached")


@pytest.mark.parametrize("forgotten", ["bytes", "folders"])
def test_the_simulated_disk_finds_a_flush_that_is_forgotten(
    tmp_path: Path, library: Path, forgotten: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a flush of the files, or of the folders, some cut leaves what is neither the old nor the new."""
    if forgotten == "folders":
        monkeypatch.setattr(single, "flush_folder", lambda folder: None)
    else:
        monkeypatch.setattr(single, "flush", lambda path: None)
    wrong = []

    def check(place: Path, ended: bool) -> None:
        content = (place / "file.bin").read_bytes()
        wrong.append(content != b"new" if ended else content not in (b"new", b"old" * 5000))

    all_cuts(tmp_path, library, lambda place: write(place, b"new"), check)
    assert any(wrong)
