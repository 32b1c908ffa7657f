"""Alerts: one when a watched thing begins, and one when it is over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

STAYS: Final = 0.6
"""A thing is over when its probability stays below this share of its threshold ..."""
PAUSE_S: Final = 0.9
"""... for this long. A shorter pause does not end it."""

AlertKind: TypeAlias = Literal["event", "words", "example", "exact", "gap"]


@dataclass(frozen=True, slots=True)
class Seen:
    """The probability of a watched thing from ``start_s`` to ``end_s`` of the stream.

    ``of`` names it: a clip's title for a recognised recording, the name of a saved search, or the watched thing.
    ``search_id`` and ``least`` (the threshold) are those of the saved search.
    """

    kind: AlertKind
    of: str
    probability: float
    start_s: float
    end_s: float
    clip_id: int | None = None
    search_id: int | None = None
    least: float | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """A thing began (``state`` "begun"), is over ("ended"), or sound was lost ("gap").

    ``seen`` spans the thing as far as it was analysed by then. ``latency_s`` is the time since the last sample came,
    including computation, but not the time to fill the window. ``saved`` is the file with the match, "" if none.
    """

    state: Literal["begun", "ended", "gap"]
    seen: Seen
    latency_s: float
    saved: str = ""


class Watched:
    """Tracks what is going on, and turns probabilities into alerts. ``least`` is the default threshold."""

    def __init__(self, least: float) -> None:
        self._least = least
        self._open: dict[tuple[AlertKind, str, int | None], Seen] = {}

    def take(self, seen: list[Seen], end_s: float) -> list[tuple[Literal["begun", "ended"], Seen]]:
        """Return what begins and ends with the window up to ``end_s``. Things missing in ``seen`` were not found."""
        changes: list[tuple[Literal["begun", "ended"], Seen]] = []
        now = {(one.kind, one.of, one.search_id): one for one in seen}
        for key, before in list(self._open.items()):
            one = now.get(key)
            if one is None or one.probability < STAYS * self._least_of(one):
                if end_s - before.end_s >= PAUSE_S:
                    changes.append(("ended", before))
                    del self._open[key]
            else:
                best = max(before.probability, one.probability)
                self._open[key] = replace(one, probability=best, start_s=before.start_s)
        for key, one in now.items():
            if key not in self._open and one.probability >= self._least_of(one):
                self._open[key] = one
                changes.append(("begun", one))
        return changes

    def _least_of(self, seen: Seen) -> float:
        return self._least if seen.least is None else seen.least

    def end(self) -> list[tuple[Literal["begun", "ended"], Seen]]:
        """End everything that was going on when the stream ended, and return it."""
        left = [("ended", one) for one in self._open.values()]
        self._open.clear()
        return left  # type: ignore[return-value]  # literals
