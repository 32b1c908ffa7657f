"""An hour of use of the search page in minutes: two thousand actions of every kind, and the memory held then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from benchmarks.common.outputs import report_progress
from benchmarks.serving.page_probe import Figure, Probe, figure

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ACTIONS = 2_000
WORDS = ("rain", "wind", "siren", "bell", "dog", "clock", "saw", "thunder", "glass", "horn")
PAUSE_MS = 15
"""Pause between two actions; waits of the page itself are added."""

Action: TypeAlias = "Callable[[Page, int], object]"


def _key(key: str) -> Action:
    return lambda page, _: page.keyboard.press(key)


def _click(name: str) -> Action:
    return lambda page, _: page.get_by_role("button", name=name, exact=True).first.click()


def _type(page: Page, turn: int) -> None:
    page.locator("#question").fill(WORDS[turn % len(WORDS)])


def _leave(page: Page, _: int) -> None:
    page.locator("#question").blur()


def _settle(page: Page, _: int) -> None:
    page.locator(".row").first.wait_for()  # wait_for_selector returns a handle, which holds its element forever
    page.wait_for_function("() => !document.querySelector('.busy-on')")


def _view(name: str) -> Action:
    def go(page: Page, _: int) -> None:
        page.locator("header nav, .views, nav").first.get_by_text(name, exact=True).first.click()

    return go


def _scroll(page: Page, turn: int) -> None:
    page.locator(".list").evaluate("(list, by) => list.scrollBy(0, by)", 400 if turn % 2 else -400)


def _back(page: Page, _: int) -> None:
    page.go_back()


ROUND: Sequence[Action] = (
    _type, _settle, _leave,
    _key("ArrowDown"), _key("ArrowDown"), _key("Space"), _key("ArrowDown"), _key("Space"), _key("Space"),
    _key("Enter"), _key("s"), _key("ArrowDown"), _key("s"), _key("l"), _key("ArrowDown"), _key("l"), _key("Escape"),
    _scroll, _scroll, _key("End"), _key("PageUp"), _key("Home"),
    _key("m"), _settle, _key("ArrowDown"), _key("Space"), _key("+"), _settle, _key("ArrowDown"), _key("n"), _settle,
    _key("Shift+ArrowDown"), _key("Shift+ArrowDown"), _key("Escape"), _key("Escape"),
    _key("?"), _key("Escape"), _key("a"), _key("ArrowDown"), _key("ArrowDown"), _key("a"),
    _view("Map"), _view("Library"), _view("Search"), _settle, _back, _back, _view("Search"), _settle,
)  # fmt: skip
"""The actions of a user who looks for sounds, in turn; the words change with each round."""


def session(browser: Browser, url: str, actions: int = ACTIONS) -> list[Figure]:
    """Return the growth of script memory and document nodes over ``actions`` actions, in per cent.

    It is measured after two rounds that load every part of the page and perform every kind of action. V8 later
    recompiles functions that are called often. The growth of the whole heap, with code, is therefore measured from a
    quarter of the actions on.
    """
    probe = Probe(browser)
    probe.page.goto(url)
    probe.page.wait_for_selector(".row")
    rounds = -(-actions // len(ROUND))
    _play(probe.page, 2)
    before, nodes_before = _rest(probe), probe.nodes()
    _play(probe.page, rounds // 4)
    compiled = _rest(probe)
    _play(probe.page, rounds - rounds // 4)
    after, nodes_after = _rest(probe), probe.nodes()
    probe.close()
    heap, held = ([one[place] for one in (before, compiled, after)] for place in (0, 1))
    for what, sizes in (("the heap", heap), ("without code", held)):
        written = ", ".join(f"{size / 1e6:.2f}" for size in sizes)
        report_progress(f"{what}: {written} MB at first, after {rounds // 4 * len(ROUND):,} and {actions:,} actions")
    grown = (
        (f"growth of memory held by scripts over {actions:,} actions", held[0], held[2]),
        (f"growth of the heap with code, from action {rounds // 4 * len(ROUND):,} on", heap[1], heap[2]),
        (f"growth of the number of document nodes over {actions:,} actions", nodes_before, nodes_after),
    )
    return [figure(what, [100 * (now / then - 1)], "%", 10) for what, then, now in grown]


def _play(page: Page, rounds: int) -> None:
    for number in range(rounds * len(ROUND)):
        _act(page, ROUND[number % len(ROUND)], number)


def _act(page: Page, action: Action, number: int) -> None:
    action(page, number // len(ROUND))
    page.wait_for_timeout(PAUSE_MS)


def _rest(probe: Probe) -> tuple[float, float]:
    """The memory held when the page is idle, with no query and nothing open."""
    probe.page.keyboard.press("Escape")
    probe.page.locator("#question").fill("")
    probe.page.wait_for_load_state("networkidle")
    probe.page.wait_for_timeout(1_500)
    return probe.heap_bytes()
