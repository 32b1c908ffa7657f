"""What only the search page needs of the service: passages, many waveforms, a key as a cookie."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest

from search import wiring
from search.errors import AudioError
from search.service.config import Limits
from search.service.media import pictures
from search.service.media.sounds import RecordedSound
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


@pytest.fixture
def long(monkeypatch):
    """These sounds, which last one and a half seconds, are long recordings."""
    monkeypatch.setattr("search.service.routes.media.LONG_S", 1.4)


def test_no_waveform_waits_for_that_of_a_long_recording(client, long):
    """Where short ones are asked for it is left out, until it was made: alone it is made, and then it is there."""
    bell = clip_id(client, "bell")
    query = f"{API}/peaks?clip_id={bell}&buckets=160"
    assert client.get(f"{query}&short=true").get_json()["peaks"] == []
    (alone,) = client.get(query).get_json()["peaks"]
    assert len(alone["low"]) == 160
    assert client.get(f"{query}&short=true").get_json()["peaks"] == [alone]


def test_a_long_recording_is_decoded_once_for_all_of_its_waveforms(client, made_library, long):
    """For lists and alone; they are the same as if each had been made from the sound."""
    bell = clip_id(client, "bell")
    with patch("search.service.media.pictures.peaks", side_effect=pictures.peaks) as made:
        (in_lists,) = client.get(f"{API}/peaks?clip_id={bell}&buckets=160").get_json()["peaks"]
        alone = client.get(f"{API}/clips/{bell}/peaks?buckets=1920").get_json()
        assert made.call_count == 1
        passage = client.get(f"{API}/clips/{bell}/peaks?buckets=160&start_s=0.5&end_s=1").get_json()
    assert (passage["start_s"], passage["end_s"]) == (0.5, 1.0)
    for found in (in_lists, alone):
        buckets = len(found["low"])
        direct = pictures.peaks(
            RecordedSound(str(made_library.parent / "sounds" / "things" / "bell.wav")), 0, 1.5, buckets
        )
        assert (found["low"], found["high"]) == (direct.low, direct.high)


def test_a_recording_of_three_hours_has_a_waveform_and_a_spectrogram(library_path):
    """Beyond what is listened to while somebody waits; only beyond a day there is none."""
    with application(library_path, limits=Limits(shown_s=0.5)) as client:
        bell = clip_id(client, "bell")
        assert client.get(f"{API}/clips/{bell}/peaks").status_code == 200
        assert client.get(f"{API}/clips/{bell}/spectrogram.png?width=64&height=32").status_code == 200
    assert Limits().drawn_s == 24 * 3600
    with application(library_path, limits=Limits(drawn_s=0.5)) as client:
        assert client.get(f"{API}/clips/{bell}/peaks").status_code == 422


@pytest.mark.parametrize("buckets", [1, 7, 160, 997, 5000])
def test_a_waveform_has_the_lowest_and_the_highest_sample_of_each_stretch(buckets):
    """However the blocks lie in which the sound is read, and where it is longer or shorter than its header says."""
    rng = np.random.default_rng(buckets)
    samples = rng.uniform(-1, 1, 5003).astype(np.float32)

    class Read:
        def rate_hz(self):
            return 1000

        def blocks(self, *_):
            at = 0
            while at < len(samples):
                size = int(rng.integers(0, 400))
                yield samples[at : at + size]
                at += size

    for promised in (5003, 4990, 6000):
        found = pictures.peaks(Read(), 0.0, promised / 1000, buckets)
        count = len(found.low)
        places = np.minimum(np.arange(len(samples)) * count // promised, count - 1)
        for place in np.unique(places):
            stretch = samples[places == place]
            assert found.low[place] == pytest.approx(min(0, stretch.min()), abs=1e-4)
            assert found.high[place] == pytest.approx(max(0, stretch.max()), abs=1e-4)


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
