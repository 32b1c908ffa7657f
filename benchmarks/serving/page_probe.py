"""Shared by all measurements of the search page: a page with Chromium's counters, and figures with their limits."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.common import report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page

FRAMES = 60
PATIENCE_MS = 120_000
NEXT_FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and its limit; ``spread`` is its smallest and largest value over the repetitions."""

    what: str
    value: float
    unit: str
    most: float
    spread: tuple[float, float]

    @property
    def holds(self) -> bool:
        """Whether it is within the limit."""
        return self.value <= self.most


def figure(what: str, values: Sequence[float], unit: str, most: float) -> Figure:
    """Return the median of the values."""
    return Figure(what, statistics.median(values), unit, most, (min(values), max(values)))


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table; those within their limit are bold."""
    header = ("what", "median", "limit", "smallest to largest")
    rows = [
        (
            one.what,
            f"{'**' if one.holds else ''}{one.value:.4g}{'**' if one.holds else ''} {one.unit}".strip(),
            f"{one.most:g} {one.unit}".strip(),
            f"{one.spread[0]:.3g} to {one.spread[1]:.3g}",
        )
        for one in figures
    ]
    return report.markdown_table(header, rows)


def _held_bytes(snapshot: Mapping[str, Any]) -> float:
    """Bytes that scripts hold, without code, according to a V8 heap snapshot; samples of arrays included."""
    layout = snapshot["snapshot"]["meta"]
    fields, kinds = layout["node_fields"], layout["node_types"][layout["node_fields"].index("type")]
    nodes = np.asarray(snapshot["nodes"], np.int64).reshape(-1, len(fields))
    kind, name, size = (nodes[:, fields.index(field)] for field in ("type", "name", "self_size"))
    samples = [place for place, text in enumerate(snapshot["strings"]) if text.endswith("JSArrayBufferData")]
    is_theirs = ~np.isin(kind, [kinds.index("code"), kinds.index("native")]) | np.isin(name, samples)
    return float(size[is_theirs].sum())


class Probe:
    """A page with Chromium's own counters, in a context of its own: nothing is cached or remembered."""

    def __init__(self, browser: Browser, init_script: str = "", *, reduced_motion: bool = False) -> None:
        self.context = browser.new_context(
            viewport={"width": 1280, "height": 800}, reduced_motion="reduce" if reduced_motion else None
        )
        if init_script:
            self.context.add_init_script(init_script)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.client: CDPSession = self.context.new_cdp_session(self.page)
        self.client.send("Performance.enable", {"timeDomain": "threadTicks"})

    def script_ms(self) -> float:
        """Return the milliseconds of processor time that JavaScript took since the page was opened."""
        return 1e3 * self._metric("ScriptDuration")

    def heap_bytes(self) -> tuple[float, float]:
        """Return the script heap after garbage collection, and the part of it that scripts hold.

        The second is a heap snapshot without code and without objects of the browser itself, such as document nodes.
        Code is left out because the browser compiles more of it the longer a page is used.
        """
        for _ in range(3):  # the next round collects what finalizers release
            self.client.send("HeapProfiler.collectGarbage")
        used = self._metric("JSHeapUsedSize")
        parts: list[str] = []
        self.client.on("HeapProfiler.addHeapSnapshotChunk", lambda event: parts.append(event["chunk"]))
        self.client.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
        return used, _held_bytes(json.loads("".join(parts)))

    def nodes(self) -> float:
        """Return the number of document nodes, including former ones that scripts still hold."""
        return self._metric("Nodes")

    def _metric(self, name: str) -> float:
        metrics = self.client.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == name))

    def each_frame(self, move: Callable[[int], None], frames: int = FRAMES) -> list[float]:
        """Return the script milliseconds of each of ``frames`` frames, with one movement in each."""
        spent = []
        for frame in range(frames):
            before = self.script_ms()
            move(frame)
            self.page.evaluate(NEXT_FRAME)
            spent.append(self.script_ms() - before)
        return spent

    def close(self) -> None:
        """Close the page and its context."""
        self.context.close()
