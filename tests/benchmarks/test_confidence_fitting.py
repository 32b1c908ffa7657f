"""Fitting of confidence: kinds by names, libraries drawn from them, and the resulting thresholds."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.fitting.confidence import Page, report
from benchmarks.fitting.named_kinds import kinds_of, named_kinds, take_of


@pytest.mark.parametrize(
    ("repository", "path", "kinds"),
    [
        ("a/b", "sounds/footsteps/gravel_walk3.ogg", {"footstep"}),
        ("a/b", "sounds/RainHeavy_2.ogg", {"rain"}),
        ("a/b", "effects/glassDoor.wav", {"glass", "door"}),
        ("a/b", "effects/0815.wav", set()),
        ("gveres/donateacry-corpus", "up/1445575b.3gp", {"baby"}),
    ],
)
def test_kinds_are_what_names_and_collections_say(repository: str, path: str, kinds: set[str]) -> None:
    assert kinds_of(repository, path) == kinds


def rows(*names: str) -> list[dict[str, str]]:
    return [{"repo": "a/b", "original_path": name} for name in names]


def test_clips_are_alike_by_kind_and_elsewhere_but_for_takes_of_one_sound() -> None:
    """Clips of no known kind are left out; every kind has the same say."""
    assert take_of("a/b", "x/rain_2.ogg") == take_of("a/b", "x/rain_3.ogg") != take_of("a/b", "y/rain_2.ogg")
    kinds = named_kinds(rows("x/rain_1.ogg", "x/rain_2.ogg", "x/0815.ogg", "y/heavy rain.ogg", "y/bell.ogg"))
    assert kinds.rows.tolist() == [0, 1, 3, 4]
    assert kinds.alike[0].tolist() == [False, False, True, False]
    assert kinds.elsewhere[0].tolist() == [False, False, True, True]
    assert kinds.weights == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1.0])


def test_a_drawn_library_is_the_same_for_the_same_seed_and_has_not_too_many_of_a_kind() -> None:
    words = ["rain", "bell", "door", "dog", "cat", "pig", "cow", "owl"]
    kinds = named_kinds(rows(*(f"{word}/{word} {letter}.ogg" for word in words for letter in "abcdefghij" * 20)))
    places = kinds.library(np.random.default_rng(3))
    assert places.tolist() == kinds.library(np.random.default_rng(3)).tolist()
    assert kinds.at(places).kinds.sum(axis=0).max() <= 120
    assert len(kinds.most(4)) == 4 * len(words)


def test_the_threshold_that_is_most_often_right_is_the_one_that_verdicts_use() -> None:
    """What says whether something is there has most effect at a probability of .4, wherever names would put it."""
    rng = np.random.default_rng(0)
    there = [Page(rng.normal(1.0, 1.0, (10, 1)), rng.random(10) < 0.4) for _ in range(200)]
    gone = [Page(rng.normal(-1.0, 1.0, (10, 1)), np.zeros(10, bool)) for _ in range(200)]
    shares = {
        line.split()[7].rstrip(":"): [float(line.split()[place]) for place in (8, 13)]
        for line in report(there, gone, ("cosine",), alone=True).splitlines()
        if "best probability of a page" in line
    }
    right = {threshold: (high + 1 - low) / 2 for threshold, (high, low) in shares.items()}
    assert max(right, key=lambda one: right[one]) in ("0.30", "0.40", "0.50")
