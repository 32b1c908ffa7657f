"""Collections: adding sounds, searching within one, removing sounds, and undoing all of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.page.conftest import PHONE, fits, held_back
from tests.page.test_accessibility import page as still_page  # noqa: F401 - a fixture
from tests.page.test_accessibility import violations
from tests.page.test_many import many
from tests.waiting import wait_until


def collections(service):
    return {one["name"]: one["clips"] for one in service.get("/api/v1/collections").json()["collections"]}


def lists(page):
    """The lists at the side, shown."""
    shown = page.locator(".lists")
    if shown.get_attribute("open") is None:
        shown.locator("summary").click()
    return shown


def collect(page, name, first, last):
    page.locator(".row-title").nth(first).click()
    page.locator(".row-title").nth(last).click(modifiers=["Shift"])
    many(page).get_by_role("button", name="Collect", exact=True).first.click()
    field = page.get_by_label("Collection, a new one or one that is there")
    expect(field).to_be_focused()
    field.fill(name)
    field.press("Enter")
    expect(field).to_have_count(0)


@pytest.mark.thorough
def test_sounds_are_collected_asked_alone_and_taken_out_again(page, own):
    """Each step can be undone; the list that is asked is in the address."""
    page.goto(f"{own.url}/?order=title")
    expect(page.locator(".card").first).to_be_visible()
    collect(page, "bells", 0, 2)
    assert collections(own) == {"bells": 3}
    lists(page).get_by_role("button", name="bells 3", exact=True).click()
    expect(page.locator(".list .row")).to_have_count(3)
    expect(page.locator(".chosen")).to_contain_text("bells")
    page.reload()
    expect(page.locator(".list .row")).to_have_count(3)
    page.locator(".row").first.click(modifiers=["Control"])
    many(page).get_by_role("button", name="Take out").click()
    expect(page.locator(".list .row")).to_have_count(2)
    page.locator(".toast", has_text="taken out of the collection").get_by_role("button", name="Undo").click()
    expect(page.locator(".list .row")).to_have_count(3)
    lists(page).get_by_role("button", name="Delete the collection bells").click()
    expect(page.locator(".chosen")).to_have_count(0)
    wait_until(lambda: collections(own) == {})
    page.locator(".toast", has_text="is deleted").get_by_role("button", name="Undo").click()
    expect(lists(page).get_by_role("button", name="bells 3", exact=True)).to_be_visible()
    lists(page).get_by_role("button", name="Rename bells").click()
    name = page.get_by_label("Another name for bells")
    name.fill("chimes")
    name.press("Enter")
    expect(lists(page).get_by_role("button", name="chimes 3", exact=True)).to_be_visible()
    assert collections(own) == {"chimes": 3}


@pytest.mark.thorough
def test_what_was_liked_is_a_list(page, own):
    page.goto(f"{own.url}/?order=title")
    expect(page.locator(".card").first).to_be_visible()
    row = page.locator(".list .row").nth(1)
    title = row.locator(".row-title").inner_text()
    with page.expect_response("**/feedback/**"):
        row.get_by_label(f"Like {title}").click()
    lists(page).get_by_role("button", name="Liked 1", exact=True).click()
    expect(page.locator(".list .row")).to_have_count(1)
    expect(page.locator(".list .row-title")).to_have_text(title)
    page.get_by_role("button", name="Remove the list").click()
    expect(page.locator(".list .row").nth(3)).to_be_visible()


def test_a_refusal_keeps_what_was_typed(page, own):
    """The form stays, so that another name can be tried."""
    page.goto(f"{own.url}/?order=title")
    page.locator(".row").first.click(modifiers=["Control"])
    making = held_back(page, "**/api/v1/collections", "POST")
    many(page).get_by_role("button", name="Collect", exact=True).click()
    field = page.get_by_label("Collection, a new one or one that is there")
    expect(field).to_be_focused()
    field.fill("refused")
    field.press("Enter")
    making().fulfill(status=409, json={"detail": "the library is read-only"})
    expect(page.locator(".toast")).to_contain_text("They were not collected: the library is read-only")
    expect(field).to_have_value("refused")


@pytest.mark.thorough
@pytest.mark.parametrize("width", [PHONE, 1440])
def test_it_can_be_used_by_everybody(still_page, own, width):  # noqa: F811
    """Dark and light, wide and narrow; nothing is wider than the window."""
    still_page.set_viewport_size({"width": width, "height": 844})
    name = f"seen at {width}, with a name that is longer than the side is wide"
    own.post("/api/v1/collections", json={"name": name})
    still_page.goto(f"{own.url}/")
    expect(still_page.locator(".row").first).to_be_visible()
    if width < 1000:
        still_page.get_by_role("button", name="Filters", exact=True).click()
    expect(lists(still_page).get_by_role("button", name=f"{name} 0", exact=True)).to_be_visible()
    fits(still_page)
    fits(still_page, ".side")
    assert violations(still_page) == []
