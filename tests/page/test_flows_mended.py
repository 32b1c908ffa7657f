"""Flows that were once broken, at every width, in both themes, by touch too."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from search import wiring
from tests.indexer.test_tunes import write_hum
from tests.page.conftest import ENDLESS, HURRIED, TENTH, away, write
from tests.page.hand import everywhere
from tests.page.test_flows import BOX
from tests.page.test_recording import HANDS_OVER, HEARD, tunes  # noqa: F401 - a fixture
from tests.page.test_words import reading_service  # noqa: F401 - a fixture
from tests.search.melodies import tune
from tests.service.conftest import index_in_order, serving, settings

RATE_HZ = 16_000
MANY = 60


@everywhere(390, "light")
def test_a_tune_is_heard_and_seen(hand, tunes):  # noqa: F811
    """It sounds, has a picture and a roll of notes; its question is for the same tune."""
    page = hand.page
    page.add_init_script(ENDLESS)
    page.goto(f"{tunes.url}/?q=tune+3")
    row = page.locator(".row", has_text="tune 3").first
    expect(row.locator(".wave path").first).to_have_attribute("d", re.compile("^M"))
    hand.press(row.get_by_label("Play tune 3"))
    page.wait_for_function("() => document.querySelector('.player input')?.value > 0")
    shown = hand.open(row)
    hand.press(shown.get_by_role("button", name="Spectrogram"))
    expect(shown.locator(".spectrogram")).to_have_js_property("naturalWidth", 800)
    hand.look()
    hand.press(shown.get_by_role("button", name="The same tune", exact=True))
    expect(page.locator(".chip-name")).to_have_text("tune 3")
    expect(page.locator(".summary")).to_contain_text(re.compile("sound|likely|Nothing found"))
    expect(page.locator(".refusal")).to_have_count(0)


@everywhere(1440, "dark")
def test_not_this_keeps_the_sound_away(hand, service):
    """Whatever its name says."""
    page = hand.page
    page.goto(f"{service.url}/?q=bell")
    row = page.locator(".row", has_text="bell 2")
    if hand.touches:
        shown = hand.open(row)
        hand.press(shown.get_by_role("button", name="Not this"))
    else:
        hand.close(hand.open(row))
        page.keyboard.press("n")
    expect(page.locator(".chip-not")).to_contain_text("bell 2")
    expect(page.locator(".busy-on")).to_have_count(0)
    expect(row).to_have_count(0)
    expect(page.locator(".row", has_text="bell 1")).to_have_count(1)
    hand.look()


@everywhere(390, "dark")
def test_what_is_called_so_is_found_by_name(hand, reading_service):  # noqa: F811
    """And nobody is told that nothing sounds like that."""
    page = hand.page
    page.goto(f"{reading_service.url}/?q=bell")
    expect(page.locator(".row-title").first).to_have_text(re.compile("^bell"))
    expect(page.locator(".row", has_text="bell").locator(".score")).to_have_text(["By its name"] * 2)
    expect(page.get_by_role("heading", name="Nothing sounds like that")).to_have_count(0)
    hand.look()


@everywhere(1024, "light")
def test_silence_is_refused_and_a_short_hum_told(hand, tunes, microphone):  # noqa: F811
    """In the service's words; the take has the name of its time, is heard again and cut at its chip."""
    page = hand.page
    page.add_init_script(TENTH)
    page.goto(tunes.url)
    soundfile.write(microphone, np.zeros(4 * RATE_HZ), RATE_HZ)
    hand.press(page.get_by_role("button", name="Record"))
    page.wait_for_function(HEARD, arg=1)
    hand.press(page.get_by_role("button", name="Stop and search"))
    expect(page.get_by_role("alert")).to_contain_text("Nothing was heard. The microphone may be muted")
    hand.look()
    hand.press(page.get_by_role("dialog").get_by_role("button", name="Close"))
    write_hum(microphone, tune(4), 8)
    hummed, rate_hz = soundfile.read(microphone)
    recorded = io.BytesIO()
    soundfile.write(recorded, hummed[: 3 * rate_hz], rate_hz, format="WAV")
    page.evaluate(HANDS_OVER, base64.b64encode(recorded.getvalue()).decode())
    page.evaluate("() => { delete window.longest_s; }")
    hand.press(page.get_by_role("button", name="Hum"))
    page.wait_for_function(HEARD, arg=0.5)
    hand.press(page.get_by_role("button", name="Stop and listen"))
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("spinbutton").first.fill("0.5")
    dialog.get_by_role("spinbutton").last.fill("0.9")
    dialog.get_by_role("spinbutton").last.press("Tab")
    hand.press(dialog.get_by_role("button", name="Play the passage"))
    hand.press(dialog.get_by_role("button", name="Ask for this passage"))
    expect(page.locator(".screen")).to_contain_text(re.compile("No melody heard: only [0-9.]+ s of voice were heard"))
    expect(page.locator(".chip-name")).to_have_text(re.compile(r"^hum \d\d:\d\d:\d\d"))
    hand.press(page.locator(".chip").get_by_text("0:00.5–0:00.9"))
    hand.press(dialog.get_by_role("button", name="Ask for all of it"))
    expect(page.locator(".chip").get_by_text("whole")).to_be_visible()


@everywhere(390, "light")
def test_the_marked_passage_is_what_is_asked_for(hand, service):
    """Also by the main button; marked with a finger, too."""
    page = hand.page
    page.goto(f"{service.url}/?q=glass")
    shown = hand.open(page.locator(".row", has_text="glass 5"))
    hand.drag(shown.locator(".cutter-wave"), (0.2, 0.4), (0.6, 0.4))
    main = shown.get_by_role("button", name=re.compile(r"^More like this: 0:0[01]\.\d–0:0[23]\.\d"))
    expect(main).to_be_visible()
    hand.look()
    hand.press(main)
    expect(page).to_have_url(re.compile(r"clip%3A\d+%40(0\.9|1)(\.?\d*)?-[23]"))
    expect(page.locator(".chip")).to_contain_text(re.compile(r"0:0[01]\.\d–0:0[23]\.\d"))
    expect(page.locator(".row-title").first).to_have_text(re.compile("glass"))


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """A service of more sounds than an answer has at first."""
    folder = tmp_path_factory.mktemp("crowd")
    for n in range(MANY):
        write(folder / "sounds" / ("low" if n < MANY / 2 else "high") / f"drop {n}.wav", 1 + n % 8, 0.5 + n / 100)
    with wiring.library(folder / "library", settings(folder), create=True) as library:
        index_in_order(library, folder / "sounds", settings(folder))
    with serving(folder / "library", environ={"SOUNDALIKE_ENCODER": "spectral"}) as running:
        yield running


@everywhere(1920, "dark")
def test_far_down_the_summary_and_facets_are_those_of_the_question(hand, crowd):
    page = hand.page
    page.goto(f"{crowd.url}/?part=clip:1")
    expect(page.locator(".row").first).to_be_visible()
    expect(page.locator(".busy-on")).to_have_count(0)
    said = page.locator(".summary").inner_text()
    with hand.filters() as side:
        counts = side.get_by_role("group", name="Folder").locator(".facet-count").all_inner_texts()
    if hand.touches:
        page.locator(".list").evaluate("(list) => list.scrollTo(0, list.scrollHeight)")
    else:
        page.keyboard.press("End")
        expect(page.locator('.row-chosen[data-place="49"]')).to_be_visible()
        page.keyboard.press("End")
    last = page.locator(f'.row[data-place="{MANY - 2}"]')
    page.wait_for_function(
        "(count) => { const list = document.querySelector('.list'); list.scrollTo(0, list.scrollHeight);"
        " return Number(list.getAttribute('aria-rowcount')) === count }",
        arg=MANY - 1,
    )
    expect(last).to_be_visible()
    expect(page.locator(".busy-on")).to_have_count(0)
    expect(page.locator(".summary")).to_have_text(said)
    with hand.filters() as side:
        expect(side.get_by_role("group", name="Folder").locator(".facet-count")).to_have_text(counts)
    hand.look()


@everywhere(390, "light")
def test_what_cannot_be_played_is_said(hand, service):
    """A file that is away; and a service that is gone, which is not blamed on the file."""
    page = hand.page
    page.goto(f"{service.url}/?q=bell")
    title = page.locator(".row-title").nth(1)
    expect(title).to_be_visible()
    page.route("**/audio", lambda route: route.fulfill(status=404, json={"detail": "the file is not there now"}))
    hand.press(page.locator(".list").get_by_label(re.compile("^Play ")).first)
    expect(page.locator(".toast")).to_contain_text("cannot be played: the file is not there now")
    expect(page.get_by_label(re.compile("^Pause"))).to_have_count(0)
    hand.look()
    with away(page, "**/api/v1/**"):
        hand.press(page.locator(".list").get_by_label(f"Play {title.inner_text()}"))
        expect(page.get_by_text("The search service does not answer.")).to_be_visible()
        expect(page.get_by_label(re.compile("^Pause"))).to_have_count(0)
        expect(page.locator(".toast", has_text=title.inner_text())).to_have_count(0)


@everywhere(1440, "dark")
def test_a_slip_in_a_filter_is_said_beside_it(hand, service):
    """In the words that were typed; what is listed stays."""
    page = hand.page
    page.goto(service.url)
    expect(page.locator(".summary")).to_have_text("40 sounds")
    with hand.filters() as side:
        side.get_by_label("Filter of your own").fill("duration_s < ")
        hand.press(side.get_by_label("Add the filter"))
        expect(side.get_by_role("alert")).to_contain_text("duration_s <")
        hand.look()
        side.get_by_label("Filter of your own").fill("duration_s < 3")
        hand.press(side.get_by_label("Add the filter"))
        expect(side.get_by_role("alert")).to_have_count(0)
        expect(side.locator(".chosen")).to_contain_text("duration_s < 3")
    expect(page.locator(".summary")).to_have_text("16 sounds")


@everywhere(390, "dark")
def test_back_and_keys_keep_what_one_looks_at(hand, service):
    """On a phone Back closes the sound that covers the question; elsewhere End and Page Down take the choice along."""
    page = hand.page
    page.goto(f"{service.url}/?q=bell")
    page.goto(f"{service.url}/?part=clip:7")
    expect(page.locator(".row").nth(3)).to_be_visible()
    if not hand.touches:
        page.keyboard.press("PageDown")
        expect(page.locator(".row-chosen")).to_be_in_viewport(ratio=0.9)
        page.keyboard.press("End")
        expect(page.locator('.row-chosen[data-place="38"]')).to_be_in_viewport(ratio=0.9)
        page.keyboard.press("Enter")
        expect(page.locator(".inspector")).to_be_visible()
        hand.look()
        return
    hand.open(page.locator(".row").nth(1))
    page.go_back()
    expect(page.locator(".inspector")).to_have_count(0)
    expect(page.locator(".chip")).to_have_count(1)
    hand.look()
    page.go_back()
    expect(page.get_by_label(BOX)).to_have_value("bell")


@everywhere(1024, "light")
def test_an_address_that_is_none_is_a_page(hand, service):
    page = hand.page
    answer = page.goto(f"{service.url}/nowhere")
    assert answer.headers["content-type"].startswith("text/html")
    page.wait_for_function("(width) => document.documentElement.scrollWidth <= width", arg=hand.width)
    hand.press(page.get_by_role("link").first)
    expect(page.locator(".row").first).to_be_visible()


JOB = {
    "id": 2, "kind": "index", "state": "running", "files": ["a.wav"], "created": 1.0, "started": 2.0,
    "finished": None, "clip_ids": [], "reason": None, "failures": [],
    "progress": {"files_done": 0, "files_total": 1, "failed": 0, "audio_s": 0, "share": 0, "left_s": None},
}  # fmt: skip


@everywhere(390, "light")
def test_a_hung_service_is_told_and_a_job_that_begins_has_an_empty_bar(hand, service):
    """Three seconds, which are a twentieth here; the list stays."""
    page, held = hand.page, []
    page.add_init_script(HURRIED)
    page.route("**/api/v1/jobs?*", lambda route: route.fulfill(json={"total": 1, "offset": 0, "jobs": [JOB]}))
    page.route("**/api/v1/jobs/2/events", lambda route: route.abort())
    page.goto(service.url)
    expect(page.locator(".row").first).to_be_visible()
    page.route("**/search", lambda route: route.fallback() if held else held.append(route))
    page.get_by_label(BOX).fill("bell")
    expect(page.get_by_role("alert")).to_contain_text("has not answered for 3 seconds")
    expect(page.locator(".row").nth(5)).to_be_attached()
    hand.look()
    hand.press(page.get_by_role("button", name="Try again"))
    expect(page.locator(".row-title")).to_have_text([re.compile("^bell")] * 5)
    hand.press(page.get_by_role("link", name="Library"))
    bar = page.locator(".job").get_by_role("progressbar")
    expect(page.locator(".job-progress")).to_have_text("0 of 1")
    expect(bar).to_have_js_property("value", 0)
    expect(bar).to_have_class(re.compile("breathing"))
