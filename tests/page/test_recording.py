"""Recording and humming: the browser's microphone plays a file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import soundfile
from playwright.sync_api import expect

from search import plugins, wiring
from tests.indexer.test_tunes import write_hum, write_midi
from tests.page.conftest import ARGUMENTS, CHROMIUM, PATIENCE_MS
from tests.search.melodies import curve_of, tune, voice
from tests.service.conftest import serving, settings

RATE_HZ = 16_000
WANTED = 4


@pytest.fixture
def hearing(chromium):
    """Makes a page whose microphone hears a file, again and again."""
    opened = []

    def listen(file: Path):
        heard = f"--use-file-for-fake-audio-capture={file}"
        browser = chromium.browser_type.launch(
            executable_path=CHROMIUM, args=[*ARGUMENTS, "--use-fake-ui-for-media-stream", heard]
        )
        opened.append(browser)
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        return page

    yield listen
    for browser in opened:
        browser.close()


def test_a_recording_shows_its_level_counts_down_and_finds_its_like(hearing, service, sounds):
    """The meter moves with the sound; stopping asks; a chip named recording finds the kind that was heard."""
    page = hearing(sounds / "things" / "bell 5.wav")
    page.goto(service.url)
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^[78]\.\d s"))
    level = page.locator(".level > span").evaluate("(bar) => new DOMMatrix(getComputedStyle(bar).transform).a")
    assert level > 0.2
    page.get_by_role("button", name="Stop and search").click()
    expect(page.locator(".chip-name")).to_have_text(re.compile(r"^recording\.(webm|ogg)"))
    expect(page.locator(".row-title").first).to_have_text(re.compile("bell"))


def test_a_recording_is_added_once(hearing, service, sounds):
    """A double click stops once; what played before is not recorded: it is paused."""
    page = hearing(sounds / "things" / "bell 5.wav")
    page.add_init_script(ENDLESS)
    page.goto(service.url)
    page.get_by_label(re.compile("^Play ")).first.click()
    expect(page.get_by_role("region", name="Player").get_by_label("Pause")).to_be_visible()
    page.keyboard.press("r")
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^[789]\.\d s"))
    expect(page.locator(".player").get_by_label("Play", exact=True)).to_be_attached()
    page.get_by_role("button", name="Stop and search").dblclick()
    expect(page.locator(".chip-name")).to_have_text(re.compile("^recording"))
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".row-title").first).to_have_text(re.compile("bell"))
    expect(page.locator(".chip")).to_have_count(1)


ENDLESS = """(() => {
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () { this.loop = true; return play.call(this); };
})()"""
"""What plays goes on until it is paused."""


def test_a_recording_ends_by_itself(hearing, service, sounds):
    """After ten seconds what was heard is asked for."""
    page = hearing(sounds / "things" / "dog 2.wav")
    page.goto(service.url)
    page.get_by_role("button", name="Record").click()
    expect(page.locator(".chip-name")).to_have_text(re.compile("^recording"), timeout=40_000)


@pytest.fixture(scope="module")
def tunes(tmp_path_factory):
    """A service whose library knows tunes."""
    folder = tmp_path_factory.mktemp("tunes")
    for seed in range(12):
        write_midi(folder / "music" / f"tune {seed}.mid", tune(seed), title=f"tune {seed}")
    (folder / "music" / "noise.wav").parent.mkdir(exist_ok=True)
    soundfile.write(folder / "music" / "noise.wav", voice(curve_of(tune(99), 0, 2.0)), RATE_HZ)
    with wiring.library(folder / "library", settings(folder), create=True) as library:
        plugins.job("index")(library, "spectral", [str(folder / "music")], settings(folder))
    with serving(folder / "library", environ={"SOUNDALIKE_ENCODER": "spectral"}) as running:
        yield running


def test_a_hummed_tune_is_found(hearing, tunes, tmp_path):
    """The switch is there because the library knows tunes; nine seconds of humming find the tune."""
    page = hearing(write_hum(tmp_path / "hum.wav", tune(WANTED), 8))
    page.goto(tunes.url)
    page.get_by_role("button", name="Hum").click()
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^[5]\.\d s"), timeout=40_000)
    page.get_by_role("button", name="Stop and search").click()
    expect(page.locator(".chip-name")).to_have_text(re.compile("^hum"))
    expect(page.locator(".row-title").first).to_have_text(f"tune {WANTED}")


def test_without_tunes_there_is_no_hum_switch(home):
    expect(home.get_by_role("button", name="Record")).to_be_visible()
    expect(home.get_by_role("button", name="Hum")).to_have_count(0)
