"""/clips: listing, reading, changing and removing; audio and pictures."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from werkzeug.http import http_date

from search.catalog.store import Catalog
from search.model import MarkMissing, RemoveClip
from search.service.media import pictures
from search.service.media.files import ClipFile
from search.service.media.sounds import RecordedSound
from tests.service.conftest import SOUNDS, wav


def listed(client, query=""):
    response = client.get(f"/api/v1/clips{query}")
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()


def one(client, title):
    return next(clip for clip in listed(client)["clips"] if clip["title"] == title)


def test_pages_hold_every_clip_once(reader):
    seen = [clip["id"] for offset in (0, 2, 4, 6) for clip in listed(reader, f"?limit=2&offset={offset}")["clips"]]
    assert sorted(seen) == seen == sorted(set(seen))
    assert len(seen) == listed(reader)["total"] == len(SOUNDS)


@pytest.mark.parametrize("column", ["id", "added", "duration_s", "size_bytes", "title", "path"])
def test_every_column_sorts_both_ways(reader, column):
    up = [clip[column] for clip in listed(reader, f"?sort={column}")["clips"]]
    down = [clip[column] for clip in listed(reader, f"?sort=-{column}")["clips"]]
    assert up == sorted(up)
    assert down == sorted(up, reverse=True)


def test_a_filter_and_its_facets(reader):
    found = listed(reader, "?where=folder = 'weather'&facets=true")
    assert found["total"] == found["facets"]["clips"] == 3
    assert reader.get("/api/v1/clips?where=folder").status_code == 422


def test_an_unchanged_answer_is_not_sent_again(reader):
    """The ETag answers 304 without a body."""
    first = reader.get("/api/v1/clips/1")
    again = reader.get("/api/v1/clips/1", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_clip_can_be_called_something_else_and_is_found_by_it(client):
    clip = one(client, "wind")
    changed = client.patch(f"/api/v1/clips/{clip['id']}", json={"title": "Storm", "metadata": {"artist": "Anna"}})
    assert changed.status_code == 200
    assert (changed.get_json()["title"], changed.get_json()["metadata"]) == ("Storm", {"artist": "Anna"})
    found = client.post("/api/v1/search", json={"parts": [{"text": "anna"}]}).get_json()["hits"]
    assert [hit["clip_id"] for hit in found] == [clip["id"]]
    assert client.patch("/api/v1/clips/999", json={"title": "x"}).status_code == 404
    assert client.patch(f"/api/v1/clips/{clip['id']}", json={"path": "/etc/passwd"}).status_code == 422


def test_own_tags_are_found_by_filter_words_and_facet_as_soon_as_they_are_set(client):
    """In clips and in hits, each once; an empty list takes the last away."""
    clip = one(client, "wind")

    def set_to(*own_tags):
        answer = client.patch(f"/api/v1/clips/{clip['id']}", json={"own_tags": own_tags})
        assert answer.status_code == 200
        return answer.get_json()["own_tags"]

    assert set_to("Hero", " fight,hero ", "") == ["Hero", "fight"]
    for where in ('tag = "hero"', 'own_tag ~ "FIG"', 'own_tag in ("x", "hero")', 'own_tag != ""'):
        assert [found["id"] for found in listed(client, f"?where={where}")["clips"]] == [clip["id"]], where
    facets = listed(client, "?facets=true")["facets"]
    assert [one["value"] for one in facets["own_tags"]] == ["fight", "Hero"]
    assert facets["own_tags"][1] == {"value": "Hero", "count": 1, "where": 'own_tag = "Hero"'}
    hits = client.post("/api/v1/search", json={"parts": [{"text": "hero"}]}).get_json()["hits"]
    assert [(hit["clip_id"], hit["own_tags"]) for hit in hits] == [(clip["id"], ["Hero", "fight"])]
    assert set_to() == []
    assert listed(client, '?where=tag = "hero"')["total"] == 0
    assert listed(client, '?where=own_tag = ""')["total"] == len(SOUNDS)
    assert client.patch(f"/api/v1/clips/{clip['id']}", json={"own_tags": ["x" * 201]}).status_code == 422


def test_a_remark_is_found_by_filter_and_words_as_soon_as_it_is_written(client):
    """It stays when something else is changed; an empty one takes it away."""
    clip = one(client, "wind")
    assert clip["remark"] == ""

    def write(**change):
        return client.patch(f"/api/v1/clips/{clip['id']}", json=change)

    assert write(remark=" Howls too much\n").get_json()["remark"] == "Howls too much"
    assert write(own_tags=[]).get_json()["remark"] == "Howls too much"
    assert [found["id"] for found in listed(client, '?where=remark ~ "HOWLS"')["clips"]] == [clip["id"]]
    hits = client.post("/api/v1/search", json={"parts": [{"text": "howls"}]}).get_json()["hits"]
    assert [(hit["clip_id"], hit["remark"]) for hit in hits] == [(clip["id"], "Howls too much")]
    assert write(remark="x" * 4001).status_code == 422
    assert write(remark="").get_json()["remark"] == ""
    assert listed(client, '?where=remark = ""')["total"] == len(SOUNDS)


def test_what_a_missing_clip_is_called_says_nothing_of_its_file(client, library_path):
    """It stays missing, in the answer and in filters, and is found by its new name."""
    clip = one(client, "wind")
    with Catalog.open(library_path / "catalog.sqlite") as catalog, catalog.lease("a scan", 0) as lease:
        catalog.apply(lease, [MarkMissing(clip["id"])])
    changed = client.patch(f"/api/v1/clips/{clip['id']}", json={"title": "Storm"}).get_json()
    assert (changed["title"], changed["missing"], changed["metadata"]) == ("Storm", True, clip["metadata"])
    assert [found["title"] for found in listed(client, "?where=missing = true")["clips"]] == ["Storm"]
    found = client.post("/api/v1/search", json={"parts": [{"text": "storm"}]}).get_json()["hits"]
    assert [hit["clip_id"] for hit in found] == [clip["id"]]


def test_a_clip_that_is_removed_is_gone_and_its_file_stays(client, made_library):
    clip = one(client, "dog")
    assert client.delete(f"/api/v1/clips/{clip['id']}").status_code == 204
    assert client.get(f"/api/v1/clips/{clip['id']}").status_code == 404
    assert client.delete(f"/api/v1/clips/{clip['id']}").status_code == 404
    assert listed(client)["total"] == len(SOUNDS) - 1
    assert (made_library.parent / "sounds" / "things" / "dog.wav").exists()


def test_a_page_has_no_hole_where_another_process_removed_a_clip(client, library_path, monkeypatch):
    """It is full, and the count is right, also before the library is looked at again in its turn."""
    monkeypatch.setattr("search.library.spaces.FOLLOW_EVERY_S", 3600)
    before = [clip["id"] for clip in listed(client, "?sort=-id")["clips"]]
    with Catalog.open(library_path / "catalog.sqlite") as other, other.lease("another worker", 0) as lease:
        other.apply(lease, [RemoveClip(before[0]), RemoveClip(before[3])])
    page = listed(client, "?sort=-id&limit=1")
    assert ([clip["id"] for clip in page["clips"]], page["total"]) == (before[1:2], len(before) - 2)
    page = listed(client, "?sort=-id&limit=3")
    assert [clip["id"] for clip in page["clips"]] == [before[1], before[2], before[4]]


def test_a_change_beside_another_writer_is_refused_for_now(client, library_path):
    """A job holds the right to write: 409, and when to try again."""
    with Catalog.open(library_path / "catalog.sqlite") as other, other.lease("a job", 0):
        refused = client.delete("/api/v1/clips/1")
    assert (refused.status_code, refused.headers["Retry-After"]) == (409, "5")
    assert "a job has been writing" in refused.get_json()["detail"]
    assert str(library_path) not in refused.get_json()["detail"], "where a library lies is no client's business"


# --- hearing and seeing -----------------------------------------------------------------------------------


def test_audio_comes_whole_and_in_ranges(reader):
    clip = one(reader, "bell")
    whole = reader.get(f"/api/v1/clips/{clip['id']}/audio")
    assert whole.data == wav(4)
    assert whole.mimetype in ("audio/wav", "audio/x-wav")
    part = reader.get(f"/api/v1/clips/{clip['id']}/audio", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.data) == (206, whole.data[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(whole.data)}"
    assert reader.get(f"/api/v1/clips/{clip['id']}/audio", headers={"Range": "bytes=9999999-"}).status_code == 416
    again = reader.get(f"/api/v1/clips/{clip['id']}/audio", headers={"If-None-Match": whole.headers["ETag"]})
    assert again.status_code == 304


@pytest.fixture
def away(client, made_library, tmp_path):
    """A clip whose file went, and where it was."""
    file = made_library.parent / "sounds" / "weather" / "rain.wav"
    shutil.move(file, tmp_path / "rain.wav")
    yield one(client, "rain"), file
    shutil.move(tmp_path / "rain.wav", file)


@pytest.mark.parametrize("what", ["audio", "peaks", "spectrogram.png"])
def test_of_a_file_that_went_nothing_is_found(client, away, what):
    """And a folder, or a link into nowhere, in its place is no file."""
    clip, file = away
    refused = client.get(f"/api/v1/clips/{clip['id']}/{what}")
    assert refused.status_code == 404
    assert refused.get_json()["detail"] == f"the file of clip {clip['id']} is not there now; a disk may be unmounted"
    file.mkdir()
    assert client.get(f"/api/v1/clips/{clip['id']}/{what}").status_code == 404
    file.rmdir()


def test_a_question_about_a_passage_of_a_file_that_went_says_which_part_it_is(client, away):
    clip, _ = away
    passage = {"clip_id": clip["id"], "start_s": 0.5}
    refused = client.post("/api/v1/search", json={"parts": [{"clip_id": one(client, "wind")["id"]}, passage]})
    said = f"the file of clip {clip['id']} is not there now; a disk may be unmounted"
    assert refused.status_code == 422
    assert refused.get_json()["detail"] == f"part 2 (rain): {said}"
    assert refused.get_json()["errors"] == [{"where": "parts.1", "what": said}]


@pytest.mark.parametrize("path", ["/api/v1/clips/..%2f..%2fetc%2fpasswd/audio", "/api/v1/clips/1/../../../etc/passwd"])
def test_no_path_of_a_request_reaches_a_file(reader, path):
    assert reader.get(path).status_code == 404


def test_peaks_follow_the_waveform(reader):
    """Lowest and highest sample of each stretch, as the plain formula has them."""
    import soundfile

    clip = one(reader, "bell")
    peaks = reader.get(f"/api/v1/clips/{clip['id']}/peaks?buckets=10").get_json()
    sound, _ = soundfile.read(io.BytesIO(wav(4)))
    stretches = np.array_split(sound, 10)
    assert np.allclose(peaks["low"], [s.min() for s in stretches], atol=1e-3)
    assert np.allclose(peaks["high"], [s.max() for s in stretches], atol=1e-3)
    passage = reader.get(f"/api/v1/clips/{clip['id']}/peaks?buckets=5&start_s=0.5&end_s=1").get_json()
    assert (passage["start_s"], passage["end_s"], len(passage["low"])) == (0.5, 1.0, 5)


def test_a_spectrogram_shows_where_the_sound_is(reader):
    """Rain is made of low frequencies here, a dog of high ones: the brightest rows say so."""

    def brightest_row(title):
        response = reader.get(f"/api/v1/clips/{one(reader, title)['id']}/spectrogram.png?width=64&height=32")
        assert response.mimetype == "image/png"
        picture = Image.open(io.BytesIO(response.data))
        assert picture.size == (64, 32)
        return int(np.asarray(picture.convert("L"), float).mean(axis=1).argmax())

    assert brightest_row("rain") > brightest_row("dog")


def test_a_spectrogram_is_spaced_as_frequencies_are_heard_or_evenly(tmp_path):
    """A tone of 2 kHz lies low where frequencies are spaced evenly up to 11 kHz, and in the middle where by mel."""
    tone = tmp_path / "tone.wav"
    soundfile.write(tone, 0.5 * np.sin(2 * np.pi * 2000 * np.arange(44_100) / 44_100), 44_100)

    def row_of(scale):
        picture = pictures.spectrogram_png(RecordedSound(str(tone)), 0, 1, 32, 100, scale=scale)
        rows = np.asarray(Image.open(io.BytesIO(picture)).convert("L"), float).mean(axis=1)
        return 99 - int(rows.argmax())

    assert row_of("linear") == pytest.approx(100 * 2000 / 11_025, abs=1.5)
    assert row_of("mel") == pytest.approx(49.8, abs=1.5)


def test_what_was_made_once_comes_from_the_cache(client, library_path):
    """Also after the file is gone; and a client that has it gets 304."""
    url = f"/api/v1/clips/{one(client, 'wind')['id']}/peaks"
    first = client.get(url)
    assert len(list((library_path / "cache").glob("*/*"))) == 1
    assert client.get(url).data == first.data
    assert client.get(url, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert len(list((library_path / "cache").glob("*/*"))) == 1


def test_a_passage_that_holds_nothing_is_refused(reader):
    assert reader.get("/api/v1/clips/1/peaks?start_s=99").status_code == 422
    assert reader.get("/api/v1/clips/1/peaks?start_s=1&end_s=0.5").status_code == 422


def test_the_cache_stays_within_its_bound(tmp_path):
    from search.service.media.cache import DiskCache

    cache = DiskCache(tmp_path / "cache", 50_000)
    for number in range(300):
        assert cache.get(str(number), lambda: bytes(1000)) == bytes(1000)
    held = sum(path.stat().st_size for path in Path(tmp_path / "cache").glob("*/*"))
    assert held <= 50_000 + 64 * 1000


@pytest.mark.parametrize("modified_s", [-11_644_473_600.0, 910_692_730_085.0])
def test_audio_of_a_file_from_a_year_that_http_does_not_know_comes_all_the_same(modified_s):
    """Windows and network disks give times from 1601 to 30828; the date of an answer is within HTTP's years."""
    file = ClipFile("any.wav", 0, 0, modified_s)

    assert http_date(file.modified_s).endswith(("1970 00:00:00 GMT", "9999 23:59:59 GMT"))
