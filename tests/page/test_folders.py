"""The folders that the library indexes: listed, added by path, scanned again, removed and restored."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.page.conftest import PHONE, settled, write
from tests.waiting import wait_until


@pytest.fixture(params=[PHONE, 1440])
def wide(request, page):
    """A page as narrow as a phone, and as wide as a desk."""
    page.set_viewport_size({"width": request.param, "height": 900})
    return page


@pytest.mark.thorough
def test_a_folder_is_added_scanned_again_and_taken_out(wide, own, tmp_path):
    """With what is missing in this folder alone, an undo, and a path that is wrong said to be so."""
    page, name = wide, f"heath {wide.viewport_size['width']}"
    sounds = tmp_path / name
    gone = write(sounds / "heron.wav", 41)
    write(sounds / "stork.wav", 42)
    page.goto(f"{own.url}/library")
    folders = page.get_by_role("region", name="Folders")
    path = folders.get_by_label("Add a folder")
    path.fill(str(tmp_path / "nowhere"))
    path.press("Enter")
    expect(folders.get_by_role("alert")).to_contain_text("no such folder")
    path.fill(str(sounds))
    path.press("Enter")
    line = folders.get_by_role("listitem").filter(has_text=name)
    expect(line).to_contain_text("2 sounds · looked through")
    expect(line).to_contain_text(str(sounds))
    expect(folders.get_by_role("alert")).to_have_count(0)

    gone.unlink()
    line.get_by_role("button", name=f"Scan again: {name}").click()
    expect(line.get_by_role("button", name="1 missing")).to_be_visible()
    line.get_by_role("button", name="1 missing").click()
    expect(page.locator(".row .row-title")).to_have_text(["heron"])
    if page.viewport_size["width"] < 1000:
        page.get_by_role("button", name="Filters").click()
    expect(page.locator(".chosen")).to_contain_text(name)
    page.go_back()

    line.get_by_role("button", name=f"Remove {name}").click()
    expect(line).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(line).to_have_count(1)
    line.get_by_role("button", name=f"Remove {name}").click()
    page.goto("about:blank")  # whoever leaves the page meant it
    wait_until(lambda: name not in [root["name"] for root in settled(own).get("/api/v1/roots").json()["roots"]])
    assert own.get("/api/v1/clips", params={"where": f'path ~ "{sounds.name}"'}).json()["total"] == 0
    assert (sounds / "stork.wav").is_file()


@pytest.mark.thorough
def test_a_service_that_takes_no_paths_offers_none(page, locked):
    """Behind a key, too, folders are listed; where they lie is not said."""
    service, key = locked
    page.goto(f"{service.url}/library")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Enter").click()
    folders = page.get_by_role("region", name="Folders")
    # another test may have sent sounds here, which make a folder of their own
    expect(folders.get_by_role("listitem").filter(has_text="40 sounds")).to_have_count(1)
    expect(folders.get_by_label("Add a folder")).to_have_count(0)
