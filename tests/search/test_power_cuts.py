"""If the disk fails while a snapshot or a single file is written, the old or the new one remains, never a part."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from benchmarks.robustness.failing_disk import END, LOSSES, Watched
from search.errors import LibraryUnwritable
from search.model import IndexChange
from search.snapshots import single
from search.snapshots.folders import Snapshots
from search.snapshots.snapshot import Kind, Snapshot
from search.vectors.exact import ExactIndex
from search.vectors.neighbourhoods import layering
from search.vectors.neighbourhoods import stored as near
from search.vectors.neighbourhoods.graph import NeighbourSource
from search.vectors.snapshot import SnapshotIndex, verify
from tests.search.vector_helpers import DIM, clumped, fold

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


def layered(directory: Path) -> SnapshotIndex:
    return SnapshotIndex.open(directory, DIM, device="cpu", compress_from=100, searches=False)


def publish_layer(directory: Path, sequence: int) -> None:
    """300 segments at 1; with each later sequence 30 more, and one that goes."""
    first, last = (1, 301) if sequence == 1 else (241 + 30 * sequence, 271 + 30 * sequence)
    changes = [IndexChange(sequence, np.arange(first, last), clumped(last - first, sequence))]
    if sequence > 1:
        changes.append(IndexChange(sequence, np.array([sequence, first]), None))
    fold(layered(directory), changes, sequence)


def length(sequence: int) -> int:
    return 300 + 28 * (sequence - 1)


def no_links(source: Path, target: Path) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


@pytest.mark.parametrize("links", [True, False], ids=["linked", "copied"])
def test_layers_survive_a_power_cut_at_any_moment(tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that two snapshots have are whole in both, and what comes next goes on from them."""
    library = tmp_path / "library"
    for sequence in (1, 2):
        publish_layer(library, sequence)
    if not links:
        monkeypatch.setattr(os, "link", no_links)

    def check(place: Path, ended: bool) -> None:
        index = layered(place)
        assert index.sequence == 3 if ended else index.sequence in (2, 3)
        assert len(index) == length(index.sequence)
        assert verify(place) == []
        publish_layer(place, index.sequence + 1)
        assert len(layered(place)) == length(index.sequence + 1)
        assert verify(place) == []

    assert all_cuts(tmp_path, library, lambda place: publish_layer(place, 3), check) > 20


def publish_near(directory: Path, sequence: int) -> None:
    """Neighbourhoods of 300 segments at 1; with each later sequence 6 come and one goes."""
    ids = np.setdiff1d(np.arange(1, 295 + 6 * sequence), np.arange(2, sequence + 1))
    index = ExactIndex(DIM)
    index.add(ids, clumped(400, 1)[ids])
    layering.update(
        directory, sequence, DIM, NeighbourSource(index, ids, lambda some: np.where(some >= 0, some // 2, -1))
    )


def near_at(directory: Path) -> int:
    """The sequence of the newest neighbourhoods, all of which are sound."""
    assert near.snapshots(directory).verify(near.problems) == []
    found = near.snapshots(directory).newest(lambda snapshot: near.read(snapshot, DIM))
    assert found is not None
    assert len(found[1].lists) == 300 + 5 * (found[0] - 1)
    return found[0]


def test_neighbourhoods_survive_a_power_cut_at_any_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The layers that two snapshots have are whole in both, and what comes next goes on from them."""
    monkeypatch.setattr(layering, "LAYERS_FROM", 100)
    library = tmp_path / "library"
    for sequence in (1, 2):
        publish_near(library, sequence)

    def check(place: Path, ended: bool) -> None:
        found = near_at(place)
        assert found == 3 if ended else found in (2, 3)
        publish_near(place, found + 1)
        assert near_at(place) == found + 1
        name = near.names_of(0, 0)[3]
        assert (place / str(found + 1) / name).samefile(place / str(found) / name)

    assert all_cuts(tmp_path, library, lambda place: publish_near(place, 3), check) > 20


def test_a_disk_that_refuses_any_call_costs_no_layer(tmp_path: Path) -> None:
    """From whichever call on: what was there stays, and with room again the next publication is whole."""
    for sequence in (1, 2):
        publish_layer(tmp_path / "made", sequence)
    for call in range(1, 80):
        place = Path(shutil.copytree(tmp_path / "made", tmp_path / f"library{call}"))
        disk = Watched(place, refuse=(call, errno.ENOSPC), cutting=False)
        with disk.watching(), suppress(LibraryUnwritable):
            publish_layer(place, 3)
        found = layered(place)
        assert len(found) == length(found.sequence)
        assert verify(place) == []
        publish_layer(place, found.sequence + 1)
        assert len(layered(place)) == length(found.sequence + 1)
        assert verify(place) == []
        if disk.calls < call:
            assert call > 15
            return
    raise AssertionError("the last call was not reached")


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
