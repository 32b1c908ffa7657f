"""Likes and dislikes, and the recommendations from them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.page.conftest import HURRIED, PHONE, ask, away, held_back
from tests.waiting import wait_until


def form_opinion(page, label, place="body"):
    """Press a button of opinions in a place of the page, and wait until the service has taken what it says."""
    with page.expect_response(lambda one: "/feedback/" in one.url and one.request.method in ("POST", "DELETE")):
        page.locator(place).get_by_label(label, exact=True).click()


def turn_dial(page, value):
    """How varied the strip is; the titles of what is recommended then."""

    def asked(response):
        return response.url.endswith("/recommend") and response.request.post_data_json["diversity"] == float(value)

    with page.expect_response(asked) as answer:
        page.get_by_label("How varied").fill(value)
    titles = [hit["title"] for hit in answer.value.json()["hits"]]
    expect(page.locator(".card-title")).to_have_text(titles)
    return titles


@pytest.mark.thorough
@pytest.mark.parametrize("width", [PHONE, 1280])
def test_the_list_does_not_move_when_the_strip_comes(page, service, width):
    """Whoever clicks meanwhile means what is under the pointer."""
    page.set_viewport_size({"width": width, "height": 800})
    asked = held_back(page, "**/recommend", "POST")
    page.goto(service.url)
    expect(page.locator(".row-title").first).to_be_visible()
    before = page.locator(".list").bounding_box()
    asked().continue_()
    expect(page.locator(".card").first).to_be_visible()
    wait_until(lambda: page.locator(".list").bounding_box() == before)


def test_likes_and_dislikes_recommend_more_of_the_kind(home, service):
    """A varied sample at first; two likes of a kind bring others of it, and nothing that is known comes back."""
    expect(home.get_by_role("heading", name="To get started")).to_be_visible()
    home.locator(".card-title").first.click()
    why = home.locator(".fact", has=home.get_by_role("heading", name="Why it was found"))
    expect(why.locator("p")).to_have_text(re.compile("^Part of a varied sample"))
    ask(home, "bell")
    for title in ("bell 1", "bell 2"):
        form_opinion(home, f"Like {title}")
        expect(home.get_by_label(f"Like {title}")).to_have_attribute("aria-pressed", "true")
    home.get_by_label("What are you looking for?").fill("")
    expect(home.get_by_role("heading", name="For you")).to_be_visible()
    cards = home.locator(".card-title")
    expect(cards.first).to_contain_text("bell")
    expect(cards.get_by_text(re.compile("^bell [12]$"))).to_have_count(0)
    cards.first.click()
    expect(why.locator(".via li").first).to_contain_text("like what you liked")
    home.reload()
    expect(home.get_by_role("heading", name="For you")).to_be_visible()
    first = cards.first.inner_text()
    form_opinion(home, f"Not for me: {first}")
    expect(home.get_by_label(f"Not for me: {first}")).to_have_count(0)


@pytest.mark.thorough
def test_the_dial_goes_from_alike_to_varied(home):
    """Between its ends the strip differs: alike asks for the likeliest, varied spreads."""
    ask(home, "door")
    form_opinion(home, "Like door 3")
    home.get_by_label("What are you looking for?").fill("")
    expect(home.get_by_role("heading", name="For you")).to_be_visible()
    found = [turn_dial(home, value) for value in ("0", "1")]
    assert found[0] != found[1]
    kinds = [len({title.split()[0] for title in titles}) for titles in found]
    assert kinds[0] <= kinds[1]


def test_an_older_answer_does_not_overwrite_a_newer_one(home, service):
    """The dial moves on while an answer is on its way: what comes last is not what was asked last."""
    expect(home.locator(".card").first).to_be_visible()
    held = []

    def hold_alike(route):
        if route.request.post_data_json["diversity"] == 0:
            held.append(route)
        else:
            route.fallback()

    home.route("**/recommend", hold_alike)
    with home.expect_request("**/recommend"):
        home.get_by_label("How varied").fill("0")
    shown = turn_dial(home, "1")
    clip = service.get("/api/v1/clips?limit=1").json()["clips"][0]
    hit = service.post("/api/v1/search", json={"parts": [{"clip_id": clip["id"]}], "k": 1}).json()
    held[0].fulfill(json=hit)
    home.evaluate("() => fetch('/api/v1/health').then((answer) => answer.text())")
    assert len(shown) > 1
    expect(home.locator(".card-title")).to_have_text(shown)


def test_an_opinion_is_taken_back(home):
    ask(home, "horn")
    like = home.get_by_label("Like horn 4")
    form_opinion(home, "Like horn 4")
    expect(like).to_have_attribute("aria-pressed", "true")
    form_opinion(home, "Like horn 4")
    expect(like).to_have_attribute("aria-pressed", "false")
    home.reload()
    expect(home.get_by_label("Like horn 4")).to_have_attribute("aria-pressed", "false")


@pytest.mark.thorough
def test_an_opinion_that_cannot_be_kept_is_taken_back_on_the_page(home):
    ask(home, "wind")
    home.route("**/feedback/**", lambda route: route.fulfill(status=503, body="{}"))
    home.get_by_label("Like wind 1").click()
    expect(home.get_by_text("This could not be saved")).to_be_visible()
    expect(home.get_by_label("Like wind 1")).to_have_attribute("aria-pressed", "false")


@pytest.mark.thorough
def test_likes_that_could_not_be_loaded_are_there_once_the_service_is_back(home):
    """And none is lost meanwhile: taking one back says nothing of the others."""
    ask(home, "horn")
    for title in ("horn 1", "horn 2"):
        form_opinion(home, f"Like {title}")
        expect(home.get_by_label(f"Like {title}")).to_have_attribute("aria-pressed", "true")
    profile = home.evaluate("localStorage.getItem('soundalike.profile')")
    home.add_init_script(HURRIED)
    with away(home, "**/feedback/**"):
        home.reload()
        expect(home.get_by_label("Like horn 1")).to_be_visible()
    expect(home.get_by_label("Like horn 2")).to_have_attribute("aria-pressed", "true")
    form_opinion(home, "Like horn 1")
    expect(home.get_by_label("Like horn 1")).to_have_attribute("aria-pressed", "false")
    kept = home.evaluate("profile => fetch(`/api/v1/feedback/${profile}`).then(answer => answer.json())", profile)
    assert [one["opinion"] for one in kept["feedback"]] == ["like"]


@pytest.mark.thorough
def test_the_last_of_several_opinions_counts(home):
    """However quickly they come: the second waits until the service has taken the first."""
    ask(home, "step")
    sent, held = [], []

    def hold_the_first(route):
        sent.append(route.request.method)
        if len(sent) == 1:
            held.append(route)
        else:
            route.fallback()

    home.route("**/feedback/**", hold_the_first)
    like = home.get_by_label("Like step 3")
    with home.expect_request("**/feedback/**"):
        like.dblclick()
    expect(like).to_have_attribute("aria-pressed", "false")
    home.evaluate("() => fetch('/api/v1/health').then((answer) => answer.text())")
    assert sent == ["POST"]
    with home.expect_response(lambda response: response.request.method == "DELETE"):
        held[0].fallback()
    assert sent == ["POST", "DELETE"]
    home.unroute("**/feedback/**")
    profile = home.evaluate("localStorage.getItem('soundalike.profile')")
    kept = home.evaluate("profile => fetch(`/api/v1/feedback/${profile}`).then(answer => answer.json())", profile)
    assert kept["feedback"] == []
