"""Recording and humming: the browser's microphone plays a file."""

from __future__ import annotations

import base64
import io
import re
import shutil

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from search import plugins, wiring
from search.analysis.melody.model import Notes
from tests.indexer.test_tunes import write_hum, write_midi
from tests.page.conftest import ENDLESS, FOLLOW, TENFOLD, TENTH
from tests.search.melodies import curve_of, tune, voice
from tests.service.conftest import serving, settings

RATE_HZ = 16_000
WANTED, TWICE = 4, 7
"""Tunes that are hummed; of the second one the library has two versions."""


def hear(page, seconds: float) -> None:
    """Wait until the recorder of a page that is paced by ``TENTH`` has heard so much."""
    page.wait_for_function(HEARD, arg=seconds)


def hum(page, url, microphone, number: int, seconds: float) -> None:
    """Hum a tune to the page, for so long.

    What the recorder hands over is the hum itself: on a machine with other work to do the browser's own recording of it
    has gaps, which make another tune.
    """
    write_hum(microphone, tune(number), 8)
    hummed, rate_hz = soundfile.read(microphone)
    recorded = io.BytesIO()
    soundfile.write(recorded, hummed[: round(seconds * rate_hz)], rate_hz, format="WAV")
    page.add_init_script(f"({HANDS_OVER})('{base64.b64encode(recorded.getvalue()).decode()}')")
    page.add_init_script(TENTH)
    page.goto(url)
    page.get_by_role("button", name="Hum").click()
    hear(page, 0.5)


HANDS_OVER = """(encoded) => {
  const data = new Blob([Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0))]);
  const listen = MediaRecorder.prototype.addEventListener;
  MediaRecorder.prototype.addEventListener = function (kind, hear, ...more) {
    const told = kind === 'dataavailable' ? () => hear({ data }) : hear;
    return listen.call(this, kind, told, ...more);
  };
}"""


HEARD = """(seconds) => {
  const timer = document.querySelector('[role=timer]');
  window.longest_s ??= timer ? parseFloat(timer.textContent) : undefined;
  return timer && 10 * (window.longest_s - parseFloat(timer.textContent)) >= seconds;
}"""


def test_a_recording_shows_its_level_counts_down_and_finds_its_like(page, service, sounds, microphone):
    """The meter moves with the sound; stopping asks; a chip named recording finds the kind that was heard."""
    shutil.copy(sounds / "things" / "bell 5.wav", microphone)
    page.add_init_script(TENTH)
    page.goto(service.url)
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_role("timer")).to_be_visible()
    page.wait_for_function(
        "() => new DOMMatrix(getComputedStyle(document.querySelector('.level > span')).transform).a > 0.2"
    )
    hear(page, 2)
    page.get_by_role("button", name="Stop and search").click()
    expect(page.locator(".chip-name")).to_have_text(re.compile(r"^recording \d\d:\d\d:\d\d\.(webm|ogg)"))
    expect(page.locator(".row-title").first).to_have_text(re.compile("bell"))


@pytest.mark.thorough
def test_a_recording_is_added_once(page, service, sounds, microphone):
    """A double click stops once; what played before is not recorded: it is paused."""
    shutil.copy(sounds / "things" / "bell 5.wav", microphone)
    page.add_init_script(ENDLESS)
    page.add_init_script(TENTH)
    page.goto(service.url)
    page.get_by_label(re.compile("^Play ")).first.click()
    expect(page.get_by_role("region", name="Player").get_by_label("Pause")).to_be_visible()
    page.keyboard.press("r")
    hear(page, 1)
    expect(page.locator(".player").get_by_label("Play", exact=True)).to_be_attached()
    page.get_by_role("button", name="Stop and search").dblclick()
    expect(page.locator(".chip-name")).to_have_text(re.compile("^recording"))
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".row-title").first).to_have_text(re.compile("bell"))
    expect(page.locator(".chip")).to_have_count(1)


@pytest.mark.thorough
def test_a_recording_ends_by_itself(page, service, sounds, microphone):
    """After ten seconds, which are one here, what was heard is asked for."""
    shutil.copy(sounds / "things" / "bell 5.wav", microphone)
    page.add_init_script(TENFOLD)
    page.goto(service.url)
    page.get_by_role("button", name="Record").click()
    expect(page.locator(".chip-name")).to_have_text(re.compile("^recording"))


@pytest.mark.thorough
def test_a_muted_microphone_asks_nothing(page, service, microphone):
    """The dialog says what to look at, and lets one try again."""
    soundfile.write(microphone, np.zeros(4 * RATE_HZ), RATE_HZ)
    page.add_init_script(TENTH)
    page.goto(service.url)
    page.get_by_role("button", name="Record").click()
    hear(page, 1)
    page.get_by_role("button", name="Stop and search").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was heard. The microphone may be muted")
    expect(page.locator(".chip")).to_have_count(0)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("timer")).to_be_visible()


@pytest.fixture(scope="module")
def tunes(tmp_path_factory):
    """A service whose library knows tunes."""
    folder = tmp_path_factory.mktemp("tunes")
    for seed in range(12):
        write_midi(folder / "music" / f"tune {seed}.mid", tune(seed), title=f"tune {seed}")
    (folder / "music" / "noise.wav").parent.mkdir(exist_ok=True)
    line = tune(TWICE)
    write_midi(folder / "music" / "version.mid", Notes(line.start_s, line.end_s, line.pitch + np.float32(3)))
    soundfile.write(folder / "music" / "noise.wav", voice(curve_of(tune(99), 0, 2.0)), RATE_HZ)
    with wiring.library(folder / "library", settings(folder), create=True) as library:
        plugins.job("index")(library, "spectral", [str(folder / "music")], settings(folder))
    with serving(folder / "library", environ={"SOUNDALIKE_ENCODER": "spectral"}) as running:
        yield running


@pytest.mark.thorough
def test_a_hummed_tune_is_found(page, tunes, microphone):
    """The switch is there because the library knows tunes; seven seconds of humming find the tune."""
    hum(page, tunes.url, microphone, WANTED, 7)
    page.get_by_role("button", name="Stop and search").click()
    expect(page.locator(".chip-name")).to_have_text(re.compile("^hum"))
    row = page.locator(".row").first
    expect(row.locator(".row-title")).to_have_text(f"tune {WANTED}")
    expect(row.locator(".wave-match")).to_have_attribute("d", re.compile("^M.*h"))  # the notes that were hummed
    expect(row.locator(".wave-quiet")).to_have_attribute("d", re.compile("^M.*h"))
    row.get_by_label(f"Play tune {WANTED}").click()
    page.wait_for_function("() => document.querySelector('.player input')?.value > 0")
    row.locator(".row-title").click()
    expect(page.locator(".cutter-wave[aria-busy=false]")).to_be_visible()
    page.locator(".inspector").get_by_role("button", name="The same tune", exact=True).click()  # nothing is marked
    expect(page.locator(".chip-name")).to_have_text(f"tune {WANTED}")
    expect(page.locator(".summary")).to_contain_text(re.compile("sound|Nothing found"))


@pytest.mark.thorough
def test_every_version_of_a_hummed_tune_is_the_same_tune(page, tunes, microphone):
    """None takes from how sure the other is."""
    hum(page, tunes.url, microphone, TWICE, 7)
    page.get_by_role("button", name="Stop and search").click()
    scores = page.locator(".row .score-word")
    expect(scores.nth(0)).to_have_text("Same tune")
    expect(scores.nth(1)).to_have_text("Same tune")
    both = page.locator(".row").filter(has=page.get_by_text("Same tune", exact=True)).locator(".row-title")
    expect(both).to_have_count(2)
    for title in (f"tune {TWICE}", "version"):
        expect(both.get_by_text(title, exact=True)).to_have_count(1)
    expect(page.locator(".summary")).not_to_contain_text("no close match")


@pytest.mark.thorough
def test_a_hum_is_heard_again_and_cut_before_it_is_asked_for(page, tunes, microphone):
    """In the dialog and at its chip; what is wrong with it is said in the service's words."""
    hum(page, tunes.url, microphone, WANTED, 3)
    page.get_by_role("button", name="Stop and listen").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("spinbutton").first.fill("0.5")
    dialog.get_by_role("spinbutton").last.fill("0.9")
    dialog.get_by_role("spinbutton").last.blur()
    page.evaluate(FOLLOW)
    dialog.get_by_role("button", name="Play the passage").click()
    page.wait_for_function("() => window.paused[0]?.[0] === 0.5")
    dialog.get_by_role("button", name="Ask for this passage").click()
    expect(page.locator(".screen")).to_contain_text(re.compile("No melody heard: only [0-9.]+ s of voice were heard"))
    page.locator(".chip").get_by_text("0:00.5–0:00.9").click()
    dialog.get_by_role("button", name="Ask for all of it").click()
    expect(page.locator(".chip").get_by_text("whole")).to_be_visible()


def test_without_tunes_there_is_no_hum_switch(home):
    expect(home.get_by_role("button", name="Record")).to_be_visible()
    expect(home.get_by_role("button", name="Hum")).to_have_count(0)
