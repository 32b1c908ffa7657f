"""/clips/{id}/path and /clips/{id}/goes-with."""

from __future__ import annotations

import pytest

from search import wiring
from tests.service.conftest import settings

API = "/api/v1"


@pytest.fixture
def known(client) -> dict[str, int]:
    return {clip["title"]: clip["id"] for clip in client.get(f"{API}/clips").get_json()["clips"]}


def test_a_path_leads_through_other_clips(client, known):
    found = client.get(f"{API}/clips/{known['rain']}/path?to={known['dog']}&steps=3").get_json()
    assert len(found["clips"]) == 2
    assert len(found["similarities"]) == 3
    assert found["least"] == min(found["similarities"])
    assert not {known["rain"], known["dog"]} & {clip["clip_id"] for clip in found["clips"]}
    assert found["clips"][0]["path"].split("/")[0] in ("weather", "things")
    filtered = client.get(
        f"{API}/clips/{known['rain']}/path", query_string={"to": known["dog"], "where": 'title ~ "bell"'}
    )
    assert {clip["title"] for clip in filtered.get_json()["clips"]} == {"bell", "bell far"}


def test_what_has_no_facts_goes_with_nothing_and_says_so(client, library_path, known):
    one = f"{API}/clips/{known['rain']}/goes-with"
    answer = client.get(one)
    assert answer.status_code == 422
    assert "facts --measure" in answer.get_json()["detail"]
    with wiring.library(library_path, settings(library_path)) as library:
        library.facts.measure()
    answer = client.get(one)
    assert answer.status_code == 422


def test_bad_questions_are_refused(client, known):
    rain = f"{API}/clips/{known['rain']}"
    for path, status in (
        (f"{rain}/path", 422),
        (f"{rain}/path?to=999", 404),
        (f"{API}/clips/999/path?to={known['rain']}", 404),
        (f"{rain}/path?to={known['dog']}&steps=1", 422),
        (f"{rain}/path?to={known['dog']}&where=nonsense", 422),
        (f"{rain}/path?to={known['dog']}&space=nonsense", 422),
        (f"{API}/clips/999/goes-with", 404),
        (f"{rain}/goes-with?stretch=2", 422),
        (f"{rain}/goes-with?k=0", 422),
    ):
        assert client.get(path).status_code == status, path
