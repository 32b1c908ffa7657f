"""Retrieval metrics against their definitions and an independent oracle."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from search import evaluation
from search.evaluation import METRICS, Judged, bootstrap, compare, judge, order_by_cosine, relevance, score, summarise


def value(judged: Judged, metric: str) -> np.ndarray:
    return score(judged).values[:, METRICS.index(metric)]


def ceiling(relevant: list[int], metric: str) -> np.ndarray:
    hits = np.zeros((len(relevant), 12), bool)
    return score(Judged(hits, np.array(relevant))).ceilings[:, METRICS.index(metric)]


def textbook(hits: list[bool], relevant: int) -> dict[str, float]:
    """The definitions, one query at a time, as written in any textbook."""
    places = [i + 1 for i, hit in enumerate(hits) if hit]
    top = sum(hits[:10])
    p, r = top / 10, top / relevant
    dcg = sum(1 / np.log2(place + 1) for place in places if place <= 10)
    ideal = sum(1 / np.log2(place + 1) for place in range(1, min(relevant, 10) + 1))
    return {
        "mAP": sum(sum(hits[:place]) / place for place in places) / relevant,
        "P@1": float(bool(hits) and hits[0]),
        "P@10": p,
        "R@10": r,
        "F1@10": 2 * p * r / (p + r) if p + r else 0.0,
        "nDCG@10": dcg / ideal,
        "MRR": 1 / places[0] if places else 0.0,
    }


@st.composite
def rankings(draw: st.DrawFn) -> Judged:
    queries, depth = draw(st.integers(1, 6)), draw(st.integers(0, 40))
    hits = draw(arrays.arrays(bool, (queries, depth)))
    missed = draw(arrays.arrays(np.int64, queries, elements=st.integers(0, 15)))
    return Judged(hits, hits.sum(axis=1) + missed)


@given(rankings())
def test_every_metric_is_its_textbook_definition(judged: Judged) -> None:
    """For any ranking of any depth, also one that misses relevant clips, each value is the plain formula's."""
    scores = score(judged)
    assert scores.skipped == int((judged.relevant == 0).sum())
    for row, query in enumerate(scores.answered):
        expected = textbook(judged.hits[query].tolist(), int(judged.relevant[query]))
        np.testing.assert_allclose(scores.values[row], [expected[name] for name in METRICS], atol=1e-12)


@given(rankings())
def test_values_lie_between_zero_and_their_ceiling(judged: Judged) -> None:
    """No query scores below zero, above one, or above what the number of its relevant clips allows."""
    scores = score(judged)
    assert (scores.values >= 0).all()
    assert (scores.values <= scores.ceilings + 1e-12).all()
    assert (scores.ceilings <= 1).all()


@given(st.integers(1, 60), st.integers(0, 20))
def test_a_perfect_ranking_reaches_every_ceiling(relevant: int, others: int) -> None:
    """With all relevant clips first, every metric equals its ceiling."""
    hits = np.array([[True] * relevant + [False] * others])
    scores = score(Judged(hits, np.array([relevant])))
    np.testing.assert_allclose(scores.values, scores.ceilings, atol=1e-12)


def test_average_precision_and_ndcg_agree_with_scikit_learn() -> None:
    """Over random scores without ties, mAP and nDCG@10 are scikit-learn's."""
    from sklearn.metrics import average_precision_score, ndcg_score  # two seconds, which no other test needs

    rng = np.random.default_rng(0)
    similarity = rng.standard_normal((30, 200))
    wanted = rng.random((30, 200)) < rng.uniform(0.01, 0.5, (30, 1))
    wanted[:, 0] = True
    judged = judge(np.argsort(-similarity, axis=1), wanted)
    theirs = [average_precision_score(w, s) for w, s in zip(wanted, similarity, strict=True)]
    np.testing.assert_allclose(value(judged, "mAP"), theirs, atol=1e-12)
    theirs = [ndcg_score([w], [s], k=10) for w, s in zip(wanted, similarity, strict=True)]
    np.testing.assert_allclose(value(judged, "nDCG@10"), theirs, atol=1e-12)


def test_ceilings_for_32_relevant_clips_are_those_of_the_published_protocol() -> None:
    """A query fold of ESC-50 against the other four has 32 relevant clips: R@10 at most .3125, F1@10 at most .476."""
    assert ceiling([32], "R@10")[0] == 0.3125
    assert ceiling([32], "F1@10")[0] == pytest.approx(20 / 42)
    assert ceiling([3], "P@10")[0] == pytest.approx(0.3)
    assert ceiling([3, 32], "mAP").tolist() == [1.0, 1.0]


def test_clips_of_the_own_group_leave_the_ranking_and_the_rest_moves_up() -> None:
    """A query's own group is neither a hit nor a miss: the clip behind it takes its place."""
    relevant, candidates = relevance([frozenset("a")] * 2 + [frozenset("b"), frozenset("a")], ["1", "1", "2", "3"])
    judged = judge(np.array([[0, 1, 3, 2]]), relevant[:1], candidates[:1])
    assert judged.hits.tolist() == [[True, False, False, False]]
    assert judged.relevant.tolist() == [1]
    assert value(judged, "mAP").tolist() == [1.0]


def test_clips_are_relevant_when_they_share_a_label_and_not_a_group() -> None:
    """Relevance is symmetric, never within a group, and for several labels one in common is enough."""
    labels = [frozenset({"dog", "park"}), frozenset({"dog"}), frozenset({"park"}), frozenset({"dog"}), frozenset()]
    relevant, candidates = relevance(labels, ["1", "1", "2", "3", "4"])
    assert np.flatnonzero(relevant[0]).tolist() == [2, 3]
    assert (relevant == relevant.T).all()
    assert not candidates.diagonal().any()
    assert not relevant[4].any()


def test_queries_without_a_relevant_clip_are_skipped_and_counted() -> None:
    """They change no mean; the number left out is reported."""
    hits = np.array([[True], [False], [False]])
    scores = score(Judged(hits, np.array([1, 0, 1])))
    assert scores.skipped == 1
    assert scores.answered.tolist() == [0, 2]
    assert scores.values[:, 0].tolist() == [1.0, 0.0]
    assert summarise(score(Judged(hits[1:2], np.array([0]))), seed=0) == ()


@given(st.integers(0, 2**32 - 1))
def test_a_metric_does_not_depend_on_how_the_clips_are_numbered(seed: int) -> None:
    """Renumbering the clips, in the ranking and in the judgements alike, changes no value."""
    rng = np.random.default_rng(seed)
    order = np.argsort(rng.random((4, 25)), axis=1)
    wanted, allowed = rng.random((4, 25)) < 0.3, rng.random((4, 25)) < 0.8
    number = rng.permutation(25)
    renamed = np.empty_like(wanted), np.empty_like(allowed)
    renamed[0][:, number], renamed[1][:, number] = wanted, allowed
    before, after = judge(order, wanted, allowed), judge(number[order], *renamed)
    np.testing.assert_array_equal(before.hits, after.hits)
    np.testing.assert_array_equal(score(before).values, score(after).values)


@given(st.integers(0, 2**32 - 1))
def test_moving_a_relevant_clip_up_never_lowers_a_metric(seed: int) -> None:
    """Swapping a miss with the relevant clip behind it improves or keeps every value."""
    rng = np.random.default_rng(seed)
    hits = rng.random((1, 20)) < 0.4
    pairs = np.flatnonzero(~hits[0, :-1] & hits[0, 1:])
    if not len(pairs):
        return
    better = hits.copy()
    better[0, pairs[0]], better[0, pairs[0] + 1] = True, False
    count = np.array([hits.sum()])
    assert (score(Judged(better, count)).values >= score(Judged(hits, count)).values - 1e-12).all()


def test_rankings_that_make_no_sense_are_refused() -> None:
    """A clip ranked twice, an index beyond the clips, and shapes that do not fit each raise with the reason."""
    wanted = np.ones((1, 3), bool)
    with pytest.raises(ValueError, match="twice"):
        judge(np.array([[0, 0]]), wanted)
    with pytest.raises(ValueError, match="there are only 3"):
        judge(np.array([[3]]), wanted)
    with pytest.raises(ValueError, match="do not fit"):
        judge(np.array([[0], [1]]), wanted)
    with pytest.raises(ValueError, match="one shape"):
        judge(np.array([[0]]), wanted, np.ones((1, 4), bool))
    with pytest.raises(ValueError, match="label sets"):
        relevance([frozenset()], [])


def test_a_ranking_that_ended_early_misses_the_rest() -> None:
    """Absent places (-1) are no hits, and relevant clips beyond them count as missed."""
    judged = judge(np.array([[2, -1, -1]]), np.ones((1, 3), bool))
    assert value(judged, "mAP")[0] == pytest.approx(1 / 3)


def test_order_by_cosine_puts_the_nearest_first_and_ties_by_index() -> None:
    """Best first; equal cosines keep the order of the clips."""
    vectors = np.array([[0, 1], [1, 0], [0, 1]], np.float32)
    assert order_by_cosine(vectors[:1], vectors).tolist() == [[0, 2, 1]]


@pytest.mark.thorough
def test_the_interval_covers_the_truth_about_95_times_in_100() -> None:
    """Over 300 samples of 80 queries from a known distribution, the interval holds its mean in 90 to 98 % of them."""
    rng = np.random.default_rng(1)
    truth, covered = 0.3, 0
    for trial in range(300):
        values = rng.beta(0.6, 1.4, (80, 1))  # mean .3, most mass near 0 as average precisions have it
        low, high = bootstrap(values, seed=trial, resamples=1000)
        covered += int(low[0] <= truth <= high[0])
    assert 270 <= covered <= 294


def test_the_same_seed_gives_the_same_interval() -> None:
    """Seeds decide the resamples; blocks of any size draw the same counts of rows."""
    values = np.random.default_rng(2).random((50, 7))
    np.testing.assert_array_equal(bootstrap(values, 5, 1000), bootstrap(values, 5, 1000))
    assert not np.array_equal(bootstrap(values, 5, 1000), bootstrap(values, 6, 1000))


def test_a_paired_difference_is_surer_than_the_two_means() -> None:
    """A little better on every query: the paired interval excludes zero though the two means overlap."""
    rng = np.random.default_rng(3)
    hits = rng.random((100, 200)) < rng.uniform(0.02, 0.8, (100, 1))
    hits[:, -1] = True
    better = hits.copy()
    for row in better:
        miss = int(np.flatnonzero(~row)[0])
        row[miss], row[np.flatnonzero(row)[-1]] = True, False
    counts = hits.sum(axis=1)
    one, two = score(Judged(better, counts)), score(Judged(hits, counts))
    first, second = summarise(one, seed=0)[0], summarise(two, seed=0)[0]
    paired = compare(one, two, seed=0)[0]
    assert paired.low > 0
    assert first.low < second.high
    assert paired.mean == pytest.approx(first.mean - second.mean)


def test_a_paired_difference_needs_the_same_queries() -> None:
    """Scores over other queries are refused."""
    one = score(Judged(np.array([[True], [True]]), np.array([1, 1])))
    other = score(Judged(np.array([[True], [True]]), np.array([1, 0])))
    with pytest.raises(ValueError, match="same queries"):
        compare(one, other, seed=0)


@pytest.mark.thorough
def test_two_thousand_rankings_of_two_thousand_clips_take_seconds() -> None:
    """ESC-50's size: judge, score and interval together stay under five seconds of CPU time."""
    rng = np.random.default_rng(4)
    order = np.argsort(rng.random((2000, 2000), dtype=np.float32), axis=1)
    labels = [frozenset({str(i // 40)}) for i in range(2000)]
    started = time.thread_time()
    relevant, candidates = relevance(labels, [str(i) for i in range(2000)])
    estimates = summarise(score(judge(order, relevant, candidates)), seed=0)
    assert time.thread_time() - started < 5
    assert estimates[0].mean == pytest.approx(39 / 1999, abs=0.006)
    assert len(estimates) == len(METRICS) == len(evaluation.METRICS)


def test_promises_that_are_kept_have_no_calibration_error_and_others_do() -> None:
    rng = np.random.default_rng(3)
    promised = rng.random(200_000)
    kept = evaluation.calibration(promised, rng.random(200_000) < promised)
    assert kept.error < 0.01
    assert sum(each.count for each in kept.bins) == 200_000
    assert evaluation.calibration(promised, rng.random(200_000) < promised**2).error > 0.1


def test_calibration_needs_a_promise() -> None:
    with pytest.raises(ValueError, match="one shape"):
        evaluation.calibration(np.empty(0), np.empty(0, bool))
