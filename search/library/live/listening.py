"""The main loop: encode the windows of a stream as they come, and yield alerts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from search.errors import LibraryUnwritable, printable
from search.library.live.alerts import Alert, Seen, Watched
from search.library.live.sources import LiveBlock, Stream
from search.library.live.watching import EXACT_S, EncodedWindow, LiveWatch
from search.library.live.windows import LiveWindow, Ring, windows

HOP_S: Final = 0.5
"""A window every half second: an alert takes at most this long plus the computation."""
KEEP_S: Final = 120.0
BEFORE_S: Final = 2.0
AFTER_S: Final = 1.0
"""How much sound before and after a match is saved with it."""

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class ListeningPlan:
    """How to watch a stream: the encoder's ``window_s``, one window every ``hop_s``, the last ``keep_s`` kept.

    ``least``: the lowest probability of an alert. ``save``: the folder in which matches are saved, None for none.
    """

    window_s: float
    least: float = 0.5
    hop_s: float = HOP_S
    keep_s: float = KEEP_S
    save: Path | None = None


def listen(
    stream: Stream,
    rate_hz: int,
    watches: Sequence[LiveWatch],
    plan: ListeningPlan,
    *,
    clock: Clock = time.monotonic,
) -> Iterator[Alert]:
    """Yield alerts until the stream ends. Raises AudioError if it breaks, LibraryUnwritable if saving fails."""
    ring = Ring(rate_hz, max(plan.keep_s, plan.window_s, EXACT_S))
    watched = Watched(plan.least)
    numbers = count(1)
    arrived = _Arrivals(clock)
    for window in windows(arrived.of(stream), ring, plan.window_s, plan.hop_s):
        if window.lost_s:
            yield Alert("gap", Seen("gap", "lost", 1.0, window.new_s, window.end_s), 0.0)
        for state, seen in watched.take(_seen(window, watches, ring), window.end_s):
            saved = _saved(ring, seen, plan, next(numbers)) if state == "ended" else ""
            yield Alert(state, seen, max(clock() - arrived.last_s, 0.0), saved)
    for state, seen in watched.end():
        yield Alert(state, seen, 0.0, _saved(ring, seen, plan, next(numbers)))


class _Arrivals:
    """Records when the last block came."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.last_s = clock()

    def of(self, blocks: Stream) -> Iterator[LiveBlock]:
        for block in blocks:
            self.last_s = self._clock()
            yield block


def _seen(window: LiveWindow, watches: Sequence[LiveWatch], ring: Ring) -> list[Seen]:
    """Return the watched things in a window; if several watches report the same thing, the likeliest."""
    encoded = EncodedWindow(window.wave)
    best: dict[tuple[str, str, int | None], Seen] = {}
    for one in (seen for watch in watches for seen in watch.look(window, encoded, ring)):
        key = (one.kind, one.of, one.search_id)
        if key not in best or one.probability > best[key].probability:
            best[key] = one
    return list(best.values())


def _saved(ring: Ring, seen: Seen, plan: ListeningPlan, number: int) -> str:
    """Save a match. Return its file, "" if matches are not saved."""
    if plan.save is None:
        return ""
    name = "".join(letter if letter.isalnum() else "-" for letter in seen.of.lower()).strip("-")[:40]
    path = plan.save / f"{number:04}-{name or seen.kind}-{seen.start_s:.0f}s.wav"
    try:
        plan.save.mkdir(parents=True, exist_ok=True)
        ring.save(path, seen.start_s - BEFORE_S, seen.end_s + AFTER_S)
    except OSError as error:
        raise LibraryUnwritable.because(f"{printable(str(path))}: a match cannot be saved", error) from error
    return str(path)
