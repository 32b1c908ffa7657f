"""Columns that say what was measured: chosen, sorted by, in answers relevance first."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.page.test_accessibility import page as still_page  # noqa: F401 - a fixture
from tests.page.test_accessibility import violations

LEVELS = {"Sure": 4, "Likely": 3, "Possible": 2, "Unlikely": 1}


def columns(page, *names):
    """Show these beside the length."""
    page.get_by_role("button", name="Columns").click()
    for name in names:
        page.get_by_label(name, exact=True).check()
    page.get_by_role("button", name="Columns").click()


def cells(page, name):
    return page.locator(f"[data-place] .row-{name}")


def test_columns_are_chosen_remembered_and_sorted_by(page, measured):
    """Facts that are there are shown; a title sorts one way, the other, and not at all."""
    page.goto(f"{measured.url}/?order=title")
    expect(page.locator("[data-place]").first).to_be_visible()
    expect(page.locator(".row-head")).to_have_count(0)
    columns(page, "Rate", "Channels", "Format", "Loudness", "Brightness")
    expect(cells(page, "rate").first).to_have_text("16 kHz")
    expect(cells(page, "channels").first).to_have_text("mono")
    expect(cells(page, "format").first).to_have_text("WAV")
    expect(cells(page, "loudness").first).to_contain_text("LUFS")
    title = page.get_by_role("columnheader", name="Loudness")
    for sort, descending in (("ascending", False), ("descending", True)):
        title.get_by_role("button").click()
        expect(title).to_have_attribute("aria-sort", sort)
        expect(page.locator(".busy-on")).to_have_count(0)
        expect(cells(page, "loudness").nth(3)).to_contain_text("LUFS")
        shown = [float(text.split()[0].replace("−", "-")) for text in cells(page, "loudness").all_inner_texts()]
        assert shown == sorted(shown, reverse=descending)
    title.get_by_role("button").click()
    expect(title).to_have_attribute("aria-sort", "none")
    page.reload()
    expect(cells(page, "loudness").first).to_contain_text("LUFS")


def test_hits_are_sorted_within_what_is_equally_sure(page, measured):
    """No hit stands before one that is surer by a word; the address has the order, and the ranks stay."""
    page.goto(f"{measured.url}/?part=clip:7")
    expect(page.locator("[data-place]").first).to_be_visible()
    page.get_by_label("Order of what is equally sure").select_option("duration_s")
    expect(page.locator(".summary")).to_contain_text("surest first, then as sorted")
    expect(page).to_have_url(f"{measured.url}/?part=clip%3A7&by=duration_s")
    rows = page.locator("[data-place]")
    expect(rows.nth(5).locator(".row-length")).not_to_have_text("")
    found = page.evaluate(
        """() => [...document.querySelectorAll('[data-place]')].map((row) => [
          row.querySelector('.score-word')?.textContent, parseFloat(row.querySelector('.row-length').textContent)])"""
    )
    order = [(-LEVELS.get(word, 5), length) for word, length in found]
    assert len(order) > 5
    assert order == sorted(order)


@pytest.mark.thorough
@pytest.mark.parametrize("width", [1024, 1440, 1920])
def test_every_column_is_reached_and_can_be_used_by_everybody(still_page, measured, width):  # noqa: F811
    """Where there is no room for all the list scrolls, and the page does not."""
    still_page.set_viewport_size({"width": width, "height": 900})
    still_page.goto(f"{measured.url}/?part=clip:7")
    expect(still_page.locator("[data-place]").first).to_be_visible()
    columns(still_page, "Rate", "Channels", "Format", "Loudness", "Pitch", "Tempo", "Key", "Brightness")
    last = cells(still_page, "brightness").first
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    assert still_page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(still_page) == []
