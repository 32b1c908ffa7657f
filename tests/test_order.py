"""The order in which several processes take the tests."""

from __future__ import annotations

import pytest

from tests.order import arranged, group_of


def test_what_is_shared_decides_the_group():
    assert group_of("page", ["page", "service"]) == 0
    assert group_of("documentation", ["home"]) == group_of("service", ["client"]) == 1
    assert group_of("search", ["kind"]) == group_of("indexer", ["postgresql"]) == 2
    assert group_of("search", ["tmp_path"]) is group_of("", []) is None


@pytest.mark.parametrize("processes", [1, 2, 3, 4, 7])
def test_every_test_is_run_once_and_each_stretch_begins_with_its_group(processes):
    groups = [*[None] * 40, *[0] * 5, *[None] * 30, *[1] * 8, *[2] * 3, *[None] * 34]
    order = arranged(groups, processes)
    assert sorted(order) == list(range(120))
    for group in range(3):
        process = group % processes
        stretch = order[120 * process // processes : 120 * (process + 1) // processes]
        assert {place for place, one in enumerate(groups) if one == group} <= set(stretch)
        if group < processes:
            assert groups[stretch[0]] == group


def test_a_group_that_is_longer_than_a_stretch_goes_on_in_the_next():
    assert arranged([0, None, 0, 1, 0, None], 3) == [0, 2, 4, 3, 1, 5]


def test_tests_that_share_nothing_keep_their_order():
    assert arranged([None, 2, None, 0, None], 2) == [1, 3, 0, 2, 4]
    assert arranged([None] * 5, 3) == list(range(5))
