"""A service returns facts of clips, sorts by them, and reports defects."""

from __future__ import annotations

import json
from pathlib import Path

import soundalike
from tests.service.conftest import application
from tests.service.test_overview import work_off


def test_a_job_measures_what_has_no_facts(library_path) -> None:
    """With progress; then filters know them."""
    with application(library_path) as client:
        job = client.post("/api/v1/jobs", json={"kind": "facts"}).json
        work_off(library_path)
        done = client.get(f"/api/v1/jobs/{job['id']}").json
        assert (done["kind"], done["state"], done["reason"]) == ("facts", "done", None)
        assert done["progress"]["share"] == 1.0
        assert client.get("/api/v1/defects").json["unmeasured"] == len(done["failures"]) == 0
        assert client.get("/api/v1/clips", query_string={"where": "loudness > -90"}).json["total"] > 0


def test_facts_are_answered_filtered_and_sorted_by(library_path) -> None:
    """A clip that was not measured is listened to; filters and sorting know what was measured."""
    with application(library_path) as client:
        before = client.get("/api/v1/clips/1/facts")
        assert before.status_code == 200, before.text
        assert before.json["facts"]["sample_rate_hz"] == 16_000
        assert client.get("/api/v1/defects").json["unmeasured"] == 6
        assert {defect["count"] for defect in client.get("/api/v1/defects").json["defects"]} == {0}
        for asked in ({"where": "loudness > -90"}, {"sort": "-loudness"}):
            refused = client.get("/api/v1/clips", query_string=asked)
            assert refused.status_code == 422
            assert "facts --measure" in refused.json["detail"]
        assert client.get("/api/v1/clips/99/facts").status_code == 404
    with soundalike.open_library(library_path) as library:
        assert library.facts.measure() == ()
    with application(library_path) as client:
        assert client.get("/api/v1/clips/1/facts").json == before.json
        report = client.get("/api/v1/defects", query_string={"where": "duration_s < 99"}).json
        assert report["unmeasured"] == 0
        for defect in report["defects"]:
            passing = client.get("/api/v1/clips", query_string={"where": defect["where"]}).json
            assert passing["total"] == defect["count"]
        ids = {
            sort: [clip["id"] for clip in client.get("/api/v1/clips", query_string={"sort": sort}).json["clips"]]
            for sort in ("centroid_hz", "-centroid_hz")
        }
        centroids = [client.get(f"/api/v1/clips/{i}/facts").json["facts"]["centroid_hz"] for i in ids["centroid_hz"]]
        assert centroids == sorted(centroids)
        assert ids["centroid_hz"] == ids["-centroid_hz"][::-1]
        assert client.get("/api/v1/clips", query_string={"where": "loudness > -90"}).json["unmeasured"] == 0
        assert client.get("/api/v1/clips", query_string={"sort": "brightness"}).status_code == 422
        assert client.get("/api/v1/clips", query_string={"where": "loudness = 'x'"}).status_code == 422


def test_facts_of_several_clips_come_at_once(library_path) -> None:
    """In the order asked for, without unknown ones, and without listening to anything."""
    with application(library_path) as client:
        asked = "/api/v1/facts?clip_id=3&clip_id=99&clip_id=1"
        before = client.get(asked).json["facts"]
        assert [(one["clip_id"], one["measured"], one["facts"]) for one in before] == [(3, False, {}), (1, False, {})]
        assert all(one["duration_s"] > 0 for one in before)
        assert client.get("/api/v1/facts").status_code == 422
    with soundalike.open_library(library_path) as library:
        assert library.facts.measure() == ()
    with application(library_path) as client:
        for one in client.get(asked).json["facts"]:
            assert one["measured"]
            assert one["facts"] == client.get(f"/api/v1/clips/{one['clip_id']}/facts").json["facts"]


def test_hits_have_facts_where_they_are_asked_for(library_path) -> None:
    """Null where nobody measured the clip, and where they were not asked for; facets count what was measured."""
    question = {"parts": [{"text": "rain"}], "facts": True, "facets": True}
    with application(library_path) as client:
        before = client.post("/api/v1/search", json=question).json
        assert {hit["facts"] for hit in before["hits"]} == {None}
        assert before["facets"]["facts"] == {}
    with soundalike.open_library(library_path) as library:
        library.facts.measure()
    with application(library_path) as client:
        found = client.post("/api/v1/search", json=question).json
        for hit in found["hits"]:
            assert hit["facts"] == client.get(f"/api/v1/clips/{hit['clip_id']}/facts").json["facts"]
        assert sum(one["count"] for one in found["facets"]["facts"]["loudness"]) == len(found["hits"]) > 1
        for sort in ("loudness", "-loudness"):
            hits = client.post("/api/v1/search", json={**question, "sort": sort}).json["hits"]
            levels = [hit["facts"]["loudness"] for hit in hits]
            assert levels == sorted(levels, reverse=sort.startswith("-"))
            assert {hit["clip_id"] for hit in hits} == {hit["clip_id"] for hit in found["hits"]}
        assert client.post("/api/v1/search", json={**question, "sort": "brightness"}).status_code == 422
        similar = client.get("/api/v1/clips/1/similar", query_string={"k": 2, "facts": "true"}).json["hits"]
        by_level = {"facts": "true", "sort": "-loudness"}
        ordered = client.get("/api/v1/clips/1/similar", query_string=by_level).json["hits"]
        louder = [hit["facts"]["loudness"] for hit in ordered if "loudness" in hit["facts"]]
        assert louder == sorted(louder, reverse=True)
        sample = client.post("/api/v1/recommend", json={"facts": True}).json["hits"]
        assert all(hit["facts"]["sample_rate_hz"] == 16_000 for hit in sample)
        assert all(hit["facts"]["sample_rate_hz"] == 16_000 for hit in similar)
        plain = client.get("/api/v1/clips/1/similar", query_string={"k": 2}).json["hits"]
        assert {hit["facts"] for hit in plain} == {None}


def clip(client, hit):
    """The clip of a hit."""
    return client.get(f"/api/v1/clips/{hit['clip_id']}").json


def test_a_question_weighs_aspects_and_changes(library_path) -> None:
    """A clip that nobody measured is refused with the remedy; weights that are none with the field."""
    part = {"clip_id": 1, "aspects": {"timbre": 1.0, "pitch": 0.5}}
    with application(library_path) as client:
        refused = client.post("/api/v1/search", json={"parts": [part]})
        assert (refused.status_code, "facts --measure" in refused.json["detail"]) == (422, True)
    with soundalike.open_library(library_path) as library:
        library.facts.measure()
        (asked,) = library.reader.clips([1])
        voice = soundalike.AudioPart(asked.absolute_path, aspects=soundalike.Aspects.parse("imitation"))
        expected = [hit.clip_id for hit in library.search(soundalike.Query((voice,), k=20)).hits]
    with application(library_path) as client:
        answer = client.post("/api/v1/search", json={"parts": [part], "k": 20})
        assert answer.status_code == 200, answer.text
        scores = [hit["score"] for hit in answer.json["hits"]]
        assert len(scores) > 1
        assert scores == sorted(scores, reverse=True)
        assert 0 <= scores[-1] <= scores[0] <= 1
        assert client.post("/api/v1/search", json={"parts": [{"clip_id": 1, "changes": ["redder"]}]}).status_code == 422
        with Path(asked.absolute_path).open("rb") as file:
            question = json.dumps({"parts": [{"audio": "voice", "imitation": True}], "k": 20})
            imitated = client.post("/api/v1/search", data={"query": question, "voice": (file, "voice.wav")})
        assert imitated.status_code == 200, imitated.text
        assert [hit["clip_id"] for hit in imitated.json["hits"]] == expected
        passage = {**part, "start_s": 0.0, "end_s": asked.duration_s}
        weighed = client.post("/api/v1/search", json={"parts": [passage], "k": 20}).json["hits"]
        plain = client.post("/api/v1/search", json={"parts": [{**passage, "aspects": None}], "k": 20}).json["hits"]
        assert [hit["score"] for hit in weighed] != [hit["score"] for hit in plain]
        longer = client.post("/api/v1/search", json={"parts": [{**passage, "changes": ["longer"]}], "k": 20})
        assert all(clip(client, hit)["duration_s"] > 1.2 * asked.duration_s for hit in longer.json["hits"])
        bad = {"parts": [{"clip_id": 1, "aspects": {"timbre": -1}}]}
        assert client.post("/api/v1/search", json=bad).status_code == 422
        assert client.post("/api/v1/search", json={"parts": [{"clip_id": 1, "aspects": {}}]}).status_code == 422
