"""What the search page needs of the service beside what everybody does: passages, many waveforms, a key as a cookie."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from search import wiring
from search.errors import AudioError
from tests.service.conftest import application, settings

API = "/api/v1"


def clip_id(client, title):
    return client.get(f"{API}/clips", query_string={"where": f'title = "{title}"'}).get_json()["clips"][0]["id"]


def test_the_passage_of_a_clip_is_a_part_of_a_question(reader):
    """It is listened to in its file: the clip that it is of comes first, unlike when the clip itself is asked for."""
    bell = clip_id(reader, "bell")
    asked = {"parts": [{"clip_id": bell, "start_s": 0.2, "end_s": 1.2}], "k": 3}
    hits = reader.post(f"{API}/search", json=asked).get_json()["hits"]
    assert hits[0]["clip_id"] == bell
    whole = reader.post(f"{API}/search", json={"parts": [{"clip_id": bell}], "k": 3}).get_json()["hits"]
    assert bell not in [hit["clip_id"] for hit in whole]


@pytest.mark.parametrize(("clip", "start_s", "status"), [(10**9, 0.5, 404), (None, 90.0, 422)])
def test_a_passage_of_nothing_is_refused(reader, clip, start_s, status):
    asked = {"parts": [{"clip_id": clip or clip_id(reader, "bell"), "start_s": start_s}]}
    assert reader.post(f"{API}/search", json=asked).status_code == status


def test_waveforms_of_several_clips_come_at_once(reader):
    """In the order asked for, without unknown ones, each the same as alone."""
    ids = [clip_id(reader, "wind"), clip_id(reader, "bell")]
    query = {"clip_id": [ids[0], 10**9, ids[1]], "buckets": 50}
    found = reader.get(f"{API}/peaks", query_string=query).get_json()["peaks"]
    assert [one["clip_id"] for one in found] == ids
    for one in found:
        alone = reader.get(f"{API}/clips/{one['clip_id']}/peaks?buckets=50").get_json()
        assert (one["low"], one["high"], one["end_s"]) == (alone["low"], alone["high"], alone["end_s"])


def test_a_clip_whose_file_is_away_has_an_empty_waveform(client):
    """... and how long it is."""
    known = clip_id(client, "bell")
    with patch("search.service.media.pictures.peaks", side_effect=AudioError("bell.wav", "it is not there")):
        (found,) = client.get(f"{API}/peaks?clip_id={known}&buckets=7").get_json()["peaks"]
    assert (found["low"], found["high"]) == ([], [])
    assert found["end_s"] == 1.5


def test_the_service_says_whether_it_can_be_hummed_to(reader):
    assert reader.get(f"{API}/ready").get_json()["melody"] is False


def test_a_key_as_a_cookie_lets_a_browser_in_until_it_is_forgotten(library_path):
    """Wrong keys are refused; the cookie is out of the reach of scripts and of other sites."""
    with wiring.library(library_path, settings(library_path)) as library:
        secret = library.keys.add("page", ["read"])
    with application(library_path, needs_keys=True) as client:
        assert client.get(f"{API}/clips").status_code == 401
        assert client.post(f"{API}/session", json={"key": "wrong"}).status_code == 401
        entered = client.post(f"{API}/session", json={"key": secret})
        assert entered.status_code == 204
        assert "Path" not in entered.headers["Set-Cookie"], "the browser takes that of the API"
        for attribute in ("HttpOnly", "SameSite=Strict"):
            assert attribute in entered.headers["Set-Cookie"]
        assert client.get(f"{API}/clips").status_code == 200
        assert client.delete(f"{API}/clips/1").status_code == 403
        assert client.delete(f"{API}/session").status_code == 204
        assert client.get(f"{API}/clips").status_code == 401


def test_the_page_is_open_and_its_requests_bring_up_no_dialog_of_the_browser(library_path):
    """The page has its own place for a key; someone who opens an address of the API is asked by the browser."""
    with application(library_path, needs_keys=True) as client:
        assert client.get("/").status_code == 200
        fetched = client.get(f"{API}/clips", headers={"Sec-Fetch-Mode": "cors"})
        opened = client.get(f"{API}/clips", headers={"Sec-Fetch-Mode": "navigate"})
    assert "Basic" not in fetched.headers["WWW-Authenticate"]
    assert any("Basic" in value for value in opened.headers.getlist("WWW-Authenticate"))
