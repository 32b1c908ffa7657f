"""Reciprocal-rank fusion against the paper's formula."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.engine.fusion import RANK_OFFSET, RankedClips, fuse


def ranked(ids, weight=1.0):
    n = len(ids)
    return RankedClips("list", np.array(ids, np.int64), np.ones(n, np.float32), np.full(n, -1), weight)


def test_a_clip_that_two_lists_find_passes_one_that_only_one_finds_first():
    order = [clip for clip, _ in fuse([ranked([1, 2]), ranked([3, 2])])]
    assert order[0] == 2


def test_first_in_every_list_scores_one():
    assert fuse([ranked([7, 8], 2.0), ranked([7])])[:1] == [(7, pytest.approx(1.0))]


def test_an_unwanted_list_lowers_but_never_brings_in():
    fused = dict(fuse([ranked([1, 2]), ranked([1, 9], -1.0)]))
    assert 9 not in fused
    assert fused[2] > fused[1]


def test_of_two_that_are_as_good_the_earlier_list_has_the_first():
    assert [clip for clip, _ in fuse([ranked([9]), ranked([2])])] == [9, 2]


def test_what_speaks_for_a_clip_counts_in_place_of_its_rank():
    known = replace(ranked([1, 2, 3]), evidence=np.array([0.2, 0.9, 0.5]))
    assert fuse([known]) == [(2, pytest.approx(0.9)), (3, pytest.approx(0.5)), (1, pytest.approx(0.2))]


@given(
    st.lists(
        st.tuples(st.lists(st.integers(1, 30), unique=True, max_size=20), st.sampled_from([-1.0, 0.5, 1.0, 2.0])),
        min_size=1,
        max_size=4,
    )
)
def test_every_score_is_the_papers_sum(lists):
    """score = sum over lists of weight / (60 + rank), scaled by what first place in every wanted list would give."""
    wanted = [(ids, w) for ids, w in lists if w > 0]
    scale = sum(w for _, w in wanted) / (RANK_OFFSET + 1)
    expected = {
        clip: sum(w / (RANK_OFFSET + 1 + ids.index(clip)) for ids, w in lists if clip in ids) / scale
        for ids, _ in wanted
        for clip in ids
    }
    fused = fuse([ranked(ids, w) for ids, w in lists])
    assert dict(fused) == pytest.approx(expected)
    assert [s for _, s in fused] == sorted((s for _, s in fused), reverse=True)
