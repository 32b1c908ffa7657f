"""Publishing neighbourhoods writes only what is new, with the same answers as a complete write."""

from __future__ import annotations

import copy
import os
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from search.model import Ids, Scores
from search.vectors import layers
from search.vectors.exact import ExactIndex
from search.vectors.neighbourhoods import layering, stored
from search.vectors.neighbourhoods.graph import Graph, NeighbourSource, updated
from search.vectors.neighbourhoods.lists import NeighbourLists
from search.vectors.neighbourhoods.opened import Neighbourhoods
from search.vectors.neighbourhoods.smoothing import NEIGHBOURS
from tests.search.vector_helpers import DIM, clumped

FIRST, MORE = 1_200, 12
OF_FORMAT_1 = Path(__file__).parents[1] / "data" / "neighbourhoods_format_1.tar.xz"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library of a few segments has layers too."""
    monkeypatch.setattr(layering, "LAYERS_FROM", 100)


def contents_of(ids: Ids) -> Ids:
    """Two segments for each content, ids from 1 on."""
    return np.where(ids >= 0, (ids - 1) // 2, -1)


class Library:
    """Vectors whose neighbourhoods are published in layers, beside the graph and a folder that are kept up whole."""

    def __init__(self, folder: Path) -> None:
        self.layered, self.whole = folder / "layered", folder / "whole"
        self.vectors = clumped(4_000, 1, clumps=60)
        self.ids = np.empty(0, np.int64)
        self.last = self.sequence = 0
        self.graph = Graph.empty()

    def publish(self, come: int = 0, go: Ids | None = None) -> None:
        """So many segments come, and these go."""
        self.sequence += 1
        self.ids = np.append(self.ids, np.arange(self.last + 1, self.last + come + 1))
        self.last += come
        if go is not None:
            self.ids = np.setdiff1d(self.ids, go)
        self.graph, _ = updated(self.graph, self.source)
        layering.update(self.layered, self.sequence, DIM, self.source)
        layering.update(self.whole, self.sequence, DIM, self.source, in_layers=False)

    @property
    def index(self) -> ExactIndex:
        index = ExactIndex(DIM)
        index.add(self.ids, self.vectors[self.ids])
        return index

    @property
    def source(self) -> NeighbourSource:
        return NeighbourSource(self.index, self.ids, contents_of)

    def opened(self, directory: Path) -> stored.StoredNeighbourhoods:
        return stored.read(stored.snapshots(directory).open(self.sequence), DIM)

    def sizes(self) -> list[int]:
        return [layer.ids.size for layer in self.opened(self.layered).lists.layers]

    def scores(self, directory: Path, gone: Ids | None = None) -> Scores:
        """What queries and every segment have in common."""
        near, index = Neighbourhoods(self.opened(directory)), self.index

        def known(ids: Ids) -> np.ndarray:
            return np.isin(ids, self.ids)

        ids = self.ids if gone is None else np.setdiff1d(self.ids, gone)
        vectors = index.vectors(ids)
        queries = clumped(20, 99, clumps=60)
        return np.stack([near.scores(query, ids, vectors @ query, index.vectors, known) for query in queries])

    def check(self) -> None:
        """Lists are those of the graph, scores those of what is written whole, and nothing is damaged."""
        lists = self.opened(self.layered).lists
        np.testing.assert_array_equal(lists.ids, self.ids)
        found = lists.of(self.ids)
        np.testing.assert_array_equal(found.neighbours, self.graph.neighbours)
        np.testing.assert_array_equal(found.similarities, self.graph.similarities)
        np.testing.assert_allclose(self.scores(self.layered), self.scores(self.whole), atol=1e-3)
        self.check_sound()

    def check_sound(self) -> None:
        assert stored.snapshots(self.layered).verify(stored.problems) == []
        assert list(stored.differences(self.opened(self.layered), DIM, self.index)) == []


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """One with a first publication, made once; tests copy it."""
    library = Library(tmp_path_factory.mktemp("published"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(layering, "LAYERS_FROM", 100)
        library.publish(FIRST)
    return library


@pytest.fixture
def library(published: Library, tmp_path: Path) -> Library:
    library = copy.copy(published)
    library.layered = Path(shutil.copytree(published.layered, tmp_path / "layered"))
    library.whole = Path(shutil.copytree(published.whole, tmp_path / "whole"))
    return library


def written(directory: Path, sequence: int) -> tuple[int, int]:
    """The bytes of a publication that are not those of the one before, and all of them."""
    before = {path.stat().st_ino for path in (directory / str(sequence - 1)).iterdir()}
    after = [path.stat() for path in (directory / str(sequence)).iterdir()]
    return sum(one.st_size for one in after if one.st_ino not in before), sum(one.st_size for one in after)


def test_a_publication_writes_what_came_and_lists_that_are_others_now(library: Library) -> None:
    """The vectors of what was there stay the file that they are."""
    library.publish(MORE)
    assert library.sizes() == [FIRST, MORE]
    first, second = (library.layered / str(sequence) for sequence in (1, 2))
    for name in stored.names_of(0, 0):
        assert (first / name).samefile(second / name)
    (changed,) = (layer.changed for layer in library.opened(library.layered).lists.layers[1:])
    assert 0 < changed.size < NEIGHBOURS * MORE * 2
    new, _ = written(library.layered, 2)
    row = NEIGHBOURS * 12
    assert new < MORE * (row + 8 + 2 * DIM) + changed.size * (row + 8 + 4) + 4_000, "heads and manifest are small"
    library.check()


def test_many_publications_answer_as_those_written_whole(library: Library) -> None:
    """What comes and goes between; few layers stay, and the first is written anew once its lists are others."""
    rng = np.random.default_rng(3)
    made = []
    for step in range(14):
        library.publish(MORE if step % 3 else 5, rng.choice(library.ids, 2, replace=False))
        made.append(library.sizes())
        if step % 4 == 3:
            library.check()
    assert max(len(sizes) for sizes in made) > 1
    assert all(len(sizes) <= layers.MOST for sizes in made)
    assert {sizes[0] for sizes in made} > {FIRST}, "it was worn, and written anew"
    library.check()


def test_eight_layers_answer_as_one(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """However unequal; the ninth publication merges the last."""
    monkeypatch.setattr(layers, "SIZE_RATIO", 0)
    monkeypatch.setattr(layering, "WORN_SHARE", 0)
    for _ in range(7):
        library.publish(4)
    assert library.sizes() == [FIRST, *[4] * 7]
    library.check()
    library.publish(4)
    assert library.sizes() == [FIRST, *[4] * 6, 8]
    library.check()


def test_what_goes_alone_writes_the_lists_that_named_it(library: Library) -> None:
    """It is marked as gone; once a fourth is, all is written anew."""
    library.publish(go=np.array([5, 600]))
    assert library.sizes() == [FIRST, 0]
    assert np.load(library.layered / "2" / stored.GONE).tolist() == [5, 600]
    library.check()
    library.publish(go=np.arange(1, 401))
    assert library.sizes() == [FIRST - 401]
    assert not (library.layered / "3" / stored.GONE).exists()
    library.check()


def test_a_neighbour_that_went_since_says_nothing(library: Library) -> None:
    """Until the next publication the others make up the smoothed vector; nothing fails, and no score jumps."""
    library.publish(MORE)
    lists = library.opened(library.layered).lists
    (layer,) = lists.layers[1:]
    gone = lists.of(layer.changed[:1]).neighbours[0, :2]
    before = library.scores(library.layered, gone)
    library.ids = np.setdiff1d(library.ids, gone)
    after = library.scores(library.layered)
    assert np.isfinite(after).all()
    assert np.abs(after - before).max() < 0.2
    named = np.isin(lists.of(library.ids).neighbours, gone).any(axis=1)
    np.testing.assert_allclose(after[:, ~named], before[:, ~named], atol=1e-3)


@pytest.mark.parametrize("name", [stored.IDS, stored.NEAR, stored.SMOOTH])
def test_damage_is_not_handed_on(library: Library, name: str) -> None:
    """A byte that changed on the disk: verify names both snapshots that have it, the next publication heals it."""
    library.publish(MORE)
    path = library.layered / "2" / name
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)[0]
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last ^ 1]))
    said = stored.snapshots(library.layered).verify(stored.problems)
    assert [f"{path.parent.parent / str(sequence)}" in line for sequence, line in zip((2, 1), said, strict=True)] == [
        True,
        True,
    ]
    library.graph = Graph.empty()
    library.publish(MORE)
    assert library.sizes() == [FIRST + 2 * MORE]
    snapshot = stored.snapshots(library.layered).open(3)
    assert list(snapshot.changed()) == stored.problems(snapshot) == []


def test_neighbourhoods_of_format_1_are_one_layer(tmp_path: Path) -> None:
    """As the commit before layers wrote them; the next publication links their files."""
    with tarfile.open(OF_FORMAT_1) as archive:
        archive.extractall(tmp_path, filter="data")
    directory = tmp_path / "neighbourhoods-format-1"
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(400, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = np.concatenate([vectors, vectors[:2]]).astype(np.float16).astype(np.float32)
    index = ExactIndex(16)
    index.add(np.arange(1, 401), vectors[:400])
    assert stored.snapshots(directory).verify(stored.problems) == []
    before = stored.read(stored.snapshots(directory).open(7), 16)
    assert list(stored.differences(before, 16, index)) == []
    index.add(np.arange(401, 403), vectors[400:])
    source = NeighbourSource(index, np.arange(1, 403), contents_of)
    graph, _ = updated(before.lists, source)
    layering.update(directory, 8, 16, source)
    after = stored.read(stored.snapshots(directory).open(8), 16)
    assert after.snapshot.format == 2
    assert [layer.ids.size for layer in after.lists.layers] == [400, 2]
    for name in stored.names_of(0, 0):
        assert (directory / "8" / name).samefile(directory / "7" / name)
    np.testing.assert_array_equal(after.lists.of(graph.ids).neighbours, graph.neighbours)
    assert stored.snapshots(directory).verify(stored.problems) == []
    assert list(stored.differences(after, 16, index)) == []


def test_a_length_that_does_not_follow_from_the_vectors_is_named(library: Library) -> None:
    """It says what the smoothed vector would: whole files, wrong facts."""
    library.publish(MORE)
    opened = library.opened(library.layered)
    first, second = opened.lists.layers
    longer = replace(second, lengths=second.lengths * 2)
    (said,) = stored.differences(
        replace(opened, lists=NeighbourLists([first, longer], opened.lists.gone)), DIM, library.index
    )
    assert "does not match the vectors" in said
