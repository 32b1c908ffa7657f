"""Windows are compared only over the length of a short hum."""

from __future__ import annotations

import numpy as np
import pytest

from search.analysis.melody.beginnings import closest, distances
from search.analysis.melody.contours import (
    VECTOR_DIM,
    WINDOW_POINTS,
    contour_of_curve,
    contour_of_notes,
    pitches_of,
    windows_of,
    windows_of_hum,
)
from search.vectors.exact import ExactIndex
from tests.search.melodies import curve_of, tune

TUNES, SLOW = 40, 0.6


@pytest.fixture(scope="module")
def index():
    """The windows of forty tunes; those of tune n have the ids from 1,000 n on."""
    found = ExactIndex(VECTOR_DIM)
    for number in range(TUNES):
        _, vectors = windows_of(contour_of_notes(tune(number)))
        found.add(np.arange(len(vectors)) + 1000 * number, vectors)
    return found


def hum(number):
    """Three seconds of a tune, so slowly that they fill three fifths of a window."""
    notes = tune(number)
    return windows_of_hum(contour_of_curve(curve_of(notes, 0.0, 3.0, SLOW, 3.0)), (SLOW,))


def test_a_hum_says_how_far_its_windows_reach():
    """Of a window of three seconds a slow hum of three has three fifths, less where it starts later."""
    windows = hum(0)
    assert windows.points[0] == pytest.approx(SLOW * WINDOW_POINTS, abs=2)
    assert np.all(np.diff(windows.points) < 0)


def test_semitones_come_back_from_vectors():
    """A vector is its pitches less their mean, at another scale."""
    contour = contour_of_notes(tune(3))
    _, vectors = windows_of(contour)
    pitches = pitches_of(vectors)
    assert pitches.mean(axis=1) == pytest.approx(0.0, abs=1e-4)
    assert pitches[0, 0] - pitches[0, -1] == pytest.approx(contour.pitch[1] - contour.pitch[58], abs=1e-3)


def test_distances_are_those_of_the_plain_formula():
    """In any key, and but for what is the same for all windows, a sum of squares over the beginning."""
    rng = np.random.default_rng(1)
    beginnings, windows = (rng.normal(0, 4, (n, p)).astype(np.float32) for n, p in ((3, 15), (50, WINDOW_POINTS)))
    found = distances(beginnings, windows)
    apart = beginnings[:, None] - windows[None, :, :15]
    plain = np.square(apart - apart.mean(axis=2, keepdims=True)).sum(axis=2)
    assert found - found[:, :1] == pytest.approx(plain - plain[:, :1], abs=1e-2)


def test_a_slow_short_hum_finds_its_window(index):
    """Of most tunes the first window is among the 32 closest (a rest in it may be shortened); by whole windows, half
    of which nobody hummed, of far fewer.
    """
    by_beginnings = by_whole = 0
    for number in range(TUNES):
        windows = hum(number)
        which, ids = closest(index, windows, 32)
        by_beginnings += 1000 * number in ids[which == 0]
        by_whole += 1000 * number in index.search(windows.vectors[:1], 32)[1]
    assert by_beginnings >= 0.8 * TUNES
    assert by_whole <= 0.5 * TUNES


def test_only_what_is_among_them_is_found(index):
    """A filter holds for beginnings too; an index without windows finds nothing."""
    allowed = np.arange(5000, 5400)
    among = np.packbits(np.isin(np.arange(6000), allowed), bitorder="little")
    _, ids = closest(index, hum(5), 16, among)
    assert len(ids)
    assert np.isin(ids, allowed).all()
    assert len(closest(ExactIndex(VECTOR_DIM), hum(5), 16)[1]) == 0
