"""State that is kept in one browser tab reaches its other tabs, without a reload."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.page.conftest import PATIENCE_MS, ask
from tests.page.test_collections import collect, lists
from tests.page.test_foryou import form_opinion
from tests.page.test_many import many

THEME = "() => document.documentElement.dataset.theme ?? 'auto'"


@pytest.fixture
def tabs(page, own):
    """Two tabs with the same list."""
    other = page.context.new_page()
    other.set_default_timeout(PATIENCE_MS)
    for tab in (page, other):
        tab.goto(f"{own.url}/?order=title")
        expect(tab.locator(".list .row").first).to_be_visible()
        expect(tab.locator(".card").first).to_be_visible()
    return page, other


def test_a_like_and_its_end_are_in_the_other_tab(tabs):
    """Also where the other one had an opinion of its own before: the last one counts, whoever had it."""
    one, other = tabs
    title = one.locator(".list .row-title").nth(7).inner_text()
    liked = [tab.locator(".list").get_by_label(f"Like {title}") for tab in tabs]
    form_opinion(one, f"Like {title}", ".list")
    expect(liked[1]).to_have_attribute("aria-pressed", "true")
    expect(other.get_by_role("heading", name="For you")).to_be_visible()
    form_opinion(other, f"Like {title}", ".list")
    expect(liked[0]).to_have_attribute("aria-pressed", "false")
    form_opinion(one, f"Like {title}", ".list")
    expect(liked[1]).to_have_attribute("aria-pressed", "true")


@pytest.mark.thorough
def test_collections_and_saved_searches_are_in_the_other_tab(tabs):
    """By name, and with what is in them."""
    one, other = tabs
    shown = lists(other)
    expect(shown.get_by_role("button", name="twins 2", exact=True)).to_have_count(0)
    collect(one, "twins", 0, 1)
    shown.get_by_role("button", name="twins 2", exact=True).click()
    expect(other.locator(".list .row")).to_have_count(2)
    many(one).get_by_role("button", name="Select none").click()
    lists(one).get_by_role("button", name="Rename twins").click()
    one.get_by_label("Another name for twins").fill("triplets")
    one.get_by_label("Another name for twins").press("Enter")
    expect(shown.get_by_role("button", name="triplets 2", exact=True)).to_be_visible()
    collect(one, "triplets", 2, 2)
    expect(other.locator(".list .row")).to_have_count(3)

    other.locator("details", has_text="Saved searches").locator("summary").click()
    ask(one, "glass")
    one.get_by_role("button", name="Save this search").click()
    one.get_by_role("button", name="Save", exact=True).click()
    saved = other.locator(".list-row", has_text="glass")
    expect(saved).to_be_visible()
    one.get_by_role("complementary", name="Filters").get_by_role("button", name="Delete the search glass").click()
    one.close()  # whoever leaves the page meant it
    other.bring_to_front()
    other.reload()
    expect(saved).to_have_count(0)


def test_what_is_written_of_a_sound_is_in_the_other_tab(tabs):
    """Its own tags, in the list that stands there."""
    one, other = tabs
    one.locator(".list .row-title").nth(4).click()
    one.get_by_role("button", name="Edit").click()
    one.get_by_label("Your tags").fill("seen in both")
    one.get_by_role("button", name="Save", exact=True).click()
    expect(other.locator(".list .row").nth(4)).to_contain_text("seen in both")


@pytest.mark.thorough
def test_settings_and_history_are_the_same_in_both_tabs(tabs):
    """Nothing that one tab asked is lost when the other one keeps what it asked."""
    one, other = tabs
    one.get_by_role("button", name="Settings").click()
    settings = one.get_by_role("dialog", name="Settings")
    settings.get_by_label("Colours").select_option("dark")
    other.wait_for_function(f"() => ({THEME})() === 'dark'")
    settings.get_by_label("Low rows").check()
    expect(other.locator(".list-compact")).to_be_visible()
    settings.get_by_label("Language").select_option("zh")
    expect(other.get_by_role("navigation").get_by_role("link").first).to_have_text("检索")
    one.get_by_role("dialog").get_by_role("combobox").first.select_option("en")
    expect(other.get_by_role("navigation").get_by_role("link").first).to_have_text("Search")
    one.keyboard.press("Escape")

    ask(one, "wind")
    ask(other, "horn")
    for tab in tabs:
        tab.get_by_role("button", name="Asked before").click()
        expect(tab.get_by_role("region", name="Asked before").locator("li")).to_have_text(["horn", "wind"])
