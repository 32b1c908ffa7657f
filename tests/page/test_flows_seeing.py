"""Flows of looking at sounds, of steering, and of drawing the map, at every width and in both themes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from playwright.sync_api import expect

from tests.page.conftest import ENDLESS, writing_elsewhere
from tests.page.hand import everywhere
from tests.page.test_columns import cells
from tests.page.test_flows import BOX, asked
from tests.page.test_seeing import long, opened  # noqa: F401 - a fixture
from tests.service.conftest import serving


@everywhere(390, "light")
def test_seeing_one_sound(hand, own, long):  # noqa: F811
    """Closer and back; from match to match; a spectrogram with axes; what happens when."""
    page = hand.page
    page.add_init_script(ENDLESS)
    opened(page, own, long)
    shown = page.get_by_role("complementary", name="The chosen sound")
    zoom = shown.get_by_role("group", name="Zoom")
    for times in ("2 ×", "4 ×"):
        hand.press(zoom.get_by_label("Zoom in"))
        expect(zoom).to_contain_text(times)
    for _ in range(2):
        hand.press(zoom.get_by_label("Zoom out"))
    expect(zoom).to_contain_text("All of it")
    matches = shown.get_by_role("group", name="What matches")
    hand.press(matches.get_by_label("The match before"))
    expect(shown.locator(".primary")).to_contain_text("0:11.0–0:12.0")
    expect(page.get_by_role("region", name="Player")).to_be_visible()
    hand.press(matches.get_by_label("The next match"))
    expect(shown.locator(".primary")).to_contain_text("0:02.0–0:03.0")
    hand.press(shown.get_by_role("button", name="Spectrogram"))
    expect(shown.locator(".spectrogram")).to_have_js_property("naturalWidth", 800)
    hand.press(shown.get_by_role("button", name="mel", exact=True))
    expect(shown.locator(".spectrum-hz").first).to_have_text("2k")
    hand.press(shown.get_by_role("button", name="Listen for events"))
    hand.press(shown.get_by_role("button", name="Dog, 0:07.0 to 0:08.5"))
    expect(page.locator(".player-time")).to_have_text(re.compile("^0:0[789]|^0:1"))
    hand.look()


IN_ORDER = """(least) => {
  const shown = [...document.querySelectorAll('[data-place] .row-loudness')].map((cell) =>
    parseFloat(cell.textContent.replace('−', '-')));
  return shown.length >= least && shown.every((one, place) => place === 0 || shown[place - 1] <= one);
}"""


@everywhere(1440, "dark")
def test_seeing_many_sounds(hand, measured, sounds):
    """Low rows, the file first; columns of what was measured, and sorted by them; what is identical is called so."""
    page = hand.page
    hits = asked(hand, f"{measured.url}/?part=clip:7")
    assert hits
    low = page.get_by_role("button", name="Low rows")
    hand.press(low)
    row = page.locator(".row[data-place]").first
    expect(row.locator(".row-title")).to_have_text(re.compile(r"^\w+ \d\.wav$"))
    expect(row).to_have_css("height", re.compile(r"^3[2-6](\.\d+)?px$"))
    in_900_px = "document.querySelector('.list').clientHeight + 900 - innerHeight"
    fewest = 17 if hand.touches else 20  # a phone's box has two lines
    page.wait_for_function(f"(rows) => {in_900_px} >= 34 * rows", arg=fewest)
    hand.press(low)
    hand.press(page.get_by_role("button", name="Columns"))
    for name in ("Rate", "Loudness", "Brightness"):
        hand.press(page.locator(".column-menu").get_by_text(name, exact=True))
    hand.press(page.get_by_role("button", name="Columns"))
    expect(cells(page, "rate").first).to_have_text("16 kHz")
    expect(cells(page, "loudness").first).to_contain_text("LUFS")
    expect(cells(page, "brightness").first).not_to_be_empty()
    if not hand.touches:
        hand.press(page.get_by_role("columnheader", name="Loudness").get_by_role("button"))
    else:
        page.get_by_label("Order of what is equally sure").select_option("loudness")
    expect(page.locator(".summary")).to_contain_text("surest first, then as sorted")
    expect(page).to_have_url(re.compile("by=loudness$"))
    hand.look()
    page.goto(f"{measured.url}/?order=loudness")
    page.wait_for_function(IN_ORDER, arg=4)
    page.locator("input[type=file]").first.set_input_files(sounds / "things" / "bell 2.wav")
    expect(page.locator(".row[data-place] .score").first).to_have_text("Identical")


@everywhere(390, "dark")
def test_steering_by_aspects(hand, measured):
    """In which way hits are like a sound: by sliders and words; the chip says it, and a link repeats it."""
    page = hand.page
    asked(hand, f"{measured.url}/?part=clip:7")
    hand.press(page.get_by_role("button", name="alike"))
    panel = page.get_by_role("region", name="In which way")
    hand.press_at(panel.get_by_role("slider", name="timbre"), 0.99)
    hand.press_at(panel.get_by_role("slider", name="kind"), 0.01)
    with page.expect_request(lambda one: one.url.endswith("/search") and "darker" in (one.post_data or "")) as question:
        hand.press(panel.get_by_role("button", name="darker"))
    [part] = question.value.post_data_json["parts"]
    assert part["aspects"] == {"kind": 0, "timbre": 1, "pitch": 0, "envelope": 0, "rhythm": 0}
    expect(page.locator(".busy-on")).to_have_count(0)
    found = page.locator(".row-title").first.inner_text()
    expect(page.locator(".list .row").first).to_be_in_viewport(ratio=0.5)
    hand.look()
    hand.press(panel.get_by_role("button", name="Close"))
    page.reload()
    expect(page.get_by_role("button", name="timbre, darker")).to_be_visible()
    expect(page.locator(".row-title").first).to_have_text(found)


@everywhere(390, "light")
def test_steering_by_suggestions(hand, service):
    """What can be asked is below the empty box, and where nothing was found."""
    page = hand.page
    page.goto(service.url)
    expect(page.locator(".row").first).to_be_visible()
    for words in ("", "zyxwvu"):
        page.get_by_label(BOX).fill(words)
        hand.press(page.get_by_label(BOX))
        shown = page.get_by_role("region", name="What can be asked here").first
        word = shown.get_by_role("button").first.inner_text()
        if words:
            expect(page.get_by_role("heading", name="Nothing sounds like that")).to_be_visible()
            hand.look()
        hand.press(shown.get_by_role("button").first)
        expect(page.locator(".row-title")).to_have_text([re.compile(f"^{word}")] * 5)


@everywhere(390, "light")
def test_the_map_is_drawn(hand, made_library, tmp_path):
    """On demand, with its progress."""
    path = Path(shutil.copytree(made_library, tmp_path / "library"))
    with serving(path, environ={"SOUNDALIKE_ENCODER": "spectral"}) as running:
        page = hand.page
        page.goto(f"{running.url}/map")
        with writing_elsewhere(path):
            hand.press(page.get_by_role("button", name="Draw the map"))
            expect(page.get_by_role("progressbar", name="Draw the map")).to_be_visible()
            hand.look()
        expect(page.locator(".legend")).to_be_visible()
