"""How soon the search page plays a sound, how many actions that takes, and whether downloads equal the source."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import numpy as np
import requests
import soundfile
from numpy.typing import NDArray

from benchmarks.common.outputs import report_progress
from benchmarks.serving.page_library import LongLibrary
from benchmarks.serving.page_probe import Figure, Probe, figure
from search.errors import UsageError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PLAYED = 100
CANDIDATES = 40
PASSAGES = 100
FROM_MATCHES = 20
MOST_STROKES = 2 * PLAYED
SILENT_MS = 10_000
"""Wait this long for a sound after a keystroke."""
LISTENED_MS = 300
"""How long each sound of a list plays before the next is chosen."""
NOTE_SOUNDING = """(() => {
  let pressed = 0;
  window.sounding = [];
  addEventListener('keydown', () => { pressed = performance.now(); }, true);
  addEventListener('pointerdown', () => { pressed = performance.now(); }, true);
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    this.addEventListener('playing',
      () => window.sounding.push([performance.now() - pressed, this.currentTime, this.currentSrc]), { once: true });
    return play.call(this);
  };
})()"""


def listening(browser: Browser, url: str) -> list[Figure]:
    """Time from an arrow key to the chosen row's first sound; and the keystrokes until forty sounds have played.

    The switch that plays a row when it is chosen is on.
    """
    probe = Probe(browser, f"localStorage.setItem('soundalike.audition', 'on'); {NOTE_SOUNDING}")
    probe.page.goto(url)
    probe.page.wait_for_selector(".row")
    probe.page.wait_for_timeout(500)
    strokes_of: list[int] = []  # the stroke at which each sound first played
    for stroke in range(1, MOST_STROKES + 1):
        probe.page.keyboard.press("ArrowDown")
        strokes_of += [stroke] * (_sounded(probe, len(strokes_of) + 1) - len(strokes_of))
        if len(strokes_of) >= PLAYED:
            break
        probe.page.wait_for_timeout(LISTENED_MS)
    took = [float(ms) for ms, *_ in probe.page.evaluate("() => window.sounding")]
    probe.close()
    if len(strokes_of) < PLAYED:
        raise UsageError(f"{MOST_STROKES} strokes of an arrow made {len(strokes_of)} sounds heard")
    return [
        figure(f"select to sound, {PLAYED} rows by arrows", took, "ms", 60),
        figure(f"actions to hear {CANDIDATES} candidates", [strokes_of[CANDIDATES - 1]], "", CANDIDATES),
    ]


def _sounded(probe: Probe, wanted: int) -> int:
    """The number of different sounds played, once it reaches ``wanted`` or no other sound plays for a while."""
    from playwright.sync_api import TimeoutError as Silence

    different = "() => new Set(window.sounding.map(([, , address]) => address)).size"
    try:
        probe.page.wait_for_function(f"(wanted) => ({different})() >= wanted", arg=wanted, timeout=SILENT_MS)
    except Silence:
        report_progress("a stroke made no other sound heard")
    return int(probe.page.evaluate(different))


def long_recordings(browser: Browser, url: str, long: LongLibrary) -> list[Figure]:
    """Time from a press on play to the first sound, from the match in a three-hour recording that is not cached."""
    figures = []
    for clip_id, kind in long.recordings:
        took = []
        for asked in long.questions[:FROM_MATCHES]:
            probe = Probe(browser, NOTE_SOUNDING)
            probe.page.goto(f"{url}?part=clip:{asked}&within=clip:{clip_id}")
            probe.page.wait_for_selector(".row")
            probe.page.wait_for_load_state("networkidle")
            probe.page.get_by_label(re.compile("^Play ")).first.click()
            probe.page.wait_for_function("() => window.sounding.length > 0")
            (ms, *_), *_ = probe.page.evaluate("() => window.sounding")
            took.append(float(ms))
            probe.close()
        figures.append(figure(f"play a 3-hour {kind} from its match, {len(took)} matches", took, "ms", 300))
    return figures


def passages(browser: Browser, url: str, sounds: Path, seed: int = 5) -> Figure:
    """Count, among a hundred random passages, those that differ from the slice of their source in any sample.

    They are downloaded from the address of the page's own link.
    """
    link = _passage_link(browser, url)
    rng = np.random.default_rng(seed)
    wrong = 0
    with requests.Session() as client:
        for clip_id in rng.choice(np.arange(1, 1001), PASSAGES, replace=False).tolist():
            clip = client.get(f"{url}api/v1/clips/{clip_id}", timeout=60).json()
            length_s = float(clip["duration_s"])
            start_s, end_s = (round(float(at), 3) for at in sorted(rng.uniform(0, length_s, 2)))
            address = link(clip_id, start_s, max(end_s, start_s + 0.01))
            got, _ = soundfile.read(io.BytesIO(client.get(address, timeout=60).content), dtype="float32")
            source, rate_hz = soundfile.read(sounds / clip["path"], dtype="float32")
            first = round(start_s * rate_hz)
            wrong += not _is_slice(got, source[first : round(max(end_s, start_s + 0.01) * rate_hz)])
    return figure(f"passages that are not the slice of their source, of {PASSAGES}", [wrong], "", 0)


def _is_slice(got: NDArray[np.float32], wanted: NDArray[np.float32]) -> bool:
    """Whether the samples are equal within the last of 16 bits."""
    return got.shape == wanted.shape and bool(np.all(np.abs(got - wanted) <= 2**-16))


def _passage_link(browser: Browser, url: str) -> Callable[[int, float, float], str]:
    """Return a function that turns the address of the page's link into that of another passage."""
    probe = Probe(browser)
    probe.page.goto(f"{url}?part=clip:1")
    probe.page.locator(".row-title").first.click()
    address = probe.page.get_by_role("link", name="Download passage").get_attribute("href") or ""
    probe.close()

    def link(clip_id: int, start_s: float, end_s: float) -> str:
        swapped = re.sub(r"clips/\d+/", f"clips/{clip_id}/", urljoin(url, address))
        return re.sub(r"start_s=[\d.]+&end_s=[\d.]+", f"start_s={start_s}&end_s={end_s}", swapped)

    return link
