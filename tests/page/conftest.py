"""The built page in a real Chromium, over a real service with a library of its own.

A machine with other work to do makes everything late, and nothing here may fail for it. Tests wait for what must come,
never for a while; what is to be seen while the page waits is held in place by `standing_still`, a route or
`writing_elsewhere`; what plays is `ENDLESS`, or noted by `FOLLOW`; a wait that nobody looks at is `HURRIED`.
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
"""A name that a right-to-left override would show as another."""

PHONE = pytest.param(390, marks=pytest.mark.thorough)
"""The narrow one of two widths that a test is run at. Others look at the layout of a phone, and go about less there."""

PATIENCE_MS = 90_000
"""On a machine with other work to do; what is there is not waited for."""
HOUR_MS = 3_600_000
ENDLESS = """(() => {
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () { this.loop = true; return play.call(this); };
})()"""
"""What plays goes on until it is paused."""
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
"""Notes from where to where is played, and plays slowly: far from its end it is paused, however late that comes."""
HURRIED = """(() => {
  const set = window.setTimeout;
  window.setTimeout = (call, after_ms, ...given) => set(call, after_ms / 20, ...given);
})()"""
"""Whatever the page waits for a time with is over in a twentieth of it."""


TOASTS_MS = [
    int(ms.replace("_", ""))
    for ms in re.findall(r"_MS = ([\d_]+);", (DIST.parent / "src" / "ui" / "toasts.tsx").read_text("utf-8"))
]
LASTING = f"""(() => {{
  const set = window.setTimeout;
  const lasting_ms = (after_ms) => {TOASTS_MS}.includes(after_ms) ? 4 * after_ms : after_ms;
  window.setTimeout = (call, after_ms, ...given) => set(call, lasting_ms(after_ms), ...given);
}})()"""
"""What a toast says and offers stays four times as long: for tests that are late, and less than `PATIENCE_MS`, so that
what it covers is reached. A page with an installed clock has its own time."""


def with_lasting_toasts(browser):
    """The same browser, in whose pages toasts stay."""
    make = browser.new_context

    def new_context(**options):
        context = make(**options)
        context.add_init_script(LASTING)
        return context

    browser.new_context = new_context
    return browser


def paced(factor: float) -> str:
    """A script by which the page measures time as if it went that many times as fast: its recordings end sooner."""
    return f"(() => {{ const now = performance.now.bind(performance); performance.now = () => {factor} * now(); }})()"


TENFOLD, TENTH = paced(10), paced(0.1)
"""So fast and so slowly a recording ends by itself."""


def write(path: Path, seed: int, seconds: float = 1.5) -> Path:
    """A noise of its own colour, as a WAV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, noise(seed, seconds), RATE_HZ)
    return path


@contextmanager
def standing_still(page) -> Iterator[None]:
    """The page's timers stand still within the block; those that it begins there are over at its end.

    Those from before are over at its start. The page was loaded with its clock installed: ``page.clock.install()``.
    """
    page.clock.pause_at((page.evaluate("() => Date.now()") + HOUR_MS) / 1000)
    yield
    page.clock.fast_forward(HOUR_MS)
    page.clock.resume()


@contextmanager
def writing_elsewhere(library: Path) -> Iterator[None]:
    """Another writer holds the library within the block: the service's jobs begin, and wait for it."""
    with Catalog.open(library / "catalog.sqlite") as catalog, catalog.lease("a test", wait_s=PATIENCE_S):
        yield


def held_back(page, url: str, method: str) -> Callable[[], Route]:
    """Hold back what the page asks; returns a function that waits for the first of it, and gives its route."""
    held: list[Route] = []
    page.route(url, lambda route: held.append(route) if route.request.method == method else route.fallback())
    return lambda: wait_until(lambda: page.evaluate("0") or held)[0]  # routes are handed over between two calls


@contextmanager
def away(page, url: str) -> Iterator[None]:
    """Nothing of an address answers within the block. The route stays: one taken away leaves what it holds hanging."""
    back = False
    page.route(url, lambda route: route.fallback() if back else route.abort())
    yield
    back = True


def fits(page, part: str = ":root") -> None:
    """Wait until nothing is wider than the window, or than that part of the page."""
    page.wait_for_function(FITS, arg=part)


FITS = """(part) => {
  const one = document.querySelector(part);
  return one && one.scrollWidth <= (part === ':root' ? innerWidth : one.clientWidth);
}"""


@pytest.fixture(scope="session")
def sounds(tmp_path_factory) -> Path:
    """A folder of sounds: eight kinds of five."""
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
    """A service whose sounds were all measured."""
    path = Path(shutil.copytree(made_page_library, tmp_path_factory.mktemp("measured") / "library"))
    with wiring.library(path, settings(path)) as library:
        assert library.facts.measure() == ()
    with serving(path, environ={"SOUNDALIKE_ENCODER": "spectral"}) as running:
        yield running


@pytest.fixture
def fresh(made_page_library, tmp_path) -> Iterator[Server]:
    """A service of one test, which changes or counts what every test has."""
    with served_copy(made_page_library, tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def added_to(made_page_library, tmp_path_factory) -> Iterator[Server]:
    with served_copy(made_page_library, tmp_path_factory.mktemp("added to")) as running:
        yield running


@pytest.fixture
def own(added_to) -> Iterator[Server]:
    """A service that tests share and may add to, each sounds that only it asks for; what it keeps of them goes with it.

    The jobs of the tests before have ended.
    """
    yield settled(added_to)
    nothing_kept(added_to)


def nothing_kept(server: Server) -> None:
    """Take away collections, saved searches, and what was written of sounds: other tests count them."""
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
    """The same service, once all of its jobs have ended and what they wrote is found."""
    wait_until(lambda: server.get("/ready").json()["jobs"] == 0)
    server.get("/api/v1/jobs?limit=100")
    return server


@pytest.fixture(scope="session")
def locked(made_page_library, tmp_path_factory) -> Iterator[tuple[Server, str]]:
    """A service that asks for a key, and one that it knows."""
    path = Path(shutil.copytree(made_page_library, tmp_path_factory.mktemp("locked") / "library"))
    with wiring.library(path, settings(path)) as library:
        secret = library.keys.add("someone", ["read", "write"])
    with serving(path, "--require-keys", environ={"SOUNDALIKE_ENCODER": "spectral"}) as running:
        yield running, secret


@pytest.fixture(scope="session")
def microphone(tmp_path_factory) -> Path:
    """The file that the browser's microphone hears, again and again; a test that listens writes its sound here."""
    return write(tmp_path_factory.mktemp("microphone") / "heard.wav", 1)


@pytest.fixture(scope="session")
def chromium(microphone):
    """One browser."""
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
    """What the browser complained about: errors of scripts, and what the content security policy refused."""

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
    """A page of its own, 1280 wide; nothing may be complained about."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, permissions=["microphone"])
    made = context.new_page()
    made.set_default_timeout(PATIENCE_MS)
    complaints = Complaints(made)
    yield made
    context.close()
    assert complaints.found == []


@pytest.fixture
def hand(request, chromium):
    """A hand at one of the windows of `tests.page.hand.everywhere`; nothing may be complained about."""
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
        reduced_motion="reduce",  # a colour on its way has the contrast of neither end
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
    """Type words into the box, and wait until what is shown is their answer."""
    page.get_by_label("What are you looking for?").fill(words)
    expect(page.locator(".busy-on")).to_have_count(0)
