"""How what passes spreads over the lists: for certain where it is little, by samples where it is much."""

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
def test_little_is_counted_for_certain(list_of: Ids, layers: int) -> None:
    """Ids that are not in the index do not count."""
    passing = np.sort(np.random.default_rng(2).permutation(COUNT)[:900])
    among = bitmaps.from_ids(np.concatenate([[3, 5], passing + FIRST, [COUNT + FIRST + 99]]))
    counts, every = _spread(layers, list_of).of(among, bitmaps.count(among))
    assert every == 1
    np.testing.assert_array_equal(counts, np.bincount(list_of[passing], minlength=LISTS))


@pytest.mark.parametrize("layers", [1, 3])
def test_the_share_of_a_list_is_told_by_a_sample_of_it(list_of: Ids, layers: int) -> None:
    """Also where few bytes of the filter are looked at; of a list in which nothing passes nothing is told."""
    spreading = _spread(layers, list_of)
    passing = np.flatnonzero((list_of % 2 == 0) & (np.random.default_rng(3).random(COUNT) < 0.4))
    truth = np.bincount(list_of[passing], minlength=LISTS)
    every, some = spreading.of_lists(_bitmap(passing), None), spreading.of_lists(_bitmap(passing), np.arange(10, 30))
    assert (every[1::2] == 0).all()
    assert (some[1::2] == 0).all()
    sizes = np.bincount(list_of, minlength=LISTS)
    error = np.abs(some - truth[10:30]) / np.maximum(sizes[10:30], 1)
    assert error.max() < 4 * np.sqrt(0.4 * 0.6 / spread.SAMPLED_OF_NEAR_LIST), "a sample of 128"
    assert np.abs(every - truth).sum() / truth.sum() < 0.35, "samples of 16"


def test_much_is_told_by_some_of_its_ids(list_of: Ids, monkeypatch: pytest.MonkeyPatch) -> None:
    """An estimate that says so, right in the mean."""
    monkeypatch.setattr(spread, "SAMPLED_ROWS", 4_000)
    passing = np.flatnonzero(np.random.default_rng(3).random(COUNT) < 0.5)
    counts, every = _spread(1, list_of).of(_bitmap(passing), passing.size)
    assert every > 1
    assert abs(counts.sum() / passing.size - 1) < 0.05
    assert np.abs(counts - np.bincount(list_of[passing], minlength=LISTS)).sum() / passing.size < 0.2


def test_ids_that_a_damaged_file_names_are_passed_over(list_of: Ids) -> None:
    """Far beyond those of the library, and none of it is asked for."""
    strange = np.asarray([1 << 50, 2, 1 << 40])
    spreading = _spread(2, list_of, strange)
    np.testing.assert_array_equal(spreading.sizes, np.bincount(list_of, minlength=LISTS))
    assert (spreading.of_lists(_bitmap(np.arange(COUNT)), None) == spreading.sizes).all()


def test_a_filter_shorter_than_the_library_lets_nothing_pass_beyond_it(list_of: Ids) -> None:
    """A bitmap ends with its last id."""
    passing = _spread(1, list_of).of_lists(_bitmap(np.arange(100)), np.arange(LISTS))
    assert passing.sum() < COUNT / 20
    assert (_spread(1, list_of).of_lists(np.zeros(0, np.uint8), None) == 0).all()
