"""Settings in one place, excluded facets, sounds played backwards, and a bar that shows how sure a hit is."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.page.conftest import ENDLESS, PHONE, fits
from tests.page.test_accessibility import page as still_page  # noqa: F401 - a fixture
from tests.page.test_accessibility import violations
from tests.waiting import wait_until


@pytest.mark.parametrize("width", [PHONE, 1440])
def test_settings_are_in_one_place_and_remembered(still_page, service, width):  # noqa: F811
    page = still_page
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(service.url)
    expect(page.locator(".row").first).to_be_visible()
    page.get_by_role("button", name="Settings").click()
    dialog = page.get_by_role("dialog", name="Settings")
    dialog.get_by_label("Low rows").check()
    dialog.get_by_label("Colours").select_option("light")
    expect(page.locator(":root")).to_have_attribute("data-theme", "light")
    dialog.get_by_label("Colours").select_option("auto")
    assert violations(page) == []
    dialog.get_by_role("button", name="The keys").click()
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".list-compact")).to_be_visible()
    page.reload()
    expect(page.locator(".list-compact")).to_be_visible()
    fits(page)


def test_sounds_are_turned_down_to_be_equally_loud(page, measured):
    """By what was measured of each; a switch, in the settings too, lets them be as they are."""
    clips = measured.get("/api/v1/clips?sort=-loudness&limit=1").json()["clips"]
    loudness = measured.get(f"/api/v1/clips/{clips[0]['id']}/facts").json()["facts"]["loudness"]
    assert loudness > -23, "the loudest is to be turned down"
    page.add_init_script(ENDLESS)
    page.add_init_script(NOTE_PLAYER)
    page.goto(f"{measured.url}/?order=-loudness")
    page.locator("[data-place]").first.get_by_label(re.compile("^Play ")).click()
    page.wait_for_function("() => window.player?.volume === 1")
    page.get_by_role("region", name="Player").get_by_role("button", name="Equally loud").click()
    page.wait_for_function("(gain) => Math.abs(window.player.volume - gain) < 0.01", arg=10 ** ((-23 - loudness) / 20))
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("dialog", name="Settings").get_by_label("Equally loud").uncheck()
    page.wait_for_function("() => window.player.volume === 1")


NOTE_PLAYER = """(() => {
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () { window.player = this; return play.call(this); };
})()"""


@pytest.mark.thorough
def test_what_a_facet_counts_is_left_out(home):
    """And comes back; a box that was chosen is not asked for as well."""
    folders = home.get_by_role("group", name="Folder")
    folders.get_by_role("checkbox", name=re.compile("^weather")).check()
    expect(home.locator(".summary")).to_have_text("10 sounds")
    folders.get_by_role("button", name="Without weather").click()
    expect(home.locator(".summary")).to_have_text("30 sounds")
    expect(home.locator(".chosen")).to_contain_text("not (folder")
    home.get_by_label("Remove the filter not (folder").click()
    expect(home.locator(".summary")).to_have_text("40 sounds")


def test_facets_count_what_is_likely_and_the_list_shows_where_that_ends(page, service):
    asked = {"parts": [{"clip_id": 7}], "k": 50, "facets": True}
    found = service.post("/api/v1/search", json=asked).json()
    likely = found["likely"]["clips"]
    assert 0 < likely < len(found["hits"])
    page.goto(f"{service.url}/?part=clip:7")
    expect(page.locator(".summary")).to_contain_text(f"{likely} likely, then less")
    expect(page.get_by_text(f"Of the {likely} likely sound")).to_be_visible()
    counts = page.get_by_role("group", name="Length").locator(".facet-count")
    wait_until(lambda: sum(map(int, counts.all_inner_texts())) == likely, counts.all_inner_texts)
    page.locator(f'.row[data-place="{likely}"]').scroll_into_view_if_needed()
    expect(page.locator(".row-cut")).to_have_attribute("data-place", str(likely))
    expect(page.locator(".row-cut")).to_contain_text("less likely from here")


@pytest.mark.thorough
def test_a_sound_is_turned_round_and_back(page, service):
    """It plays backwards from the same place, and forwards again."""
    page.add_init_script(ENDLESS)
    page.goto(f"{service.url}/?order=title")
    row = page.locator(".row", has_text="bell 2")
    row.get_by_label("Play bell 2").click()
    player = page.get_by_role("region", name="Player")
    turn = player.get_by_role("button", name="Backwards", exact=True)
    turn.click()
    expect(player.locator(".player-title")).to_have_text("bell 2 (backwards)")
    expect(turn).to_have_attribute("aria-pressed", "true")
    turn.click()
    expect(player.locator(".player-title")).to_have_text("bell 2")
    expect(turn).to_have_attribute("aria-pressed", "false")


def test_the_sound_that_is_asked_with_is_called_identical(home, sounds):
    """No other is, however sure."""
    home.locator("input[type=file]").first.set_input_files(sounds / "things" / "bell 2.wav")
    first = home.locator(".row").first
    expect(first.locator(".row-title")).to_have_text("bell 2")
    expect(first.locator(".score")).to_have_text("Identical")
    expect(home.locator(".row").nth(1).locator(".score-number")).to_be_visible()
    expect(home.get_by_text("Identical")).to_have_count(1)


def test_the_same_recording_is_known_and_the_same_tune_likely(page, service):
    """A number stands only where the service may be mistaken; as the service calls hits, so the page does."""

    def name_them(route):
        answer = route.fetch()
        body = answer.json()
        for hit, same in zip(body["hits"], (None, "recording", "tune"), strict=False):
            hit["same"] = same
        route.fulfill(response=answer, json=body)

    page.route("**/api/v1/search", name_them)
    page.goto(f"{service.url}/?part=clip:7")
    scores = page.locator(".row .row-score")
    expect(scores.nth(1)).to_have_text("Same recording")
    expect(scores.nth(2).locator(".score-word")).to_have_text("Same tune")
    expect(scores.nth(2).locator(".score-number")).to_have_text(re.compile("%$"))


@pytest.mark.parametrize(("low", "width"), [("off", 1280), ("on", 1280), ("on", 390)])
def test_a_bar_is_as_long_as_a_hit_is_sure(page, service, low, width):
    """In low rows and on a phone too; bars are as wide in every row, whatever word stands there: they are compared."""
    page.add_init_script(f"localStorage.setItem('soundalike.compact', '{low}')")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{service.url}/?part=clip:7")
    page.wait_for_function(
        """() => {
          const scores = [...document.querySelectorAll('.row .score')].filter((one) => one.querySelector('.score-bar'));
          const bars = scores.map((one) => one.querySelector('.score-bar'));
          const said = scores.map((one) => parseInt(one.querySelector('.score-number').textContent));
          const long = bars.map((bar) => parseInt(getComputedStyle(bar).getPropertyValue('--sure')));
          return new Set(scores.map((one) => one.querySelector('.score-word').textContent)).size > 1
            && bars.every((bar) => bar.checkVisibility() && bar.clientHeight > 0)
            && new Set(bars.map((bar) => bar.clientWidth)).size === 1
            && said.join() === long.join()
            && scores.every((one) => one.scrollHeight <= one.closest('.row').clientHeight);
        }"""
    )
