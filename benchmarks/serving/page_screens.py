"""The screens of the search page, including those where something is missing or failed, and how to reach each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

    Prepare: TypeAlias = Callable[[Page], None]


def _rows(page: Page) -> None:
    page.wait_for_selector("[data-place]")
    page.wait_for_load_state("networkidle")


def _inspector(page: Page) -> None:
    _rows(page)
    page.locator(".row-title").first.click()
    page.wait_for_selector(".inspector .cutter-wave[aria-busy=false]")
    page.keyboard.press("s")
    page.wait_for_selector(".spectrogram")


def _many(page: Page) -> None:
    _rows(page)
    page.locator("[data-place]").first.focus()
    for key in ("ArrowDown", "Shift+ArrowDown", "Shift+ArrowDown"):
        page.keyboard.press(key)
    for tool in ("Export", "Tags", "Collect"):
        page.locator(".many").get_by_role("button", name=tool).click()
    page.wait_for_selector("#collect")


def _dialog(button: str) -> Prepare:
    def prepare(page: Page) -> None:
        _rows(page)
        page.get_by_role("button", name=button, exact=True).first.click()
        page.wait_for_selector("dialog[open]")

    return prepare


def _seen(*selectors: str) -> Prepare:
    """Wait until all of these are there and nothing more is fetched."""

    def prepare(page: Page) -> None:
        for selector in selectors:
            page.wait_for_selector(selector)
        page.wait_for_load_state("networkidle")

    return prepare


def _pressed(button: str, selector: str) -> Prepare:
    def prepare(page: Page) -> None:
        _rows(page)
        page.get_by_role("button", name=button, exact=True).first.click()
        page.wait_for_selector(selector)

    return prepare


def _suggested(page: Page) -> None:
    _rows(page)
    page.locator("#question").focus()
    page.wait_for_selector(".suggestions")


def _lists(page: Page) -> None:
    _rows(page)
    if not page.locator(".side").is_visible():
        page.get_by_role("button", name="Filters", exact=True).click()
    for group in (".lists", ".searches"):
        page.locator(f".side {group} summary").click()
    page.get_by_label("Rename").first.click()


def _played(page: Page) -> None:
    _rows(page)
    page.locator(".list .row-play button").first.click()
    page.wait_for_selector(".player")
    more = page.get_by_role("button", name="Loudness and speed")
    if more.is_visible():
        more.click()


def _gone(page: Page) -> None:
    _rows(page)
    page.route("**/api/v1/**", lambda route: route.abort())
    page.locator("#question").fill("rain")
    page.wait_for_selector(".gone")


def _refused_file(page: Page) -> None:
    _rows(page)
    spoiled: FilePayload = {"name": "spoiled.wav", "mimeType": "audio/wav", "buffer": b"not a wave file at all" * 10}
    page.get_by_label("Choose sounds").set_input_files(spoiled)
    page.wait_for_selector(".screen")


def _muted(page: Page) -> None:
    """Without a microphone the dialog explains what to do."""
    _rows(page)
    page.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_selector("dialog[open] [role=alert], dialog[open] [role=timer]")


_JOB = {
    "id": 1, "kind": "index", "state": "failed", "files": ["a.wav", "b.wav"], "created": 1.0, "started": 2.0,
    "finished": 3.0, "clip_ids": [], "reason": "none of the files could be indexed",
    "failures": [{"file": "a.wav", "cause": "it holds no sound"}],
    "progress": {"files_done": 2, "files_total": 2, "failed": 2, "audio_s": 3.0, "share": 1.0, "left_s": None},
}  # fmt: skip
_DUPLICATE = {
    "kind": "kept", "offset_s": 0, "gain_db": None, "similarity": 1, "lossless": True, "bandwidth_hz": 11_000.0,
    "silence_s": 0.5, "clipped": None,
}  # fmt: skip
_DUPLICATES = [{**_DUPLICATE, "clip_id": 1}, {**_DUPLICATE, "clip_id": 2, "kind": "same recording", "similarity": 0.9}]
_MERGE = {"id": 1, "keep": 3, "at": 1.0, "clips": [{"clip_id": 4, "path": "rain 4.wav", "title": "rain 4"}]}
_COLLECTION = {"id": 1, "name": "for the storm", "clips": 3, "created": 1.0, "changed": 1.0}
_SEARCH = {"id": 1, "name": "rain", "query": {}, "created": 1.0, "unseen": 2, "trouble": "", "webhook": None}
_EMPTY = {"status": "ready", "clips": 0, "segments": 0, "spaces": [], "melody": False, "unmeasured": 0, "jobs": 0}
_UNDRAWN: Mapping[str, object] = {
    "fitted": 0, "clip_ids": [], "x": [], "y": [], "group": [], "groups": [], "wheres": [],
}  # fmt: skip
_NOT_ADDED = (
    """localStorage.setItem('soundalike.notadded', '[{"name": "long name.wav", "cause": "it holds no sound"}]')"""
)
_COLUMNS = """localStorage.setItem('soundalike.columns',
  'length rate channels format loudness pitch tempo key brightness')"""


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen: its address relative to the page's, and the steps that reach it.

    ``answers`` replace the service's answers to addresses of its API (status and body). ``before`` is a script that
    runs before the page's own.
    """

    address: str
    prepare: Prepare
    answers: Mapping[str, tuple[int, object]] = field(default_factory=dict)
    before: str = ""


SCREENS: Mapping[str, Screen] = {
    "all sounds": Screen("", _rows),
    "what can be asked": Screen("", _suggested),
    "an answer": Screen("?part=clip:1&part=-0.5*text:rain", _rows),
    "the chosen sound": Screen("?part=clip:1", _inspector),
    "many selected": Screen("?part=clip:1", _many),
    "every column": Screen("?part=clip:1", _rows, before=_COLUMNS),
    "low rows": Screen("", _pressed("Low rows, the name of the file first", ".list-compact")),
    "the player": Screen("?part=clip:1", _played),
    "in which way": Screen("?part=clip:1", _pressed("alike", ".likeness")),
    "asked before": Screen("?part=clip:1", _pressed("Asked before", ".history")),
    "saving a search": Screen("?part=clip:1", _pressed("Save this search", ".save-search")),
    "lists and searches": Screen(
        "",
        _lists,
        {
            "collections": (200, {"collections": [_COLLECTION]}),
            "searches": (200, {"searches": [_SEARCH], "unseen": 2}),
        },
    ),
    "settings": Screen("", _dialog("Settings")),
    "keys": Screen("", _dialog("Keyboard")),
    "a passage": Screen("?part=clip:1", _dialog("whole: choose a passage")),
    "recording": Screen("", _muted),
    "humming": Screen("", _dialog("Hum"), {"ready": (200, {**_EMPTY, "clips": 1000, "melody": True})}),
    "an empty answer": Screen("?q=zyxwvu", _seen(".screen")),
    "no sound passes": Screen("?filter=duration_s%20%3E%209999", _seen(".screen")),
    "a bad filter": Screen("?filter=duration_s%20%3C", _seen(".screen")),
    "a broken file": Screen("", _refused_file),
    "the service is gone": Screen("", _gone),
    "a key is asked for": Screen("", _seen("#key"), {"clips**": (401, {"detail": "no key"})}),
    "an empty library": Screen("", _seen(".screen"), {"ready": (200, _EMPTY)}),
    "the library": Screen("library", _seen(".folders")),
    "the library at work": Screen(
        "library",
        _seen(".job-failed", ".duplicates:not(.merges) .copies", ".merges", ".not-added"),
        {
            "jobs**": (200, {"total": 1, "offset": 0, "jobs": [_JOB]}),
            "duplicates**": (
                200,
                {
                    "total": 1, "offset": 0, "current": False,
                    "groups": [{"keep": 1, "why": "the longest", "clips": _DUPLICATES}],
                },
            ),
            "merges**": (200, {"total": 1, "offset": 0, "merges": [_MERGE]}),
        },
        _NOT_ADDED,
    ),
    "the map": Screen("map", _seen(".legend")),
    "the map of an answer": Screen("map?q=rain", _seen(".caught")),
    "no map yet": Screen("map", _seen(".screen"), {"map": (200, _UNDRAWN)}),
}  # fmt: skip
"""All screens of the page, including those where something is missing or failed."""
