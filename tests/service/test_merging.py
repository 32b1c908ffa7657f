"""/merges: clips are merged into one, and restored."""

from __future__ import annotations

from search import wiring
from tests.service.conftest import settings

API = "/api/v1"


def test_a_merge_is_made_listed_and_undone(client):
    clips = {clip["title"]: clip["id"] for clip in client.get(f"{API}/clips").get_json()["clips"]}
    client.patch(f"{API}/clips/{clips['bell far']}", json={"own_tags": ["metal"]})
    before = client.get(f"{API}/clips").get_json()
    made = client.post(f"{API}/merges", json={"keep": clips["bell"], "clips": [clips["bell far"]]})
    assert made.status_code == 201
    assert [one["path"] for one in made.get_json()["clips"]] == ["things/bell far.wav"]
    assert client.get(f"{API}/clips/{clips['bell']}").get_json()["own_tags"] == ["metal"]
    assert client.get(f"{API}/clips/{clips['bell far']}").status_code == 404
    found = client.post(f"{API}/search", json={"parts": [{"clip_id": clips["bell"]}]}).get_json()["hits"]
    assert clips["bell far"] not in [hit["clip_id"] for hit in found]
    listed = client.get(f"{API}/merges").get_json()["merges"]
    assert listed == [made.get_json()]
    undone = client.post(f"{API}/merges/{listed[0]['id']}/undo")
    assert undone.get_json() == {"restored": [clips["bell far"]], "notes": []}
    assert client.get(f"{API}/clips").get_json() == before
    assert client.get(f"{API}/merges").get_json() == {"total": 0, "offset": 0, "merges": []}


def test_merges_are_read_page_by_page_and_made_final(client):
    ids = [client.post(f"{API}/merges", json={"keep": 1, "clips": [other]}).get_json()["id"] for other in (2, 3, 4)]
    page = client.get(f"{API}/merges?offset=1&limit=1").get_json()
    assert (page["total"], page["offset"], [one["id"] for one in page["merges"]]) == (3, 1, [ids[1]])
    assert client.delete(f"{API}/merges/{ids[2]}").status_code == 204
    assert client.delete(f"{API}/merges/{ids[2]}").status_code == 404
    assert client.post(f"{API}/merges/{ids[2]}/undo").status_code == 404
    assert client.post(f"{API}/merges/{ids[1]}/undo").get_json()["restored"] == [3]


def test_bad_merges_are_refused(client, library_path):
    for body, status in (
        ({"keep": 1, "clips": [999]}, 404),
        ({"keep": 999, "clips": [1]}, 404),
        ({"keep": 1, "clips": [1]}, 422),
        ({"keep": 1, "clips": []}, 422),
        ({"keep": 1}, 422),
        ({"keep": "1", "clips": [2]}, 422),
    ):
        assert client.post(f"{API}/merges", json=body).status_code == status, body
    assert client.post(f"{API}/merges/7/undo").status_code == 404
    first = client.post(f"{API}/merges", json={"keep": 1, "clips": [2]}).get_json()["id"]
    client.post(f"{API}/merges", json={"keep": 3, "clips": [1]})
    assert client.post(f"{API}/merges/{first}/undo").status_code == 422
    with (
        wiring.library(library_path, settings(library_path)) as library,
        library.writer.lease("another", wait_s=1),
    ):
        assert client.post(f"{API}/merges/{first + 1}/undo").status_code == 409
