"""The built page in Debian's Chromium, over a real service with a library of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from search import plugins, wiring
from tests.service.conftest import Server, made_library, noise, serving, settings  # noqa: F401 - a fixture
from webui.serving import DIST

RATE_HZ = 16_000
KINDS = ("rain", "wind", "door", "bell", "dog", "horn", "step", "glass")
EACH = 5
SCRIPT_TITLE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
LONG_TITLE = "long " * 800
MIRRORED = "abc\u202egnp.exe"
"""A name that a right-to-left override would show as another."""

PATIENCE_MS = 20_000
"""On a machine with other work to do; what is there is not waited for."""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)


def write(path: Path, seed: int, seconds: float = 1.5) -> Path:
    """A noise of its own colour, as a WAV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, noise(seed, seconds), RATE_HZ)
    return path


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
        plugins.job("index")(library, "spectral", [str(sounds)], settings(sounds.parent))
    return path


@pytest.fixture(scope="session")
def service(made_page_library, tmp_path_factory) -> Iterator[Server]:
    """A running service that tests share."""
    copy = shutil.copytree(made_page_library, tmp_path_factory.mktemp("served") / "library")
    with serving(Path(copy), environ={"SOUNDALIKE_ENCODER": "spectral"}) as running:
        yield running


@pytest.fixture(scope="session")
def chromium():
    """One browser; its microphone is a file that tests may name at launch only, so it plays a tone."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not here: apt-get install chromium")
    if not (DIST / "index.html").exists():
        pytest.skip("the page is not built: make page (it needs Node 20)")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


class Complaints:
    """What the browser complained about: errors of scripts, and what the content security policy refused."""

    def __init__(self, page) -> None:
        self.found: list[str] = []
        page.on("pageerror", lambda error: self.found.append(str(error)))
        page.on("console", self._hear)

    def _hear(self, message) -> None:
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
def home(page, service):
    """The search view of the shared service."""
    page.goto(service.url)
    page.wait_for_selector(".row")
    return page


def pytest_collection_modifyitems(items):
    """A browser on a busy machine can be late once: what fails three times has failed."""
    for item in items:
        if "/tests/page/" in item.path.as_posix():
            item.add_marker(pytest.mark.flaky(reruns=2))
