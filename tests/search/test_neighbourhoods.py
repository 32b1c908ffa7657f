"""Neighbourhoods: the formulas in simple code, the upkeep of the graph, and their effect on a search."""

from __future__ import annotations

import numpy as np
import pytest

from search import wiring
from search.engine.ranking import rank, rank_each
from search.library import publishing
from search.model import ClipPart, Query, RecommendQuery, RemoveClip, SegmentPart, TextPart
from search.settings import Settings
from search.snapshots.snapshot import MANIFEST
from search.vectors.exact import ExactIndex
from search.vectors.neighbourhoods import stored
from search.vectors.neighbourhoods.graph import HITS, Graph, NeighbourSource, updated
from search.vectors.neighbourhoods.smoothing import CROWD, EXPONENT, FALL, NEIGHBOURS, STRENGTH, blended, smoothed
from tests.search.libraries import DIM, Entry, fill, open_library, spec
from tests.search.vector_helpers import clumped

SEGMENTS_EACH = 3


def contents_of(ids):
    return np.where(ids >= 0, ids // SEGMENTS_EACH, -1)


class Counting:
    """An exact index that counts how many segments were searched for."""

    def __init__(self, vectors):
        self.index, self.all, self.asked = ExactIndex(vectors.shape[1]), vectors, 0

    def hold(self, ids):
        self.index = ExactIndex(self.all.shape[1])
        self.index.add(ids, self.all[ids])
        return NeighbourSource(self, ids, contents_of)

    def search(self, queries, k):
        self.asked += len(queries)
        return self.index.search(queries, k)

    def vectors(self, ids):
        return self.index.vectors(ids)


def plain_neighbours(vectors, ids, one):
    """The ten nearest of other contents, one of each: sort everything, take what is new."""
    found, seen = [], {one // SEGMENTS_EACH}
    for other in sorted(ids.tolist(), key=lambda i: (-np.float32(vectors[one].astype(float) @ vectors[i]), i)):
        if other // SEGMENTS_EACH not in seen:
            seen.add(other // SEGMENTS_EACH)
            found.append(other)
    return found[:NEIGHBOURS]


# --- formulas ---------------------------------------------------------------------------------------------


def test_a_smoothed_vector_is_its_own_plus_its_neighbours_by_their_similarity_cubed():
    vectors = clumped(12, 1)
    similarities = vectors[:1] @ vectors[1:].T
    expected = vectors[0] + sum(max(s, 0) ** EXPONENT * v for s, v in zip(similarities[0], vectors[1:], strict=True))
    row = smoothed(vectors[:1], vectors[np.newaxis, 1:], similarities)[0]
    np.testing.assert_allclose(row, expected / np.linalg.norm(expected), atol=1e-6)
    nothing = smoothed(vectors[:1], np.zeros((1, 2, vectors.shape[1]), np.float32), np.zeros((1, 2), np.float32))
    np.testing.assert_allclose(nothing, vectors[:1], atol=1e-5)


def test_a_score_moves_towards_the_smoothed_one_the_more_the_further_away_and_a_copy_keeps_its_own():
    plain = np.array([1.0, 0.9, 0.5, 0.2, 0.0, -0.3], np.float32)
    scores = blended(plain, np.full(6, 0.7, np.float32), np.zeros(6, np.float32))
    shares = (scores - plain) / (0.7 - plain)
    expected = np.minimum(STRENGTH * (1 - np.clip(plain, 0, 1)) ** FALL, 1)
    np.testing.assert_allclose(shares, expected, atol=1e-5)
    assert scores[0] == 1.0
    assert (np.diff(shares) >= 0).all()
    assert shares[-1] == 1.0, "never beyond the smoothed one"


def test_what_lies_in_a_crowd_loses_part_of_how_dense_it_is_there():
    plain, smooth = np.array([1.0, 0.5, 0.0], np.float32), np.full(3, 0.6, np.float32)
    alone = blended(plain, smooth, np.zeros(3, np.float32))
    crowd = blended(plain, smooth, np.full(3, 0.8, np.float32))
    shares = np.minimum(STRENGTH * (1 - plain) ** FALL, 1)
    np.testing.assert_allclose(alone - crowd, shares * CROWD * 0.8, atol=1e-6)


# --- the graph --------------------------------------------------------------------------------------------


def test_every_segment_lists_the_nearest_of_other_contents_best_first():
    vectors = clumped(300, 2)
    ids = np.arange(300)
    graph, changed = updated(Graph.empty(), Counting(vectors).hold(ids))
    assert changed.all()
    for one in (0, 7, 150, 299):
        assert graph.neighbours[one].tolist() == plain_neighbours(vectors, ids, one)
        near = vectors[graph.neighbours[one]] @ vectors[one]
        np.testing.assert_allclose(graph.similarities[one], near, atol=1e-5)


def test_an_updated_graph_is_the_one_made_from_nothing_but_for_neighbours_with_many_nearer_ones():
    """Whoever is missed has more than `HITS` segments nearer to it than the one that misses it."""
    vectors = clumped(900, 3, clumps=60)
    index = Counting(vectors)
    old, _ = updated(Graph.empty(), index.hold(np.arange(600)))
    ids = np.setdiff1d(np.arange(750), np.arange(90, 150))
    asked = index.asked
    graph, changed = updated(old, index.hold(ids))
    assert index.asked - asked < 600, "not everything is searched for again"
    anew, _ = updated(Graph.empty(), index.hold(ids))
    differs = np.flatnonzero((graph.neighbours != anew.neighbours).any(axis=1))
    assert len(differs) < 0.02 * len(ids)
    for row in differs:
        for missed in np.setdiff1d(anew.neighbours[row], graph.neighbours[row]):
            nearer = vectors[ids] @ vectors[missed] > vectors[ids[row]] @ vectors[missed]
            assert nearer.sum() >= HITS
    places = np.searchsorted(old.ids, ids)
    kept = ids < 600
    same = (graph.neighbours[kept] == old.neighbours[places[kept]]).all(axis=1)
    assert changed[~kept].all()
    assert (changed[kept] >= ~same).all()


def test_an_update_searches_for_what_came_and_for_those_that_lost_a_neighbour():
    vectors = clumped(900, 4, clumps=200)
    index = Counting(vectors)
    old, _ = updated(Graph.empty(), index.hold(np.arange(890)))
    asked = index.asked
    graph, changed = updated(old, index.hold(np.arange(893)))
    assert index.asked - asked == 3
    same, unchanged = updated(graph, index.hold(np.arange(893)))
    assert index.asked - asked == 3
    assert not unchanged.any()
    assert (same.neighbours == graph.neighbours).all()
    lost = (graph.neighbours == 500).any(axis=1)
    _, changed = updated(graph, index.hold(np.delete(np.arange(893), 500)))
    assert np.flatnonzero(changed).tolist() == np.flatnonzero(np.delete(lost, 500)).tolist()


# --- libraries --------------------------------------------------------------------------------------------


def entries(count, seed=5, segments=2, prefix=""):
    rows = clumped(count * segments, seed, DIM, clumps=30).reshape(count, segments, DIM)
    return [Entry(f"{prefix}{n:03d}.wav", rows[n]) for n in range(count)]


def as_set(library, on):
    """The same library with neighbourhoods on or off, freshly opened."""
    from dataclasses import replace

    settings: Settings = replace(library.settings, neighbourhoods=on)
    return wiring.library(library.path, settings, load_encoder=lambda name, _settings: library.encoders.load(name))


def plain_ranking(library, vector):
    """The formulas over every segment of the library, without an index, a graph or a cache."""
    view = library.view().of()[0]
    ids = view.index.ids()
    vectors = view.index.vectors(ids)
    contents = view.columns.place(ids)[0]

    def best(query, own):
        order = np.argsort(-(vectors @ query), kind="stable")
        order = order[contents[order] != own]
        return order[np.sort(np.unique(contents[order], return_index=True)[1])]

    def smooth(query, own):
        rows = best(query, own)
        rows = rows[vectors[rows] @ query < 0.995][:NEIGHBOURS] if own < 0 else rows[:NEIGHBOURS]
        total = query + (np.maximum(vectors[rows] @ query, 0) ** EXPONENT) @ vectors[rows]
        return total / np.linalg.norm(total)

    def density(row):
        return (vectors[best(vectors[row], contents[row])[:NEIGHBOURS]] @ vectors[row]).mean()

    query = smooth(vector, -1)
    rows = best(vector, -1)
    smoothed_rows = np.stack([smooth(vectors[r], contents[r]) for r in rows])
    plain = (vectors[rows] @ vector).astype(np.float32)
    scores = blended(plain, smoothed_rows @ query, np.array([density(r) for r in rows], np.float32))
    order = np.argsort(-scores, kind="stable")
    return contents[rows[order]].tolist(), scores[order]


@pytest.fixture
def library(tmp_path):
    with open_library(tmp_path, spec(can_text=True)) as library:
        fill(library, entries(150), spec(can_text=True))
        yield library


def view_of(library):
    library.refresh()
    return library.view().of()[0]


def test_a_search_ranks_by_the_formulas_over_the_whole_library(library):
    assert len(view_of(library).neighbourhoods) == len(view_of(library).index) == 300
    for vector in clumped(5, 77, DIM, clumps=30):
        expected, scores = plain_ranking(library, vector)
        found = library.engine.rank(vector, 150)
        np.testing.assert_allclose(found.scores, scores, atol=2e-3)
        assert found.content_ids[:10].tolist() == pytest.approx(expected[:10])
        ten = library.engine.rank(vector, 10)
        assert ten.content_ids.tolist() == found.content_ids[:10].tolist(), "however many hits are asked for"


@pytest.mark.parametrize("on", [True, False])
def test_several_vectors_ranked_together_are_ranked_as_one_by_one(library, on):
    with as_set(library, on=on) as opened:
        view = view_of(opened)
        vectors = clumped(4, 78, DIM, clumps=30)
        among = view.columns.bitmap(view.columns.clip_ids % 3 == 0)
        for passing in (None, among):
            for vector, together in zip(vectors, rank_each(view, vectors, 60, passing), strict=True):
                alone = rank(view, vector, 60, passing)
                assert together.content_ids.tolist() == alone.content_ids.tolist()
                np.testing.assert_allclose(together.scores, alone.scores, atol=1e-6)


def test_turned_off_a_search_ranks_by_plain_similarity_alone(library):
    with as_set(library, on=False) as off:
        assert view_of(off).neighbourhoods is None
        vector = clumped(1, 77, DIM, clumps=30)[0]
        found = off.engine.rank(vector, 20)
        scores, _ = off.view().of()[0].index.search(vector[np.newaxis], 300)
        assert found.scores[0] == scores[0, 0]
        np.testing.assert_allclose(
            found.scores, [view_of(off).index.vectors(np.array([i]))[0] @ vector for i in found.segment_ids], atol=1e-6
        )
        assert found.content_ids.tolist() != library.engine.rank(vector, 20).content_ids.tolist()


def test_a_filter_says_what_is_ranked_and_not_how_near_it_is(library):
    view = view_of(library)
    vector = clumped(1, 77, DIM, clumps=30)[0]
    everything = library.engine.rank(vector, 150)
    clips = view.columns.clip_ids % 3 == 0
    found = library.engine.rank(vector, 150, among=view.columns.bitmap(clips))
    passing = view.columns.content_ids[clips]
    assert set(found.content_ids) == set(passing)
    expected = {c: s for c, s in zip(everything.content_ids, everything.scores, strict=True) if c in set(passing)}
    np.testing.assert_allclose(found.scores, [expected[c] for c in found.content_ids], atol=1e-5)


def test_what_came_since_is_found_and_what_went_is_not(library):
    fill(library, entries(20, seed=5, prefix="new"), spec(can_text=True), publish=False)
    with library.writer.lease("test", wait_s=5) as lease:
        library.writer.apply(lease, [RemoveClip(1), RemoveClip(2)])
    view = view_of(library)
    assert len(view.neighbourhoods) == 300
    vector = view.index.vectors(np.array([301]))[0]  # the first segment of the first that came
    found = library.engine.rank(vector, 170)
    assert len(found.content_ids) == 168
    assert 301 in found.segment_ids[:2]
    assert 1 not in found.content_ids
    assert library.search(Query((ClipPart(3),))).hits
    with library.writer.lease("test", wait_s=5) as lease:
        library.publisher.publish(library.spaces.get(), lease, always=True)
    assert len(view_of(library).neighbourhoods) == len(view.index.ids()) == 336


def test_words_segments_and_recommendations_are_ranked_by_them_too(library):
    with as_set(library, on=False) as off:
        for query in (Query((TextPart("band2"),)), Query((SegmentPart(9),)), Query((ClipPart(3), ClipPart(8, -0.5)))):
            on, plain = library.search(query).hits, off.search(query).hits
            assert len(on) == len(plain) == 10
            assert [hit.segment_id for hit in on] != [hit.segment_id for hit in plain]
        liked = RecommendQuery(likes=(ClipPart(3),))
        assert [h.score for h in library.recommend(liked).hits] != [h.score for h in off.recommend(liked).hits]


def test_damaged_neighbourhoods_are_passed_over_and_made_again(library, caplog):
    folder = library.spaces.folder(library.spaces.get()) / publishing.NEIGHBOURHOODS
    (newest,) = folder.iterdir()
    for name in (stored.IDS, stored.SMOOTH, MANIFEST):
        whole = (newest / name).read_bytes()
        (newest / name).write_bytes(whole[:-8])
        with as_set(library, on=True) as reader, as_set(library, on=False) as off:
            assert view_of(reader).neighbourhoods is None
            view_of(reader)
            vector = clumped(1, 77, DIM)[0]
            assert reader.engine.rank(vector, 9).content_ids.tolist() == off.engine.rank(vector, 9).content_ids.tolist()
        assert len(caplog.records) == 1, "told of once"
        caplog.clear()
        (newest / name).write_bytes(whole)
    (newest / stored.SMOOTH).write_bytes(b"")
    fill(library, entries(1, seed=9, prefix="another"), spec(can_text=True))
    assert len(view_of(library).neighbourhoods) == 302


def test_a_library_of_few_clips_has_none(tmp_path):
    with open_library(tmp_path) as library:
        fill(library, entries(60))
        assert view_of(library).neighbourhoods is None


def test_another_process_publishes_them_for_a_larger_library(tmp_path, monkeypatch):
    monkeypatch.setattr(publishing, "ELSEWHERE_FROM", 100)
    monkeypatch.delitem(__import__("sys").modules, "faiss", raising=False)
    with open_library(tmp_path) as library:
        fill(library, entries(150))
        assert len(view_of(library).neighbourhoods) == 300
