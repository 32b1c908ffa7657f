"""A user's hand on the page: at four widths, in light and dark themes, by touch on a phone.

``@everywhere(390, "light")`` runs a flow in all eight windows: in that window by `make test-all`, in the others by
`make test-slow`. ``FLOW_PICTURES=folder`` keeps a picture of the end of each flow.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

AXE = Path(__file__).resolve().parents[2] / "webui" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async (only) => {
  const options = only ? { runOnly: { type: 'rule', values: only } } : {};
  const found = await axe.run(document, options);
  return found.violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.target.join(' ')).join(', '));
}"""
NEXT_FRAME = "() => new Promise(requestAnimationFrame)"

HEIGHTS = {390: 844, 1024: 768, 1440: 900, 1920: 1080}
PHONE = 390
WINDOWS = [(width, theme) for width in HEIGHTS for theme in ("light", "dark")]
PICTURES = os.environ.get("FLOW_PICTURES")


def everywhere(width: int, theme: str) -> pytest.MarkDecorator:
    """Run a flow in every window: in this one by `make test-all`, in the others by `make test-slow`."""
    marked = {one: pytest.mark.thorough if one == (width, theme) else pytest.mark.slow for one in WINDOWS}
    cells = [pytest.param(one, marks=mark, id="-".join(map(str, one))) for one, mark in marked.items()]
    return pytest.mark.parametrize("hand", cells, indirect=True)


PATIENT = """(() => {
  const set = window.setTimeout;
  window.setTimeout = (call, after_ms, ...given) => set(call, after_ms >= 15000 ? 100 * after_ms : after_ms, ...given);
})()"""
"""Lets timed offers, such as an undo, stay practically for ever."""


OUT_OF_REACH = """() => [...document.querySelectorAll('body *')].filter((one) => {
  if (one.matches('input, textarea') || (one.scrollTop === 0 && one.scrollLeft === 0)) return false;
  const { overflowX, overflowY } = getComputedStyle(one);
  const byHand = /auto|scroll/;
  return (one.scrollTop > 0 && !byHand.test(overflowY)) || (one.scrollLeft > 0 && !byHand.test(overflowX));
}).map((one) => `${one.tagName} ${one.className}`)"""
"""Lists elements that the browser scrolled for a test although a person cannot scroll them."""


@dataclass(frozen=True)
class Hand:
    """Presses, drags and checks a page as a user with a window of this width does."""

    page: Page
    width: int
    theme: str
    flow: str

    @property
    def touches(self) -> bool:
        return self.width == PHONE

    @property
    def name(self) -> str:
        """A name that is unique to this window."""
        return f"{self.width} {self.theme}"

    def press(self, target: Locator) -> None:
        if self.touches:
            target.tap()
        else:
            target.click()

    def press_at(self, target: Locator, share: float) -> None:
        """Press ``target`` at a share (0 to 1) of its width."""
        target.scroll_into_view_if_needed()
        place = target.bounding_box()
        spot = {"x": place["width"] * share, "y": place["height"] / 2}
        if self.touches:
            target.tap(position=spot)
        else:
            target.click(position=spot)

    def drag(self, target: Locator, *spots: tuple[float, float]) -> None:
        """Drag with a finger or the mouse along ``spots``, each a share (0 to 1) of width and height."""
        target.scroll_into_view_if_needed()
        place = target.bounding_box()
        points = [(place["x"] + place["width"] * x, place["y"] + place["height"] * y) for x, y in between(spots)]
        if self.touches:
            self._drag_by_touch(points)
            return
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point)
        let_go(self.page)

    def _drag_by_touch(self, points: list[tuple[float, float]]) -> None:
        client = self.page.context.new_cdp_session(self.page)

        def touch(kind: str, *spots: tuple[float, float]) -> None:
            there = [{"x": x, "y": y} for x, y in spots]
            client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": there})

        touch("touchStart", points[0])
        # wavesurfer takes a touch that moves within its first 100 ms for a scroll
        self.page.evaluate("() => new Promise((done) => setTimeout(done, 120))")
        for point in points[1:]:
            touch("touchMove", point)
        touch("touchEnd")
        client.detach()

    def select(self, count: int) -> Locator:
        """Select the first ``count`` sounds of the list. Return the bar with their actions."""
        titles = self.page.locator(".list .row-title")
        bar = self.page.get_by_role("region", name="The selected sounds")
        if self.touches:
            self.press(self.page.get_by_role("button", name="Select several"))
            for place in range(count):
                self.press(titles.nth(place))
        else:
            titles.first.click()  # otherwise an earlier choice would be selected as well
            self.page.keyboard.press("Escape")
            titles.first.click(modifiers=["ControlOrMeta"])
            if count > 1:
                titles.nth(count - 1).click(modifiers=["Shift"])
        expect(bar).to_contain_text(f"{count} sound")
        return bar

    def open(self, row: Locator) -> Locator:
        """Open a row's sound. Return the panel that shows it, once it is drawn."""
        self.press(row.locator(".row-title"))
        shown = self.page.get_by_role("complementary", name="The chosen sound")
        expect(shown.locator(".cutter-wave")).to_have_attribute("aria-busy", "false")
        return shown

    def close(self, shown: Locator) -> None:
        self.press(shown.get_by_role("button", name="Close", exact=True))
        expect(shown).to_have_count(0)

    @contextmanager
    def filters(self) -> Iterator[Locator]:
        """Show the filters within the block; in a narrow window, one button opens them and another closes them."""
        side = self.page.get_by_role("complementary", name="Filters")
        hidden = self.width < 992
        if hidden:
            self.press(self.page.locator(".filters-button"))
        expect(side).to_be_visible()
        yield side
        if hidden:
            self.press(side.get_by_role("button", name="Close filters"))

    def unfold(self, side: Locator, summary: str) -> None:
        """Unfold a group of the filters."""
        group = side.locator("details", has=self.page.locator("summary", has_text=summary))
        if group.get_attribute("open") is None:
            self.press(group.locator("summary"))
        expect(group).to_have_attribute("open", "")

    def ask(self, words: str) -> None:
        self.page.get_by_label("What are you looking for?").fill(words)
        expect(self.page.locator(".busy-on")).to_have_count(0)

    def look(self) -> None:
        """Check that the page fits and that a user can reach all of it; on a phone, that axe finds no violation."""
        page = self.page
        page.evaluate(NEXT_FRAME)
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{self.flow}-{self.width}-{self.theme}.png")
        page.wait_for_function("(width) => document.documentElement.scrollWidth <= width", arg=self.width)
        page.wait_for_function(f"() => ({OUT_OF_REACH})().length === 0")
        if not self.touches:
            return  # axe at other widths: benchmarks.serving.page --only access
        page.evaluate(AXE.read_text("utf-8") + "\n;0")
        found = page.evaluate(RUN, None)
        assert not found, found


def between(spots: tuple[tuple[float, float], ...], steps: int = 8) -> list[tuple[float, float]]:
    """Points along the path through ``spots``, ``steps`` per section."""
    way = [spots[0]]
    for (x, y), (to_x, to_y) in pairwise(spots):
        way += [(x + (to_x - x) * step / steps, y + (to_y - y) * step / steps) for step in range(1, steps + 1)]
    return way


def let_go(page: Page) -> None:
    """End a drag over a waveform. wavesurfer lets no click through until its timer of 10 ms is over."""
    page.mouse.up()
    page.evaluate("() => new Promise((done) => setTimeout(done, 10))")
