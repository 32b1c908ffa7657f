"""Listening through a list quickly: a selected sound plays from any position, at any level and speed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.page.conftest import ENDLESS, PHONE, fits
from tests.page.test_accessibility import page as still_page  # noqa: F401 - a fixture
from tests.page.test_accessibility import violations

NOTED = """(() => {
  window.starts = [];
  window.seeks = [];
  window.elements = [];
  window.Audio = class extends Audio {
    constructor() { super(); window.elements.push(this); }
  };
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    if (window.player !== this) this.addEventListener('seeking', () => window.seeks.push(this.currentTime));
    window.player = this;
    window.starts.push([Number(/clips.(\\d+)/.exec(this.src)?.[1]), this.currentTime]);
    return play.call(this);
  };
})()"""
"""Notes which clip is played from where, every place that is gone to, the element, and all elements that were made."""


@pytest.fixture
def noted(page, service):
    """The first page, whose playings are noted."""
    page.add_init_script(NOTED)
    page.goto(service.url)
    page.wait_for_selector(".row .wave path[d^=M]")
    expect(page.locator(".card").first).to_be_visible()  # the list has its place
    return page


@pytest.fixture
def endless(page):
    page.add_init_script(ENDLESS)


def starts(page, count):
    """The clips that were played and where they began, once there are so many."""
    page.wait_for_function("(count) => window.starts.length >= count", arg=count)
    return page.evaluate("() => window.starts")


def clip_of(row):
    return int(row.get_attribute("data-clip"))


def drawn(row):
    """The waveform of a row or a card, once it is drawn: before that nothing is heard from it."""
    expect(row.locator(".wave path").first).to_have_attribute("d", re.compile("^M"))
    return row.locator(".waveform")


def point(page, wave, share, to=None):
    """Press at a share of a waveform's width, and let go there or at another one."""
    place = wave.bounding_box()
    page.mouse.move(place["x"] + place["width"] * share, place["y"] + place["height"] / 2)
    page.mouse.down()
    if to is not None:
        page.mouse.move(place["x"] + place["width"] * to, place["y"] + place["height"] / 2, steps=4)
    page.mouse.up()


@pytest.mark.thorough
@pytest.mark.usefixtures("endless")
def test_arrows_play_what_they_choose_once_it_is_switched_on(noted):
    """A switches; three strokes of an arrow are three sounds; a reload keeps the switch."""
    rows = noted.locator(".list .row")
    noted.keyboard.press("ArrowDown")
    noted.keyboard.press("a")
    switch = noted.get_by_role("button", name="Audition")
    expect(switch).to_have_attribute("aria-pressed", "true")
    expect(noted.locator(".toast")).to_contain_text("plays at once")
    for _ in range(3):
        noted.keyboard.press("ArrowDown")
    clips = [clip_of(rows.nth(place)) for place in range(4)]
    assert starts(noted, 3) == [[clip, 0] for clip in clips[1:]]
    expect(noted.get_by_label(re.compile("^Pause .")).first).to_be_visible()
    noted.keyboard.press("Space")
    expect(noted.get_by_label(re.compile("^Pause"))).to_have_count(0)
    noted.reload()
    expect(switch).to_have_attribute("aria-pressed", "true")
    switch.click()
    expect(rows.first).to_be_visible()
    noted.keyboard.press("ArrowDown")
    expect(noted.locator(".row-chosen")).to_have_count(1)
    assert noted.evaluate("() => window.starts") == []


@pytest.mark.usefixtures("endless")
def test_a_click_plays_what_it_chooses_and_a_button_does_what_it_says(noted):
    noted.keyboard.press("a")
    row = noted.locator(".list .row").nth(1)
    row.locator(".row-title").click()
    assert starts(noted, 1) == [[clip_of(row), 0]]
    expect(noted.locator(".inspector")).to_be_visible()
    row.get_by_label(re.compile("^Pause")).click()
    expect(row.get_by_label(re.compile("^Play"))).to_be_visible()
    assert len(noted.evaluate("() => window.starts")) == 1


@pytest.mark.usefixtures("endless")
def test_a_waveform_plays_from_where_it_is_pointed_at(noted):
    """In the list, where nothing else is opened by it; in the strip; and in the chosen sound. Dragging goes along."""
    row = noted.locator(".list .row").nth(1)
    point(noted, drawn(row), 0.5, to=0.25)
    [[clip, begun_s]] = starts(noted, 1)
    assert clip == clip_of(row)
    length_s = noted.wait_for_function("() => window.player.duration").json_value()
    assert begun_s == pytest.approx(length_s / 2, abs=0.05)
    noted.wait_for_function("(at) => window.seeks.some((one) => Math.abs(one - at) < 0.05)", arg=length_s / 4)
    expect(noted.locator(".inspector")).to_have_count(0)
    expect(noted.locator(".row-chosen")).to_have_attribute("aria-rowindex", "2")
    point(noted, drawn(noted.locator(".card").first), 0.5)
    assert len(starts(noted, 2)) == 2
    row.locator(".row-title").click()
    wave = noted.locator(".inspector .cutter-wave")
    expect(wave).to_have_attribute("aria-busy", "false")
    point(noted, wave, 0.5)
    assert starts(noted, 3)[2] == [clip, pytest.approx(length_s / 2, abs=0.05)]


@pytest.mark.thorough
def test_a_loop_begins_again(noted):
    """All of a sound that nobody asked for; a press of the switch lets it end."""
    row = noted.locator(".list .row", has_text="bell 1")
    noted.get_by_label("Order").select_option("title")
    row.get_by_label("Play bell 1").click()
    noted.get_by_role("button", name="Again and again").click()
    noted.reload()  # the switch is remembered: the sound may have ended before it was pressed
    row.get_by_label("Play bell 1").click()
    clip = clip_of(row)
    assert starts(noted, 3)[:3] == [[clip, 0]] * 3
    noted.get_by_role("button", name="Again and again").click()
    expect(noted.get_by_label("Play", exact=True)).to_be_visible()


@pytest.mark.thorough
def test_a_loop_repeats_what_matched_until_somebody_goes_elsewhere(page, service):
    page.add_init_script(NOTED)
    [hit, *_] = service.post("/api/v1/search", json={"parts": [{"text": "dog"}], "facets": True}).json()["hits"]
    found = {"verdict": "good", "took_ms": 1, "reason": "", "facets": None}
    page.route(
        "**/search", lambda route: route.fulfill(json={**found, "hits": [{**hit, "start_s": 0.3, "end_s": 0.6}]})
    )
    page.goto(f"{service.url}/?q=dog")
    play = page.locator(".list").get_by_label(re.compile("^Play "))
    play.click()
    page.get_by_role("button", name="Again and again: what matched").click()
    page.reload()  # the switch is remembered: the sound may have ended before it was pressed
    play.click()
    page.wait_for_function("() => window.seeks.filter((one) => one === 0.3).length >= 3")
    page.get_by_role("slider", name="Position").fill("800")
    page.wait_for_function("() => window.starts.some(([, from_s]) => from_s === 0)")


@pytest.mark.thorough
@pytest.mark.usefixtures("endless")
def test_the_sounds_beside_the_chosen_one_are_loaded_before_somebody_plays_them(noted):
    """The element that was loaded is the one that plays: nothing is waited for. The way back is loaded as well."""
    rows = noted.locator(".list .row")
    noted.keyboard.press("a")
    noted.keyboard.press("ArrowDown")
    starts(noted, 1)
    for key, place in (("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1)):
        address = f"/api/v1/clips/{clip_of(rows.nth(place))}/audio"
        loaded = "(address) => window.elements.findLast((one) => one.src.endsWith(address) && one.readyState >= 3)"
        noted.wait_for_function(loaded, arg=address)
        noted.evaluate(f"(address) => {{ window.loaded = ({loaded})(address); }}", address)
        noted.keyboard.press(key)
        noted.wait_for_function("() => window.player === window.loaded")


@pytest.mark.usefixtures("endless")
def test_a_key_goes_from_the_hit_to_the_sound_of_the_question_and_back_at_the_same_place(page, service):
    """Half a second into the hit is half a second into the passage that was asked with."""
    page.add_init_script(NOTED)
    clips = service.get("/api/v1/clips?limit=100").json()["clips"]
    asked = next(one["id"] for one in clips if one["title"] == "dog 5")
    page.goto(f"{service.url}/?part=clip:{asked}@1-3")
    row = page.locator(".list .row").nth(2)
    row.get_by_label(re.compile("^Play ")).click()
    begun_s = starts(page, 1)[0][1]
    page.get_by_label("Pause", exact=True).click()
    page.evaluate("(at) => { window.player.currentTime = at; }", begun_s + 0.5)
    expect(page.locator(".player-time")).to_have_text(re.compile(rf"^0:0{int(begun_s + 0.5)}"))
    page.wait_for_function("() => !window.player.seeking")
    page.keyboard.press("b")
    assert starts(page, 2)[1] == [asked, pytest.approx(1.5, abs=0.02)]
    switch = page.get_by_role("button", name="A/B")
    expect(switch).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".player-title")).to_have_text("A: dog 5")
    page.get_by_label("Pause", exact=True).click()
    place_s = page.evaluate("() => window.player.currentTime")
    switch.click()
    assert starts(page, 3)[2] == [clip_of(row), pytest.approx(begun_s + place_s - 1, abs=0.02)]
    expect(switch).to_have_attribute("aria-pressed", "false")


@pytest.mark.thorough
def test_a_question_of_words_has_nothing_to_compare_with(home):
    home.get_by_label("What are you looking for?").fill("dog")
    home.locator(".row-title").first.click()
    home.keyboard.press("b")
    expect(home.locator(".toast")).to_contain_text("no sound in this question")


PLAYS_AS = """([volume, rate, keeps]) => {
  const { player } = window;
  return Math.abs(player.volume - volume) < 1e-6 && player.playbackRate === rate && player.preservesPitch === keeps;
}"""


@pytest.mark.thorough
@pytest.mark.usefixtures("endless")
def test_loudness_and_speed_hold_for_every_sound_and_the_next_visit(noted, service):
    """In decibels; at another speed the pitch stays, or does not."""
    rows = noted.locator(".list .row")
    rows.first.get_by_label(re.compile("^Play ")).click()
    noted.get_by_role("slider", name="Volume").fill("-20")
    expect(noted.locator(".transport-level")).to_have_text("−20 dB")
    noted.get_by_role("combobox", name="Speed").select_option("0.5")
    noted.get_by_role("button", name="Keep the pitch").click()
    noted.get_by_role("button", name="Next sound").click()
    assert starts(noted, 2)[1] == [clip_of(rows.nth(1)), 0]
    noted.wait_for_function(PLAYS_AS, arg=[0.1, 0.5, False])
    noted.reload()
    rows.first.get_by_label(re.compile("^Play ")).click()
    starts(noted, 1)
    noted.wait_for_function(PLAYS_AS, arg=[0.1, 0.5, False])
    noted.get_by_role("slider", name="Volume").fill("-60")
    expect(noted.locator(".transport-level")).to_have_text("off")
    noted.wait_for_function("() => window.player.volume === 0")


@pytest.mark.thorough
@pytest.mark.parametrize("width", [PHONE, 1440])
def test_the_player_can_be_used_by_everybody(still_page, service, width):  # noqa: F811
    """Dark and light, wide and narrow; nothing is wider than the window."""
    still_page.set_viewport_size({"width": width, "height": 844})
    still_page.add_init_script(ENDLESS)
    still_page.goto(f"{service.url}/?part=clip:7")
    still_page.locator(".list").get_by_label(re.compile("^Play ")).first.click()
    expect(still_page.get_by_role("region", name="Player")).to_be_visible()
    if width < 1200:
        still_page.get_by_role("button", name="Loudness and speed").click()
    expect(still_page.get_by_role("slider", name="Volume")).to_be_visible()
    still_page.get_by_role("button", name="Again and again").click()
    still_page.get_by_role("button", name="Audition").click()
    fits(still_page)
    fits(still_page, ".player")
    assert violations(still_page) == []
