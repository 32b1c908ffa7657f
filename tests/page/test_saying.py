"""What the service reports besides its hits is shown on the page, where a user looks for it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.page.conftest import EACH, PHONE, ask, fits
from tests.page.test_accessibility import page as still_page  # noqa: F401 - a fixture
from tests.page.test_accessibility import violations

BOX = "What are you looking for?"


def test_a_word_that_was_read_as_another_is_named_and_can_be_meant(home):
    """One button asks for what was read, the other for nothing but what is written."""
    ask(home, "glaas")
    note = home.locator(".note")
    expect(note).to_contain_text("No name contains “glaas”. Searched names for “glass” instead.")
    expect(home.locator(".row-title")).to_have_text([re.compile("^glass")] * EACH)
    note.get_by_role("button", name="Search exactly as typed").click()
    expect(home.get_by_label(BOX)).to_have_value('"glaas"')
    expect(home.get_by_label(BOX)).to_be_focused()
    expect(home.get_by_role("heading", name="Nothing sounds like that")).to_be_visible()
    expect(note).to_have_count(0)
    home.go_back()
    note.get_by_role("button", name="Ask for “glass”").press("Enter")
    expect(home.get_by_label(BOX)).to_have_value("glass")
    expect(home.locator(".row")).to_have_count(EACH)
    expect(note).to_have_count(0)


def test_a_sound_of_the_question_that_is_gone_is_named_and_taken_out(page, service):
    page.goto(f"{service.url}/?part=clip:7&part=clip:9999")
    note = page.locator(".note")
    expect(note).to_contain_text("1 sound of this search is no longer in the library")
    expect(page.locator(".row").first).to_be_visible()
    note.get_by_role("button", name="Remove it from the search").press("Enter")
    expect(page.locator(".chip")).to_have_count(1)
    expect(note).to_have_count(0)
    expect(page.get_by_label(BOX)).to_be_focused()


@pytest.mark.parametrize("part", ["clip:99999", "clip:99999%401-2"])
def test_an_old_address_of_a_sound_that_is_gone_says_so(page, service, part):
    """By no number that nobody knows; all else can be looked at."""
    page.goto(f"{service.url}/?part={part}")
    expect(page.get_by_role("alert")).to_have_text("A sound of this search is no longer in the library.")
    page.get_by_role("button", name="Start over").click()
    expect(page.locator(".row").first).to_be_visible()


def test_an_address_that_cannot_be_read_is_refused_in_words(page, service):
    page.goto(f"{service.url}/?region=1,2")
    expect(page.get_by_role("alert")).to_contain_text("region: it cannot be read")
    expect(page.get_by_role("alert")).not_to_contain_text("[0-9]")
    page.get_by_role("button", name="Search without filters").click()
    expect(page.locator(".row").first).to_be_visible()


def test_what_is_amiss_with_a_sound_of_the_question_is_told(home):
    def amiss(route):
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "warnings": ["audio 1: truncated: 3 s of 9 s are there"]})

    home.route("**/api/v1/search", amiss)
    ask(home, "glass")
    expect(home.locator(".note")).to_contain_text(
        "There is a problem with your sound: truncated: 3 s of 9 s are there. The readable part"
    )


def let_clips_be_amiss(page, service):
    """What the service says of a clip is said of a damaged sound track of a film that is away."""
    amiss = {"track": 1, "tracks": 3, "warnings": ["the file ends early: 3 s of 9 s were read"], "missing": True}
    of_one = service.get("/api/v1/clips/7").json()
    page.route(re.compile(r"/clips/\d+$"), lambda route: route.fulfill(json={**of_one, **amiss}))


def test_the_chosen_sound_says_what_is_amiss_with_it_and_which_track_it_is(home, service):
    let_clips_be_amiss(home, service)
    home.locator(".row-title").first.click()
    amiss = home.get_by_role("list", name="Problems").get_by_role("listitem")
    expect(amiss).to_have_text(
        [
            "The file was missing at the last scan.",
            "The file ends early: 3 s of 9 s were read.",
        ]
    )
    expect(home.locator(".inspector-path")).to_contain_text("sound track @1 of 3")
    expect(home.locator(".metadata").get_by_text(re.compile(r"\.wav@1$"))).to_be_visible()


@pytest.mark.thorough
def test_a_hit_in_another_sound_track_says_which(home, service):
    found = service.post("/api/v1/search", json={"parts": [{"text": "bell"}], "facets": True}).json()
    found["hits"][0]["track"] = 2
    home.route("**/api/v1/search", lambda route: route.fulfill(json=found))
    ask(home, "bell")
    expect(home.locator(".row-title").first).to_have_text(re.compile(r"^bell \d @2$"))
    expect(home.locator(".row-title").nth(1)).to_have_text(re.compile(r"^bell \d$"))


def test_the_library_says_what_does_not_work_now(page, service):
    why = [{"what": "writing", "why": "the disk is full"}]
    degraded = {**service.get("/api/v1/ready").json(), "degraded": why}
    page.route("**/api/v1/ready", lambda route: route.fulfill(json=degraded))
    page.goto(f"{service.url}/library")
    unavailable = page.get_by_role("list", name="Not working at the moment")
    expect(unavailable).to_contain_text("Nothing can be saved at the moment")
    expect(unavailable).to_contain_text("The disk is full.")


@pytest.mark.thorough
@pytest.mark.parametrize("width", [PHONE, 1440])
def test_what_is_said_can_be_read_by_everybody(still_page, service, width):  # noqa: F811
    """Dark and light, wide and narrow; nothing is wider than the window."""
    still_page.set_viewport_size({"width": width, "height": 844})
    let_clips_be_amiss(still_page, service)
    still_page.goto(f"{service.url}/?part=clip:9999&part=clip:7&q=glaas")
    expect(still_page.locator(".note")).to_have_count(2)
    fits(still_page)
    assert violations(still_page) == []
    still_page.locator(".row-title").first.click()
    expect(still_page.get_by_role("list", name="Problems")).to_be_visible()
    assert violations(still_page) == []


@pytest.mark.thorough
def test_a_long_summary_leaves_the_tools_in_the_window_of_a_phone(home, service):
    found = service.post("/api/v1/search", json={"parts": [{"text": "bell"}], "facets": True}).json()
    slow = {**found, "verdict": "none", "took_ms": 123_456}
    home.route("**/api/v1/search", lambda route: route.fulfill(json=slow))
    home.set_viewport_size({"width": 390, "height": 844})
    ask(home, "bell")
    expect(home.locator(".summary")).to_contain_text("far from what you asked for")
    fits(home)
