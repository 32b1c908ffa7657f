"""An index in Milvus follows the catalog through failures, and its filters find what an exact index finds."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

from search import wiring
from search.errors import LibraryError
from search.library.verifying import verify
from search.model import IndexChange, Query, RemoveClip, SegmentPart
from search.vectors import bitmaps
from search.vectors.exact import ExactIndex
from search.vectors.milvus.kept import open_milvus
from tests.search import libraries
from tests.search.catalog_helpers import replayed
from tests.search.libraries import Entry, axis, fill, open_library, settings
from tests.search.vector_helpers import DIM, Written, clumped, plain, recall
from tests.waiting import wait_until

pytestmark = pytest.mark.cluster

SIZE = 5_000
FILTERS = int(os.environ.get("MILVUS_FILTERS", "50"))


def opened(folder):
    return open_milvus(folder / "index", DIM, "cpu")


@pytest.fixture(scope="module")
def large(server, tmp_path_factory):
    """5,000 vectors, published."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MILVUS_URI", server.url)
        index = Written(opened(tmp_path_factory.mktemp("large")))
        index.add(np.arange(1, SIZE + 1), clumped(SIZE, 1))
        index.publish()
    return index


def filters(rng):
    """Sets of ids as libraries have them: folders (runs), days, tags (here and there), what is rare, and mixtures."""
    ids = np.arange(1, SIZE + 1)
    while True:
        runs = np.zeros(SIZE, bool)
        for start in rng.integers(0, SIZE, rng.integers(1, 40)):
            runs[start : start + rng.integers(1, 300)] = True
        scattered = rng.random(SIZE) < rng.choice([0.9, 0.5, 0.1, 0.01, 0.002])
        since = ids > rng.integers(0, SIZE)
        kinds = [runs, scattered, since, runs & scattered, ~runs, runs | scattered, since & scattered]
        yield ids[kinds[rng.integers(len(kinds))]]


def test_what_passes_a_filter_is_found_as_an_exact_index_finds_it(large, at_server):
    """None that does not pass, as many as pass up to those asked for, and the best of them."""
    exact = ExactIndex(DIM)
    exact.add(np.arange(1, SIZE + 1), clumped(SIZE, 1))
    rng = np.random.default_rng(20)
    queries = clumped(4, 2)
    found, truth = [], []
    for _, passing in zip(range(FILTERS), filters(rng), strict=False):
        among = bitmaps.from_ids(passing)
        ids = large.search(queries, 10, among)[1]
        assert np.isin(ids[ids >= 0], passing).all()
        assert ((ids >= 0).sum(axis=1) == min(10, passing.size)).all()
        found.append(ids)
        truth.append(exact.search(queries, 10, among)[1])
    assert recall(np.concatenate(found), np.concatenate(truth)) >= 0.99


def test_a_server_killed_while_it_follows_is_the_catalog_afterwards(server, tmp_path, monkeypatch):
    """Nothing lost, nothing that was deleted, nothing twice; what was published stays what readers have."""
    monkeypatch.setenv("MILVUS_URI", server.url)
    vectors = clumped(3_000, 3)
    index = Written(opened(tmp_path))
    index.add(np.arange(1_000), vectors[:1_000])
    index.publish()
    for start in range(1_000, 3_000, 100):
        index.add(np.arange(start, start + 100), vectors[start : start + 100])
        index.remove(np.arange(start - 50, start - 25))
    begun = threading.Event()

    def since(sequence):
        for change in index.since(sequence):
            yield change
            begun.set()

    failed = []
    publisher = opened(tmp_path)

    def publish():
        try:
            publisher.publish(since, len(index.log))
        except LibraryError as error:
            failed.append(error)

    publishing = threading.Thread(target=publish)
    publishing.start()
    assert begun.wait(120)
    server.kill()
    publishing.join()
    server.start()
    wait_until(lambda: _published(index))
    expected = index.ids()
    again = opened(tmp_path)
    again.follow(index.since)
    assert np.array_equal(again.view.ids(), expected)
    assert np.array_equal(again.view.vectors(expected), vectors[expected])
    assert again.verify() == []


def _published(index):
    try:
        index.publish()
    except LibraryError:
        return False
    return True


_PUBLISHER = """
import os, signal, sys
from pathlib import Path
from search.vectors.milvus import kept
from search.vectors.milvus.collection import MilvusCollection
from tests.search.libraries import open_library

def dying(what, half):
    def dies(self, *given):
        if half:
            what(self, *(one[: len(one) // 2] for one in given))
        else:
            what(self, *given)
        os.kill(os.getpid(), signal.SIGKILL)
    return dies

of, name, half = {
    "half of a batch": (MilvusCollection, "put", True),
    "a batch": (MilvusCollection, "put", False),
    "what was taken away": (MilvusCollection, "take_away", False),
    "its mark": (MilvusCollection, "mark", False),
    "its name": (kept.InMilvus, "_keep", False),
}[sys.argv[2]]
setattr(of, name, dying(getattr(of, name), half))
with open_library(Path(sys.argv[1])) as library, library.writer.lease("one that is killed", 5) as lease:
    library.publisher.publish(library.reader.spaces()[0], lease, always=True)
"""
"""Publishes, and is killed once it has written what its argument says."""


@pytest.mark.parametrize("wrote", ["half of a batch", "a batch", "what was taken away", "its mark", "its name"])
def test_a_publisher_killed_while_it_follows_leaves_what_the_catalog_has(at_server, tmp_path, wrote):
    """Readers answer by the catalog's rows at once, and the next publisher brings the collection there."""
    spots = np.random.default_rng(6).normal(size=(90, 12, libraries.DIM)).astype(np.float32)
    spots /= np.linalg.norm(spots, axis=2, keepdims=True)
    clips = [Entry(f"{at}.wav", vectors.astype(np.float16).astype(np.float32)) for at, vectors in enumerate(spots)]
    wiring.new_library(tmp_path / "library", settings(tmp_path), index="milvus")
    with open_library(tmp_path) as library:
        fill(library, clips[:40])
        fill(library, clips[40:], publish=False)
        with library.writer.lease("test", wait_s=5) as lease:
            library.writer.apply(lease, [RemoveClip(clip_id) for clip_id in range(30, 50)])
    killed = subprocess.run([sys.executable, "-c", _PUBLISHER, tmp_path, wrote], check=False)
    assert killed.returncode == -signal.SIGKILL
    with open_library(tmp_path) as library:
        rows = replayed(library.catalog, library.reader.spaces()[0])
        assert len(rows) == 70 * 12
        _has(library, rows)
        with library.writer.lease("test", wait_s=5) as lease:
            library.publisher.publish(library.reader.spaces()[0], lease, always=True)
        _has(library, rows)
        assert verify(library) == []
        mine = library.view().of()[0].index.base
        assert mine.sequence == library.catalog.sequence()
        assert mine.ids.tolist() == sorted(rows)


def _has(library, rows):
    """Whether an index has the rows of the catalog, and nothing else."""
    library.refresh()
    index = library.view().of()[0].index
    assert index.ids().tolist() == sorted(rows)
    assert np.array_equal(index.vectors(np.asarray(sorted(rows))), np.stack([rows[key] for key in sorted(rows)]))
    query = rows[min(rows)][None].astype(np.float32)
    assert index.search(query, len(rows))[1][0].tolist() == plain(rows, query[0], len(rows))[1].tolist()


def test_a_copy_of_the_folder_gets_a_collection_of_its_own(at_server, tmp_path):
    """Neither finds the other's sounds, whoever publishes first."""
    vectors = clumped(60, 4)
    one = Written(opened(tmp_path / "one"))
    one.add(np.arange(40), vectors[:40])
    one.publish()
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    two = Written(opened(tmp_path / "two"))
    two.log = list(one.log)
    two.remove(np.arange(10))
    two.publish()
    assert (one.search(vectors[:40], 1)[1][:, 0] == np.arange(40)).all()
    one.add(np.arange(40, 50), vectors[40:50])
    one.publish()
    two.add(np.arange(40, 50), vectors[50:60])
    two.publish()
    assert (one.search(vectors[40:50], 1)[1][:, 0] == np.arange(40, 50)).all()
    assert (two.search(vectors[50:60], 1)[1][:, 0] == np.arange(40, 50)).all()
    assert one.index.verify() == two.index.verify() == []


def test_a_collection_that_is_gone_is_told_and_made_anew(at_server, tmp_path):
    from pymilvus import MilvusClient

    vectors = clumped(700, 5)
    index = Written(opened(tmp_path))
    index.add(np.arange(600), vectors[:600])
    index.publish()
    client = MilvusClient(uri=at_server.url)
    for name in client.list_collections():
        if name == index.index.view.base._collection.name:
            client.drop_collection(name)
    with pytest.raises(LibraryError, match="Milvus at"):
        index.search(vectors[:1], 3)
    assert "gone from Milvus" in index.index.verify()[0]
    index.add(np.arange(600, 700), vectors[600:])
    index.publish()
    assert (index.search(vectors[::70], 1)[1][:, 0] == np.arange(700)[::70]).all()


def test_a_library_of_this_kind_is_filled_searched_and_made_anew(at_server, tmp_path):
    with wiring.library(tmp_path / "library", settings(tmp_path), create=True, index="milvus") as library:
        fill(library, [Entry("a.wav", np.stack([axis(0), axis(1)])), Entry("b.wav", np.stack([axis(2)]))])
        hits = library.search(Query((SegmentPart(1),), k=2)).hits
        assert [hit.title for hit in hits] == ["b"], "what is asked for is no hit"
        assert library.view().of()[0].index.base.sequence == library.catalog.sequence()


def test_without_a_server_the_message_says_where_it_was_looked_for(tmp_path, monkeypatch):
    pytest.importorskip("pymilvus", reason="the milvus extra is not installed")
    monkeypatch.setenv("MILVUS_URI", "http://127.0.0.1:9")
    index = opened(tmp_path)
    with pytest.raises(LibraryError, match=r"Milvus at http://127.0.0.1:9: .*MILVUS_URI"):
        index.publish(lambda since: [IndexChange(1, np.arange(3), clumped(3, 1))], 1)
