"""Slow down the page or the tests on purpose: what depends on speed then fails for one of a few seeds.

``SOUNDALIKE_SLOWED=page:7``: everything in the page is late, by random times with this seed: responses of the service,
files, events, frames and timers; its processor is slow. A test fails if it reads before the page has drawn, and a page
fails if a late response overwrites a newer one.

``SOUNDALIKE_SLOWED=tests:7``: the tests are late. Each of their actions takes longer, and timers of the page run 20
times as fast. A test fails if it must look while something lasts.

`make test-page-slowed` runs the tests of the page in both ways.
"""

from __future__ import annotations

import json
import os
import zlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

VARIABLE: Final = "SOUNDALIKE_SLOWED"
WAYS: Final = ("page", "tests")
PROCESSOR: Final = 6
LATENCY_MS: Final = 60
ACTION_MS: Final = 150

_LATE: Final = """(({ seed, most_ms, timers_ms, hurry }) => {
  let state = seed | 0;
  const chance = () => {  // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const later = window.setTimeout.bind(window);
  const after = (signal) => new Promise((done, fail) => {
    const give_up = () => fail(signal.reason);
    if (signal?.aborted) return give_up();
    signal?.addEventListener('abort', give_up, { once: true });
    later(() => { signal?.removeEventListener('abort', give_up); done(); }, most_ms * chance());
  });
  const extra_ms = timers_ms * chance();  // the same for all: which of two ends first stays as it is
  window.setTimeout = (call, after_ms = 0, ...given) => later(call, after_ms / hurry + extra_ms, ...given);
  if (!most_ms) return;

  const asked = window.fetch.bind(window);
  window.fetch = async (input, init) => {
    const signal = init?.signal;
    if (!init?.keepalive) await after(signal);
    const answer = await asked(input, init);
    await after(signal);
    return answer;
  };

  const Source = window.EventSource;
  window.EventSource = class extends Source {
    #late_ms = most_ms * chance();
    #is_closed = false;
    addEventListener(kind, hear, options) {
      const told = (event) => later(() => this.#is_closed || hear.call(this, event), this.#late_ms);
      super.addEventListener(kind, told, options);
    }
    close() { this.#is_closed = true; super.close(); }
  };

  const drawn = window.requestAnimationFrame.bind(window);
  const waiting = new Map();
  let frames = 0;
  window.requestAnimationFrame = (draw) => {
    const frame = ++frames;
    waiting.set(frame, later(() => { waiting.delete(frame); drawn(draw); }, most_ms * chance() / 4));
    return frame;
  };
  window.cancelAnimationFrame = (frame) => { clearTimeout(waiting.get(frame)); waiting.delete(frame); };
})(%s)"""


def way() -> tuple[str, int] | None:
    """What is slowed down ("page" or "tests"), and the seed; None if nothing is."""
    asked = os.environ.get(VARIABLE, "")
    name, _, seed = asked.partition(":")
    if asked and name not in WAYS:
        raise ValueError(f"{VARIABLE}={asked}: it is {' or '.join(WAYS)}, and may have a seed behind a colon")
    return (name, int(seed or 1)) if asked else None


def launching() -> dict[str, Any]:
    """The options with which the browser is started."""
    slow = way()
    return {"slow_mo": ACTION_MS} if slow and slow[0] == "tests" else {}


def slowed(browser: Browser) -> Browser:
    """The same browser; contexts that it makes from now on are slowed down as `way` says."""
    slow = way()
    if slow is None:
        return browser
    name, seed = slow
    make = browser.new_context

    def new_context(*given: Any, **options: Any) -> BrowserContext:
        context = make(*given, **options)
        of_test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
        drawn = {"seed": zlib.crc32(of_test.encode()) + seed, "most_ms": 0, "timers_ms": 0, "hurry": 20}
        if name == "page":
            drawn |= {"most_ms": 400, "timers_ms": 100, "hurry": 1}
            _slow_pages(context)
        context.add_init_script(_LATE % json.dumps(drawn))
        return context

    browser.new_context = new_context  # type: ignore[method-assign]
    return browser


def _slow_pages(context: BrowserContext) -> None:
    make = context.new_page

    def new_page() -> Page:
        page = make()
        browser = context.new_cdp_session(page)
        browser.send("Emulation.setCPUThrottlingRate", {"rate": PROCESSOR})
        browser.send("Network.enable")
        speed = {"downloadThroughput": -1, "uploadThroughput": -1}
        browser.send("Network.emulateNetworkConditions", {"offline": False, "latency": LATENCY_MS, **speed})
        return page

    context.new_page = new_page  # type: ignore[method-assign]
