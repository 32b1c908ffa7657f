"""/recommend and /feedback: clips for a person, and a person's opinions of clips."""

from __future__ import annotations

import pytest

from tests.service.conftest import application


def ids(reader):
    return {clip["title"]: clip["id"] for clip in reader.get("/api/v1/clips").get_json()["clips"]}


def recommended(client, **body):
    response = client.post("/api/v1/recommend", json=body)
    assert response.status_code == 200, response.get_data(as_text=True)
    return [hit["title"] for hit in response.get_json()["hits"]]


def test_what_was_liked_leads_to_what_sounds_like_it(reader):
    """And neither the liked clip nor what was seen comes back."""
    clip = ids(reader)
    found = recommended(reader, likes=[{"clip_id": clip["bell"]}], seen=[clip["dog"]], diversity=0, k=5)
    assert found[0] == "bell far"
    assert not {"bell", "dog"} & set(found)


def test_without_a_history_there_is_a_sample(reader):
    """The same one every time."""
    assert len(recommended(reader, k=3)) == 3
    assert recommended(reader, k=3) == recommended(reader, k=3)
    assert recommended(reader, k=2, offset=1) == recommended(reader, k=3)[1:]


def test_many_questions_at_once_keep_their_order_and_their_errors(reader):
    clip = ids(reader)
    queries = [{"likes": [{"clip_id": clip["rain"]}], "diversity": 0}, {"likes": [{"clip_id": 999}]}, {"k": 1}]
    answers = reader.post("/api/v1/recommend/batch", json={"queries": queries}).get_json()["answers"]
    assert answers[0]["answer"]["hits"][0]["title"] == "rain on tin"
    assert answers[1]["answer"] is None
    assert "999" in answers[1]["error"]
    assert len(answers[2]["answer"]["hits"]) == 1


def test_feedback_is_kept_by_name_used_and_forgotten(client):
    """PUT replaces, POST adds, DELETE forgets one or all; a recommendation may name it."""
    clip = ids(client)
    url = "/api/v1/feedback/anna karenina"
    assert client.get(url).get_json()["feedback"] == []
    liked = {"feedback": [{"clip_id": clip["bell"], "opinion": "like"}]}
    kept = client.put(url, json=liked).get_json()
    assert [(one["clip_id"], one["opinion"]) for one in kept["feedback"]] == [(clip["bell"], "like")]
    client.post(url, json={"feedback": [{"clip_id": clip["wind"], "opinion": "dislike"}]})
    assert len(client.get(url).get_json()["feedback"]) == 2
    found = recommended(client, profile="anna karenina", diversity=0)
    assert found[0] == "bell far"
    assert not {"bell", "wind"} & set(found)
    assert client.delete(f"{url}/{clip['wind']}").status_code == 204
    assert client.delete(f"{url}/{clip['wind']}").status_code == 204
    assert [one["clip_id"] for one in client.get(url).get_json()["feedback"]] == [clip["bell"]]
    client.post(url, json={"feedback": [{"clip_id": clip["wind"], "opinion": "dislike"}]})
    assert len(client.put(url, json=liked).get_json()["feedback"]) == 1
    assert client.delete(url).status_code == 204
    assert client.get(url).get_json()["feedback"] == []


@pytest.mark.parametrize("method", ["get", "put", "post", "delete"])
@pytest.mark.parametrize("name", ["shop%2Fanna", "shop%2Fanna%2Fcarl", "anna%2F"])
def test_a_name_with_a_slash_is_refused_and_it_is_said_why(client, method, name):
    """What follows the slash would be taken for a clip: `DELETE /feedback/shop/17` forgets one opinion of `shop`."""
    body = {} if method in ("get", "delete") else {"json": {"feedback": []}}
    refused = getattr(client, method)(f"/api/v1/feedback/{name}", **body)
    assert refused.status_code == 422, refused.get_data(as_text=True)
    assert refused.get_json()["detail"] == "profile: a profile's name must not contain '/'; choose another character"


def test_no_question_may_name_a_profile_that_feedback_cannot_be_kept_under(client):
    refused = client.post("/api/v1/recommend", json={"profile": "shop/anna"})
    assert (refused.status_code, refused.get_json()["errors"][0]["where"]) == (422, "profile")
    assert client.delete("/api/v1/feedback/shop%2Fanna/17").status_code == 422
    assert client.put("/api/v1/feedback/shop/17").status_code == 405, "the address of an opinion, which is only deleted"


@pytest.mark.parametrize(
    "body", [{"likes": [{"clip_id": 999}]}, {"diversity": 2}, {"likes": [{"clip_id": 1, "weight": 0}]}, {"where": "("}]
)
def test_a_wrong_question_is_refused(reader, body):
    assert reader.post("/api/v1/recommend", json=body).status_code == 422


def test_an_empty_library_recommends_nothing(tmp_path):
    with application(tmp_path / "new") as client:
        assert recommended(client) == []


def test_an_empty_library_recommends_nothing_to_several_either(tmp_path):
    """Each gets the answer that it would get by itself: empty, and no error."""
    queries = [{"k": 3}, {"likes": [{"clip_id": 1}]}, {"space": "nowhere"}]
    with application(tmp_path / "new") as client:
        alone = [client.post("/api/v1/recommend", json=query).get_json() for query in queries]
        answers = client.post("/api/v1/recommend/batch", json={"queries": queries}).get_json()["answers"]
    assert answers == [{"answer": answer, "error": None} for answer in alone]
