"""Our metrics compared with those of ir_measures, which calls trec_eval."""

from __future__ import annotations

import numpy as np
import pytest

from search.evaluation import METRICS, judge, score

ir_measures = pytest.importorskip("ir_measures", reason="ir_measures is not installed (extra dev)")

THEIRS = {"mAP": "AP", "P@1": "P@1", "P@10": "P@10", "R@10": "R@10", "nDCG@10": "nDCG@10", "MRR": "RR"}
"""What trec_eval calls ours. F1@10 is the harmonic mean of two of them."""


def test_every_metric_is_that_of_trec_eval_query_by_query():
    """Rankings of any length, with many, few and no relevant clips found."""
    rng = np.random.default_rng(11)
    queries, clips = 40, 60
    relevant = rng.random((queries, clips)) < rng.uniform(0.02, 0.6, (queries, 1))
    relevant[:, 0] |= ~relevant.any(axis=1)
    order = np.argsort(rng.random((queries, clips)), axis=1)
    for query, depth in enumerate(rng.integers(1, clips + 1, queries)):
        order[query, depth:] = -1
    ours = score(judge(order, relevant)).values

    judged = [
        ir_measures.Qrel(str(query), str(clip), int(relevant[query, clip]))
        for query in range(queries)
        for clip in range(clips)
    ]
    ranked = [
        ir_measures.ScoredDoc(str(query), str(clip), float(clips - place))
        for query in range(queries)
        for place, clip in enumerate(order[query])
        if clip >= 0
    ]
    measures = {ir_measures.parse_measure(name): ours_of for ours_of, name in THEIRS.items()}
    found = ir_measures.iter_calc(list(measures), judged, ranked)
    compared = 0
    for metric in found:
        value = ours[int(metric.query_id), METRICS.index(measures[metric.measure])]
        assert value == pytest.approx(metric.value, abs=1e-6), (metric.query_id, metric.measure)
        compared += 1
    assert compared == queries * len(THEIRS)
    precision, recall = ours[:, METRICS.index("P@10")], ours[:, METRICS.index("R@10")]
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    np.testing.assert_allclose(ours[:, METRICS.index("F1@10")], f1, atol=1e-9)
