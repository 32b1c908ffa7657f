"""A projection trained for ranking: the drawn pairs, and that it learns from them."""

from __future__ import annotations

import numpy as np
import pytest

from search.encoders.contract import unit_rows
from training.ranking import Trial, pairs, trained

CLIPS, EACH = 60, 4


@pytest.fixture
def windows():
    """Recordings that differ in the last axes of 16, which noise in the first ones drowns; (rows, owners, groups)."""
    rng = np.random.default_rng(3)
    owners = np.repeat(np.arange(CLIPS), EACH)
    rows = np.concatenate(
        [3 * rng.standard_normal((CLIPS * EACH, 8)), np.repeat(rng.standard_normal((CLIPS, 8)), EACH, 0)], 1
    )
    return unit_rows(rows.astype(np.float32)), owners, np.arange(CLIPS) % 3


def test_a_pair_is_two_windows_of_one_recording(windows):
    _, owners, groups = windows
    drawn = pairs(owners, groups, 20, hard=False, rng=np.random.default_rng(1))
    assert drawn.shape == (20, 2)
    assert (drawn[:, 0] != drawn[:, 1]).all()
    assert (owners[drawn[:, 0]] == owners[drawn[:, 1]]).all()
    assert len(set(owners[drawn[:, 0]])) == 20


def test_recordings_of_one_window_make_no_pair():
    owners = np.array([0, 1, 1, 2, 3, 3, 3])
    drawn = pairs(owners, np.zeros(4, int), 10, hard=False, rng=np.random.default_rng(1))
    assert set(owners[drawn[:, 0]]) == {1, 3}


def test_hard_negatives_are_of_the_same_repository(windows):
    _, owners, groups = windows
    for seed in range(5):
        drawn = pairs(owners, groups, 20, hard=True, rng=np.random.default_rng(seed))
        assert len(set(groups[owners[drawn[:, 0]]])) == 1


def own_first(rows, owners):
    """The share of rows whose nearest other is of the same recording."""
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -2)
    return (owners[cosines.argmax(1)] == owners).mean()


@pytest.mark.thorough
def test_the_projection_learns_to_tell_recordings_apart_and_repeats(windows):
    rows, owners, groups = windows
    before = own_first(rows, owners)
    matrix = trained(rows, owners, groups, Trial(16, 3000, hard=False), seed=1)
    assert own_first(unit_rows(rows @ matrix), owners) > before + 0.15
    few = Trial(8, 20, hard=True)
    np.testing.assert_array_equal(
        trained(rows, owners, groups, few, seed=1), trained(rows, owners, groups, few, seed=1)
    )
