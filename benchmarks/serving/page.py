"""How heavy and how quick the search page is, in a real Chromium: ``python -m benchmarks.serving.page``.

Script time is the page's own: what Chromium counts as running JavaScript (``ScriptDuration``), not layout, painting or
the service. The service and the browser share the machine with whatever else runs on it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.common import report
from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import report_progress
from benchmarks.serving.page_library import made
from benchmarks.serving.served import Served
from search.errors import UsageError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page, Route

WORK = Path("run/bench-page")
CLIPS = 1_000
MAP_POINTS = 100_000
SLOWED = 4
FRAMES = 60
PLAYED = 100
_WORDS = ("rain", "wind", "siren", "bell", "dog", "clock", "saw", "thunder", "glass", "horn")
_ARGUMENTS = ("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
_NEXT_FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with what it should stay under; ``spread`` is its smallest and largest value over the repetitions."""

    what: str
    value: float
    unit: str
    most: float
    spread: tuple[float, float]

    @property
    def holds(self) -> bool:
        """Whether it stays under."""
        return self.value <= self.most


class Probe:
    """A page with Chromium's own counters."""

    def __init__(self, browser: Browser) -> None:
        self.page: Page = browser.new_page(viewport={"width": 1280, "height": 800})
        self.client: CDPSession = self.page.context.new_cdp_session(self.page)
        self.client.send("Performance.enable")

    def script_ms(self) -> float:
        """Milliseconds of JavaScript since the page was opened."""
        metrics = self.client.send("Performance.getMetrics")["metrics"]
        return 1e3 * float(next(one["value"] for one in metrics if one["name"] == "ScriptDuration"))

    def close(self) -> None:
        """Close the page and what belongs to it."""
        self.page.close()


def first_page(browser: Browser, url: str, rounds: int) -> list[Figure]:
    """Bytes, requests, and script time on a slowed processor, each in a fresh context: nothing is cached."""
    weights, requests, scripts = [], [], []
    for _ in range(rounds):
        probe = Probe(browser)
        sizes: list[float] = []
        probe.client.send("Network.enable")
        probe.client.send("Network.setCacheDisabled", {"cacheDisabled": True})
        probe.client.on("Network.loadingFinished", lambda event, sizes=sizes: sizes.append(event["encodedDataLength"]))
        probe.client.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        probe.page.goto(url)
        probe.page.wait_for_selector(".row")
        probe.page.wait_for_load_state("networkidle")
        weights.append(sum(sizes) / 1e3)
        requests.append(float(len(sizes)))
        scripts.append(probe.script_ms())
        probe.close()
    return [
        _figure("first page, transferred", weights, "KB", 150),
        _figure("first page, requests", requests, "", 10),
        _figure(f"first page, script on a processor slowed {SLOWED} times", scripts, "ms", 300),
    ]


def typing(browser: Browser, url: str, rounds: int) -> Figure:
    """From the last stroke to the first frame with its hits, over words of the library."""
    probe = Probe(browser)
    probe.page.goto(url)
    probe.page.wait_for_selector(".row")
    box = probe.page.locator("#question")
    took = []
    for place in range(rounds * len(_WORDS)):
        word = _WORDS[place % len(_WORDS)]
        box.fill("")
        probe.page.wait_for_timeout(400)
        box.press_sequentially(word[:-1], delay=30)
        probe.page.wait_for_timeout(400)
        probe.page.evaluate(_WATCH_FOR_HITS, word)
        box.press_sequentially(word[-1])
        took.append(float(probe.page.evaluate("() => window.hitsAfter")))
    probe.close()
    return _figure("typing to first results, 1,000 clips", took, "ms", 150)


_WATCH_FOR_HITS = """(word) => {
  const input = document.getElementById('question');
  window.hitsAfter = new Promise((done) => {
    let from = 0;
    input.addEventListener('input', () => { from = performance.now(); }, { capture: true, once: true });
    const asked = new PerformanceObserver((list) => {
      if (!from || !list.getEntries().some((one) => one.name.endsWith('/search'))) return;
      asked.disconnect();
      requestAnimationFrame(() => setTimeout(() => done(performance.now() - from)));
    });
    asked.observe({ type: 'resource' });
  });
}"""
"""A search's resource entry comes when its answer is read; the frame after it has drawn the hits."""


def listening(browser: Browser, url: str) -> Figure:
    """From a stroke of an arrow to the first sound of what it chooses, row by row, each heard for a moment."""
    probe = Probe(browser)
    probe.page.add_init_script(_NOTE_SOUNDING)
    probe.page.goto(url)
    probe.page.wait_for_selector(".row")
    probe.page.keyboard.press("a")
    probe.page.wait_for_timeout(500)
    for count in range(1, PLAYED + 1):
        probe.page.keyboard.press("ArrowDown")
        probe.page.wait_for_function("(count) => window.sounding.length >= count", arg=count)
        probe.page.wait_for_timeout(300)
    took = probe.page.evaluate("() => window.sounding")
    probe.close()
    return _figure(f"arrow to sound, {PLAYED} rows", took, "ms", 60)


_NOTE_SOUNDING = """(() => {
  let pressed = 0;
  window.sounding = [];
  addEventListener('keydown', () => { pressed = performance.now(); }, true);
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    this.addEventListener('playing', () => window.sounding.push(performance.now() - pressed), { once: true });
    return play.call(this);
  };
})()"""


_FETCH_ALL = """() => {
  const list = document.querySelector('.list');
  const known = Number(list.getAttribute('aria-rowcount')) > 0;
  list.scrollTo(0, known ? 0 : list.scrollHeight);
  return known;
}"""
"""The list knows how long it is when its last hits are there; their end in sight fetches more. Then its top again."""


def scrolling(browser: Browser, url: str) -> Figure:
    """Script time a frame while a list of 1,000 hits is scrolled by the wheel."""
    probe = Probe(browser)
    probe.page.goto(f"{url}?part=clip:1")
    probe.page.wait_for_selector(".row")
    probe.page.wait_for_function(_FETCH_ALL)
    probe.page.wait_for_load_state("networkidle")
    probe.page.locator(".list").hover()
    spent = _each_frame(probe, lambda frame: probe.page.mouse.wheel(0, 500))
    rows = int(probe.page.locator(".list").get_attribute("aria-rowcount") or 0)
    probe.close()
    if rows < CLIPS - 1:
        raise UsageError(f"the list had {rows} rows, not 1,000: is {url} the library of this benchmark?")
    return _figure("list of 1,000 hits scrolled, script a frame", spent, "ms", 8)


def map_moving(browser: Browser, url: str) -> list[Figure]:
    """Script time a frame while a map of 100,000 points is panned, then zoomed; the points are made up."""
    body = _made_up_map()
    probe = Probe(browser)

    def answer(route: Route) -> None:
        route.fulfill(status=200, content_type="application/json", body=body)

    probe.page.route("**/api/v1/map", answer)
    probe.page.goto(f"{url}map")
    probe.page.wait_for_selector(".legend", timeout=120_000)
    box = probe.page.locator(".map canvas").bounding_box()
    if box is None:
        raise UsageError("the map is not shown")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    probe.page.mouse.move(x, y)
    probe.page.mouse.down()
    panned = _each_frame(probe, lambda frame: probe.page.mouse.move(x + 3 * frame, y + 2 * frame))
    probe.page.mouse.up()
    zoomed = _each_frame(probe, lambda frame: probe.page.mouse.wheel(0, -60 if frame % 20 < 10 else 60))
    probe.close()
    return [
        _figure("map of 100,000 points panned, script a frame", panned, "ms", 8),
        _figure("map of 100,000 points zoomed, script a frame", zoomed, "ms", 8),
    ]


def _each_frame(probe: Probe, move: Callable[[int], None]) -> list[float]:
    """Script milliseconds of each of `FRAMES` frames, one movement in each."""
    spent = []
    for frame in range(FRAMES):
        before = probe.script_ms()
        move(frame)
        probe.page.evaluate(_NEXT_FRAME)
        spent.append(probe.script_ms() - before)
    return spent


def _made_up_map() -> str:
    rng = np.random.default_rng(5)
    group = rng.integers(0, 9, MAP_POINTS) - 1
    centres = rng.uniform(0.1, 0.9, (9, 2))
    places = centres[group] + rng.normal(0, 0.05, (MAP_POINTS, 2))
    drawn = {
        "fitted": MAP_POINTS,
        "clip_ids": list(range(1, MAP_POINTS + 1)),
        "x": places[:, 0].round(4).tolist(),
        "y": places[:, 1].round(4).tolist(),
        "group": group.tolist(),
        "groups": [f"group {place}" for place in range(8)],
        "wheres": [f'tag = "group {place}"' for place in range(8)],
    }
    return json.dumps(drawn)


def _figure(what: str, values: Sequence[float], unit: str, most: float) -> Figure:
    return Figure(what, statistics.median(values), unit, most, (min(values), max(values)))


def _table(figures: Sequence[Figure]) -> str:
    header = ("what", "median", "at most", "smallest to largest")
    rows = [
        (
            one.what,
            f"{'**' if one.holds else ''}{one.value:.4g}{'**' if one.holds else ''} {one.unit}".strip(),
            f"{one.most:g} {one.unit}".strip(),
            f"{one.spread[0]:.3g} to {one.spread[1]:.3g}",
        )
        for one in figures
    ]
    return report.markdown_table(header, rows)


@dataclass(frozen=True, slots=True)
class Chromium:
    """A browser's program, and what its environment needs."""

    path: str
    environment: dict[str, str]


def find_chromium() -> Chromium:
    """Return the browser that the page's tests use. Raises UsageError where there is none."""
    asked = [sys.executable, "-m", "webui.browser"]  # rooms do not import each other
    done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode != 0:
        raise UsageError(done.stderr.strip() or "no Chromium was found")
    found = json.loads(done.stdout)
    return Chromium(found["chromium"], found["environment"])


def main(argv: Sequence[str] | None = None) -> int:
    """Measure; 0 when every figure holds, else 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.page", description=__doc__)
    parser.add_argument("--work", type=Path, default=WORK, metavar="DIR", help=f"where the library goes ({WORK})")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="how often each is repeated (5)")
    parser.add_argument("--report", type=Path, metavar="OUT.md", help="write the table there too")
    args = parser.parse_args(argv)
    chromium = find_chromium()
    from playwright.sync_api import sync_playwright

    library = made(args.work, CLIPS)
    began_s = time.monotonic()
    with Served(library) as service, sync_playwright() as playwright:
        url = service.url.rstrip("/") + "/"
        browser = playwright.chromium.launch(
            executable_path=chromium.path, args=list(_ARGUMENTS), env={**os.environ, **chromium.environment}
        )
        figures = [
            *first_page(browser, url, args.rounds),
            typing(browser, url, args.rounds),
            listening(browser, url),
            scrolling(browser, url),
            *map_moving(browser, url),
        ]
        version = browser.version
        browser.close()
    table = _table(figures)
    report_progress(table)
    report_progress(
        f"\nChromium {version}, drawn in software; {time.monotonic() - began_s:.0f} s. {this_machine().sentence()}"
    )
    if args.report is not None:
        text = f"# The search page\n\n`python -m benchmarks.serving.page`\n\n{table}\n\n"
        report.write(args.report, f"{text}Chromium {version}, drawn in software. {this_machine().sentence()}\n")
    return 0 if all(one.holds for one in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
