"""Compact rows, actions on many rows at once, and restoring removed sounds."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from tests.page.conftest import EACH, KINDS, PHONE, fits, held_back, served_copy, standing_still
from tests.page.test_accessibility import page as still_page  # noqa: F401 - a fixture
from tests.page.test_accessibility import violations
from tests.waiting import wait_until

TOTAL = EACH * len(KINDS)
SELECTED = ".row-selected"


@pytest.fixture
def by_title(page, service):
    """All sounds by their title: bell 1 to 5 come first."""
    page.goto(f"{service.url}/?order=title")
    expect(page.locator(".card").first).to_be_visible()  # the list has its place
    return page


def many(page):
    return page.get_by_role("region", name="The selected sounds")


@pytest.mark.thorough
def test_low_rows_show_the_file_first_and_twice_as_many_sounds(page, service):
    """At 900 px twenty or more hits; the switch is remembered."""
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{service.url}/?part=clip:7")
    switch = page.get_by_role("button", name="Low rows")
    switch.click()
    row = page.locator(".row").first
    expect(row.locator(".row-title")).to_have_text(re.compile(r"^\w+ \d\.wav$"))
    expect(row).to_have_css("height", re.compile(r"^3[2-6](\.\d+)?px$"))
    page.wait_for_function("() => document.querySelector('.list').clientHeight >= 20 * 34")
    page.reload()
    expect(switch).to_have_attribute("aria-pressed", "true")
    expect(row.locator(".row-title")).to_have_text(re.compile(r"\.wav$"))
    for _ in range(30):
        page.keyboard.press("ArrowDown")
    expect(page.locator(".row-chosen")).to_be_in_viewport(ratio=0.9)


def test_rows_that_are_flung_past_can_be_read_and_are_whole_at_rest(page, service):
    """Nobody presses a button of a row that passes by; once the list rests there are all of them."""
    page.clock.install()
    page.goto(service.url)
    expect(page.locator(".row").first).to_be_visible()
    row = page.locator('.row[data-place="20"]')
    with standing_still(page):
        page.locator(".list").evaluate("(list) => list.scrollTo(0, 1200)")
        expect(row.locator(".row-title bdi")).not_to_be_empty()
        expect(row).to_have_attribute("aria-selected", "false")
        expect(row.get_by_role("button")).to_have_count(0)
    expect(row.get_by_role("button", name="Play")).to_be_visible()
    expect(page.locator(".row", has_not=page.locator("button"))).to_have_count(0)


NOTE_BARE = """() => {
  window.bare = 0;
  const isBare = (row) => row.querySelector('button') === null;
  const note = () => { window.bare += [...document.querySelectorAll('.row')].filter(isBare).length; };
  new MutationObserver(note).observe(document.querySelector('.list'), { childList: true, subtree: true });
}"""


def test_another_answer_begins_whole_though_the_list_was_scrolled_down(page, service):
    """Nobody flung it to its beginning."""
    page.goto(service.url)
    expect(page.locator(".row").first).to_be_visible()
    page.locator(".list").evaluate("(list) => list.scrollTo(0, 1200)")
    expect(page.locator('.row[data-place="20"]').get_by_role("button", name="Play")).to_be_visible()
    page.evaluate(NOTE_BARE)
    page.get_by_label("What are you looking for?").fill("rain")
    expect(page.locator('.row[data-place="0"] .row-title')).to_have_text(re.compile("^rain"))
    assert page.evaluate("() => window.bare") == 0


def test_another_order_of_all_sounds_is_shown_from_its_top(by_title):
    """Also to whoever was far down in the one before."""
    by_title.locator(".list").evaluate("(list) => list.scrollTo(0, 1200)")
    expect(by_title.locator('.row[data-place="0"]')).to_have_count(0)
    by_title.get_by_label("Order").select_option("-duration_s")
    expect(by_title.locator('.row[data-place="0"] .row-title')).to_have_text(re.compile("5$"))
    expect(by_title.locator(".list")).to_have_js_property("scrollTop", 0)


def test_shift_and_ctrl_select_many_by_pointer(by_title):
    """As lists of files do: a range, one more, one less; a plain click selects nothing else."""
    titles = by_title.locator(".row-title")
    titles.nth(1).click()
    titles.nth(3).click(modifiers=["Shift"])
    expect(many(by_title)).to_contain_text("3 sounds selected")
    expect(by_title.locator(SELECTED)).to_have_count(3)
    titles.nth(4).click(modifiers=["ControlOrMeta"])
    titles.nth(2).click(modifiers=["ControlOrMeta"])
    for place in (2, 4, 5):
        expect(by_title.locator(f"{SELECTED}[aria-rowindex='{place}']")).to_have_count(1)
    expect(by_title.locator("[aria-selected=true]")).to_have_count(3)
    titles.nth(0).click()
    expect(many(by_title)).to_have_count(0)


@pytest.mark.thorough
def test_everything_of_it_is_done_by_keyboard(by_title):
    """Shift and arrows, Ctrl and space, Ctrl+A; Esc selects none, and the list has the focus."""
    by_title.keyboard.press("ArrowDown")
    by_title.keyboard.press("Shift+ArrowDown")
    by_title.keyboard.press("Shift+ArrowDown")
    expect(by_title.locator(SELECTED)).to_have_count(3)
    by_title.keyboard.press("Shift+ArrowUp")
    expect(by_title.locator(SELECTED)).to_have_count(2)
    by_title.keyboard.press("Control+Space")
    expect(by_title.locator(SELECTED)).to_have_count(1)
    by_title.keyboard.press("Control+a")
    expect(many(by_title)).to_contain_text(f"{TOTAL} sounds selected")
    by_title.keyboard.press("Escape")
    expect(many(by_title)).to_have_count(0)
    by_title.keyboard.press("Control+a")
    many(by_title).get_by_role("button", name="Select none").press("Enter")
    expect(by_title.locator(".list")).to_be_focused()
    by_title.get_by_label("What are you looking for?").fill("abc")
    by_title.get_by_label("What are you looking for?").press("Control+a")
    expect(many(by_title)).to_have_count(0)


def test_all_there_are_are_fetched_page_by_page(page, service):
    """The list has fifty hits at first; all of them are selected after the rest has come."""
    clips = service.get("/api/v1/clips?limit=40").json()["clips"]
    hit = service.post("/api/v1/search", json={"parts": [{"text": "bell"}]}).json()["hits"][0]
    asked = []

    def answer(route):
        offset = route.request.post_data_json["offset"]
        asked.append(offset)
        count = min(route.request.post_data_json["k"], 260 - offset)
        hits = [{**hit, "clip_id": 1000 + offset + one, "title": f"hit {offset + one}"} for one in range(count)]
        following = offset + count if offset + count < 260 else None
        route.fulfill(
            json={"verdict": "good", "hits": hits, "took_ms": 1, "reason": "", "next_offset": following, "facets": None}
        )

    assert clips
    page.route("**/api/v1/search", answer)
    page.goto(f"{service.url}/?q=bell")
    expect(page.locator(".row").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+a")
    many(page).get_by_role("button", name="Select all there are").click()
    expect(many(page)).to_contain_text("260 sounds selected")
    assert asked == [0, 50, 150]  # as many again as are there
    page.keyboard.press("End")
    expect(page.locator(".row-chosen .row-title")).to_have_text("hit 259")


def saved(page, button, folder: Path) -> str:
    with page.expect_download() as download:
        many(page).get_by_role("button", name=button).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path.read_bytes().decode("utf-8")


@pytest.mark.thorough
def test_what_is_selected_is_copied_and_saved(by_title, service, tmp_path):
    """Paths for the clipboard, a playlist that plays, the table that the command line writes too."""
    by_title.context.grant_permissions(["clipboard-read", "clipboard-write"])
    by_title.locator(".row-title").first.click()
    by_title.locator(".row-title").nth(1).click(modifiers=["Shift"])
    many(by_title).get_by_role("button", name="Copy paths").click()
    expect(by_title.locator(".toast")).to_have_text("2 paths copied")
    assert by_title.evaluate("() => navigator.clipboard.readText()") == "things/bell 1.wav\nthings/bell 2.wav"
    many(by_title).get_by_role("button", name="Export").click()
    playlist = saved(by_title, "Playlist", tmp_path).splitlines()
    assert playlist[:2] == ["#EXTM3U", "#EXTINF:1,bell 1"]
    assert service.get(playlist[2].removeprefix(service.url)).headers["Content-Type"].startswith("audio/")
    table = list(csv.DictReader(saved(by_title, "CSV", tmp_path).splitlines()))
    assert [row["path"] for row in table] == ["things/bell 1.wav", "things/bell 2.wav"]
    assert list(table[0])[:4] == ["rank", "score", "probability", "clip_id"]


@pytest.mark.thorough
def test_what_is_selected_is_exported_as_archives_lists_and_projects(by_title, tmp_path):
    """The files byte by byte, the passages with the handles that are set, a project; the page stays."""
    by_title.locator(".row-title").first.click()
    by_title.locator(".row-title").nth(1).click(modifiers=["Shift"])
    many(by_title).get_by_role("button", name="Export").click()
    many(by_title).get_by_label("Handles").fill("0.5")
    many(by_title).get_by_label("Handles").press("Enter")
    entries = {}
    for button in ("Files", "Passages"):
        with by_title.expect_download() as download:
            many(by_title).get_by_role("button", name=button).click()
        with zipfile.ZipFile(download.value.path()) as archive:
            entries[button] = archive.namelist()
    assert entries["Files"] == ["bell 1.wav", "bell 2.wav", "selection.edl", "selection.rpp", "licences.csv"]
    assert entries["Passages"] == ["bell 1 0.000-1.000.wav", "bell 2 0.000-2.000.wav", "licences.csv"]
    assert "<ITEM" in saved(by_title, "REAPER", tmp_path)
    assert "bell 2" in saved(by_title, "EDL", tmp_path)
    expect(many(by_title)).to_contain_text("2 sounds selected")
    by_title.route("**/api/v1/export", lambda route: route.fulfill(status=404, json={"detail": "none is there"}))
    many(by_title).get_by_role("button", name="EDL").click()
    expect(by_title.locator(".toast")).to_have_text("They cannot be exported: none is there")


@pytest.mark.thorough
def test_a_passage_is_downloaded_with_the_samples_of_its_source(by_title, sounds):
    """What is marked in the chosen sound, with handles."""
    by_title.locator(".row-title").first.click()
    by_title.get_by_text("Passage in numbers").click()
    by_title.get_by_role("spinbutton", name="from").fill("0.3")
    by_title.get_by_role("spinbutton", name="to").fill("0.6")
    by_title.get_by_role("spinbutton", name="to").press("Enter")
    by_title.locator(".inspector").get_by_label("Handles").fill("0.1")
    by_title.locator(".inspector").get_by_label("Handles").press("Enter")
    with by_title.expect_download() as download:
        by_title.get_by_role("link", name="Download passage").click()
    assert download.value.suggested_filename == "bell 1 0.200-0.700.wav"
    samples, rate_hz = soundfile.read(download.value.path(), dtype="int16")
    source, _ = soundfile.read(sounds / "things" / "bell 1.wav", dtype="int16")
    assert np.array_equal(samples, source[round(0.2 * rate_hz) : round(0.7 * rate_hz)])


DRAGGED = """(element) => {
  const dataTransfer = new DataTransfer();
  element.dispatchEvent(new DragEvent('dragstart', { bubbles: true, dataTransfer }));
  return dataTransfer.getData('DownloadURL');
}"""


@pytest.mark.thorough
def test_a_row_is_dragged_out_as_a_file_of_its_name(by_title, service, sounds):
    """So is the passage that is marked; what is dropped is what the address has. It ends with that name: where browsers
    drop the address alone, file managers fetch it, and call the file so."""
    row = by_title.locator(".row").first
    expect(row.locator(".row-name")).to_have_js_property("draggable", True)
    kind, name, address = row.locator(".row-title").evaluate(DRAGGED).split(":", 2)
    assert (kind, name) == ("application/octet-stream", "bell 1.wav")
    assert address.endswith("/bell%201.wav")
    assert service.get(address.removeprefix(service.url)).content[:4] == b"RIFF"
    row.locator(".row-title").click()
    by_title.get_by_text("Passage in numbers").click()
    by_title.get_by_role("spinbutton", name="from").fill("0.5")
    by_title.get_by_role("spinbutton", name="from").press("Enter")
    by_title.locator(".inspector").get_by_label("Handles").fill("0.1")
    by_title.locator(".inspector").get_by_label("Handles").press("Enter")
    expect(by_title.get_by_role("link", name="Download passage")).to_have_attribute("href", re.compile("handles_s=0.1"))
    _, name, address = by_title.get_by_role("link", name="Download passage").evaluate(DRAGGED).split(":", 2)
    assert name == "bell 1 0.400-1.000.wav"  # with its handles, as far as the sound reaches
    assert "/bell%201%200.400-1.000.wav?" in address
    samples, rate_hz = soundfile.read(io.BytesIO(service.get(address.removeprefix(service.url)).content), dtype="int16")
    source, _ = soundfile.read(sounds / "things" / "bell 1.wav", dtype="int16")
    assert np.array_equal(samples, source[round(0.4 * rate_hz) :])


@pytest.mark.thorough
def test_without_a_clipboard_paths_are_copied_all_the_same(by_title):
    """Browsers give it to https and to this machine alone."""
    by_title.context.grant_permissions(["clipboard-read", "clipboard-write"])
    by_title.evaluate("() => Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })")
    by_title.locator(".row-title").first.click(modifiers=["ControlOrMeta"])
    many(by_title).get_by_role("button", name="Copy paths").click()
    expect(by_title.locator(".toast")).to_have_text("1 path copied")


def test_many_are_tagged_and_untagged_again(page, own):
    """The tags of each are added to; undo gives each its own back."""
    page.clock.install()
    page.goto(f"{own.url}/?order=title")
    page.locator(".row-title").first.click()
    page.locator(".row-title").nth(2).click(modifiers=["Shift"])
    many(page).get_by_role("button", name="Tags").click()
    field = page.get_by_label("Tags, separated by commas")
    expect(field).to_be_focused()
    field.fill("hero, wet, hero")
    with standing_still(page):
        field.press("Enter")
        expect(page.locator(".toast", has_text="3 sounds tagged")).to_be_visible()
        hero = page.get_by_role("group", name="Your tags").get_by_label("hero")
        wait_until(lambda: page.clock.run_for(10) or hero.is_visible())
        assert [clip["own_tags"] for clip in tagged(own)] == [["hero", "wet"]] * 3
        page.locator(".toast").get_by_role("button", name="Undo").click()
        expect(page.locator(".toast", has_text="Tags are as they were")).to_be_visible()
    assert tagged(own) == []


def tagged(service):
    return [clip for clip in service.get("/api/v1/clips?limit=100").json()["clips"] if clip["own_tags"]]


def count(service):
    return service.get("/api/v1/clips?limit=1").json()["total"]


@pytest.mark.thorough
def test_whoever_goes_elsewhere_while_tags_are_added_is_not_called_back(by_title):
    tagging = held_back(by_title, "**/api/v1/clips/*", "PATCH")
    by_title.locator(".row").first.click(modifiers=["Control"])
    many(by_title).get_by_role("button", name="Tags").click()
    field = by_title.get_by_label("Tags, separated by commas")
    expect(field).to_be_focused()
    field.fill("held")
    field.press("Enter")
    change = tagging()
    box = by_title.get_by_label("What are you looking for?")
    box.focus()
    change.fulfill(json=by_title.request.get(change.request.url).json())
    expect(field).to_have_count(0)
    expect(box).to_be_focused()


def test_what_was_removed_comes_back(page, own):
    """Nothing was asked of the service yet: by the button, or by Ctrl+Z."""
    page.clock.install()
    page.goto(f"{own.url}/?order=title")
    expect(page.locator(".card").first).to_be_visible()
    before, path = count(own), page.locator(".row-title").nth(1).get_attribute("title")
    second = page.locator(f'.row-title[title="{path}"]')
    for how in ("button", "key"):
        second.click()
        page.get_by_role("button", name="Edit title and tags").click()
        removing = page.get_by_role("button", name="Remove", exact=True)
        expect(removing).to_be_visible()
        with standing_still(page):
            removing.click()
            expect(second).to_have_count(0)
            expect(page.locator(".summary")).to_have_text(f"{before - 1} sounds")
            if how == "button":
                page.locator(".toast").get_by_role("button", name="Undo").click()
            else:
                page.locator(".list").focus()
                page.keyboard.press("Control+z")
            expect(page.locator(".toast")).to_have_count(0)
        expect(page.locator(".row-title").nth(1)).to_have_attribute("title", path)
    assert count(own) == before


@pytest.fixture(scope="module")
def dwindling(made_page_library, tmp_path_factory):
    """A service that tests take sounds out of, each until they are gone."""
    with served_copy(made_page_library, tmp_path_factory.mktemp("dwindling")) as running:
        yield running


@pytest.mark.thorough
def test_many_that_were_removed_are_gone_once_nobody_wants_them_back(page, dwindling):
    page.clock.install()
    page.goto(f"{dwindling.url}/?order=title")
    expect(page.locator(".card").first).to_be_visible()
    before, fourth = count(dwindling), page.locator(".row-title").nth(3).inner_text()
    page.locator(".row-title").first.click()
    page.locator(".row-title").nth(2).click(modifiers=["Shift"])
    removing = many(page).get_by_role("button", name="Remove")
    expect(removing).to_be_visible()
    with standing_still(page):
        removing.click()
        expect(page.locator(".toast")).to_contain_text("3 sounds taken out of the library")
        expect(page.locator(".row-title").first).to_have_text(fourth)
        assert count(dwindling) == before
    wait_until(lambda: count(dwindling) == before - 3)
    expect(page.locator(".row-title").first).to_have_text(fourth)


@pytest.mark.thorough
def test_who_leaves_the_page_meant_it(page, dwindling):
    before = count(dwindling)
    page.goto(f"{dwindling.url}/?order=title")
    page.locator(".row-title").first.click(modifiers=["ControlOrMeta"])
    many(page).get_by_role("button", name="Remove").click()
    expect(page.locator(".toast")).to_contain_text("taken out")
    page.goto(f"{dwindling.url}/library")
    wait_until(lambda: count(dwindling) == before - 1)


@pytest.mark.thorough
@pytest.mark.parametrize("width", [PHONE, 1440])
def test_it_can_be_used_by_everybody(still_page, service, width):  # noqa: F811
    """Dark and light, wide and narrow; nothing is wider than the window."""
    still_page.set_viewport_size({"width": width, "height": 844})
    for address in ("?part=clip:7", ""):
        still_page.goto(f"{service.url}/{address}")
        expect(still_page.locator(".row").first).to_be_visible()
        low = still_page.get_by_role("button", name="Low rows")
        if low.get_attribute("aria-pressed") == "false":
            low.click()
        still_page.keyboard.press("ArrowDown")
        still_page.keyboard.press("Control+a")
        many(still_page).get_by_role("button", name="Export").click()
        expect(many(still_page).get_by_role("button", name="REAPER")).to_be_visible()
        many(still_page).get_by_role("button", name="Tags").click()
        expect(still_page.get_by_label("Tags, separated by commas")).to_be_visible()
        fits(still_page)
        assert violations(still_page) == []


def test_selected_rows_are_dragged_out_together(by_title, service):
    """Browsers drop one file: it is an archive, named after how many they are. Another row is dragged by itself."""
    rows = by_title.locator(".row")
    rows.nth(0).click()
    rows.nth(2).click(modifiers=["Shift"])
    expect(many(by_title)).to_contain_text("3 sounds selected")
    kind, name, address = rows.nth(1).locator(".row-name").evaluate(DRAGGED).split(":", 2)
    assert (kind, name) == ("application/octet-stream", "3 sounds.zip")
    got = service.get(address.removeprefix(service.url))
    with zipfile.ZipFile(io.BytesIO(got.content)) as archive:
        assert {"bell 1.wav", "bell 2.wav", "bell 3.wav"} <= set(archive.namelist())
    assert rows.nth(5).locator(".row-name").evaluate(DRAGGED).split(":", 2)[1] == "dog 1.wav"
