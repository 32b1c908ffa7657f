"""Tunes over REST: a MIDI clip is played, drawn and searched like a sound."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from PIL import Image

from search import plugins, wiring
from search.analysis.melody.model import Notes
from search.analysis.melody.pitch import SAMPLE_RATE_HZ, pitch_of
from search.analysis.melody.rendering import LONGEST_S, render
from tests.search.melodies import tune, write_midi
from tests.service.conftest import application, settings

API = "/api/v1"


@pytest.fixture(scope="module")
def tunes(tmp_path_factory):
    """A client over a library of two tunes, one in two keys and one called .wav; and its clips by title."""
    folder = tmp_path_factory.mktemp("tunes")
    write_midi(folder / "music" / "walk.wav", tune(1, 12), title="walk")
    write_midi(folder / "music" / "higher.mid", Notes(*_columns(tune(1, 12), 3)), title="higher")
    write_midi(folder / "music" / "other.mid", tune(2, 12), title="other")
    with wiring.library(folder / "library", settings(folder), create=True) as library:
        plugins.job("index")(library, "spectral", [str(folder / "music")], settings(folder))
    with application(folder / "library") as client:
        clips = client.get(f"{API}/clips").get_json()["clips"]
        yield client, {clip["title"]: clip for clip in clips}


def _columns(notes: Notes, shift: float):
    return notes.start_s, notes.end_s, notes.pitch + np.float32(shift)


def test_a_tune_is_heard_whole_and_in_ranges(tunes):
    """As WAV, each note at its pitch and time; the file of notes itself can be had too."""
    client, clips = tunes
    url = f"{API}/clips/{clips['walk']['id']}"
    whole = client.get(f"{url}/audio")
    assert (whole.status_code, whole.mimetype) == (200, "audio/wav")
    wave, rate_hz = soundfile.read(io.BytesIO(whole.data), dtype="float32")
    assert len(wave) / rate_hz == pytest.approx(tune(1, 12).duration_s, abs=0.2)
    curve = pitch_of(np.interp(np.arange(0, len(wave), rate_hz / SAMPLE_RATE_HZ), np.arange(len(wave)), wave))
    middle_s = (tune(1, 12).start_s + tune(1, 12).end_s) / 2
    heard = curve.pitch[(middle_s / curve.hop_s).astype(int)]
    assert np.nanmedian(np.abs(heard - tune(1, 12).pitch)) < 0.3
    part = client.get(f"{url}/audio", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.data) == (206, whole.data[10:20])
    assert client.get(f"{url}/audio", headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
    kept = client.get(f"{url}/file")
    assert kept.data.startswith(b"MThd")
    assert kept.headers["Content-Disposition"] == "attachment; filename=walk.wav"


def test_clips_and_hits_say_that_they_are_notes_whatever_their_names_say(tunes):
    """The page calls what is like them the same tune."""
    client, clips = tunes
    assert {clip["notes"] for clip in clips.values()} == {True}
    hits = client.post(f"{API}/search", json={"parts": [{"clip_id": clips["other"]["id"]}]}).get_json()["hits"]
    assert {hit["notes"] for hit in hits} == {True}
    assert {hit["path"].rpartition(".")[2] for hit in hits} >= {"wav"}


def test_a_tune_is_drawn_by_its_sound_and_by_its_notes(tunes):
    client, clips = tunes
    known = clips["walk"]["id"]
    peaks = client.get(f"{API}/clips/{known}/peaks?buckets=40").get_json()
    assert 0.7 < max(peaks["high"]) <= 0.8
    picture = client.get(f"{API}/clips/{known}/spectrogram.png?width=64&height=32")
    assert np.asarray(Image.open(io.BytesIO(picture.data)).convert("L")).std() > 5
    (listed,) = client.get(f"{API}/peaks?clip_id={known}").get_json()["peaks"]
    assert listed["notes"]["pitch"] == tune(1, 12).pitch.tolist()
    assert listed["notes"]["start_s"] == pytest.approx(tune(1, 12).start_s.tolist(), abs=0.01)


@pytest.mark.parametrize("passage", [{}, {"start_s": 0, "end_s": 5}])
def test_like_a_tune_is_the_same_tune(tunes, passage):
    """By all of it, and by a passage."""
    client, clips = tunes
    asked = {"parts": [{"clip_id": clips["walk"]["id"], **passage}], "k": 2}
    answer = client.post(f"{API}/search", json=asked).get_json()
    assert answer["hits"][0]["title"] == "higher"
    assert answer["hits"][0]["via"] == [{"part": "tune 1", "share": 1.0}]


def test_a_tune_of_hours_is_played_for_ten_minutes():
    """In no time: a note may be as long as a file claims, and what comes later is left out."""
    notes = Notes(np.array([0.0, 1.0, 9e7]), np.array([1.0, 8e7, 9.1e7]), np.array([60, 62, 64], np.float32))
    assert len(render(notes, 100)) == pytest.approx(LONGEST_S * 100, rel=0.01)
