"""Saved searches on the page: saved from the search box, run from the side, with new hits marked."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.page.conftest import PHONE, ask, fits
from tests.page.test_accessibility import page as still_page  # noqa: F401 - a fixture
from tests.page.test_accessibility import violations
from tests.service.conftest import wav
from tests.waiting import PATIENCE_S, wait_until


@pytest.mark.thorough
@pytest.mark.parametrize("width", [PHONE, 1440])
def test_a_search_is_kept_tells_of_what_comes_and_is_deleted(still_page, own, width):  # noqa: F811
    """The badge leads to it; running it marks what is new, and it is new no more. Deleting it can be undone."""
    page, name = still_page, f"door bells at a width of {width} pixels, with a name that is long"
    word = {390: "glockenspiel", 1440: "carillon"}[width]
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(own.url)
    ask(page, word)
    page.get_by_role("button", name="Save this search").click()
    field = page.get_by_label("Name of the search")
    expect(field).to_have_value(word)
    assert violations(page) == []
    field.fill(name)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".toast", has_text="Saved")).to_be_visible()
    job = own.upload((f"{word} {width}.wav", wav(width)))
    assert own.wait(job.json()["id"], "done", "failed")["state"] == "done"
    wait_until(lambda: own.get("/api/v1/searches").json()["unseen"] == 1)
    page.goto(own.url)
    if width < 1000:
        page.get_by_role("button", name="Filters").filter(has_text="1 new").click(timeout=PATIENCE_S * 1000)
    else:
        page.get_by_role("button", name="New matches of saved searches").click(timeout=PATIENCE_S * 1000)
    side = page.get_by_role("complementary", name="Filters")
    saved = side.locator(".list-row", has_text=name)
    expect(saved).to_contain_text("1 new")
    assert violations(page) == []
    fits(page)
    fits(page, ".side")
    saved.click()
    if width < 1000:
        side.get_by_role("button", name="Close filters").click()
    expect(page.locator(".chip")).to_contain_text(word)
    new = page.locator(".row", has=page.locator(".new-count"))
    expect(new).to_have_count(1)
    expect(new).to_contain_text(f"{word} {width}")
    expect(page.locator(".new-matches")).to_have_count(0)
    assert violations(page) == []
    if width < 1000:
        page.get_by_role("button", name="Filters").first.click()
    side.get_by_role("button", name=f"Delete the search {name}").click()
    expect(saved).to_have_count(0)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(saved).to_have_count(1)


def test_a_recall_of_an_address_is_asked_for_and_kept(page, own):
    """Whoever gives an address, or saves the search, gives it along: `?q=bell&recall=0.9`."""
    with page.expect_request("**/search") as asked:
        page.goto(f"{own.url}/?q=bell&recall=0.9")
    assert asked.value.post_data_json["recall"] == 0.9
    page.get_by_role("button", name="Save this search").click()
    page.get_by_label("Name of the search").fill("bells, nearly all")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".toast", has_text="Saved")).to_be_visible()
    (saved,) = [one for one in own.get("/api/v1/searches").json()["searches"] if one["name"] == "bells, nearly all"]
    assert saved["query"]["recall"] == 0.9
    page.goto(own.url)
    with page.expect_request("**/search") as asked:
        page.get_by_role("complementary", name="Filters").locator(".list-row", has_text="bells, nearly all").click()
    assert asked.value.post_data_json["recall"] == 0.9
