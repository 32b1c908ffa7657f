"""``GET /clips/{id}/events``: a clip's time line, as JSON or as other programs read it."""

from __future__ import annotations

import io
import shutil

import numpy as np
import pytest
import soundfile

from search.library import events as of_library
from search.service.config import Limits
from tests.commandline import soundalike as command
from tests.service.conftest import application
from tests.service.test_overview import work_off

RATE_HZ = 32_000


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A library with beeps in hiss from 3 to 5 s, whose events nobody looked for."""
    folder = tmp_path_factory.mktemp("served-events")
    (folder / "sounds").mkdir()
    at_s = np.arange(7 * RATE_HZ) / RATE_HZ
    wave = 0.003 * np.random.default_rng(3).normal(size=len(at_s))
    wave += 0.3 * np.sin(2 * np.pi * 1000 * at_s) * ((at_s > 3) & (at_s < 5) & (np.sin(8 * np.pi * at_s) > 0))
    soundfile.write(folder / "sounds" / "beeps.wav", wave, RATE_HZ)
    assert command("index", folder / "sounds", "--library", folder / "library", "--quiet").returncode == 0
    return folder / "library"


def test_a_clips_events_are_given_in_every_form(library):
    with application(library) as client:
        (clip,) = client.get("/api/v1/clips").json["clips"]
        line = client.get(f"/api/v1/clips/{clip['id']}/events")
        assert line.status_code == 200
        assert not line.json["stored"]
        (beep,) = [event for event in line.json["events"] if event["name"] == "Beep, bleep"]
        assert beep["start_s"] == pytest.approx(3, abs=0.7)
        assert beep["end_s"] == pytest.approx(5, abs=0.6)
        likely = client.get(f"/api/v1/clips/{clip['id']}/events?least=0.9").json["events"]
        assert len(likely) < len(line.json["events"])
        labels = client.get(f"/api/v1/clips/{clip['id']}/events?form=audacity")
        assert labels.mimetype == "text/plain"
        assert f"{beep['start_s']:.3f}\t{beep['end_s']:.3f}\tBeep, bleep\n" in labels.text
        assert client.get(f"/api/v1/clips/{clip['id']}/events?form=csv").mimetype == "text/csv"


def test_what_is_asked_for_as_it_is_stored_is_not_listened_to(library, reader, monkeypatch):
    """Not where nobody looked for it, and not where no encoder could."""
    monkeypatch.setattr(of_library, "of_file", listens_no_more)
    with application(library, limits=Limits(shown_s=5)) as client:  # nor is it refused as too long to listen to
        line = client.get("/api/v1/clips/1/events?stored=true")
        assert line.status_code == 200
        assert (line.json["stored"], line.json["events"]) == (False, [])
        assert client.get("/api/v1/clips/99/events?stored=true").status_code == 404
    assert not reader.get("/api/v1/clips/1/events?stored=true").json["stored"]


def test_events_that_make_no_sense_are_refused(library, reader):
    with application(library) as client:
        assert client.get("/api/v1/clips/99/events").status_code == 404
        assert client.get("/api/v1/clips/1/events?least=2").status_code == 422
        assert client.get("/api/v1/clips/1/events?form=xml").status_code == 422
        filtered = client.get("/api/v1/clips", query_string={"where": "has 'Beep, bleep'"})
        assert filtered.status_code == 422
        assert "soundalike events" in filtered.json["detail"]
    with application(library, limits=Limits(shown_s=5)) as client:
        too_long = client.get("/api/v1/clips/1/events")
        assert too_long.status_code == 422
        assert "soundalike events" in too_long.json["detail"]
    nothing = reader.get("/api/v1/clips/1/events")
    assert nothing.status_code == 422
    assert "cnn:soundalike-1" in nothing.json["detail"]


def test_moments_are_asked_for_as_searches_are(library, reader):
    with application(library) as client:
        asked = {"parts": [{"text": "beeping"}], "k": 2}
        found = client.post("/api/v1/moments", json=asked)
        assert found.status_code == 200, found.text
        first = found.json["moments"][0]
        assert first["path"] == "beeps.wav"
        assert first["start_s"] == pytest.approx(3, abs=0.8)
        assert first["end_s"] == pytest.approx(5, abs=0.8)
        both = client.post("/api/v1/moments", json={"parts": [{"text": "beeping THEN siren"}], "gap_s": 1})
        assert both.status_code == 200
        lost = client.post("/api/v1/moments", json={"parts": [{"text": "a THEN b THEN c"}]})
        assert lost.status_code == 422
        assert client.post("/api/v1/moments", json={"parts": []}).status_code == 422
    assert reader.post("/api/v1/moments", json=asked).status_code == 422


def test_moments_of_one_clip_a_list_and_a_region_are_no_others(library):
    """What `within` and `region` leave out has no moments, as it has no hits."""
    with application(library) as client:
        asked = {"parts": [{"text": "beeping"}], "k": 2}
        (clip,) = client.get("/api/v1/clips").json["clips"]
        there = client.post("/api/v1/moments", json={**asked, "within": f"clip:{clip['id']}"}).json["moments"]
        assert {moment["clip_id"] for moment in there} == {clip["id"]}
        for nowhere in ({"within": "clip:99"}, {"within": "liked:nobody"}, {"where": "duration_s > 99"}):
            assert client.post("/api/v1/moments", json={**asked, **nowhere}).json["moments"] == []
        assert client.post("/api/v1/moments", json={**asked, "within": "clip:0"}).status_code == 422
        assert client.get("/api/v1/clips?within=clip:99").json["total"] == 0


def listens_no_more(*_: object) -> None:
    raise AssertionError("a file was listened to again")


def test_a_job_finds_events_and_uploads_to_a_library_that_has_them_get_theirs_on_the_way(
    library, tmp_path, monkeypatch
):
    """Then filters know them; what is uploaded is not listened to a second time."""
    mine = shutil.copytree(library, tmp_path / "library")
    sound = (library.parent / "sounds" / "beeps.wav").read_bytes()
    with application(mine) as client:
        job = client.post("/api/v1/jobs", json={"kind": "events"}).json
        work_off(mine)
        done = client.get(f"/api/v1/jobs/{job['id']}").json
        assert (done["kind"], done["state"], done["failures"]) == ("events", "done", [])
        assert client.get("/api/v1/clips/1/events").json["stored"]
        kept = client.get("/api/v1/clips/1/events?stored=true").json
        assert kept["stored"]
        assert "Beep, bleep" in {event["name"] for event in kept["events"]}
        monkeypatch.setattr(of_library, "of_file", listens_no_more)
        louder = soundfile.read(io.BytesIO(sound))[0] * 1.5
        file = io.BytesIO()
        soundfile.write(file, louder, RATE_HZ, format="WAV")
        file.seek(0)
        client.post("/api/v1/clips", data={"files": [(file, "louder.wav")]})
        work_off(mine)
        line = client.get("/api/v1/clips/2/events").json
        assert line["stored"]
        assert "Beep, bleep" in {event["name"] for event in line["events"]}
    with application(mine) as client:
        found = client.get("/api/v1/clips", query_string={"where": "has 'Beep, bleep'"}).json
        assert [clip["id"] for clip in found["clips"]] == [1, 2]


def test_a_job_without_an_encoder_that_names_sounds_says_so(library_path):
    with application(library_path) as client:
        job = client.post("/api/v1/jobs", json={"kind": "events"}).json
        work_off(library_path)
        failed = client.get(f"/api/v1/jobs/{job['id']}").json
    assert failed["state"] == "failed"
    assert "cnn:soundalike-1" in failed["reason"]
