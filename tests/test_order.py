"""The order in which several processes take the tests."""

from __future__ import annotations

from itertools import groupby

import pytest

from tests import conftest, order
from tests.order import TESTS, arranged, group_of, longest


def test_what_is_shared_decides_the_group():
    assert group_of("page", ["page", "service"]) == 0
    assert group_of("documentation", ["home"]) == group_of("service", ["client"]) == 1
    assert group_of("search", ["kind"]) == group_of("indexer", ["postgresql"]) == 2
    assert group_of("search", ["tmp_path"]) is group_of("", []) is None
    assert group_of("training", []) == 2


@pytest.fixture
def seconds(monkeypatch):
    """The table of long modules, of this test's own making."""
    found = {}
    monkeypatch.setattr(order, "longest", lambda: found)
    return found


@pytest.mark.parametrize("processes", [1, 2, 3, 4, 7])
def test_every_test_is_run_once_and_each_stretch_begins_with_its_group(processes):
    groups = [*[None] * 40, *[0] * 5, *[None] * 30, *[1] * 8, *[2] * 3, *[None] * 34]
    modules = [f"test_{place // 10}.py" for place in range(120)]
    order = arranged(groups, modules, processes)
    assert sorted(order) == list(range(120))
    for group in range(3):
        process = group % processes
        stretch = order[120 * process // processes : 120 * (process + 1) // processes]
        assert {place for place, one in enumerate(groups) if one == group} <= set(stretch)
        if group < processes:
            assert groups[stretch[0]] == group


def test_a_group_that_is_longer_than_a_stretch_goes_on_in_another():
    assert arranged([0, None, 0, 1, 0, None], ["a"] * 6, 3) == [0, 2, 3, 4, 1, 5]


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_behind_the_groups_the_longest_come_first_and_modules_stay_together(seconds, processes):
    """Whatever is left when a process has nothing more to do is short."""
    seconds.update({"c": 9, "e": 30})
    groups, modules = [0] * 6 + [None] * 24, [*"aaaaaa", *"bbbbbb", *"cccccc", *"dddddd", *"eeeeee"]
    order = arranged(groups, modules, processes)
    for process in range(processes):
        stretch = order[30 * process // processes : 30 * (process + 1) // processes]
        rest = [place for place in stretch if groups[place] is None]
        taken = [seconds.get(modules[place], 0) for place in rest]
        assert taken == sorted(taken, reverse=True)
        assert len(list(groupby(rest, key=modules.__getitem__))) == len({modules[place] for place in rest})
    places = [place for place, one in enumerate(order) if modules[one] == "e"]
    assert places == list(range(places[0], places[0] + 6))


def test_tests_that_share_nothing_and_are_short_keep_their_order():
    assert arranged([None, 2, None, 0, None], ["a"] * 5, 2) == [1, 3, 0, 2, 4]
    assert arranged([None] * 5, ["a"] * 5, 3) == list(range(5))


def test_every_module_of_the_table_is_there():
    """Whoever renames one renames it there, too."""
    assert [module for module in longest() if not (TESTS / module).exists()] == []
    assert len(longest()) > 50


def test_what_is_left_out_by_its_marks_has_no_place_in_a_stretch():
    """Stretches are of equal length once it is gone: else half of a group would begin in another process."""
    assert conftest.pytest_collection_modifyitems.pytest_impl["trylast"]
