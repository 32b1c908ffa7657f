"""``/collections``, and searches within a collection."""

from __future__ import annotations

import pytest

API = "/api/v1"


@pytest.fixture
def ids(client):
    return [clip["id"] for clip in client.get(f"{API}/clips?sort=id").get_json()["clips"]]


def test_a_collection_is_made_changed_and_deleted(client, ids):
    made = client.post(f"{API}/collections", json={"name": "doors", "clips": [{"clip_id": ids[0], "start_s": 0.5}]})
    assert made.status_code == 201
    one = made.headers["Location"]
    assert client.get(one).get_json()["clips"][0] | {"at": 0} == {
        "clip_id": ids[0], "start_s": 0.5, "end_s": None, "at": 0
    }  # fmt: skip
    change = {"name": "gates", "added": [{"clip_id": ids[1]}], "removed": [ids[0]]}
    changed = client.patch(one, json=change).get_json()
    assert (changed["name"], [clip["clip_id"] for clip in changed["clips"]]) == ("gates", [ids[1]])
    (listed,) = client.get(f"{API}/collections").get_json()["collections"]
    assert (listed["name"], listed["clips"]) == ("gates", 1)
    assert client.post(f"{API}/collections", json={"name": "gates"}).status_code == 422
    assert client.delete(one).status_code == 204
    for method in (client.get, client.delete):
        assert method(one).status_code == 404
    assert client.patch(one, json={"added": [{"clip_id": 1}]}).status_code == 404


def test_a_question_is_asked_of_a_list_alone(client, ids):
    """Of a collection, of what somebody liked; also listing, facets and the map; with a filter both hold."""
    made = client.post(f"{API}/collections", json={"name": "few", "clips": [{"clip_id": one} for one in ids[1:3]]})
    within = f"collection:{made.get_json()['id']}"
    found = client.post(f"{API}/search", json={"parts": [{"clip_id": ids[0]}], "within": within}).get_json()["hits"]
    assert {hit["clip_id"] for hit in found} == set(ids[1:3])
    listed = client.get(f"{API}/clips", query_string={"within": within, "facets": "true"}).get_json()
    assert [clip["id"] for clip in listed["clips"]] == ids[1:3]
    assert listed["facets"]["clips"] == 2
    narrow = {"within": within, "where": "duration_s > 99"}
    assert client.get(f"{API}/clips", query_string=narrow).get_json()["total"] == 0
    opinions = [{"clip_id": ids[4], "opinion": "like"}, {"clip_id": ids[5], "opinion": "dislike"}]
    client.post(f"{API}/feedback/anna", json={"feedback": opinions})
    for name, clip_id in (("liked:anna", ids[4]), ("disliked:anna", ids[5])):
        listed = client.get(f"{API}/clips", query_string={"within": name}).get_json()["clips"]
        assert [clip["id"] for clip in listed] == [clip_id]
    assert client.get(f"{API}/clips?within=liked:nobody").get_json()["total"] == 0
    assert client.get(f"{API}/clips?within=collection:99").status_code == 422
    assert client.get(f"{API}/clips?within=other:1").status_code == 422


def test_a_question_is_asked_of_a_folder_alone(client, ids):
    (root, *_) = client.get(f"{API}/roots").get_json()["roots"]
    within = {"within": f"root:{root['id']}"}
    assert client.get(f"{API}/clips", query_string=within).get_json()["total"] == root["clips"] > 0
    found = client.post(f"{API}/search", json={"parts": [{"clip_id": ids[0]}], **within}).get_json()["hits"]
    assert found
    listed = client.get(f"{API}/clips?within=root:999")
    asked = client.post(f"{API}/search", json={"parts": [{"clip_id": ids[0]}], "within": "root:999"})
    for refused in (listed, asked):
        assert refused.status_code == 422
        assert "no folder has the id 999" in refused.get_data(as_text=True)
