"""/duplicates and /map: results of jobs over the whole library."""

from __future__ import annotations

import shutil
import threading

import pytest

from search import plugins, wiring
from search.catalog.store import Catalog
from search.errors import LibraryError
from search.library.maps import Maps
from search.service.jobs.runner import Runner
from search.service.jobs.uploads import Uploads, folder_of
from search.service.routes import overview
from tests.service.conftest import application, settings, work_off
from tests.waiting import PATIENCE_S


def test_copies_are_one_group(client, library_path, made_library, tmp_path):
    """A copy of a file, indexed from elsewhere, stands beside it with the one worth keeping."""
    (tmp_path / "more").mkdir()
    shutil.copy(made_library.parent / "sounds" / "things" / "bell.wav", tmp_path / "more" / "bell copy.wav")
    with wiring.library(library_path, settings(library_path)) as library:
        plugins.job("index")(library, "spectral", [str(tmp_path / "more")], settings(library_path))
    job = client.post("/api/v1/jobs", json={"kind": "duplicates"}).get_json()
    work_off(library_path)
    assert client.get(f"/api/v1/jobs/{job['id']}").get_json()["state"] == "done"
    found = client.get("/api/v1/duplicates").get_json()
    (group,) = [g for g in found["groups"] if any(c["kind"] == "copy" for c in g["clips"])]
    assert found["current"]
    assert {clip["kind"] for clip in group["clips"]} == {"kept", "copy"}
    assert group["clips"][0]["clip_id"] == group["keep"]
    assert client.get("/api/v1/duplicates?offset=99").get_json()["groups"] == []


def test_the_map_has_a_place_for_every_clip(client, library_path):
    """Before it is drawn it is empty."""
    assert client.get("/api/v1/map").get_json()["clip_ids"] == []
    job = client.post("/api/v1/jobs", json={"kind": "map"}).get_json()
    work_off(library_path)
    done = client.get(f"/api/v1/jobs/{job['id']}").get_json()
    assert done["state"] == "done", done["reason"]
    drawn = client.get("/api/v1/map").get_json()
    assert len(drawn["clip_ids"]) == len(drawn["x"]) == len(drawn["y"]) == 6


def test_the_map_of_some_clips_has_their_places_and_colours(client, library_path):
    client.post("/api/v1/jobs", json={"kind": "map"})
    work_off(library_path)
    whole = client.get("/api/v1/map").get_json()
    where = {clip: place for place, clip in enumerate(whole["clip_ids"])}
    listed = client.get("/api/v1/clips", query_string={"where": 'title ~ "bell"'}).get_json()["clips"]
    bells = client.get("/api/v1/map", query_string={"where": 'title ~ "bell"'}).get_json()
    assert sorted(bells["clip_ids"]) == sorted(clip["id"] for clip in listed)
    assert len(bells["clip_ids"]) == 2
    for at, clip in enumerate(bells["clip_ids"]):
        assert [bells[key][at] for key in ("x", "y", "group")] == [
            whole[key][where[clip]] for key in ("x", "y", "group")
        ]
    assert bells["groups"] == whole["groups"]
    none = client.get("/api/v1/map", query_string={"region": "5,5 6,5 6,6"}).get_json()
    assert none["clip_ids"] == none["x"] == none["group"] == []
    assert client.get("/api/v1/map", query_string={"where": "("}).status_code == 422


def test_an_empty_library_has_neither(tmp_path):
    with application(tmp_path / "new") as client:
        assert client.get("/api/v1/duplicates").get_json()["total"] == 0
        assert client.get("/api/v1/map").get_json()["clip_ids"] == []


def test_the_colours_of_a_map_say_what_is_asked_for(client, library_path):
    """Each with the filter that selects what has it; of what somebody liked it is a list."""
    client.post("/api/v1/jobs", json={"kind": "map"})
    work_off(library_path)
    client.post("/api/v1/feedback/anna", json={"feedback": [{"clip_id": 2, "opinion": "like", "weight": 1, "at": 0}]})
    for colour in (None, "tag", "own_tag", "folder", "duration_s", "key", "loudness_range", "liked:anna"):
        asked = {} if colour is None else {"colour": colour}
        drawn = client.get("/api/v1/map", query_string=asked).get_json()
        assert len(drawn["groups"]) == len(drawn["wheres"])
        assert bool(drawn["groups"]) == (colour in (None, "folder", "duration_s", "liked:anna"))
        for place, where in enumerate(drawn["wheres"]):
            narrowed = {"within": where} if colour == "liked:anna" else {"where": where}
            found = client.get("/api/v1/clips", query_string=narrowed).get_json()["clips"]
            coloured = [clip for clip, at in zip(drawn["clip_ids"], drawn["group"], strict=True) if at == place]
            assert sorted(clip["id"] for clip in found) == coloured
    assert client.get("/api/v1/map", query_string={"colour": "taste"}).status_code == 422


@pytest.mark.parametrize("kind", ["map", "duplicates", "facts", "events", "fingerprints", "speech"])
def test_in_an_empty_library_a_job_has_nothing_to_do(tmp_path, kind):
    """It is done, and what it would have made is empty as before."""
    with application(tmp_path / "new") as client:
        job = client.post("/api/v1/jobs", json={"kind": kind}).get_json()
        work_off(tmp_path / "new")
        done = client.get(f"/api/v1/jobs/{job['id']}").get_json()
        assert client.get("/api/v1/map").get_json()["clip_ids"] == []
        assert client.get("/api/v1/duplicates").get_json()["groups"] == []
    assert (done["state"], done["reason"]) == ("done", None)


def test_a_job_that_cannot_be_done_says_why_and_not_where(client, library_path, monkeypatch):
    """A disk that is full, say: what a client reads names nothing of the machine."""

    def full(_maps, **_):
        raise LibraryError(f"{library_path}/spaces/1/map.npz: the map cannot be written (No space left on device)")

    monkeypatch.setattr(Maps, "draw", full)
    job = client.post("/api/v1/jobs", json={"kind": "map"}).get_json()
    work_off(library_path)
    failed = client.get(f"/api/v1/jobs/{job['id']}").get_json()
    assert failed["state"] == "failed"
    assert failed["reason"] == "LIBRARY/spaces/1/map.npz: the map cannot be written (No space left on device)"


def test_a_job_waits_for_another_writer(client, library_path, monkeypatch):
    """It is queued again with the reason, and done once the other has ended."""
    import io

    from tests.service.conftest import wav

    monkeypatch.setattr("search.service.jobs.runner.LEASE_WAIT_S", 0.0)
    job = client.post("/api/v1/clips", data={"files": (io.BytesIO(wav(8)), "late.wav")}).get_json()
    with (
        Catalog.open(library_path / "catalog.sqlite") as other,
        wiring.library(library_path, settings(library_path)) as library,
    ):
        runner = Runner(
            library, library.jobs, Uploads(folder_of(library_path)), settings(library_path), 3600
        )  # fmt: skip
        claimed = library.jobs.claim()
        with other.lease("another job", 0):
            outcome, has_ended = runner._do(claimed, threading.Event())
        library.jobs.finish(claimed.id, outcome)
    assert has_ended
    assert outcome.state == "queued"
    assert "another job" in outcome.reason
    assert str(library_path) not in outcome.reason
    work_off(library_path)
    assert client.get(f"/api/v1/jobs/{job['id']}").get_json()["state"] == "done"


def test_what_is_alike_is_answered_while_suggestions_are_looked_for(client, monkeypatch):
    """They take dozens of questions, and whoever asks for more like a sound waits for none of them."""
    answers = []

    def suggest(*_):
        asking = threading.Thread(target=lambda: answers.append(client.get("/api/v1/clips/1/similar").status_code))
        asking.start()
        asking.join(PATIENCE_S)
        return ()

    monkeypatch.setattr(overview, "suggest", suggest)
    assert client.get("/api/v1/suggestions").get_json() == {"suggestions": []}
    assert answers == [200]


def test_suggestions_are_looked_for_once_until_the_library_changes(client, monkeypatch):
    """Each filter and number has its own."""
    looked = []
    look = overview.suggest

    def suggest(library, limit, where):
        looked.append((limit, where))
        return look(library, limit, where)

    monkeypatch.setattr(overview, "suggest", suggest)
    where = 'title ~ "bell"'
    first = client.get("/api/v1/suggestions").get_json()
    bells = client.get("/api/v1/suggestions", query_string={"where": where}).get_json()
    assert client.get("/api/v1/suggestions").get_json() == first
    assert client.get("/api/v1/suggestions", query_string={"where": where}).get_json() == bells
    assert looked == [(10, None), (10, where)]
    assert client.patch("/api/v1/clips/1", json={"own_tags": ["zither"]}).status_code == 200
    changed = client.get("/api/v1/suggestions").get_json()["suggestions"]
    assert "zither" in [one["text"] for one in changed]
    assert looked[2:] == [(10, None)]


def test_what_is_suggested_is_found(client):
    """As many as are asked for; the answer has an ETag, since it is the same until the library changes."""
    response = client.get("/api/v1/suggestions?limit=3")
    found = response.get_json()["suggestions"]
    assert 0 < len(found) <= 3
    for one in found:
        asked = {"parts": [{"text": one["text"]}], "k": 1}
        assert client.post("/api/v1/search", json=asked).get_json()["verdict"] == "good"
    again = client.get("/api/v1/suggestions?limit=3", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    assert client.get("/api/v1/suggestions?limit=51").status_code == 422
