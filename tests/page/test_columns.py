"""Columns for measured facts: chosen, sorted by; in answers, relevance comes first."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.page.conftest import fits, held_back
from tests.page.test_accessibility import page as still_page  # noqa: F401 - a fixture
from tests.page.test_accessibility import violations

LEVELS = {"Sure": 4, "Likely": 3, "Possible": 2, "Unlikely": 1}
ARE_BY_LENGTH_WITHIN = """(levels) => {
  const rows = [...document.querySelectorAll('[data-place]')].map((row) => [
    -(levels[row.querySelector('.score-word')?.textContent] ?? 5),
    parseFloat(row.querySelector('.row-length').textContent)]);
  return rows.length > 5 && rows.every(([level, length], place) => {
    const [before, shorter] = rows[place - 1] ?? [-Infinity, 0];
    return length > 0 && (before < level || before === level && shorter <= length);
  });
}"""
ARE_BY_LOUDNESS = """(sign) => {
  const cells = [...document.querySelectorAll('[data-place] .row-loudness')].map((cell) => cell.textContent);
  const loud = cells.map((text) => sign * parseFloat(text.replace('−', '-')));
  return loud.length > 3 && loud.every((one, place) => place === 0 ? !isNaN(one) : loud[place - 1] <= one);
}"""


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
    for sort, sign in (("ascending", 1), ("descending", -1)):
        title.get_by_role("button").click()
        expect(title).to_have_attribute("aria-sort", sort)
        page.wait_for_function(ARE_BY_LOUDNESS, arg=sign)
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
    page.wait_for_function(ARE_BY_LENGTH_WITHIN, arg=LEVELS)


def test_an_order_is_said_of_the_rows_that_have_it(page, measured):
    """Until the service said what is sorted by, the rows, their summary and their titles stay as they were."""
    page.goto(f"{measured.url}/?part=clip:7")
    expect(page.locator("[data-place] .row-length").nth(5)).not_to_be_empty()
    columns(page, "Rate")
    first = page.locator("[data-place] .row-title").first
    expect(first).not_to_be_empty()
    unsorted = first.inner_text()
    facts = held_back(page, "**/api/v1/facts?*", "GET")
    page.get_by_label("Order of what is equally sure").select_option("-duration_s")
    held = facts()
    expect(page.locator(".busy-on")).to_have_count(1)
    expect(page.locator(".summary")).not_to_contain_text("as sorted")
    title = page.get_by_role("columnheader", name="Length")
    expect(title).to_have_attribute("aria-sort", "none")
    expect(first).to_have_text(unsorted)
    held.fallback()
    expect(title).to_have_attribute("aria-sort", "descending")
    expect(page.locator(".summary")).to_contain_text("surest first, then as sorted")
    expect(page.locator(".busy-on")).to_have_count(0)


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
    fits(still_page)
    assert violations(still_page) == []


def test_a_phone_shows_what_was_measured_below_the_name(page, measured):
    """It has no titles to sort by: by what sounds are sorted is shown of itself, and goes with that order."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{measured.url}/")
    first = page.locator("[data-place]").first
    expect(first).to_be_visible()
    order = page.locator(".results-tools").get_by_label("Order")
    order.select_option("-loudness")
    expect(first.locator(".row-loudness")).to_contain_text("LUFS")
    expect(first.locator(".row-loudness")).to_be_visible()
    columns(page, "Format")
    expect(first.locator(".row-format")).to_be_visible()
    page.wait_for_function(
        """() => {
          const box = (of) => document.querySelector(`[data-place] ${of}`).getBoundingClientRect();
          const [name, facts, wave] = ['.row-name', '.row-facts', '.row-wave'].map(box);
          return name.bottom <= facts.top + 1 && facts.bottom <= wave.top + 1;
        }"""
    )
    fits(page)
    order.select_option("-added")
    expect(first.locator(".row-loudness")).to_have_count(0)
    expect(first.locator(".row-format")).to_be_visible()
    page.goto(f"{measured.url}/?part=clip:7")
    expect(first.locator(".row-format")).to_be_visible()
    page.wait_for_function("() => document.querySelector('[data-place] .score-bar')?.clientWidth > 50")
