"""``python -m benchmarks.serving.page``: how heavy and how fast the search page is, in a real Chromium.

Script time is the page's own: the processor time that Chromium counts as running JavaScript (``ScriptDuration``),
without layout, painting or the service. A busy machine changes it little. What a user waits for (typing, sound) is
measured in wall-clock time: the service and the browser share the machine with any other load.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.common import report
from benchmarks.common.checkout import Checkout
from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import report_progress
from benchmarks.serving import page_access, page_hearing, page_session
from benchmarks.serving.page_library import CLIPS, LongLibrary, made, made_by, made_long, made_many
from benchmarks.serving.page_probe import Figure, Probe, figure, table
from benchmarks.serving.served import Served
from search.errors import UsageError
from search.ground.ending import with_status

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

WORK = Path("run/bench-page")
TIMES = 10
MAP_POINTS = 100_000
SLOWED = 4
_WORDS = ("rain", "wind", "siren", "bell", "dog", "clock", "saw", "thunder", "glass", "horn")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu-compositing",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)


def first_page(browser: Browser, url: str, rounds: int) -> list[Figure]:
    """Bytes, requests, and script time on a slowed processor, each in a fresh context with nothing cached."""
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
        figure("first page, transferred", weights, "KB", 150),
        figure("first page, requests", requests, "", 10),
        figure(f"first page, script on a processor slowed {SLOWED} times", scripts, "ms", 300),
    ]


def typing(browser: Browser, url: str, rounds: int) -> Figure:
    """Time from the last keystroke to the first frame with its hits, for words in the library."""
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
    return figure("typing to first results, 1,000 clips", took, "ms", 150)


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
"""A search's resource entry appears when its answer has been read; the frame after it has drawn the hits."""


_FETCH_ALL = """() => {
  const list = document.querySelector('.list');
  const known = Number(list.getAttribute('aria-rowcount')) > 0;
  list.scrollTo(0, known ? 0 : list.scrollHeight);
  return known;
}"""
"""The list knows its length once its last hits are loaded: scroll to the end to load more, then to the top."""


def scrolling(browser: Browser, url: str, clips: int, *, compact: bool = False) -> Figure:
    """Script time per frame while a list of this many hits is scrolled with the wheel; ``compact``: with low rows."""
    probe = Probe(browser, "localStorage.setItem('soundalike.compact', 'on')" if compact else "")
    probe.page.goto(f"{url}?part=clip:1")
    probe.page.wait_for_selector(".list-compact .row" if compact else ".row")
    probe.page.wait_for_function(_FETCH_ALL, timeout=600_000)
    probe.page.wait_for_load_state("networkidle")
    probe.page.locator(".list").hover()
    spent = probe.each_frame(lambda frame: probe.page.mouse.wheel(0, 500))
    rows = int(probe.page.locator(".list").get_attribute("aria-rowcount") or 0)
    probe.close()
    if rows < clips - 1:
        raise UsageError(f"the list had {rows} rows, not {clips}: is {url} the library of this benchmark?")
    low = ", low rows" if compact else ""
    return figure(f"list of {clips:,} hits scrolled{low}, script a frame", spent, "ms", 8)


def map_moving(browser: Browser, url: str) -> list[Figure]:
    """Script time per frame while a map of 100,000 synthetic points is panned, then zoomed."""
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
    panned = probe.each_frame(lambda frame: probe.page.mouse.move(x + 3 * frame, y + 2 * frame))
    probe.page.mouse.up()
    zoomed = probe.each_frame(lambda frame: probe.page.mouse.wheel(0, -60 if frame % 20 < 10 else 60))
    probe.close()
    return [
        figure("map of 100,000 points panned, script a frame", panned, "ms", 8),
        figure("map of 100,000 points zoomed, script a frame", zoomed, "ms", 8),
    ]


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


@dataclass(frozen=True, slots=True)
class Chromium:
    """A browser's program, and the environment that it needs."""

    path: str
    environment: dict[str, str]


def find_chromium() -> Chromium:
    """Return the browser that the page's tests use. Raises UsageError if there is none."""
    asked = [sys.executable, "-m", "webui.browser"]  # rooms do not import each other
    done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode != 0:
        raise UsageError(done.stderr.strip() or "no Chromium was found")
    found = json.loads(done.stdout)
    return Chromium(found["chromium"], found["environment"])


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Measure; return 0 if every figure stays within its limit, else 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.page", description=__doc__)
    parser.add_argument("--work", type=Path, default=WORK, metavar="DIR", help=f"folder for the library ({WORK})")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="repetitions of each measurement (5)")
    parser.add_argument(
        "--only", nargs="+", choices=tuple(PARTS), metavar="PART", help=f"measure only these parts: {', '.join(PARTS)}"
    )
    parser.add_argument(
        "--checkout", type=Path, metavar="DIR", help="measure only the script time, in turn with the commit at DIR"
    )
    parser.add_argument("--report", type=Path, metavar="OUT.md", help="also write the table to this file")
    args = parser.parse_args(argv)
    chromium = find_chromium()
    from playwright.sync_api import sync_playwright

    parts = {name: part for name, part in PARTS.items() if not args.only or name in args.only}
    began_s = time.monotonic()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.path, args=list(_ARGUMENTS), env={**os.environ, **chromium.environment}
        )
        if args.checkout is None:
            figures = [one for part in parts.values() for one in part(browser, args.work, args.rounds)]
        else:
            figures = [script_beside(browser, args.work, Checkout.at(args.checkout), args.rounds)]
        version = browser.version
        browser.close()
    written = table(figures)
    report_progress(written)
    took_s, load = time.monotonic() - began_s, os.getloadavg()[1]
    measured = f"Chromium {version}, drawn in software; {took_s:.0f} s, load {load:.1f}. {this_machine().sentence()}"
    report_progress(f"\n{measured}")
    if args.report is not None:
        report.write(
            args.report, f"# The search page\n\n`python -m benchmarks.serving.page`\n\n{written}\n\n{measured}\n"
        )
    return 0 if all(one.holds for one in figures) else 1


def _seeing(browser: Browser, work: Path, rounds: int) -> list[Figure]:
    with Served(made(work)) as service:
        url = f"{service.url}/"
        return [*first_page(browser, url, rounds), typing(browser, url, rounds), scrolling(browser, url, CLIPS)]


def script_beside(browser: Browser, work: Path, other: Checkout, rounds: int) -> Figure:
    """The first page's script time as a multiple of another commit's, with the same sounds and in turn."""
    with Served(made(work)) as ours, Served(made_by(other, work), checkout=other) as theirs:
        scripts = [
            [first_page(browser, f"{service.url}/", 1)[-1].value for service in (ours, theirs)] for _ in range(rounds)
        ]
    report_progress("\n".join(f"{here:.1f} ms, {there:.1f} at {other.commit()}" for here, there in scripts))
    ratios = [here / there for here, there in scripts]
    return figure(f"first page, script, as a multiple of that at {other.commit()}, in turn", ratios, "", 1)


def _many(browser: Browser, work: Path, _rounds: int) -> list[Figure]:
    made(work)
    with Served(made_many(work, TIMES)) as service:
        return [scrolling(browser, f"{service.url}/", TIMES * CLIPS, compact=True)]


def _map(browser: Browser, work: Path, _rounds: int) -> list[Figure]:
    with Served(made(work)) as service:
        return map_moving(browser, f"{service.url}/")


def _hearing(browser: Browser, work: Path, _rounds: int) -> list[Figure]:
    with Served(made(work)) as service:
        url = f"{service.url}/"
        return [*page_hearing.listening(browser, url), page_hearing.passages(browser, url, work / "sounds")]


def _long(browser: Browser, work: Path, _rounds: int) -> list[Figure]:
    made(work)
    with Served(made_long(work)) as service:
        url = f"{service.url}/"
        return page_hearing.long_recordings(browser, url, LongLibrary.at(url))


def _session(browser: Browser, work: Path, _rounds: int) -> list[Figure]:
    with Served(made(work)) as service:
        return page_session.session(browser, f"{service.url}/")


def _access(browser: Browser, work: Path, _rounds: int) -> list[Figure]:
    pictures = work / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    with Served(made(work)) as service:
        return [page_access.violations(browser, f"{service.url}/", pictures)]


PARTS: Mapping[str, Callable[[Browser, Path, int], list[Figure]]] = {
    "seeing": _seeing,
    "hearing": _hearing,
    "long": _long,
    "many": _many,
    "map": _map,
    "access": _access,
    "session": _session,
}
"""What is measured; each part has a service of its own."""


if __name__ == "__main__":
    sys.exit(main())
