"""Snapshots, deltas, tombstones: in any order of events, a search sees one state of the catalog."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from search.errors import LibraryError
from search.model import IndexChange, Vectors
from search.vectors import bitmaps, files
from search.vectors.snapshot import SnapshotIndex
from tests.search.vector_helpers import clumped, fold, plain
from tests.waiting import wait_until

SMALL_DIM = 8
POOL = clumped(12, 5, SMALL_DIM)
"""Few vectors for many ids, so that equal scores are the rule."""

ID_SETS = st.sets(st.integers(0, 40), min_size=1, max_size=12)


class CatalogAndTwoIndexes(RuleBasedStateMachine):
    """A catalog (a list of changes), the writer's index and a reader's, over one folder; compared with a plain dict."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.log: list[IndexChange] = []
        # compressed from 15 segments on, so that snapshots of both kinds follow each other
        self.writer = self.opened()
        self.reader = self.opened()

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def opened(self) -> SnapshotIndex:
        return SnapshotIndex.open(self.folder, SMALL_DIM, device="cpu", compress_from=15)

    def tail(self, since: int) -> Iterator[IndexChange]:
        return (change for change in self.log if change.sequence > since)

    def held(self, sequence: int) -> dict[int, Vectors]:
        """What the catalog held at ``sequence``."""
        held: dict[int, Vectors] = {}
        for change in self.log[:sequence]:
            for place, segment_id in enumerate(change.segment_ids.tolist()):
                held.pop(segment_id, None)
                if change.vectors is not None:
                    held[segment_id] = change.vectors[place]
        return held

    @rule(ids=ID_SETS, first=st.integers(0, len(POOL) - 1))
    def add_or_replace(self, ids: set[int], first: int) -> None:
        rows = POOL[(first + np.arange(len(ids))) % len(POOL)]
        self.log.append(IndexChange(len(self.log) + 1, np.asarray(list(ids)), rows))

    @rule(ids=ID_SETS)
    def remove(self, ids: set[int]) -> None:
        self.log.append(IndexChange(len(self.log) + 1, np.asarray(list(ids)), None))

    @rule()
    def reader_replays(self) -> None:
        self.reader.replay(self.tail(self.reader.sequence))
        assert self.reader.sequence == len(self.log)

    @rule()
    def reader_refreshes(self) -> None:
        before = self.reader.sequence
        self.reader.refresh()
        assert self.reader.sequence >= before

    @rule()
    def reader_opens_again(self) -> None:
        self.reader = self.opened()

    @rule()
    def writer_replays(self) -> None:
        self.writer.replay(self.tail(self.writer.sequence))

    @rule()
    def writer_folds(self) -> None:
        fold(self.writer, self.tail(self.writer.sequence), len(self.log))
        assert self.writer.sequence == len(self.log)
        assert self.writer.pending == 0
        assert self.opened().sequence == len(self.log)

    @rule(at=st.integers(0, 3))
    def writer_folds_up_to_an_earlier_sequence(self, at: int) -> None:
        """The catalog may move on while a snapshot is written: what is beyond its sequence stays out of it."""
        sequence = max(self.writer.sequence, len(self.log) - at)
        fold(self.writer, self.tail(self.writer.sequence), sequence)
        assert self.writer.sequence == sequence

    @invariant()
    def both_find_what_the_catalog_held(self) -> None:
        for index in (self.writer, self.reader):
            held = self.held(index.sequence)
            assert len(index) == len(held)
            assert index.view.ids().tolist() == sorted(held)
            odd = {key: row for key, row in held.items() if key % 2}
            for among, expected in ((None, held), (bitmaps.from_ids(np.arange(1, 60, 2)), odd)):
                scores, ids = index.view.search(POOL[:1], 7, among)
                expected_scores, expected_ids = plain(expected, POOL[0], 7)
                np.testing.assert_array_equal(ids[0], expected_ids)
                np.testing.assert_array_equal(scores[0], expected_scores)
            if held:
                keys = np.asarray(list(held))
                np.testing.assert_array_equal(index.view.vectors(keys), np.stack(list(held.values())))


CatalogAndTwoIndexes.TestCase.settings = settings(max_examples=40, stateful_step_count=25)
TestCatalogAndTwoIndexes = CatalogAndTwoIndexes.TestCase


def test_an_empty_folder_is_an_empty_index_at_sequence_0(tmp_path: Path) -> None:
    """Opening needs no snapshot, nor even the folder."""
    index = SnapshotIndex.open(tmp_path / "not there", SMALL_DIM)
    assert (index.sequence, len(index), index.pending) == (0, 0, 0)
    assert not index.refresh()


def test_a_published_snapshot_does_not_change(tmp_path: Path) -> None:
    """The same sequence again is no work; one that is older than the index is refused."""
    index = SnapshotIndex.open(tmp_path, SMALL_DIM)
    fold(index, [IndexChange(1, np.arange(5), POOL[:5])], 1)
    written = (tmp_path / "1").stat().st_ino
    fold(index, [], 1)
    assert (tmp_path / "1").stat().st_ino == written
    fold(index, [IndexChange(2, np.arange(6), POOL[:6])], 2)
    with pytest.raises(LibraryError, match="older"):
        fold(index, [], 1)
    assert len(SnapshotIndex.open(tmp_path, SMALL_DIM)) == 6


def test_the_last_two_snapshots_stay(tmp_path: Path) -> None:
    """Older ones go, and an index that has one of those open still answers."""
    writer = SnapshotIndex.open(tmp_path, SMALL_DIM, compress_from=1)
    fold(writer, [IndexChange(1, np.arange(12), POOL)], 1)
    late = SnapshotIndex.open(tmp_path, SMALL_DIM)
    for sequence in (2, 3, 4):
        fold(writer, [IndexChange(sequence, np.asarray([sequence]), None)], sequence)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["3", "4"]
    assert late.view.search(POOL[:1], 12)[1].min() == 0
    np.testing.assert_array_equal(late.view.vectors(np.arange(12)), POOL)
    assert late.refresh()
    assert (late.sequence, len(late)) == (4, 9)


def test_changes_newer_than_a_snapshot_outlive_a_refresh(tmp_path: Path) -> None:
    """A reader that is ahead of the writer takes the snapshot and keeps what it lacks: additions and removals."""
    log = [IndexChange(1, np.arange(8), POOL[:8]), IndexChange(2, np.asarray([3]), None)]
    log += [IndexChange(3, np.asarray([20]), POOL[:1]), IndexChange(4, np.asarray([0]), POOL[9:10])]
    reader = SnapshotIndex.open(tmp_path, SMALL_DIM)
    reader.replay(log)
    fold(SnapshotIndex.open(tmp_path, SMALL_DIM), log[:1], 1)
    assert reader.refresh()
    assert (reader.sequence, reader.pending) == (4, 3)
    assert reader.view.ids().tolist() == [0, 1, 2, 4, 5, 6, 7, 20]
    np.testing.assert_array_equal(reader.view.vectors(np.asarray([0])), POOL[9:10])


def test_a_compressed_snapshot_grows_from_the_one_before_it(tmp_path: Path) -> None:
    """Without training while it is less than twice the size it was trained for; trained anew beyond; equal answers."""
    vectors = clumped(9000, 3)
    index = SnapshotIndex.open(tmp_path, vectors.shape[1], device="cpu", compress_from=1000)
    trained = []
    for sequence, stop in enumerate((4000, 5000, 9000), start=1):
        start = len(index)
        fold(index, [IndexChange(sequence, np.arange(start, stop), vectors[start:stop])], sequence)
        trained.append(files.read(files.snapshots(tmp_path).open(sequence)).facts.trained_count)
        assert (index.view.search(vectors[:stop:7], 1)[1][:, 0] == np.arange(stop)[::7]).all()
    assert trained == [4000, 4000, 9000]


def test_searches_in_other_threads_go_on_undisturbed(tmp_path: Path) -> None:
    """While one thread adds, replaces, removes, folds and refreshes, each search sees one whole state.

    Ids come and go in pairs with the same vector: an answer that holds one of a pair without the other is torn.
    """
    pairs = 400
    vectors = np.repeat(clumped(pairs, 3), 2, axis=0)
    index = SnapshotIndex.open(tmp_path, vectors.shape[1], device="cpu", compress_from=300)
    fold(index, [IndexChange(1, np.arange(2 * pairs), vectors)], 1)
    stop, torn, searched = threading.Event(), [], []

    def search() -> None:
        while not stop.is_set():
            ids = index.view.search(vectors[:2], 2 * pairs)[1]
            for row in ids:
                present = np.sort(row[row >= 0])
                if present.size % 2 or (present[::2] + 1 != present[1::2]).any() or (present[::2] % 2).any():
                    torn.append(present)
            searched.append(len(ids))

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    rng = np.random.default_rng(0)
    for sequence in range(2, 40):
        some = 2 * rng.choice(pairs, 50, replace=False)
        both = np.concatenate([some, some + 1])
        change = IndexChange(sequence, both, None if sequence % 2 else vectors[both])
        if sequence % 5:
            index.replay([change])
        else:
            fold(index, [change], sequence)
        before = len(searched)
        wait_until(lambda before=before: len(searched) > before)
    stop.set()
    for thread in threads:
        thread.join()
    assert not torn
