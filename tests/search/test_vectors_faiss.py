"""The compressed index against the exact one: when most lists are not visited, with filters of every width."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.index.mapped import resident_of
from search.errors import UsageError
from search.model import Ids, IndexChange, Vectors
from search.vectors import bitmaps, building, files, lists, native, spread
from search.vectors.exact import ExactIndex
from search.vectors.faiss import FaissBase
from search.vectors.gpu import GpuCopy
from search.vectors.snapshot import SnapshotIndex
from tests.amounts import few
from tests.search.vector_helpers import clumped, fold, recall
from tests.waiting import PATIENCE_S

COUNT, WIDE = 60_000, 64
FIRST_ID = 1000


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return clumped(COUNT, 1, WIDE)


@pytest.fixture(scope="module")
def queries() -> Vectors:
    return clumped(100, 2, WIDE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, vectors: Vectors) -> Path:
    """A compressed snapshot of 60,000 segments with ids from 1000 up."""
    directory = tmp_path_factory.mktemp("index")
    index = SnapshotIndex.open(directory, WIDE, device="cpu")
    fold(index, [IndexChange(1, np.arange(COUNT) + FIRST_ID, vectors)], 1)
    return directory


@pytest.fixture
def index(folder: Path) -> SnapshotIndex:
    return SnapshotIndex.open(folder, WIDE, device="cpu")


@pytest.fixture(scope="module")
def oracle(vectors: Vectors) -> ExactIndex:
    exact = ExactIndex(WIDE)
    exact.add(np.arange(COUNT) + FIRST_ID, vectors)
    return exact


@pytest.mark.parametrize("k", few([10, 1000, 1, 100], 2))
def test_recall_holds_for_any_number_of_hits(
    index: SnapshotIndex, oracle: ExactIndex, queries: Vectors, k: int
) -> None:
    """At least .97 of the exact hits, in the exact order, with the exact scores."""
    scores, ids = index.view.search(queries, k)
    truth_scores, truth = oracle.search(queries, k)
    assert recall(ids, truth) >= 0.97
    assert (np.diff(scores, axis=1) <= 0).all()
    for row in range(len(queries)):
        known = dict(zip(truth[row].tolist(), truth_scores[row].tolist(), strict=True))
        both = [
            (known[key], score)
            for key, score in zip(ids[row].tolist(), scores[row].tolist(), strict=True)
            if key in known
        ]
        assert all(expected == score for expected, score in both)


@pytest.mark.parametrize("share", few([0.5, 0.04, 0.001, 0.9, 0.1, 0.01, 0.0001], 3))
@pytest.mark.parametrize("kind", ["scattered", "alike", "unlike"])
def test_recall_holds_through_any_filter(
    index: SnapshotIndex, oracle: ExactIndex, vectors: Vectors, queries: Vectors, share: float, kind: str
) -> None:
    """Whether what passes lies anywhere, or all in one corner of the space, near the queries or far from them."""
    if kind == "scattered":
        passing = np.random.default_rng(1).permutation(COUNT)
    else:
        passing = np.argsort(vectors @ vectors[77] * (-1 if kind == "alike" else 1), kind="stable")
    among = bitmaps.from_ids(np.sort(passing[: round(share * COUNT)]) + FIRST_ID)
    ids = index.view.search(queries, 10, among)[1]
    assert bitmaps.contains(among, ids[ids >= 0]).all()
    assert recall(ids, oracle.search(queries, 10, among)[1]) >= 0.97


def test_lists_are_told_by_samples_as_small_as_those_of_many_millions(
    folder: Path, oracle: ExactIndex, vectors: Vectors, queries: Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What passes lies far from the queries; a list in which most passes has no part in a sample of all that does."""
    for name, rows in (("COUNTED_ROWS", 100), ("BY_IDS_UP_TO", 800), ("BYTES_OF_CHOSEN", 16), ("BYTES_OF_LIST", 8)):
        monkeypatch.setattr(spread, name, rows)
    for name, rows in (("NEAR_ROWS", 3_000), ("PASSING_BEHIND_FILTER", 6_000), ("VISITED_ROWS", 12_000)):
        monkeypatch.setattr(lists, name, rows)
    passing = np.argsort(vectors @ vectors[77], kind="stable")[: COUNT // 2]
    among = bitmaps.from_ids(np.sort(passing) + FIRST_ID)
    index = SnapshotIndex.open(folder, WIDE, device="cpu")
    found, truth = (each.search(queries, 10, among)[1] for each in (index.view, oracle))
    assert recall(found, truth) > 0.95


def test_what_passes_evenly_all_around_the_nearest_is_no_scattered_filter(
    folder: Path, oracle: ExactIndex, vectors: Vectors, queries: Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the segments pass by chance, and none of those near the query: its hits are further away than that."""
    for name, rows in (
        ("EVEN_ROWS", 500),
        ("NEAR_ROWS", 3_000),
        ("PASSING_BEHIND_FILTER", 6_000),
        ("VISITED_ROWS", 12_000),
    ):
        monkeypatch.setattr(lists, name, rows)
    view = SnapshotIndex.open(folder, WIDE, device="cpu").view
    reached = []
    for query in queries[:40]:
        further = np.argsort(vectors @ query, kind="stable")[: round(0.99 * COUNT)]
        passing = np.random.default_rng(1).choice(further, COUNT // 2, replace=False)
        among = bitmaps.from_ids(np.sort(passing) + FIRST_ID)
        found, truth = (each.search(query[None], 10, among)[1] for each in (view, oracle))
        reached.append(recall(found, truth))
    assert np.mean(reached) > 0.95


@pytest.mark.parametrize("share", few([0.5, 0.05, 0.1], 2))
def test_what_passes_by_chance_is_found_in_the_nearest_lists(
    folder: Path, oracle: ExactIndex, queries: Vectors, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fewer segments are looked at than as many as pass may take, and the hits are found all the same."""
    monkeypatch.setattr(lists, "EVEN_ROWS", 6_000)
    view = SnapshotIndex.open(folder, WIDE, device="cpu").view
    among = bitmaps.from_ids(np.sort(np.random.default_rng(1).permutation(COUNT)[: round(share * COUNT)]) + FIRST_ID)
    visited = []
    search = lists.Lists._search

    def watched(self: lists.Lists, turned: Vectors, n: int, some: Ids, *rest: Any) -> Ids:
        visited.append(self._spread.sizes[some[some >= 0]].sum() / len(turned))
        return search(self, turned, n, some, *rest)

    monkeypatch.setattr(lists.Lists, "_search", watched)
    found = view.search(queries, 10, among)[1]
    assert recall(found, oracle.search(queries, 10, among)[1]) >= 0.97
    assert visited[0] < 1.1 * 6_000 * share ** (-1 / 3)
    assert len(visited) == 1


def test_less_effort_finds_less_and_more_finds_no_less(
    folder: Path, index: SnapshotIndex, queries: Vectors, oracle: ExactIndex
) -> None:
    """A twentieth of the effort still finds the nearest ten, and of a hundred most, as many as were asked for."""
    little, twice = (SnapshotIndex.open(folder, WIDE, device="cpu", effort=effort).view for effort in (0.05, 2.0))
    assert recall(little.search(queries, 10)[1], oracle.search(queries, 10)[1]) >= 0.97, "too few are re-ranked"
    truth, found = oracle.search(queries, 100)[1], little.search(queries, 100)[1]
    assert (found >= 0).all()
    usual = recall(index.view.search(queries, 100)[1], truth)
    assert 0.5 < recall(found, truth) < usual <= recall(twice.search(queries, 100)[1], truth)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.95])
def test_recall_holds_with_many_tombstones(folder: Path, vectors: Vectors, queries: Vectors, share: float) -> None:
    """However many segments went since the snapshot: none of them is found, and of the others as many as ever."""
    gone = np.random.default_rng(1).permutation(COUNT)[: round(share * COUNT)] + FIRST_ID
    index, oracle = SnapshotIndex.open(folder, WIDE, device="cpu"), ExactIndex(WIDE)
    oracle.add(np.arange(COUNT) + FIRST_ID, vectors)
    oracle.remove(gone)
    index.replay([IndexChange(2, gone, None)])
    ids = index.view.search(queries, 10)[1]
    assert not np.isin(ids, gone).any()
    assert recall(ids, oracle.search(queries, 10)[1]) >= 0.97


def test_a_batch_finds_what_its_queries_find_alone(index: SnapshotIndex, queries: Vectors) -> None:
    """Batches use several threads, single queries one: the answers are the same."""
    scores, ids = index.view.search(queries, 10)
    for row, query in enumerate(queries[:20]):
        alone_scores, alone = index.view.search(query[None], 10)
        np.testing.assert_array_equal(alone[0], ids[row])
        np.testing.assert_array_equal(alone_scores[0], scores[row])


def test_the_segments_of_a_clip_wake_no_other_thread(
    index: SnapshotIndex, queries: Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads that wait for each other would take the processor from whoever else asks."""
    used: list[int] = []
    monkeypatch.setattr(native, "thread_budget", lambda: 7)
    monkeypatch.setattr(native, "use_threads", used.append)
    index.view.search(queries[:8], 10)
    index.view.search(queries, 10)
    assert used == [1, 7]


def test_the_same_vectors_give_the_same_index(vectors: Vectors, tmp_path: Path) -> None:
    """Building is seeded: two libraries of the same sounds answer alike, to the byte on disk."""
    rows = vectors[:5000].astype(np.float16)
    for name in ("one", "two"):
        building.build(rows, np.arange(5000), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(("dim", "bytes_each"), few([(128, 100), (384, 100), (512, 110), (16, 60)]))
def test_a_segment_takes_few_bytes(tmp_path: Path, dim: int, bytes_each: int) -> None:
    """Index and ids together, without what all segments share (centres, rotation): under 100 at 384 dimensions."""
    count = 6000
    building.build(clumped(count, 1, dim).astype(np.float16), np.arange(count), tmp_path / "index")
    shared = 4 * dim * (dim + building.lists_for(count)) + 20_000
    assert ((tmp_path / "index").stat().st_size - shared) / count + 8 <= bytes_each


class NumpyCopy:
    """Stands where a GPU's copy would: the true nearest rows, no filter."""

    def __init__(self, rows: Vectors) -> None:
        self._rows = rows
        self.asked = 0

    def nearest(self, queries: Vectors, wanted: int) -> Ids:
        self.asked += len(queries)
        return np.argsort(-(queries @ self._rows.T), axis=1)[:, :wanted]


@pytest.mark.parametrize("share", few([1.0, 0.06, 0.9, 0.5], 2))
def test_what_a_copy_cannot_answer_the_lists_do(
    folder: Path, vectors: Vectors, queries: Vectors, oracle: ExactIndex, share: float
) -> None:
    """A filter is laid over the copy's nearest; where that leaves fewer than k, the CPU searches inside the filter."""
    copy = NumpyCopy(vectors)
    base = FaissBase(files.read(files.snapshots(folder).open(1)), copy)
    passing = np.flatnonzero(np.random.default_rng(1).random(COUNT) <= share) + FIRST_ID
    among = None if share == 1.0 else bitmaps.from_ids(passing)
    ids = base.search(queries, 10, among)[1]
    assert copy.asked == len(queries)
    assert (ids >= 0).all()
    assert recall(ids, oracle.search(queries, 10, among)[1]) >= (1.0 if share > 0.4 else 0.97)


def test_the_file_of_ids_is_not_held(folder: Path, queries: Vectors, tmp_path: Path) -> None:
    """Eight bytes a segment: opening reads them all, and searches look at two of them where none is missing."""
    copied = shutil.copytree(folder / "1", tmp_path / "1")
    view = SnapshotIndex.open(tmp_path, WIDE, device="cpu").view
    view.search(queries, 10)
    held = resident_of(str(copied / files.IDS))
    if held is None:
        pytest.skip("this system does not tell what a process holds")
    assert held < COUNT * 8 / 2  # the system reads 64 kB around each look


def _gpus() -> int:
    import faiss

    return int(faiss.get_num_gpus())


@pytest.mark.skipif("_gpus() == 0", reason="FAISS sees no GPU here")
def test_a_gpu_finds_the_true_nearest(folder: Path, queries: Vectors, oracle: ExactIndex) -> None:
    """The read copy on the GPU, through the same door as everything else."""
    index = SnapshotIndex.open(folder, WIDE, device="cuda")
    assert recall(index.view.search(queries, 10)[1], oracle.search(queries, 10)[1]) >= 0.999


@pytest.mark.skipif("_gpus() > 0", reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_named_only_when_it_was_asked_for(folder: Path, vectors: Vectors) -> None:
    """``auto`` goes on with the CPU, ``cuda`` is an error."""
    assert GpuCopy.of(vectors.astype(np.float16), "auto") is None
    with pytest.raises(UsageError, match="sees no GPU"):
        SnapshotIndex.open(folder, WIDE, device="cuda")


BESIDE_TORCH = """
import sys, time
from pathlib import Path
import numpy as np
import torch
from search.vectors.snapshot import SnapshotIndex
from tests.search.vector_helpers import clumped, fold

index = SnapshotIndex.open(Path(sys.argv[1]), 64, device="cpu")
queries = clumped(50, 2, 64)
matrix = torch.ones(300, 300)
for round in range(20):
    torch.mm(matrix, matrix)
    index.view.search(queries, 10)
    index.view.search(queries[:1], 10)
print("done", torch.get_num_threads() >= 1)
"""


@pytest.mark.thorough
@pytest.mark.parametrize("threads", ["4", "1"])
def test_faiss_and_torch_share_a_process(folder: Path, threads: str) -> None:
    """Each brings an OpenMP of its own: taking turns must neither crash nor stall, whatever the number of threads."""
    done = subprocess.run(
        [sys.executable, "-c", BESIDE_TORCH, str(folder)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
        env={"OMP_NUM_THREADS": threads, "PATH": ""},
    )
    assert done.stdout.startswith("done")
