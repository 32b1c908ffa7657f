"""Publishing vectors writes only what is new, as layers; layers that stay are the same files."""

from __future__ import annotations

import errno
import json
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

from search.model import Ids, IndexChange, Vectors
from search.snapshots.snapshot import MANIFEST
from search.vectors import bitmaps, files, layers, native
from search.vectors.exact import ExactIndex
from search.vectors.layers import Extent
from search.vectors.snapshot import SnapshotIndex, verify
from tests.amounts import few
from tests.search.vector_helpers import clumped, copied, fold, recall

DIM = 32
FIRST, MORE = 6_000, 120
OF_FORMAT_1 = Path(__file__).parents[1] / "data" / "snapshots_format_1.tar.xz"


def opened(directory: Path, *, searches: bool = True) -> SnapshotIndex:
    return SnapshotIndex.open(directory, DIM, device="cpu", compress_from=100, searches=searches)


def stored(directory: Path, sequence: int) -> files.StoredVectors:
    return files.read(files.snapshots(directory).open(sequence))


def sizes(directory: Path, sequence: int) -> list[int]:
    return [layer.ids.size for layer in stored(directory, sequence).layers]


def inodes(directory: Path, sequence: int) -> dict[str, int]:
    folder = directory / str(sequence)
    return {name: (folder / name).stat().st_ino for name in stored(directory, sequence).snapshot.files}


class Library:
    """An index that is published again and again, and what it must be equal to."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.oracle = ExactIndex(DIM)
        self.sequence = 0
        self.last = 0

    def come(self, count: int) -> Ids:
        """Publish so many new segments; their ids."""
        ids = np.arange(self.last + 1, self.last + count + 1)
        self.last += count
        self.change(ids, clumped(count, self.sequence + 1))
        return ids

    def change(self, ids: Ids, vectors: Vectors | None) -> None:
        self.sequence += 1
        if vectors is None:
            self.oracle.remove(ids)
        else:
            self.oracle.add(ids, vectors)
        fold(opened(self.directory, searches=False), [IndexChange(self.sequence, ids, vectors)], self.sequence)

    def check(self) -> None:
        """What is found is what the exact index finds, behind every filter; nothing is damaged."""
        index, queries = opened(self.directory).view, clumped(60, 99)
        np.testing.assert_array_equal(index.ids(), self.oracle.ids())
        some = self.oracle.ids()[::37]
        np.testing.assert_array_equal(index.vectors(some), self.oracle.vectors(some))
        rng = np.random.default_rng(1)
        every = np.arange(self.last + 1)
        for share in (1.0, 0.5, 0.1, 0.01, 0.001):
            among = None if share == 1.0 else bitmaps.from_ids(every[rng.random(every.size) < share])
            found, truth = index.search(queries, 10, among)[1], self.oracle.search(queries, 10, among)[1]
            assert np.isin(found, self.oracle.ids()[:, np.newaxis]).sum() == (found >= 0).sum()
            assert recall(found, truth) >= 0.97, share
        assert verify(self.directory) == []


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder after a first publication, made once: centres are trained for it, which takes longer than any test."""
    library = Library(tmp_path_factory.mktemp("first") / "index")
    library.come(FIRST)
    return library.directory


@pytest.fixture
def library(first: Path, tmp_path: Path) -> Library:
    """The library that was published so, in a copy of that folder."""
    library = Library(copied(first, tmp_path / "index"))
    library.last, library.sequence = FIRST, 1
    library.oracle.add(np.arange(1, FIRST + 1), clumped(FIRST, 1))
    return library


def test_a_publication_writes_what_came_and_links_the_rest(library: Library) -> None:
    """Of two hundredths more two hundredths of the bytes are written; the other files are the same on the disk."""
    library.come(MORE)
    assert sizes(library.directory, 2) == [FIRST, MORE]
    before, after = inodes(library.directory, 1), inodes(library.directory, 2)
    assert {name: after[name] for name in before} == before
    folder = library.directory / "2"
    written = sum((folder / name).stat().st_size for name in after.keys() - before.keys())
    assert written < 0.05 * sum((folder / name).stat().st_size for name in after)
    library.check()


def test_many_publications_keep_few_layers_and_find_the_same(library: Library) -> None:
    """At most eight, each more than twice the next; what goes between is found no more."""
    rng = np.random.default_rng(3)
    written = 0
    for step in range(25):
        library.come(MORE if step % 3 else 7)
        library.change(rng.choice(library.oracle.ids(), 5, replace=False), None)
        written += sizes(library.directory, library.sequence - 1)[-1]
    found = sizes(library.directory, library.sequence)
    assert 1 < len(found) <= layers.MOST
    assert found[0] == FIRST, "the large one was written once"
    assert written < 5 * (library.last - FIRST), "what came was written again and again"
    library.check()


def test_eight_layers_find_what_one_does(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """However unequal: the ninth publication merges the last ones."""
    monkeypatch.setattr(layers, "SIZE_RATIO", 0)
    for _ in range(7):
        library.come(40)
    assert sizes(library.directory, library.sequence) == [FIRST, *[40] * 7]
    library.check()
    library.come(40)
    assert sizes(library.directory, library.sequence) == [FIRST, *[40] * 6, 80]
    library.check()


def test_what_went_is_neither_found_nor_kept_for_ever(library: Library) -> None:
    """It is marked, until a fourth of its layer is gone; then that is written anew, without it."""
    library.come(MORE)
    library.change(np.arange(1, 501), None)
    assert sizes(library.directory, 3) == [FIRST, MORE]
    assert (library.directory / "3" / files.GONE).exists()
    library.check()
    library.change(np.arange(501, 2001), None)
    assert sizes(library.directory, 4) == [FIRST + MORE - 2000]
    assert not (library.directory / "4" / files.GONE).exists()
    library.check()


def test_a_layer_that_is_gone_altogether_leaves_none(library: Library) -> None:
    """And an empty publication writes nothing but the manifest."""
    came = library.come(MORE)
    library.change(came, None)
    assert sizes(library.directory, 3) in ([FIRST], [FIRST, 0])
    library.check()
    library.change(np.empty(0, np.int64), None)
    library.check()
    library.come(MORE)
    library.check()


def test_another_vector_for_a_segment_is_in_one_layer_only(library: Library) -> None:
    """Which the catalog never asks for: the layer that had it is written anew, and those after it with it."""
    library.come(MORE)
    library.change(np.array([7, FIRST + 3]), clumped(2, 77))
    assert sizes(library.directory, 3) == [FIRST + MORE]
    library.check()
    library.change(np.array([9, 10]), None)
    library.change(np.array([9]), clumped(1, 78))
    library.check()


def test_a_library_that_doubled_is_trained_anew_and_is_one_layer(library: Library) -> None:
    """The centres fit what is there."""
    for _ in range(3):
        library.come(2_500)
    facts = stored(library.directory, library.sequence).facts
    assert facts.trained_count > FIRST
    assert facts.layers[0] == facts.trained_count
    library.check()


def test_merged_lists_are_those_that_one_publication_writes(tmp_path: Path) -> None:
    """Each segment is in the same list, and the answers are the same: nothing is lost by merging."""
    whole, cut = Library(tmp_path / "whole"), Library(tmp_path / "cut")
    for one in (whole, cut):
        one.come(1_000)
    vectors = clumped(600, 55)
    ids = np.arange(1_001, 1_601)
    whole.change(ids, vectors)
    for start in range(0, 600, 200):
        cut.change(ids[start : start + 200], vectors[start : start + 200])
    queries = clumped(20, 7)
    for left, right in zip(
        opened(whole.directory).view.search(queries, 50), opened(cut.directory).view.search(queries, 50), strict=True
    ):
        np.testing.assert_array_equal(left, right)
    assert _lists(whole) == _lists(cut)


def _lists(library: Library) -> dict[int, int]:
    """The list of each segment, whichever layer it is in."""
    found: dict[int, int] = {}
    for layer in stored(library.directory, library.sequence).layers:
        for number, ids in native.ids_by_list(native.read(layer.compressed, mapped=True)):
            found |= dict.fromkeys(ids.tolist(), number)
    return found


def test_a_snapshot_of_format_1_is_one_layer(tmp_path: Path) -> None:
    """As the commit before layers wrote it; the next publication links its files."""
    with tarfile.open(OF_FORMAT_1) as archive:
        archive.extractall(tmp_path, filter="data")
    directory = tmp_path / "snapshots-format-1"
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(400, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = SnapshotIndex.open(directory, 16, device="cpu", compress_from=100)
    assert (index.sequence, len(index)) == (7, 398)
    found = index.view.search(vectors[:50], 1)[1][:, 0]
    kept = np.isin(np.arange(1, 51), (3, 9), invert=True)
    np.testing.assert_array_equal(found[kept], np.arange(1, 51)[kept])
    assert verify(directory) == []
    fold(index, [IndexChange(8, np.arange(401, 431), vectors[:30])], 8)
    assert (directory / "8" / files.COMPRESSED).samefile(directory / "7" / files.COMPRESSED)
    manifest = json.loads((directory / "8" / MANIFEST).read_bytes())
    assert (manifest["format"], manifest["layers"], manifest["trained_count"]) == (files.KIND.format, [398, 30], 400)
    assert len(SnapshotIndex.open(directory, 16, device="cpu", compress_from=100)) == 428
    assert verify(directory) == []


@pytest.mark.parametrize("harm", ["a byte", "cut short", "gone"])
@pytest.mark.parametrize("name", few([files.SIDECAR, files.IDS, files.COMPRESSED]))
def test_damage_to_a_file_of_two_snapshots_is_told_of_both(library: Library, name: str, harm: str) -> None:
    """Verify names each; what is seen when it is opened is passed over, and the next publication heals that."""
    library.come(MORE)
    path = library.directory / "2" / name
    if harm == "gone":
        path.unlink()
        (library.directory / "1" / name).unlink()
    elif harm == "cut short":
        os.truncate(path, path.stat().st_size - 1)
    else:
        with path.open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            last = file.read(1)[0]
            file.seek(-1, os.SEEK_END)
            file.write(bytes([last ^ 1]))
    for sequence, line in zip((2, 1), verify(library.directory), strict=True):
        assert str(library.directory / str(sequence)) in line
    index = opened(library.directory)
    if harm == "a byte" and name != files.IDS:
        assert index.sequence == 2
        return
    assert (index.sequence, len(index)) == (0, 0)
    fold(index, [IndexChange(3, np.arange(1, 301), clumped(300, 1))], 3)
    assert [line for line in verify(library.directory) if "/3:" in line or "/3 " in line] == []
    assert len(opened(library.directory)) == 300


@pytest.mark.parametrize("field", ["layers", "count"])
def test_a_manifest_that_does_not_fit_its_layers_is_damaged(library: Library, field: str) -> None:
    """Rows and counts are compared with the files."""
    library.come(MORE)
    path = library.directory / "2" / MANIFEST
    manifest = json.loads(path.read_bytes())
    manifest[field] = {"layers": [MORE, FIRST], "count": FIRST}[field]
    path.write_text(json.dumps(manifest))
    assert opened(library.directory).sequence == 1


def test_where_there_are_no_links_files_are_copied(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a file system of another kind: the snapshot is the same."""

    def no_links(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(os, "link", no_links)
    library.come(MORE)
    before, after = inodes(library.directory, 1), inodes(library.directory, 2)
    assert not set(before.values()) & set(after.values())
    library.check()


def test_layers_go_with_the_last_snapshot_that_has_them(library: Library) -> None:
    """A reader that opened one goes on reading it."""
    reader = opened(library.directory).view
    for _ in range(4):
        library.come(MORE)
    assert sorted(entry.name for entry in library.directory.iterdir()) == ["4", "5"]
    assert reader.search(library.oracle.vectors(np.arange(1, 6)), 1)[1].tolist() == [[1], [2], [3], [4], [5]]


def test_which_layers_stay() -> None:
    """Small ones are merged, large ones stay; at most eight; what is damaged by changes takes those after it along."""
    halves = [Extent(2 * 3**n, 0, 10_000 - 3**n) for n in range(8, 0, -1)]
    none, one = np.empty(0, np.int64), np.array([20_000])
    assert layers.unchanged_layers(halves, none) == 8
    assert layers.unchanged_layers(halves, one) == 7
    assert layers.unchanged_layers(halves[:4], one) == 4
    assert layers.unchanged_layers([*halves[:2], Extent(100, 26, 9_999), Extent(10, 0, 10_009)], none) == 2
    assert layers.unchanged_layers(halves[:4], np.array([10_000 - 3**8])) == 0
