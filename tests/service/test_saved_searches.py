"""``/searches``: saved searches, their sounds, and their hits among new sounds."""

from __future__ import annotations

import io
import json
import logging
import threading

import pytest

from search import plugins, wiring
from search.service.config import ServiceConfig
from search.service.jobs import watching
from tests.service.conftest import application, settings, wav

API = "/api/v1"


def save(client, name="rains", status=201, **rest):
    said = {"parts": [{"text": "rain"}], **rest}
    answer = client.post(f"{API}/searches", json={"name": name, **said})
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_json()


def add(library_path, name, seed):
    """Index a sound, as another process would."""
    folder = library_path.parent / "more"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(wav(seed))
    with wiring.library(library_path, settings(library_path)) as library:
        plugins.job("index")(library, "spectral", [str(folder)], settings(library_path))


def look(library_path, **changes):
    """One look of the process that does the jobs; it ends with it."""

    class Once(threading.Event):
        looks = 0

        def wait(self, timeout=None):
            self.looks += 1
            return self.looks > 1

    with wiring.library(library_path, settings(library_path)) as library:
        watching.watch_searches(library, ServiceConfig(library_path, **changes), Once())


def test_a_search_is_saved_asked_changed_and_deleted(client):
    saved = save(client, where="duration_s < 9", k=1, within=None, recall=0.99)
    assert saved["query"] == {"parts": [{"text": "rain"}], "k": 1, "where": "duration_s < 9", "recall": 0.99}
    assert (saved["unseen"], saved["trouble"], saved["webhook"], saved["secret"]) == (0, "", "", None)
    one = f"{API}/searches/{saved['id']}"
    assert client.get(one).get_json() == saved
    assert client.get(f"{API}/searches").get_json() == {"searches": [saved], "unseen": 0}
    hits = client.get(f"{one}/hits").get_json()
    assert (len(hits["hits"]), hits["next_offset"], hits["recall"]) == (1, 1, 0.99)
    assert len(client.get(f"{one}/hits?k=5").get_json()["hits"]) == 2
    assert save(client, status=422)["detail"].endswith("already a saved search called rains")
    changed = client.patch(one, json={"name": "weather", "least": 0.9}).get_json()
    assert (changed["name"], changed["least"]) == ("weather", 0.9)
    assert client.delete(one).status_code == 204
    for path in ("", "/hits", "/sounds/0"):
        assert client.get(one + path).status_code == 404
    assert client.delete(one).status_code == client.patch(one, json={"name": "x"}).status_code == 404
    assert client.post(f"{one}/seen", json={}).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"parts": []},
        {"parts": [{"text": "x", "weight": -1}]},
        {"where": "no filter"},
        {"least": 0},
        {"space": "nowhere"},
        {"within": "collection:99"},
        {"webhook": "ftp://example.org/"},
        {"webhook": "http://127.0.0.1:9000/"},
        {"webhook": "http://169.254.169.254/latest"},
        {"parts": [{"audio": "sound"}]},
        {"parts": [{"clip_id": 999}]},
    ],
)
def test_what_cannot_be_asked_or_posted_to_is_not_saved(reader, wrong):
    save(reader, **{"name": "wrong", **wrong, "status": 422})
    assert reader.get(f"{API}/searches").get_json()["searches"] == []


def test_a_sound_is_kept_and_can_be_fetched(client):
    """It needs no file any more, and is found by what it sounds like."""
    form = {"query": json.dumps({"name": "bells", "parts": [{"audio": "sent", "start_s": 0.5}]})}
    sent = {**form, "sent": (io.BytesIO(wav(4)), "bell.wav")}
    saved = client.post(f"{API}/searches", data=sent).get_json()
    assert (saved["sounds"], saved["query"]["parts"]) == (1, [{"audio": "0", "start_s": 0.5}])
    one = f"{API}/searches/{saved['id']}"
    assert client.get(f"{one}/sounds/0").data == wav(4)
    assert client.get(f"{one}/sounds/1").status_code == 404
    assert client.get(f"{one}/hits").get_json()["hits"][0]["title"] == "bell"
    broken = {"query": json.dumps({"name": "x"}), "audio": (io.BytesIO(b"no sound"), "x.wav")}
    assert client.post(f"{API}/searches", data=broken).status_code == 422


def test_what_comes_is_told_by_counts_matches_and_events_until_it_is_seen(client, library_path):
    saved = save(client)
    save(client, "dogs", parts=[{"text": "dog"}])
    add(library_path, "rain at night.wav", 7)
    look(library_path)
    listed = client.get(f"{API}/searches").get_json()
    assert ([(one["name"], one["unseen"]) for one in listed["searches"]], listed["unseen"]) == (
        [("dogs", 0), ("rains", 1)],
        1,
    )
    (match,) = client.get(f"{API}/searches/matches?unseen=true").get_json()["matches"]
    assert (match["search"], match["title"], match["path"]) == ("rains", "rain at night", "rain at night.wav")
    assert client.get(f"{API}/searches/matches?search_id={saved['id'] + 1}").get_json() == {"matches": []}
    assert client.get(f"{API}/searches/matches?after={match['id']}").get_json() == {"matches": []}
    events = client.get(f"{API}/searches/events", headers={"Last-Event-ID": "0"}, buffered=False)
    lines = iter(events.response)
    assert next(lines) == b"retry: 1000\n\n"
    assert next(lines).decode().startswith(f"event: match\nid: {match['id']}\ndata: {{")
    events.close()
    seen = client.post(f"{API}/searches/{saved['id']}/seen", json={"up_to": match["id"]}).get_json()
    assert seen["unseen"] == 0
    assert client.get(f"{API}/searches/matches").get_json()["matches"] == [{**match, "seen": True}]


def test_new_matches_are_posted_where_the_service_allows_it(library_path, caplog):
    """Each once; to a private address only where that is allowed, by whoever started the service."""
    from tests.test_webhooks import receiving

    with receiving() as (url, came):
        with application(library_path) as client:
            save(client, "refused", webhook=url, status=422)
        with application(library_path, private_webhooks=True) as client:
            saved = save(client, webhook=url)
            assert len(saved["secret"]) == 64
            one = f"{API}/searches/{saved['id']}"
            assert client.get(one).get_json()["secret"] is None
            assert client.patch(one, json={"webhook": url}).get_json()["secret"] is None
            add(library_path, "rain at night.wav", 7)
            look(library_path, private_webhooks=True)
            look(library_path, private_webhooks=True)
            assert [json.loads(body)["title"] for _, body in came] == ["rain at night"]
            assert "X-Soundalike-Signature" in came[0][0]
            assert client.patch(one, json={"webhook": ""}).get_json()["webhook"] == ""


def test_a_look_that_fails_is_logged_and_the_next_one_finds_what_came(library_path, monkeypatch, caplog):
    from search.errors import LibraryUnwritable
    from search.library.following import Follower

    def full(*_):
        raise LibraryUnwritable("the disk is full")

    monkeypatch.setattr(Follower, "look", full)
    with caplog.at_level(logging.WARNING):
        look(library_path)
    assert "saved searches cannot be checked: the disk is full" in caplog.text
