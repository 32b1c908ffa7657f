"""Measuring a recording of hours needs no more memory than the facts that are kept of it."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from search.analysis.facts import envelope
from search.analysis.facts.envelope import STEP_S, Course, course, silences

RNG = np.random.default_rng(3)


def rising_and_falling(steps: int, top: int) -> np.ndarray:
    at = np.arange(steps)
    wave = np.where(at < top, 60 + 180 * at / max(top, 1), 240 - 200 * (at - top) / max(steps - top, 1))
    return np.clip(wave + RNG.normal(0, 4, steps), 0, 255).astype(np.uint8)


def test_the_course_of_hours_is_found_in_little_memory() -> None:
    """Three hours are two million steps of a byte; their powers at once took 30 MB."""
    levels = rising_and_falling(round(3 * 3600 / STEP_S), 1_000_000)
    tracemalloc.start()
    found = course(levels, STEP_S)
    _, peak_bytes = tracemalloc.get_traced_memory()
    silences(levels, STEP_S)
    tracemalloc.stop()
    assert found.attack_s == pytest.approx(900, rel=0.5)
    assert peak_bytes < 10e6


@pytest.mark.parametrize("steps", [1, 2, 3, 64, 65, 1000])
@pytest.mark.parametrize("top", [0, 1, 40, 999])
def test_a_course_does_not_depend_on_how_much_is_smoothed_at_once(
    monkeypatch: pytest.MonkeyPatch, steps: int, top: int
) -> None:
    levels = rising_and_falling(steps, min(top, steps - 1))
    whole = course(levels, STEP_S)
    for at_once in (1, 7, 64):
        monkeypatch.setattr(envelope, "_AT_ONCE", at_once)
        assert course(levels, STEP_S) == whole


def test_a_sound_that_stays_as_loud_neither_rises_nor_falls() -> None:
    assert course(np.full(1000, 200, np.uint8), STEP_S) == Course(0.0, None, 1)
