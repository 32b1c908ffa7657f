"""How sure a hit is, and what that makes of an answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from search.confidence import COPY, FITTED, GOOD_FROM, MN04, fitted, probabilities, verdict
from search.model import ClipPart, Query, Space, TextPart
from search.steering import RecommendQuery
from tests.search.libraries import DIM, Entry, fill, open_library, spec
from tests.search.vector_helpers import clumped

SPACE = Space(1, "cnn:mn04", "1", "f", DIM, 8000, 1.0, 0.5, calibration=(9.0, -4.0))


def chance(cosine, density, page, space=SPACE):
    found = probabilities(space, np.array([cosine], np.float32), np.array([density], np.float32), page)
    return float(found[0])


def test_a_probability_is_the_logistic_of_the_calibrated_cosine_its_crowd_and_its_page():
    own, crowd, around = (9.0 * value - 4.0 for value in (0.6, 0.5, 0.55))
    total = MN04.cosine * own + MN04.density * crowd + MN04.around * around + MN04.offset
    assert chance(0.6, 0.5, 0.55) == pytest.approx(1 / (1 + np.exp(-total)), abs=1e-6)


def test_a_hit_is_surer_the_closer_it_is_the_less_crowded_and_the_more_like_it_are_there():
    assert chance(0.7, 0.5, 0.5) > chance(0.6, 0.5, 0.5)
    assert chance(0.6, 0.4, 0.5) > chance(0.6, 0.6, 0.5)
    assert chance(0.6, 0.5, 0.6) > chance(0.6, 0.5, 0.4)


def test_where_neighbours_are_not_known_the_cosine_speaks_alone():
    expected = 1 / (1 + np.exp(-(MN04.alone * 1.4 + MN04.alone_offset)))
    assert chance(0.6, np.nan, 0.1) == chance(0.6, np.nan, 0.9) == pytest.approx(expected, abs=1e-6)


def test_a_copy_is_sure_however_crowded_it_is_around_it():
    assert chance(1.0, 0.99, 0.1) == COPY
    assert chance(1.0, np.nan, 0.1) >= COPY
    assert chance(0.99, 0.99, 0.1) < GOOD_FROM


@pytest.fixture
def library(tmp_path):
    rows = clumped(300, 5, DIM, clumps=30).reshape(150, 2, DIM)
    with open_library(tmp_path, spec(can_text=True)) as library:
        fill(library, [Entry(f"{n:03d}.wav", rows[n]) for n in range(150)], spec(can_text=True))
        yield library


def test_the_best_hit_makes_the_verdict(library):
    hits = library.search(Query((ClipPart(3),))).hits
    low = MN04.none_below
    for best, expected in ((GOOD_FROM, "good"), (low, "weak"), (low - 0.01, "none"), (None, "weak")):
        others = 0.0 if best is not None else None
        found = [replace(hits[0], probability=others), replace(hits[1], probability=best)]
        assert verdict(found, [SPACE]) == expected
    assert verdict([], [SPACE]) == "none"


def test_an_encoder_that_cannot_tell_promises_little_and_never_says_that_nothing_is_there(library):
    """What was fitted for `spectral`; a space before its successor took its name is its encoder's still."""
    spectral = replace(SPACE, name="spectral@abc")
    assert fitted(spectral) is FITTED["spectral"]
    assert chance(0.95, 0.5, 0.9, spectral) < GOOD_FROM < chance(0.95, 0.5, 0.9)
    hits = library.search(Query((ClipPart(3),))).hits
    assert verdict([replace(hits[0], probability=0.01)], [spectral]) == "weak"
    assert probabilities(replace(SPACE, calibration=None), np.ones(1), np.ones(1), 1.0) is None


def test_how_sure_a_hit_is_depends_on_what_is_around_it_and_not_on_how_many_hits_are_wanted(library):
    view = library.views()[0]
    assert view.neighbourhoods is not None
    ten = library.search(Query((ClipPart(3),), k=10)).hits
    one = library.search(Query((ClipPart(3),), k=1)).hits
    assert one[0].probability == pytest.approx(ten[0].probability, abs=1e-6)
    vector = library.engine.query_vector((ClipPart(3),))
    segments = np.array([hit.segment_id for hit in ten])
    cosines = view.index.vectors(segments) @ vector
    expected = probabilities(view.space, cosines, view.neighbourhoods.density(segments), cosines.mean())
    np.testing.assert_allclose([hit.probability for hit in ten], expected, atol=1e-5)


def test_words_promise_nothing_and_recommendations_do(library):
    assert all(hit.probability is None for hit in library.search(Query((TextPart("band2"),))).hits)
    hits = library.recommend(RecommendQuery(likes=(ClipPart(3),))).hits
    assert all(0 < hit.probability < 1 for hit in hits)
