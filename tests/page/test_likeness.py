"""Aspects of similarity: sliders, and words for changes; both are in the address."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.page.conftest import PHONE, fits
from tests.page.test_accessibility import page as still_page  # noqa: F401 - a fixture
from tests.page.test_accessibility import violations


@pytest.mark.parametrize("width", [PHONE, 1440])
def test_a_sound_is_weighed_by_its_aspects_and_changed_by_words(still_page, measured, width):  # noqa: F811
    """By keyboard, with the answer at once; a link repeats it, and Back is the question of before."""
    page = still_page
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{measured.url}/?part=clip:7")
    expect(page.locator(".row").first).to_be_visible()
    page.get_by_role("button", name="alike").click()
    panel = page.get_by_role("region", name="In which way")
    timbre = panel.get_by_role("slider", name="timbre")
    expect(panel.get_by_role("slider", name="kind")).to_have_value("1")
    asked = []
    page.on("request", lambda request: asked.append(request) if request.url.endswith("/search") else None)
    timbre.press("End")
    panel.get_by_role("slider", name="kind").press("Home")
    expect(page).to_have_url(re.compile(r"part=clip%3A7%7Etimbre%3D1$"))
    panel.get_by_role("button", name="brighter").click()
    panel.get_by_role("button", name="darker").click()
    expect(panel.get_by_role("button", name="brighter")).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_role("button", name="timbre, darker")).to_be_visible()
    expect(page.locator(".busy-on")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)
    (part,) = asked[-1].post_data_json["parts"]
    assert part["changes"] == ["darker"]
    assert part["aspects"] == {"kind": 0, "timbre": 1, "pitch": 0, "envelope": 0, "rhythm": 0}
    found = page.locator(".row-title").first.inner_text()
    assert violations(page) == []
    fits(page)

    panel.get_by_role("button", name="darker").press("Escape")
    expect(panel).to_have_count(0)
    expect(page.get_by_role("button", name="timbre, darker")).to_be_focused()
    page.reload()
    expect(page.get_by_role("button", name="timbre, darker")).to_be_visible()
    expect(page.locator(".row-title").first).to_have_text(found)
    assert asked[-1].post_data_json["parts"] == [part]
    page.go_back()
    expect(page.get_by_role("button", name="alike")).to_be_visible()


@pytest.mark.thorough
def test_what_is_not_wanted_is_not_weighed(still_page, measured):  # noqa: F811
    """The button goes with the sign, and comes back with it."""
    still_page.goto(f"{measured.url}/?q=rain&part=clip:7~darker")
    still_page.get_by_role("button", name="darker").click()
    expect(still_page.get_by_role("region", name="In which way")).to_be_visible()
    still_page.get_by_label("Like this; make it unwanted").click()
    expect(still_page.get_by_role("region", name="In which way")).to_have_count(0)
    expect(still_page.get_by_role("button", name="darker")).to_have_count(0)
    still_page.get_by_label("Not like this; make it wanted").click()
    expect(still_page.get_by_role("button", name="darker")).to_be_visible()
