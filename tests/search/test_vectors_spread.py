"""How a filter's segments spread over the lists: exact for few, estimated from samples for many."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from search.model import Bitmap, Ids
from search.vectors import bitmaps, spread
from search.vectors.spread import Spread

COUNT, FIRST, LISTS = 40_000, 777, 50


class FakeLayers:
    """Lists of ids without vectors, each in as many parts as there are layers."""

    def __init__(self, layers: int, list_of: Ids, strange: Ids | None = None) -> None:
        self._parts = np.array_split(np.arange(list_of.size), layers)
        self._list_of = list_of
        self._strange = np.empty(0, np.int64) if strange is None else strange

    def ids_by_list(self) -> Iterator[tuple[int, Ids]]:
        for part in self._parts:
            for number in range(LISTS):
                members = part[self._list_of[part] == number] + FIRST
                if members.size:
                    yield number, np.concatenate([members, self._strange])


@pytest.fixture
def list_of() -> Ids:
    """Lists of very different sizes, the last one empty."""
    rng = np.random.default_rng(1)
    return rng.choice(LISTS - 1, COUNT, p=(sizes := rng.uniform(0.05, 1.0, LISTS - 1)) / sizes.sum())


def _spread(layers: int, list_of: Ids, strange: Ids | None = None) -> Spread:
    return Spread(FakeLayers(layers, list_of, strange), np.arange(COUNT) + FIRST, LISTS)  # type: ignore[arg-type]


def _bitmap(passing: Ids) -> Bitmap:
    return bitmaps.from_ids(passing + FIRST)


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("passing", [900, 20_000])
def test_what_passes_is_counted(list_of: Ids, layers: int, passing: int) -> None:
    """By ids in all lists, by bytes in some; ids that are not in the index do not count, and an empty list has none."""
    some = np.sort(np.random.default_rng(2).permutation(COUNT)[:passing])
    among = bitmaps.from_ids(np.concatenate([[3, 5], some + FIRST, [COUNT + FIRST + 99]]))
    spreading, truth = _spread(layers, list_of), np.bincount(list_of[some], minlength=LISTS)
    np.testing.assert_array_equal(spreading.counted(among), truth)
    lists = np.asarray([0, 7, 8, LISTS - 1])
    np.testing.assert_array_equal(spreading.counted_in(among, lists), truth[lists])
    np.testing.assert_array_equal(spreading.counted_in(among, lists[-1:]), [0])


@pytest.mark.parametrize("layers", [1, 3])
def test_the_share_of_a_list_is_told_by_a_sample_of_it(
    list_of: Ids, layers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where few bytes of the filter are looked at; of a list in which nothing passes nothing is estimate."""
    monkeypatch.setattr(spread, "BY_IDS_UP_TO", 5_000)
    spreading, chosen = _spread(layers, list_of), np.arange(10, 30)
    passing = np.flatnonzero((list_of % 2 == 0) & (np.random.default_rng(3).random(COUNT) < 0.4))
    truth = np.bincount(list_of[passing], minlength=LISTS)
    estimate = spreading.estimated(_bitmap(passing), passing.size, chosen)
    assert (estimate[1::2] == 0).all()
    sizes = np.bincount(list_of, minlength=LISTS)
    error = np.abs(estimate - truth) / np.maximum(sizes, 1)
    assert error[chosen].max() < 4 * np.sqrt(0.4 * 0.6 / spread.BYTES_OF_CHOSEN), "a sample of 128"
    assert error.max() < 4 * np.sqrt(0.4 * 0.6 / spread.BYTES_OF_LIST), "samples of 16"
    assert np.abs(estimate - truth).sum() / truth.sum() < 0.35


def test_neighbours_in_a_list_share_a_byte(list_of: Ids) -> None:
    """Segments of a clip are numbered one after the other: a byte of the filter speaks of eight of them."""
    together = np.sort(list_of)
    passing = np.flatnonzero(np.random.default_rng(3).random(COUNT) < 0.5)
    counted = _spread(1, together).counted_in(_bitmap(passing), np.arange(LISTS))
    np.testing.assert_array_equal(counted, np.bincount(together[passing], minlength=LISTS))


def test_much_is_told_by_some_of_its_ids(list_of: Ids, monkeypatch: pytest.MonkeyPatch) -> None:
    """Right in the mean."""
    monkeypatch.setattr(spread, "COUNTED_ROWS", 4_000)
    passing = np.flatnonzero(np.random.default_rng(3).random(COUNT) < 0.5)
    estimate = _spread(1, list_of).estimated(_bitmap(passing), passing.size, np.empty(0, np.intp))
    assert (estimate % 5 == 0).all(), "each stands for five"
    assert abs(estimate.sum() / passing.size - 1) < 0.05
    assert np.abs(estimate - np.bincount(list_of[passing], minlength=LISTS)).sum() / passing.size < 0.2


def test_ids_that_a_damaged_file_names_are_passed_over(list_of: Ids) -> None:
    """Far beyond those of the library, and none of it is asked for."""
    strange = np.asarray([1 << 50, 2, 1 << 40])
    spreading = _spread(2, list_of, strange)
    np.testing.assert_array_equal(spreading.sizes, np.bincount(list_of, minlength=LISTS))
    assert (spreading.counted_in(_bitmap(np.arange(COUNT)), np.arange(LISTS)) == spreading.sizes).all()


def test_a_filter_shorter_than_the_library_lets_nothing_pass_beyond_it(
    list_of: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bitmap ends with its last id."""
    every, spreading = np.arange(LISTS), _spread(1, list_of)
    np.testing.assert_array_equal(
        spreading.counted_in(_bitmap(np.arange(100)), every), np.bincount(list_of[:100], minlength=LISTS)
    )
    monkeypatch.setattr(spread, "BY_IDS_UP_TO", 0)
    assert (spreading.estimated(np.zeros(0, np.uint8), 1, every) == 0).all()


def test_no_list_is_overlooked_of_which_most_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where far more passes than is looked up by ids, a list of a thousandth of them has no part in that."""
    monkeypatch.setattr(spread, "COUNTED_ROWS", 100)
    monkeypatch.setattr(spread, "BY_IDS_UP_TO", 800)
    list_of = np.arange(COUNT) // 800
    list_of[np.random.default_rng(4).permutation(COUNT)[:20]] = LISTS - 1
    passing = np.flatnonzero(list_of % 2 == 1)
    estimate = _spread(1, list_of).estimated(_bitmap(passing), passing.size, np.empty(0, np.intp))
    assert (estimate[1::2] > 0).all()


def test_a_filter_that_is_asked_again_is_counted(list_of: Ids, monkeypatch: pytest.MonkeyPatch) -> None:
    """And forgotten for the next; a filter of the same bits that is another array is the same."""
    monkeypatch.setattr(spread, "BY_IDS_UP_TO", 0)
    spreading, none = _spread(2, list_of), np.empty(0, np.intp)
    passing = np.flatnonzero(np.random.default_rng(3).random(COUNT) < 0.5)
    truth = np.bincount(list_of[passing], minlength=LISTS)
    first = spreading.counted_or_estimated(_bitmap(passing), passing.size, none)
    assert (first != truth).any()
    assert spreading.remembered(_bitmap(passing)) is None
    np.testing.assert_array_equal(spreading.counted_or_estimated(_bitmap(passing), passing.size, none), truth)
    np.testing.assert_array_equal(spreading.remembered(_bitmap(passing)), truth)
    assert spreading.remembered(_bitmap(passing[1:])) is None
    np.testing.assert_array_equal(spreading.counted_or_estimated(_bitmap(passing), passing.size, none), truth)
    spreading.counted_or_estimated(_bitmap(passing[1:]), passing.size - 1, none)
    assert spreading.remembered(_bitmap(passing)) is None


def test_a_filter_is_remembered_as_it_was_asked(list_of: Ids) -> None:
    """Whoever owns it may write to it afterwards."""
    spreading, none = _spread(1, list_of), np.empty(0, np.intp)
    among = _bitmap(np.arange(0, COUNT, 2))
    spreading.counted_or_estimated(among, COUNT // 2, none)
    among[:] = 0
    assert spreading.counted_or_estimated(among, 0, none).sum() == 0
