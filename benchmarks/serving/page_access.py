"""What axe-core (WCAG 2.2 A and AA, best practices) finds on every screen, at four widths, in dark and light."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from benchmarks.common.checkout import HERE
from benchmarks.serving.page_probe import NEXT_FRAME, Figure, figure
from search.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

AXE = HERE.folder / "webui" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (390, 1024, 1440, 1920)
SCHEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")
PATIENCE_MS = 120_000
"""On a machine with other work to do; nothing here is a figure of time."""
_RUN = """async () => {
  const found = await axe.run(document);
  return found.violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.target.join(' ')).join(', '));
}"""


def _rows(page: Page) -> None:
    page.wait_for_selector(".row")
    page.wait_for_load_state("networkidle")


def _inspector(page: Page) -> None:
    _rows(page)
    page.locator(".row-title").first.click()
    page.wait_for_selector(".inspector .cutter-wave[aria-busy=false]")
    page.keyboard.press("s")
    page.wait_for_selector(".spectrogram")


def _many(page: Page) -> None:
    _rows(page)
    page.locator(".row").first.focus()
    for key in ("ArrowDown", "Shift+ArrowDown", "Shift+ArrowDown"):
        page.keyboard.press(key)
    page.wait_for_selector(".many")


def _dialog(button: str) -> Callable[[Page], None]:
    def prepare(page: Page) -> None:
        _rows(page)
        page.get_by_role("button", name=button).first.click()
        page.wait_for_selector("dialog[open]")

    return prepare


def _library(page: Page) -> None:
    page.wait_for_selector(".folders")
    page.wait_for_load_state("networkidle")


def _map(page: Page) -> None:
    page.wait_for_selector(".legend")


SCREENS: Mapping[str, tuple[str, Callable[[Page], None]]] = {
    "all sounds": ("", _rows),
    "an answer": ("?part=clip:1&part=-0.5*text:rain", _rows),
    "the chosen sound": ("?part=clip:1", _inspector),
    "many selected": ("?part=clip:1", _many),
    "settings": ("", _dialog("Settings")),
    "keys": ("", _dialog("Keyboard")),
    "the library": ("library", _library),
    "the map": ("map", _map),
}


def violations(browser: Browser, url: str, pictures: Path | None = None) -> tuple[Figure, list[str]]:
    """How many rules are broken on all screens together, and which, where; ``pictures`` is where screenshots go."""
    if not AXE.exists():
        raise UsageError("axe-core is not here: make page")
    found: list[str] = []
    for width in WIDTHS:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, reduced_motion="reduce", bypass_csp=True
        )  # a colour on its way has the contrast of neither end
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        for name, (address, prepare) in SCREENS.items():
            page.goto(url + address)
            prepare(page)
            page.evaluate(AXE.read_text("utf-8") + "\n;0")
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                page.evaluate(NEXT_FRAME)
                found += [f"{name}, {width}, {scheme}: {one}" for one in page.evaluate(_RUN)]
                if pictures is not None:
                    page.screenshot(path=pictures / f"{name.replace(' ', '-')}-{width}-{scheme}.png")
        context.close()
    checked = len(SCREENS) * len(WIDTHS) * len(SCHEMES)
    return figure(
        f"axe violations, {checked} screens of {len(WIDTHS)} widths, dark and light", [len(found)], "", 0
    ), found
