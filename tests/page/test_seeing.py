"""The chosen sound: zoom and ruler, matches within a long recording, events, axes, levels; and sentences."""

from __future__ import annotations

import re

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from tests.page.conftest import ENDLESS, PHONE, RATE_HZ, ask, fits, held_back
from tests.page.test_accessibility import page as still_page  # noqa: F401 - a fixture
from tests.page.test_accessibility import violations

MOMENT = {"path": "x.wav", "title": "x", "track": 0, "score": 0.5, "exact": True}
PASSAGES = ((2.0, 3.0), (7.0, 8.5), (11.0, 12.0))


@pytest.fixture
def long(own, tmp_path):
    """The number of a sound of 14 s."""
    path = tmp_path / "long walk.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(8).normal(size=14 * RATE_HZ), RATE_HZ)
    found = own.get("/api/v1/clips", params={"where": 'title = "long walk"'}).json()["clips"]
    if not found:
        own.wait(own.upload((path.name, path.read_bytes())).json()["id"], "done")
        found = own.get("/api/v1/clips", params={"where": 'title = "long walk"'}).json()["clips"]
    return found[0]["id"]


def answers(page, clip_id):
    """The encoder of these tests hears no frames: what others answer of a long recording stands in."""
    passages = [{**MOMENT, "clip_id": clip_id, "start_s": start_s, "end_s": end_s} for start_s, end_s in PASSAGES]
    page.route(
        "**/api/v1/moments",
        lambda route: route.fulfill(json={"moments": passages[::-1], "took_ms": 1.0, "next_offset": None}),
    )
    event = {"start_s": 7.0, "end_s": 8.5, "probability": 0.8}
    line = {"clip_id": clip_id, "path": "x.wav", "title": "x", "duration_s": 14.0, "stored": True}
    page.route(
        f"**/api/v1/clips/{clip_id}/events",
        lambda route: route.fulfill(json={**line, "events": [{"name": "Dog", **event}, {"name": "Rain", **event}]}),
    )


def opened(page, own, clip_id):
    answers(page, clip_id)
    page.goto(f"{own.url}/?q=long+walk")
    page.locator(".row", has_text="long walk").locator(".row-title").click()
    expect(page.locator(".inspector .cutter-wave")).to_have_attribute("aria-busy", "false")


def test_every_match_is_ticked_and_gone_to(page, own, long):
    """Buttons and keys go from one to the next, play it, and mean it."""
    page.add_init_script(ENDLESS)
    opened(page, own, long)
    tools = page.get_by_role("group", name="What matches")
    expect(tools).to_contain_text("3 passages match")
    tools.get_by_label("The next match").click()
    expect(page.locator(".inspector .primary")).to_contain_text("0:02.0–0:03.0")
    expect(page.get_by_role("region", name="Player")).to_be_visible()
    page.keyboard.press("[")
    expect(page.locator(".inspector .primary")).to_contain_text("0:11.0–0:12.0")


def test_events_that_are_stored_are_shown_at_once(page, own, long):
    """And only where there are none there is a button that looks for them."""
    opened(page, own, long)
    listen = page.get_by_role("button", name="Listen for events")
    expect(listen).to_be_visible()
    line = {"clip_id": long, "path": "x.wav", "title": "x", "duration_s": 14.0, "stored": True}
    event = {"name": "Dog", "start_s": 7.0, "end_s": 8.5, "probability": 0.8, "background": False}
    page.route(
        f"**/api/v1/clips/{long}/events?stored=true",
        lambda route: route.fulfill(json={**line, "events": [event]}),
    )
    page.get_by_role("button", name="Close", exact=True).first.click()
    page.locator(".row", has_text="long walk").locator(".row-title").click()
    expect(page.get_by_role("button", name="Dog, 0:07.0 to 0:08.5")).to_be_visible()
    expect(listen).to_have_count(0)


@pytest.mark.thorough
def test_one_looks_closer_and_back(page, own, long):
    """An overview says which part is seen; a ruler when it is."""
    opened(page, own, long)
    zoom = page.get_by_role("group", name="Zoom")
    expect(zoom.get_by_label("Zoom out")).to_be_disabled()
    wave = page.locator(".inspector .cutter-wave")
    width = wave.evaluate("(one) => one.clientWidth")
    scrolled = "(one) => one.firstElementChild.shadowRoot.querySelector('.wrapper').scrollWidth"
    for _ in range(2):
        zoom.get_by_label("Zoom in").click()
    expect(zoom).to_contain_text("4 ×")
    page.wait_for_function(f"([one, least]) => ({scrolled})(one) >= least", arg=[wave.element_handle(), 3.9 * width])
    for _ in range(2):
        zoom.get_by_label("Zoom out").click()
    expect(zoom).to_contain_text("All of it")
    page.wait_for_function(f"([one, most]) => ({scrolled})(one) <= most", arg=[wave.element_handle(), width + 1])


@pytest.mark.thorough
@pytest.mark.parametrize("width", [PHONE, 1440])
def test_spectrogram_and_events_can_be_used_by_everybody(still_page, own, long, width):  # noqa: F811
    still_page.set_viewport_size({"width": width, "height": 900})
    opened(still_page, own, long)
    still_page.get_by_role("button", name="Spectrogram").click()
    expect(still_page.locator(".spectrum-hz").first).to_have_text("500")
    with still_page.expect_response(re.compile(r"spectrogram\.png.*scale=linear")) as drawn:
        still_page.get_by_role("button", name="mel", exact=True).click()
    assert drawn.value.ok
    expect(still_page.locator(".spectrum-hz").first).to_have_text("2k")
    still_page.get_by_role("button", name="Listen for events").click()
    expect(still_page.locator(".lanes li")).to_have_count(2)
    expect(still_page.get_by_role("button", name="Dog, 0:07.0 to 0:08.5")).to_be_visible()
    fits(still_page)
    assert violations(still_page) == []


def test_a_sentence_becomes_chips_and_filters(home):
    """What was understood can be changed, and what was not is said."""
    ask(home, "short bell, no dog")
    home.get_by_role("button", name="Ask", exact=True).click()
    expect(home.locator(".chip").first).to_contain_text("bell")
    expect(home.locator(".chip-not")).to_contain_text("dog")
    expect(home.locator(".chosen")).to_contain_text("duration_s")
    expect(home.locator(".note")).to_contain_text("Read as:")
    home.get_by_label("Remove bell").click()
    expect(home.locator(".note", has_text="Read as:")).to_have_count(0)


def test_the_chosen_sound_says_that_its_waveform_comes_or_why_it_does_not(page, service):
    """That of a recording of hours takes a while; without a word an empty place looks broken."""
    asked = held_back(page, "**/api/v1/clips/*/peaks?*", "GET")
    page.goto(f"{service.url}/?order=title")
    page.locator(".row-title").first.click()
    note = page.locator(".cutter-note")
    expect(note).to_have_text("The waveform is drawn …")
    expect(note).to_be_visible()
    why = "the file of clip 1 is not there now; a disk may be unmounted"
    problem = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": why}
    asked().fulfill(status=404, json=problem, content_type="application/problem+json")
    expect(note).to_have_text(f"There is no waveform: {why}")
    page.unroute("**/api/v1/clips/*/peaks?*")
    page.locator(".row-title").nth(1).click()
    expect(page.locator(".cutter-wave")).to_have_attribute("aria-busy", "false")
    expect(note).to_have_count(0)


@pytest.mark.thorough
def test_what_is_chosen_stays_in_sight_when_one_looks_closer(page, own, long):
    """Also when another passage is chosen then: in three hours nobody finds it by scrolling."""
    opened(page, own, long)
    in_sight = """([wave, at]) => {
      const scroll = wave.firstElementChild.shadowRoot.querySelector('.scroll');
      const x = at * scroll.scrollWidth;
      return scroll.scrollWidth > 3 * scroll.clientWidth && scroll.scrollLeft < x
        && x < scroll.scrollLeft + scroll.clientWidth;
    }"""
    wave = page.locator(".inspector .cutter-wave")
    expect(wave).to_have_attribute("aria-busy", "false")
    page.get_by_text("Passage in numbers").click()
    to, start = (page.get_by_role("spinbutton", name=name) for name in ("to", "from"))
    for start_s, end_s in ((11.0, 12.0), (1.0, 2.0)):
        to.fill("14")
        to.press("Enter")
        start.fill(str(start_s))
        start.press("Enter")
        to.fill(str(end_s))
        to.press("Enter")
        expect(page.locator(".passage-tools")).to_contain_text(f"0:{start_s:04.1f}–0:{end_s:04.1f}")
        if start_s > 10:
            for _ in range(2):
                page.get_by_role("group", name="Zoom").get_by_label("Zoom in").click()
        page.wait_for_function(in_sight, arg=[wave.element_handle(), (start_s + end_s) / 2 / 14])
