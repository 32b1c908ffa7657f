"""Regions of the map as filters, and the colours of its points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search import wiring
from search.library.regions import inside
from search.service.http.mapcolours import groups_of
from tests.service.conftest import application, settings

API = "/api/v1"
SQUARE = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float64)
places = st.floats(-2, 2, allow_nan=False).filter(lambda value: abs(value) > 1e-9 and abs(value - 1) > 1e-9)


@given(places, places)
def test_a_point_is_inside_a_square_when_both_coordinates_are(x, y):
    assert bool(inside(np.array([(x, y)]), SQUARE)[0]) == (0 < x < 1 and 0 < y < 1)


def test_a_polygon_that_crosses_itself_holds_its_two_halves_and_not_what_lies_between():
    """An hourglass: the middle of its waist's sides is outside."""
    hourglass = np.array([(0, 0), (1, 0), (0, 1), (1, 1)], np.float64)
    points = np.array([(0.5, 0.1), (0.5, 0.9), (0.1, 0.5), (0.9, 0.5)])
    assert inside(points, hourglass).tolist() == [True, True, False, False]


@pytest.fixture
def mapped(library_path):
    with wiring.library(library_path, settings(library_path)) as library:
        library.maps.draw()
    with application(library_path) as client:
        yield client


def test_a_region_filters_lists_searches_and_facets(mapped):
    """The left half of the map holds some of the clips; nothing else is listed, found or counted."""
    drawn = mapped.get(f"{API}/map").get_json()
    ordered = sorted(drawn["x"])
    half = (ordered[len(ordered) // 2 - 1] + ordered[len(ordered) // 2]) / 2
    left = {clip for clip, x in zip(drawn["clip_ids"], drawn["x"], strict=True) if x < half}
    region = f"-9,-9 {half:.6f},-9 {half:.6f},9 -9,9"
    listed = mapped.get(f"{API}/clips", query_string={"region": region, "facets": "true"}).get_json()
    assert {clip["id"] for clip in listed["clips"]} == left
    assert listed["facets"]["clips"] == listed["total"] == len(left)
    example = next(iter(set(drawn["clip_ids"]) - left))
    found = mapped.post(f"{API}/search", json={"parts": [{"clip_id": example}], "region": region}).get_json()
    assert {hit["clip_id"] for hit in found["hits"]} == left
    words = mapped.post(f"{API}/search", json={"parts": [{"text": "rain wind bell dog"}], "region": region}).get_json()
    assert {hit["clip_id"] for hit in words["hits"]} <= left


@pytest.mark.parametrize("region", ["", "0,0 1,1", "0,0 1,1 x,1", "0,0 1,1 1,nan", "0,0 1,1  1,0"])
def test_what_is_no_polygon_is_refused(mapped, region):
    assert mapped.get(f"{API}/clips", query_string={"region": region}).status_code == 422


def test_without_a_map_a_region_is_refused_with_the_remedy(reader):
    refused = reader.get(f"{API}/clips", query_string={"region": "0,0 1,0 1,1"})
    assert refused.status_code == 422
    assert "soundalike map" in refused.get_json()["detail"]


def test_in_a_library_without_tags_points_are_coloured_by_folder(mapped):
    drawn = mapped.get(f"{API}/map").get_json()
    assert sorted(drawn["groups"]) == ["things", "weather"]
    for clip, place in zip(drawn["clip_ids"], drawn["group"], strict=True):
        path = mapped.get(f"{API}/clips/{clip}").get_json()["path"]
        assert path.startswith(drawn["groups"][place] + "/")


def test_a_clip_is_coloured_by_its_likeliest_tag():
    """Among tags of several clips the likeliest decides; rare tags have no colour of their own."""

    class PartOf:
        n_clips = 3
        tag_starts = np.array([0, 2, 4, 5])
        tag_rows = np.array([0, 1, 0, 1, 2], np.int32)
        tag_probabilities = np.array([0.9, 0.2, 0.1, 0.6, 0.3], np.float16)

    class Empty:
        n_clips = 0
        tag_starts = np.zeros(4, np.int64)
        tag_rows = np.empty(0, np.int32)
        tag_probabilities = np.empty(0, np.float16)

    class Columns:
        vocabulary = ("Rain", "Dog", "Bell")
        base, recent = PartOf, Empty
        clip_ids = np.array([5, 7, 6])

    found = groups_of(Columns, np.array([5, 6, 7]))
    assert [found.names[place] for place in found.places] == ["Rain", "Bell", "Dog"]
