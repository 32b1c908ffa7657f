"""POST /search and /clips/{id}/similar: what can be queried, and how invalid queries are refused."""

from __future__ import annotations

import io
import json
import tempfile

import numpy as np
import pytest
import soundfile

from tests.service.conftest import RATE_HZ, application, noise, wav


def ask(client, *parts, **rest):
    return client.post("/api/v1/search", json={"parts": list(parts), **rest})


def form(client, query=None, **files):
    data = {name: (io.BytesIO(content), f"{name}.wav") for name, content in files.items()}
    if query is not None:
        data["query"] = json.dumps(query)
    return client.post("/api/v1/search", data=data)


def as_wav(samples):
    out = io.BytesIO()
    soundfile.write(out, samples, RATE_HZ, format="WAV")
    return out.getvalue()


def titles(response):
    assert response.status_code == 200, response.get_data(as_text=True)
    return [hit["title"] for hit in response.get_json()["hits"]]


def test_words_find_names(reader):
    assert set(titles(ask(reader, {"text": "rain"}))) == {"rain", "rain on tin"}


def test_a_lone_file_is_a_whole_question(reader):
    """The file itself comes first, by its sound; its path is told relative to its root."""
    answer = form(reader, audio=wav(4)).get_json()
    assert answer["hits"][0]["path"] == "things/bell.wav"
    assert answer["hits"][0]["score"] > 0.999
    assert answer["hits"][0]["via"] == [{"part": "audio 1", "share": 1.0}]
    assert set(answer) == {
        "verdict", "hits", "took_ms", "reason", "next_offset", "did_you_mean", "language", "gone", "warnings",
        "nearest", "likely", "recall", "facets",
    }  # fmt: skip


def test_silence_is_refused_and_counts_for_nothing_beside_a_sound(reader):
    """Of a silent file, and of a silent passage, the answer says so; what is heard beside it is found."""
    half = np.concatenate([np.zeros(8 * RATE_HZ), noise(4, 8)])
    for file, passage in ((as_wav(np.zeros(RATE_HZ)), {}), (as_wav(half), {"start_s": 0, "end_s": 2})):
        refused = form(reader, {"parts": [{"audio": "take", **passage}]}, take=file)
        assert refused.status_code == 422
        assert refused.get_json()["detail"].startswith("take.wav: it is silent (nothing above -80 dB")
    assert titles(form(reader, audio=as_wav(half)))[0] == "bell"


def test_parts_name_their_files(reader):
    """Like this file, unlike that one, among the short ones, two hits."""
    query = {
        "parts": [{"audio": "yes"}, {"audio": "no", "weight": -0.5}], "k": 2, "where": "duration_s < 60"
    }  # fmt: skip
    assert titles(form(reader, query, yes=wav(1), no=wav(6)))[0] == "rain"


@pytest.mark.parametrize("passage", [{}, {"start_s": 0.1}])
def test_a_refused_clip_never_appears_whatever_its_name_says(reader, passage):
    """Also where a passage of it is refused, which is listened to."""
    rain = ask(reader, {"text": "rain"}).get_json()["hits"][0]
    refused = {"clip_id": rain["clip_id"], "weight": -1.0, **passage}
    left = titles(ask(reader, {"text": "rain"}, refused))
    assert left == [title for title in ("rain", "rain on tin") if title != rain["title"]]


def test_pages_follow_each_other_and_end(reader):
    """A page's `next_offset` is the next one's `offset`; of similar clips too."""
    for path, whole in (("search", ask(reader, {"text": "rain"})), ("similar", reader.get("/api/v1/clips/1/similar"))):
        pages, offset = [], 0
        while offset is not None:
            if path == "search":
                page = ask(reader, {"text": "rain"}, k=1, offset=offset)
            else:
                page = reader.get(f"/api/v1/clips/1/similar?k=1&offset={offset}")
            pages += titles(page)
            offset = page.get_json()["next_offset"]
        assert pages == titles(whole)
        assert len(pages) > 1
    assert ask(reader, {"text": "rain"}, offset=-1).status_code == 422


def test_clips_segments_and_words_go_together(reader):
    clips = reader.get("/api/v1/clips").get_json()["clips"]
    rain = next(clip["id"] for clip in clips if clip["title"] == "rain")
    tin = reader.get(f"/api/v1/clips/{rain}/similar?k=1").get_json()["hits"][0]
    found = ask(reader, {"clip_id": rain}, {"segment_id": tin["segment_id"]}, {"text": "bell", "weight": -1}, k=9)
    hits = found.get_json()["hits"]
    assert {hit["title"] for hit in hits} == {"dog", "wind"}
    assert all(abs(sum(via["share"] for via in hit["via"]) - 1) < 0.01 for hit in hits)


def test_facets_stand_beside_the_hits_when_asked_for(reader):
    """Each count's filter selects what it counts."""
    facets = ask(reader, {"text": "bell"}, facets=True).get_json()["facets"]
    (folder,) = facets["folders"]
    assert (folder["value"], folder["count"]) == ("things", 2)
    assert set(titles(ask(reader, {"text": "bell"}, where=folder["where"]))) == {"bell", "bell far"}


def test_facets_are_counted_over_all_that_is_likely_however_many_hits_are_asked_for(reader):
    """Beyond the page, and no further than what is likely; where the page is longer, its rest is not counted."""
    for k in (1, 6):
        answer = ask(reader, {"text": "rain"}, facets=True, k=k).get_json()
        assert answer["likely"] == {"clips": 2, "least": 0.6, "is_all": True}
        assert answer["facets"]["clips"] == 2
        assert [(one["value"], one["count"]) for one in answer["facets"]["folders"]] == [("weather", 2)]
    assert ask(reader, {"text": "rain"}).get_json()["likely"] is None


def test_similar_clips_leave_the_clip_itself_out(reader):
    clips = reader.get("/api/v1/clips").get_json()["clips"]
    rain = next(clip["id"] for clip in clips if clip["title"] == "rain")
    found = reader.get(f"/api/v1/clips/{rain}/similar?k=3").get_json()["hits"]
    assert [hit["clip_id"] for hit in found].count(rain) == 0
    assert found[0]["title"] == "rain on tin"
    assert reader.get("/api/v1/clips/999/similar").status_code == 404


def test_an_answer_says_which_recall_was_asked_for(reader):
    """Where nobody asked for any, and the service is not set to one, there is none."""
    said = [ask(reader, {"text": "rain"}, **more).get_json()["recall"] for more in ({}, {"recall": 0.9})]
    similar = reader.get("/api/v1/clips/1/similar?recall=0.97").get_json()["recall"]
    assert (*said, similar) == (None, 0.9, 0.97)
    assert reader.get("/api/v1/clips/1/similar?recall=1").status_code == 422


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"parts": []}, "at least one thing to look for"),
        ({"parts": [{"text": "rain", "weight": -1}]}, "at least one thing to look for"),
        ({"parts": [{"text": "rain"}], "where": "duration_s <"}, "duration_s <"),
        ({"parts": [{"text": "rain"}], "space": "nowhere"}, "no space called"),
        ({"parts": [{"text": "rain"}], "k": 0}, "greater than or equal to 1"),
        ({"parts": [{"text": "rain"}], "k": 10**6}, "less than or equal to 1000"),
        ({"parts": [{"text": "x" * 1001}]}, "at most 1000"),
        ({"parts": [{"text": "rain"}] * 33}, "at most 32"),
        ({"parts": [{"text": "rain"}], "colour": "red"}, "colour: there is no such field; there are: parts, k, "),
        ({"parts": [{"text": "rain"}], "wher": "id < 3"}, "wher: there is no such field; did you mean where? There"),
        ({"text": "rain"}, "text: there is no such field; there are: parts"),
        ({"parts": [{"text": "rain"}], "sort": "size"}, "sort: it must be one of loudness, "),
        ({"parts": [{"text": "rain"}], "recall": 1}, "less than or equal to 0.999"),
        ({"parts": [{"text": "rain"}], "recall": 0.4}, "greater than or equal to 0.5"),
        ({"parts": [{"clip_id": 999}]}, "no clip has the id 999"),
        ({"parts": [{"clip_id": "1"}]}, "valid integer"),
        ({"parts": [{"audio": "door"}]}, "names the file 'door'"),
        ({"parts": [{"text": "\ud800"}]}, "valid string"),
    ],
)
def test_a_wrong_question_is_refused_with_what_is_wrong(reader, body, says):
    response = reader.post("/api/v1/search", data=json.dumps(body), content_type="application/json")
    assert response.status_code == 422
    assert response.mimetype == "application/problem+json"
    assert says in response.get_json()["detail"]


def test_another_method_and_a_file_that_nobody_names_are_told_what_is_taken(reader):
    refused = reader.get("/api/v1/search")
    assert (refused.status_code, refused.get_json()["detail"]) == (405, "this address takes POST")
    assert "a lone sound is sent as the field audio" in form(reader, file=b"RIFF").get_json()["detail"]


def test_a_sound_that_is_none_is_refused_without_telling_where_it_was_put(reader):
    response = form(reader, audio=b"this is a letter, not a sound")
    assert response.status_code == 422
    assert response.get_json()["detail"] == "audio.wav: text, not sound"


KINDS = "a part is one of text, clip_id, segment_id, audio, hum, notes"


@pytest.mark.parametrize(
    ("part", "where", "what"),
    [
        ({"notes": ""}, "parts.1.notes", "String should have at least 1 character"),
        ({"text": "rain", "weight": "much"}, "parts.1.weight", "Input should be a valid number"),
        ({"clip_id": 1, "colour": "red"}, "parts.1.colour", "there is no such field"),
        ({"audio": "a", "end_s": -1}, "parts.1.end_s", "Input should be greater than or equal to 0"),
        ({"weight": 2}, "parts.1", f"{KINDS}; this one has none of them"),
        ("rain", "parts.1", f"{KINDS}; this one has none of them"),
        ({"text": "rain", "clip_id": 1}, "parts.1", f"{KINDS}; this one has text and clip_id"),
    ],
)
def test_a_wrong_part_is_refused_with_what_is_wrong_with_it_alone(reader, part, where, what):
    """Once, and not with what it would lack as any other kind of part."""
    refused = ask(reader, {"text": "rain"}, part)
    assert refused.status_code == 422
    assert refused.get_json()["errors"] == [{"where": where, "what": what}]


def broken_wav():
    """A file whose header is fine and whose sound is not."""
    out = io.BytesIO()
    soundfile.write(out, np.full(48_000, np.nan, np.float32), 16_000, format="WAV", subtype="FLOAT")
    return out.getvalue()


@pytest.mark.parametrize(
    ("bad", "cause"),
    [
        (b"a letter", "text, not sound"),
        (broken_wav(), "100 % of the samples are NaN or infinite, the first at 0.000 s"),
    ],
)
def test_of_several_files_the_one_that_is_refused_is_named(reader, bad, cause):
    """As its client calls it, whether its header says so already or only its sound; never where it was put."""
    query = {"parts": [{"audio": "yes"}, {"audio": "no", "weight": -0.5}]}
    response = form(reader, query, yes=wav(1), no=bad)
    problem = response.get_json()
    assert (response.status_code, problem["detail"]) == (422, f"no.wav: {cause}")
    assert problem["errors"] == [{"where": "no.wav", "what": cause}]
    assert tempfile.gettempdir() not in response.get_data(as_text=True)


def test_a_file_that_no_part_names_is_refused(reader):
    response = form(reader, {"parts": [{"text": "rain"}]}, other=wav(1))
    assert "no part names the file 'other'" in response.get_json()["detail"]


def test_an_empty_library_has_no_match(tmp_path):
    """Before anything is indexed every question has an answer, and every list is empty."""
    with application(tmp_path / "new") as client:
        assert ask(client, {"text": "rain"}).get_json() == {
            "verdict": "none", "hits": [], "took_ms": 0.0, "reason": "", "next_offset": None, "did_you_mean": "",
            "language": "", "gone": [], "warnings": [], "nearest": [], "likely": None, "recall": None, "facets": None,
        }  # fmt: skip
        assert ask(client, {"text": "rain"}, region="0,0 1,0 1,1").get_json()["hits"] == []
        assert client.get("/api/v1/clips").get_json()["clips"] == []
        assert client.get("/ready").get_json()["clips"] == 0
        assert client.get("/api/v1/clips/1/similar").status_code == 404
