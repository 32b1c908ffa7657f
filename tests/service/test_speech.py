"""``GET /clips/{id}/speech`` and ``GET /spoken``: the words spoken in a clip, and where words are spoken."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from flask.testing import FlaskClient

from search import wiring
from search.errors import EncoderError
from search.library.speech import Listeners
from search.model import KeepTranscript, SpokenLine, SpokenWord, Transcript
from search.ports import SpeechRecogniser
from search.service.config import Limits
from tests.fakes import LoudDetector, ToneRecogniser
from tests.service.conftest import application, settings
from tests.service.test_overview import work_off

HELLO = SpokenLine((SpokenWord("Hello,", 0.25, 0.5, 0.75), SpokenWord("<world>.", 0.5, 1.0, 0.875)))
SAID = Transcript("tones-1", "en", 0.5, ((0.25, 1.0),), (HELLO,))


@pytest.fixture
def spoken(library_path: Path) -> Path:
    """The library, with what is said in its first clip."""
    with (
        wiring.library(library_path, settings(library_path)) as library,
        library.writer.lease("test", 1) as lease,
    ):
        content = library.catalog.clips([1])[0].content_id
        library.writer.apply(lease, [KeepTranscript(content, SAID)])
    return library_path


def test_what_is_said_in_a_clip_is_given_in_every_form(spoken: Path):
    with application(spoken) as client:
        said = client.get("/api/v1/clips/1/speech")
        assert said.status_code == 200
        assert said.json["stored"]
        assert said.json["voiced"] == [{"start_s": 0.25, "end_s": 1.0}]
        assert [word["text"] for word in said.json["lines"][0]["words"]] == ["Hello,", "<world>."]
        srt = client.get("/api/v1/clips/1/speech?form=srt")
        assert srt.mimetype == "application/x-subrip"
        assert srt.text == "1\n00:00:00,250 --> 00:00:01,000\nHello, <world>.\n"
        vtt = client.get("/api/v1/clips/1/speech?form=vtt")
        assert vtt.mimetype == "text/vtt"
        assert "&lt;world&gt;" in vtt.text
        assert client.get("/api/v1/clips/1/speech?form=txt").text == "Hello, <world>.\n"
        assert client.get("/api/v1/clips/1/speech?form=doc").status_code == 422
        assert client.get("/api/v1/clips/99/speech").status_code == 404


def test_words_are_asked_for_and_the_answer_says_when(spoken: Path):
    with application(spoken) as client:
        found = client.get("/api/v1/spoken", query_string={"words": '"hello world"'}).json
        (one,) = found["sayings"]
        assert (one["clip_id"], one["start_s"], one["end_s"]) == (1, 0.25, 1.0)
        assert one["line"]["text"] == "Hello, <world>."
        assert not one["path"].startswith("/")
        assert (found["transcribed"], found["contents"], found["next_offset"]) == (1, 6, None)
        elsewhere = client.get("/api/v1/spoken", query_string={"words": "hello", "where": "duration_s > 100"})
        assert elsewhere.json["sayings"] == []
        assert client.get("/api/v1/spoken", query_string={"words": "?!"}).status_code == 422
        assert client.get("/api/v1/spoken").status_code == 422
        assert client.get("/api/v1/spoken?words=hello&k=0").status_code == 422


def test_a_clip_that_is_too_long_to_be_recognised_meanwhile_says_what_to_do(spoken: Path):
    with application(spoken, limits=Limits(query_s=1)) as client:
        assert client.get("/api/v1/clips/1/speech").status_code == 200
        too_long = client.get("/api/v1/clips/2/speech")
        assert too_long.status_code == 422
        assert "soundalike speech" in too_long.json["detail"]


def test_a_service_that_cannot_recognise_words_says_so(spoken: Path, monkeypatch: pytest.MonkeyPatch):
    """That is no fault of the service (no 503): who runs it did not ask for speech."""

    def absent(_: Listeners) -> SpeechRecogniser:
        raise EncoderError("faster-whisper is not installed")

    monkeypatch.setattr(Listeners, "recogniser", absent)
    with application(spoken) as client:
        assert client.get("/api/v1/clips/1/speech").status_code == 200
        unknown = client.get("/api/v1/clips/2/speech")
        assert unknown.status_code == 422
        assert "soundalike[speech]" in unknown.json["detail"]


def test_a_job_writes_down_what_is_said_where_nobody_did(library_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Then words are found; where no recogniser is there the job says so."""
    tones = ToneRecogniser(("storm.", "rain.", *(f"other{number}." for number in range(60))))
    sound = io.BytesIO()
    soundfile.write(sound, np.pad(tones.tones("rain. storm."), 8000), tones.sample_rate_hz, format="WAV")
    sound.seek(0)

    def of_job(client: FlaskClient) -> dict[str, str]:
        job = client.post("/api/v1/jobs", json={"kind": "speech"}).json
        work_off(library_path)
        return client.get(f"/api/v1/jobs/{job['id']}").json

    def absent(_: Listeners) -> SpeechRecogniser:
        raise EncoderError("no recogniser is installed")

    with application(library_path) as client:
        client.post("/api/v1/clips", data={"files": [(sound, "talk.wav")]})
        monkeypatch.setattr(Listeners, "recogniser", absent)
        work_off(library_path)
        failed = of_job(client)
        assert failed["state"] == "failed"
        assert "soundalike[speech]" in failed["reason"]
        monkeypatch.setattr(Listeners, "recogniser", lambda _: tones)
        monkeypatch.setattr(Listeners, "detector", lambda _: LoudDetector())
        assert of_job(client)["state"] == "done"
        (found,) = client.get("/api/v1/spoken", query_string={"words": "storm"}).json["sayings"]
        assert found["title"] == "talk"
