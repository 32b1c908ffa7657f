"""Sounds for other programs: passages as WAV, archives, edit lists and projects, streamed as they are made."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
import zipfile
from urllib.parse import quote

import numpy as np
import pytest
import soundfile

from search import plugins, wiring
from search.exporting.archive import zip_blocks
from search.exporting.items import portable
from tests.service.conftest import RATE_HZ, application, settings

API = "/api/v1"


@pytest.fixture(scope="module")
def clips(reader):
    return {clip["title"]: clip for clip in reader.get(f"{API}/clips").get_json()["clips"]}


@pytest.fixture(scope="module")
def sources(made_library):
    """The samples of each file."""
    paths = (made_library.parent / "sounds").rglob("*.wav")
    return {path.stem: soundfile.read(path, dtype="int16")[0] for path in paths}


def exported(client, items, **fields):
    response = client.post(f"{API}/export", json={"items": items, **fields})
    assert response.status_code == 200, response.text
    return response


def archive(response):
    return zipfile.ZipFile(io.BytesIO(response.data))


def test_a_passage_has_the_samples_of_its_source(reader, clips, sources):
    """With handles, which end where the sound does; under a name that says what it is."""
    response = reader.get(f"{API}/clips/{clips['bell']['id']}/passage.wav?start_s=0.3&end_s=1.2&handles_s=0.5")
    samples, rate_hz = soundfile.read(io.BytesIO(response.data), dtype="int16")
    assert rate_hz == RATE_HZ
    assert np.array_equal(samples, sources["bell"])
    assert response.content_length == len(response.data)
    assert 'filename="bell 0.000-1.500.wav"' in response.headers["Content-Disposition"]
    short = reader.get(f"{API}/clips/{clips['bell']['id']}/passage.wav?start_s=0.3&end_s=0.4")
    assert np.array_equal(soundfile.read(io.BytesIO(short.data), dtype="int16")[0], sources["bell"][4800:6400])


@pytest.mark.parametrize(
    "name", ["bell.wav", "Tür “knarzt” 雷 🔥.wav", "a?b#c;d:e.wav", "back\\slash.wav", "x" * 200, "100% wet.wav"]
)
def test_a_file_and_a_passage_answer_under_any_name_at_the_end_of_their_address(reader, clips, name):
    """Programs that fetch what is dropped onto them keep it as its address ends."""
    one = f"{API}/clips/{clips['bell']['id']}"
    query = "start_s=0.3&end_s=1.2"
    named = reader.get(f"{one}/file/{quote(name, safe='')}")
    assert (named.status_code, named.data) == (200, reader.get(f"{one}/file").data)
    assert named.headers["Content-Disposition"] == "attachment; filename=bell.wav"
    passage = reader.get(f"{one}/passage/{quote(name, safe='')}?{query}")
    assert (passage.status_code, passage.data) == (200, reader.get(f"{one}/passage.wav?{query}").data)
    assert reader.get(f"{API}/clips/999999999/file/{quote(name, safe='')}").status_code == 404


@pytest.mark.parametrize(
    ("query", "status"), [("start_s=9", 422), ("start_s=0.5&end_s=0.5", 422), ("handles_s=-1", 422)]
)
def test_a_passage_of_nothing_is_refused(reader, clips, query, status):
    assert reader.get(f"{API}/clips/{clips['bell']['id']}/passage.wav?{query}").status_code == status
    assert reader.get(f"{API}/clips/999999999/passage.wav").status_code == 404


def test_an_archive_has_the_files_and_what_they_say_of_their_rights(client):
    """Each file once, byte by byte; the project beside them finds them."""
    clips = {clip["title"]: clip for clip in client.get(f"{API}/clips").get_json()["clips"]}
    client.patch(f"{API}/clips/{clips['dog']['id']}", json={"metadata": {"copyright": "(c) Ada", "artist": "Ada"}})
    items = [
        {"clip_id": clips[title]["id"], "start_s": start_s} for title, start_s in (("dog", 0), ("rain", 0), ("dog", 1))
    ]
    found = archive(exported(client, items))
    assert sorted(found.namelist()) == ["dog.wav", "licences.csv", "rain.wav", "selection.edl", "selection.rpp"]
    assert soundfile.info(io.BytesIO(found.read("dog.wav"))).frames == 1.5 * RATE_HZ
    assert found.testzip() is None
    rows = list(csv.DictReader(io.StringIO(found.read("licences.csv").decode())))
    assert [(row["file"], row["copyright"], row["author"]) for row in rows] == [
        ("dog.wav", "(c) Ada", "Ada"),
        ("rain.wav", "", ""),
    ]
    project = found.read("selection.rpp").decode()
    assert project.count("<ITEM") == 3
    assert project.count('FILE "dog.wav"') == 2


def test_passages_are_archived_as_sounds_of_their_own(reader, clips, sources):
    items = [{"clip_id": clips["wind"]["id"], "start_s": 0.5, "end_s": 0.75}] * 2
    found = archive(exported(reader, items, format="passages", handles_s=0.25))
    names = ["wind 0.250-1.000.wav", "wind 0.250-1.000 (2).wav"]
    assert found.namelist() == [*names, "licences.csv"]
    for name in names:
        samples, _ = soundfile.read(io.BytesIO(found.read(name)), dtype="int16")
        assert np.array_equal(samples, sources["wind"][4000:16000])


def test_a_file_that_is_away_is_named_and_the_rest_is_sent(tmp_path):
    """The archive is whole all the same."""
    library = tmp_path / "library"
    sounds = tmp_path / "sounds"
    for number in range(2):
        sounds.mkdir(exist_ok=True)
        soundfile.write(sounds / f"{number}.wav", np.sin(np.arange(8000) / (7 + number)), 8000)
    with wiring.library(library, settings(tmp_path), create=True) as opened:
        plugins.job("index")(opened, "spectral", [str(sounds)], settings(tmp_path))
    with application(library) as client:
        ids = [clip["id"] for clip in client.get(f"{API}/clips?sort=path").get_json()["clips"]]
        (sounds / "0.wav").unlink()
        found = archive(exported(client, [{"clip_id": one} for one in ids]))
    assert "1.wav" in found.namelist()
    assert "0.wav" not in found.namelist()
    rows = list(csv.DictReader(io.StringIO(found.read("licences.csv").decode())))
    assert [(row["file"], row["path"]) for row in rows] == [("", "0.wav"), ("1.wav", "1.wav")]


def test_an_edit_list_says_where_each_passage_is(reader, clips):
    """Frames of 25 in a second; the events follow each other from the first hour on."""
    items = [{"clip_id": clips["bell"]["id"], "start_s": 0.4, "end_s": 1.0}, {"clip_id": clips["dog"]["id"]}]
    lines = exported(reader, items, format="edl").text.splitlines()
    events = [line.split() for line in lines if line[:3].isdigit()]
    assert [event[4:] for event in events] == [
        ["00:00:00:10", "00:00:01:00", "01:00:00:00", "01:00:00:15"],
        ["00:00:00:00", "00:00:01:13", "01:00:00:15", "01:00:02:03"],
    ]
    assert "* SOURCE FILE: things/bell.wav" in lines


def test_a_project_has_each_passage_as_an_item(reader, clips):
    text = exported(reader, [{"clip_id": clips["bell"]["id"], "start_s": 0.4, "end_s": 1.0}], format="reaper").text
    fields = dict(line.split(maxsplit=1) for line in map(str.strip, text.splitlines()) if " " in line)
    assert (float(fields["SOFFS"]), float(fields["LENGTH"])) == (0.4, pytest.approx(0.6))
    assert fields["FILE"] == '"things/bell.wav"'
    assert text.count("<") == text.count(">")


def test_a_form_of_a_page_is_taken_as_json_is(reader, clips):
    form = {"export": json.dumps({"items": [{"clip_id": clips["dog"]["id"]}], "format": "edl"})}
    response = reader.post(f"{API}/export", data=form, content_type="multipart/form-data")
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert "dog" in response.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"items": []}, 422),
        ({"items": [{"clip_id": 999999999}]}, 404),
        ({"items": [{"clip_id": 1}], "format": "x"}, 422),
    ],
)
def test_what_cannot_be_exported_is_refused_with_a_reason(reader, body, status):
    assert reader.post(f"{API}/export", json=body).status_code == status
    assert reader.post(f"{API}/export", data={"other": "1"}, content_type="multipart/form-data").status_code == 422


def test_whoever_may_read_may_export(library_path):
    with wiring.library(library_path, settings(library_path)) as library:
        secret = library.keys.add("someone", ["read"])
    with application(library_path, needs_keys=True) as client:
        clip = client.get(f"{API}/clips", headers={"Authorization": f"Bearer {secret}"}).get_json()["clips"][0]["id"]
        asked = {"json": {"items": [{"clip_id": clip}]}}
        assert client.post(f"{API}/export", **asked).status_code == 401
        assert client.post(f"{API}/export", **asked, headers={"Authorization": f"Bearer {secret}"}).status_code == 200


def test_an_archive_is_never_in_memory():
    """Of a hundred megabytes no more than a few blocks are there at once."""
    block = bytes(1 << 18)
    entries = ((f"{number}.wav", 0.0, (block for _ in range(40))) for number in range(10))
    tracemalloc.start()
    size = sum(len(part) for part in zip_blocks(entries))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 100e6
    assert most < 4e6


def test_names_in_an_archive_are_taken_by_every_system():
    assert [portable(name) for name in ("a/b?.wav", "..", "x" * 300 + ".wav")] == ["a_b_.wav", "_", "x" * 196 + ".wav"]


def test_files_of_an_archive_are_asked_for_by_an_address(reader, clips):
    """It holds what is asked for by POST, and is called as its address ends: so a page has it dragged out."""
    ids = [clips[title]["id"] for title in ("bell", "rain")]
    got = reader.get(f"{API}/export/2 sounds.zip", query_string={"clip_id": ids})
    assert 'filename="2 sounds.zip"' in got.headers["Content-Disposition"]
    asked = archive(exported(reader, [{"clip_id": clip_id} for clip_id in ids]))
    assert archive(got).namelist() == asked.namelist()
    assert archive(got).read("bell.wav") == asked.read("bell.wav")
    assert reader.get(f"{API}/export/none.zip", query_string={"clip_id": 999}).status_code == 404
    assert reader.get(f"{API}/export/all.zip", query_string={"clip_id": [*range(1, 402)]}).status_code == 422
