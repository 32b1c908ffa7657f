"""Filters over numbers as sliders: by keyboard, in the address, with ends that never cross, and removed."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.page.conftest import PHONE
from tests.page.test_accessibility import page as still_page  # noqa: F401 - a fixture
from tests.page.test_accessibility import violations

FILTERS = "new URLSearchParams(location.search).getAll('filter')"
ONE_OTHER = f"(before) => {{ const [now, more] = [...{FILTERS}, '']; return more === '' && now !== before && now; }}"


@pytest.mark.thorough
@pytest.mark.parametrize("width", [PHONE, 1440])
def test_a_range_of_lengths_is_a_filter(still_page, measured, width):  # noqa: F811
    """Sounds of 1 to 5 seconds: those from a length on, up to one, and all others; a link repeats it."""
    page = still_page
    page.set_viewport_size({"width": width, "height": 900})
    asked = "duration_s >= 1.01 and duration_s <= 3600"
    page.goto(f"{measured.url}/?filter={quote(asked)}")
    expect(page.locator(".row").first).to_be_visible()
    if width < 1024:
        page.get_by_role("button", name="Filters").click()
    page.get_by_text("Ranges").click()
    first, last = (page.get_by_role("slider", name=f"Length {end}") for end in ("from", "to"))
    expect(first).to_have_attribute("aria-valuetext", "1.0 s")
    first.press("PageUp")
    expect(page.locator(".busy-on")).to_have_count(0)
    where = page.wait_for_function(ONE_OTHER, arg=asked).json_value()
    kept = measured.get("/api/v1/clips", params={"where": where}).json()["total"]
    assert 0 < kept < 40
    expect(page.get_by_text(f"{kept} sounds", exact=True)).to_have_count(1)
    page.get_by_label("exclude these").check()
    expect(page.get_by_text(f"{40 - kept} sounds", exact=True)).to_have_count(1)
    assert violations(page) == []
    last.press("Home")
    last.press("ArrowRight")
    expect(first).to_have_value("0")
    page.get_by_role("button", name="Any").click()
    expect(page.get_by_text("40 sounds", exact=True)).to_have_count(1)
    page.wait_for_function(f"() => {FILTERS}.length === 0")
