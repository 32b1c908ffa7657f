"""The built page in a real Chromium, over a real service with its own library.

On a busy machine everything is late, and no test may fail for that. Tests wait for an expected state, never for a fixed
time. `standing_still`, a route or `writing_elsewhere` hold the page in a state that a test looks at. `ENDLESS` keeps
sounds playing, and `FOLLOW` records what plays. `HURRIED` shortens timers that no test looks at.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest
import requests
import soundfile
from playwright.sync_api import Route, expect, sync_playwright

from search import wiring
from search.catalog.store import Catalog
from tests.page import slowed
from tests.page.hand import AXE, HEIGHTS, PATIENT, Hand, let_go  # noqa: F401 - others take it from here
from tests.service.conftest import Server, index_in_order, made_library, noise, serving, settings  # noqa: F401 - a fixture
from tests.waiting import PATIENCE_S, wait_until
from webui.browser import HOW_TO_GET, find_chromium, launch
from webui.serving import DIST

RATE_HZ = 16_000
KINDS = ("rain", "wind", "door", "bell", "dog", "horn", "step", "glass")
EACH = 5
SCRIPT_TITLE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
LONG_TITLE = "long " * 800
MIRRORED = "abc\u202egnp.exe"
"""A name that a right-to-left override makes look like another."""

PHONE = pytest.param(390, marks=pytest.mark.thorough)
"""The narrow one of a test's two widths; `make test-all` runs it. Other tests check the layout of a phone quickly."""

PATIENCE_MS = 90_000
"""How long to wait on a busy machine. A state that is reached is not waited for."""
HOUR_MS = 3_600_000
ENDLESS = """(() => {
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () { this.loop = true; return play.call(this); };
})()"""
"""Loops every sound until it is paused."""
FOLLOW = """() => {
  window.paused = [];
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    const begun = this.currentTime;
    this.playbackRate = 0.2;
    this.addEventListener('pause', () => window.paused.push([begun, this.currentTime]), { once: true });
    return play.call(this);
  };
}"""
"""Records the start and end of each playback, and plays slowly, so that even a late pause comes before the end."""
HURRIED = """(() => {
  const set = window.setTimeout;
  window.setTimeout = (call, after_ms, ...given) => set(call, after_ms / 20, ...given);
})()"""
"""Makes every timer of the page 20 times as fast."""


TOASTS_MS = [
    int(ms.replace("_", ""))
    for ms in re.findall(r"_MS = ([\d_]+);", (DIST.parent / "src" / "ui" / "toasts.tsx").read_text("utf-8"))
]
LASTING = f"""(() => {{
  const set = window.setTimeout;
  const lasting_ms = (after_ms) => {TOASTS_MS}.includes(after_ms) ? 4 * after_ms : after_ms;
  window.setTimeout = (call, after_ms, ...given) => set(call, lasting_ms(after_ms), ...given);
}})()"""
"""Shows toasts four times as long, for tests that are late. This is less than `PATIENCE_MS`, so that tests can still
wait for what a toast covers. It has no effect in a page with an installed clock."""


def with_lasting_toasts(browser):
    """The same browser, whose pages show toasts for longer (`LASTING`)."""
    make = browser.new_context

    def new_context(**options):
        context = make(**options)
        context.add_init_script(LASTING)
        return context

    browser.new_context = new_context
    return browser


def paced(factor: float) -> str:
    """A script that speeds up the page's clock by ``factor``, so that its recordings end sooner."""
    return f"(() => {{ const now = performance.now.bind(performance); performance.now = () => {factor} * now(); }})()"


TENFOLD, TENTH = paced(10), paced(0.1)
"""Scripts with which a recording ends by itself ten times as fast or a tenth as fast."""


def write(path: Path, seed: int, seconds: float = 1.5) -> Path:
    """Write a noise as a WAV file; its spectrum depends on ``seed``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, noise(seed, seconds), RATE_HZ)
    return path


@contextmanager
def standing_still(page) -> Iterator[None]:
    """Stop the page's timers within the block. Timers that start in the block fire at its end.

    Earlier timers fire before the block. The page must have been loaded with an installed clock:
    ``page.clock.install()``.
    """
    page.clock.pause_at((page.evaluate("() => Date.now()") + HOUR_MS) / 1000)
    yield
    page.clock.fast_forward(HOUR_MS)
    page.clock.resume()


@contextmanager
def writing_elsewhere(library: Path) -> Iterator[None]:
    """Hold the writer's lease within the block: the service's jobs start, and wait for it."""
    with Catalog.open(library / "catalog.sqlite") as catalog, catalog.lease("a test", wait_s=PATIENCE_S):
        yield


def held_back(page, url: str, method: str) -> Callable[[], Route]:
    """Hold back the page's requests. Return a function that waits for the first of them and returns its route."""
    held: list[Route] = []
    page.route(url, lambda route: held.append(route) if route.request.method == method else route.fallback())
    return lambda: wait_until(lambda: page.evaluate("0") or held)[0]  # Playwright delivers routes only during calls


@contextmanager
def away(page, url: str) -> Iterator[None]:
    """Make requests to an address fail within the block. The route stays: removing it would leave requests hanging."""
    back = False
    page.route(url, lambda route: route.fallback() if back else route.abort())
    yield
    back = True


def fits(page, part: str = ":root") -> None:
    """Wait until the content of ``part`` fits its width (by default: the page fits the window)."""
    page.wait_for_function(FITS, arg=part)


FITS = """(part) => {
  const one = document.querySelector(part);
  return one && one.scrollWidth <= (part === ':root' ? innerWidth : one.clientWidth);
}"""


@pytest.fixture(scope="session")
def sounds(tmp_path_factory) -> Path:
    """A folder of sounds: five of each of eight kinds."""
    folder = tmp_path_factory.mktemp("page") / "sounds"
    rng = np.random.default_rng(3)
    for place, kind in enumerate(KINDS):
        for take in range(EACH):
            sound = noise(place + 1, 1.0 + take) + rng.normal(0, 0.01 * take, round((1.0 + take) * RATE_HZ))
            path = folder / ("weather" if place < 2 else "things") / f"{kind} {take + 1}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, sound.clip(-1, 1), RATE_HZ)
    return folder


@pytest.fixture(scope="session")
def made_page_library(sounds) -> Path:
    """The library of these sounds, made once; tests copy it."""
    path = sounds.parent / "library"
    with wiring.library(path, settings(sounds.parent), create=True) as library:
        index_in_order(library, sounds, settings(sounds.parent))
    return path


@pytest.fixture(scope="session")
def service(made_page_library, tmp_path_factory) -> Iterator[Server]:
    """A running service that tests share."""
    with served_copy(made_page_library, tmp_path_factory.mktemp("served")) as running:
        yield running


def served_copy(library: Path, folder: Path) -> AbstractContextManager[Server]:
    """A service over a copy of a library."""
    return serving(Path(shutil.copytree(library, folder / "library")), environ={"SOUNDALIKE_ENCODER": "spectral"})


@pytest.fixture(scope="session")
def measured(made_page_library, tmp_path_factory):
    """A service over a library whose facts are all measured."""
    path = Path(shutil.copytree(made_page_library, tmp_path_factory.mktemp("measured") / "library"))
    with wiring.library(path, settings(path)) as library:
        assert library.facts.measure() == ()
    with serving(path, environ={"SOUNDALIKE_ENCODER": "spectral"}) as running:
        yield running


@pytest.fixture
def fresh(made_page_library, tmp_path) -> Iterator[Server]:
    """A service for one test, which changes or counts what other tests share."""
    with served_copy(made_page_library, tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def added_to(made_page_library, tmp_path_factory) -> Iterator[Server]:
    with served_copy(made_page_library, tmp_path_factory.mktemp("added to")) as running:
        yield running


@pytest.fixture
def own(added_to) -> Iterator[Server]:
    """A shared service to which tests may add sounds that only they ask for.

    All jobs of earlier tests have ended. Collections, saved searches, tags and remarks are removed after the test.
    """
    yield settled(added_to)
    nothing_kept(added_to)


def nothing_kept(server: Server) -> None:
    """Remove collections, saved searches, tags and remarks, because other tests count them."""
    for kind in ("collections", "searches"):
        for one in server.get(f"/api/v1/{kind}").json()[kind]:
            server.delete(f"/api/v1/{kind}/{one['id']}").raise_for_status()
    for clip in server.get("/api/v1/clips?limit=500").json()["clips"]:
        if clip["own_tags"] or clip["remark"]:
            changes = {"own_tags": [], "remark": ""}
            requests.patch(
                f"{server.url}/api/v1/clips/{clip['id']}", json=changes, timeout=PATIENCE_S
            ).raise_for_status()


def settled(server: Server) -> Server:
    """The same service, once all of its jobs have ended and searches find what they wrote."""
    wait_until(lambda: server.get("/ready").json()["jobs"] == 0)
    server.get("/api/v1/jobs?limit=100")
    return server


@pytest.fixture(scope="session")
def locked(made_page_library, tmp_path_factory) -> Iterator[tuple[Server, str]]:
    """A service that requires a key, and a valid key."""
    path = Path(shutil.copytree(made_page_library, tmp_path_factory.mktemp("locked") / "library"))
    with wiring.library(path, settings(path)) as library:
        secret = library.keys.add("someone", ["read", "write"])
    with serving(path, "--require-keys", environ={"SOUNDALIKE_ENCODER": "spectral"}) as running:
        yield running, secret


@pytest.fixture(scope="session")
def microphone(tmp_path_factory) -> Path:
    """The file that the browser's fake microphone plays in a loop; a test that records writes its sound to it."""
    return write(tmp_path_factory.mktemp("microphone") / "heard.wav", 1)


@pytest.fixture(scope="session")
def chromium(microphone):
    """The browser that all tests share."""
    if not (DIST / "index.html").exists():
        pytest.skip("the page is not built: make page (it needs Node 20)")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        if find_chromium(playwright) is None:
            pytest.skip(HOW_TO_GET)
        browser = launch(
            playwright,
            "--autoplay-policy=no-user-gesture-required",
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={microphone}",
            **slowed.launching(),
        )
        yield with_lasting_toasts(slowed.slowed(browser))
        browser.close()


class Complaints:
    """What the browser reported: errors of scripts, and violations of the content security policy."""

    def __init__(self, page) -> None:
        self.found: list[str] = []
        page.on("pageerror", lambda error: self.found.append(str(error)))
        page.on("console", self._note)

    def _note(self, message) -> None:
        refused_by_service = message.text.startswith("Failed to load resource")
        if message.type == "error" and not refused_by_service:
            self.found.append(message.text)


@pytest.fixture
def page(chromium):
    """A new page, 1280 pixels wide. The test fails if the browser reports anything (`Complaints`)."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, permissions=["microphone"])
    made = context.new_page()
    made.set_default_timeout(PATIENCE_MS)
    complaints = Complaints(made)
    yield made
    context.close()
    assert complaints.found == []


@pytest.fixture
def hand(request, chromium):
    """A `Hand` at a window of `tests.page.hand.everywhere`. The test fails if the browser reports anything."""
    if not AXE.exists():
        pytest.skip("axe-core is not here: make page")
    width, theme = request.param
    context = chromium.new_context(
        viewport={"width": width, "height": HEIGHTS[width]},
        color_scheme=theme,
        has_touch=width == 390,
        is_mobile=width == 390,
        permissions=["microphone", "clipboard-read", "clipboard-write"],
        bypass_csp=True,  # axe adds style sheets
        reduced_motion="reduce",  # during a transition, a colour has neither its first nor its final contrast
    )
    made = context.new_page()
    made.set_default_timeout(PATIENCE_MS)
    made.add_init_script(PATIENT)
    complaints = Complaints(made)
    yield Hand(made, width, theme, request.node.originalname.removeprefix("test_"))
    context.close()
    assert complaints.found == []


@pytest.fixture
def home(page, service):
    """The search view of the shared service."""
    page.goto(service.url)
    page.wait_for_selector(".row")
    return page


def ask(page, words: str) -> None:
    """Type words into the search box, and wait until their answer is shown."""
    page.get_by_label("What are you looking for?").fill(words)
    expect(page.locator(".busy-on")).to_have_count(0)
