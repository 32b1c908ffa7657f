"""What axe-core (WCAG 2.2 A and AA, best practices) finds on every screen, at four widths, dark and light."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from benchmarks.common.checkout import HERE
from benchmarks.common.outputs import report_progress
from benchmarks.serving.page_probe import NEXT_FRAME, Figure, figure
from benchmarks.serving.page_screens import SCREENS, Screen
from search.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page, Route

AXE = HERE.folder / "webui" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (390, 1024, 1440, 1920)
SCHEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")
PATIENCE_MS = 120_000
"""Long, for a busy machine; nothing here measures time."""
_RUN = """async () => {
  const found = await axe.run(document);
  return found.violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.target.join(' ')).join(', '));
}"""
_IS_TOO_WIDE = "() => document.documentElement.scrollWidth > innerWidth"


def violations(browser: Browser, url: str, pictures: Path | None = None) -> Figure:
    """Count the violations on all screens together and report each one. Screenshots go to ``pictures``."""
    if not AXE.exists():
        raise UsageError("axe-core is not here: make page")
    found: list[str] = []
    for width in WIDTHS:
        for name, screen in SCREENS.items():
            context = browser.new_context(
                viewport={"width": width, "height": 900}, reduced_motion="reduce", bypass_csp=True
            )  # during a transition, a colour has the contrast of neither end
            page = _opened(context, url, screen)
            page.evaluate(AXE.read_text("utf-8") + "\n;0")
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                page.evaluate(NEXT_FRAME)
                broken = [*page.evaluate(_RUN), *(["wider than the window"] if page.evaluate(_IS_TOO_WIDE) else [])]
                found += [f"{name}, {width}, {scheme}: {one}" for one in broken]
                for one in found[len(found) - len(broken) :]:
                    report_progress(one)
                if pictures is not None:
                    page.screenshot(path=pictures / f"{name.replace(' ', '-')}-{width}-{scheme}.png")
            context.close()
    checked = len(SCREENS) * len(WIDTHS) * len(SCHEMES)
    return figure(f"axe violations, {checked} screens of {len(WIDTHS)} widths, dark and light", [len(found)], "", 0)


def _opened(context: BrowserContext, url: str, screen: Screen) -> Page:
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    if screen.before:
        page.add_init_script(screen.before)
    for path, (status, body) in screen.answers.items():
        page.route(f"**/api/v1/{path}", partial(_answer, status, body))
    page.goto(url + screen.address)
    screen.prepare(page)
    return page


def _answer(status: int, body: object, route: Route) -> None:
    route.fulfill(status=status, json=body)
