"""When something that is watched for is changes: once where it begins, and once where it is over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

STAYS: Final = 0.6
"""What was told is over when it is less likely than so much of what it had to be ..."""
PAUSE_S: Final = 0.9
"""... for so long: a shorter pause parts nothing."""

AlertKind: TypeAlias = Literal["event", "words", "example", "exact", "gap"]


@dataclass(frozen=True, slots=True)
class Seen:
    """How likely it is that what is watched for was heard, from ``start_s`` to ``end_s`` of the stream.

    ``of`` is what was found: a clip's title where recordings are recognised, else what is watched for. Of a saved
    search that is its name, and ``search_id`` and ``least`` (how likely a match has to be) are its own.
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
    """Something began (``state`` "begun"), is over ("ended"), or sound was lost ("gap", of ``lost_s``).

    ``end_s`` is as far as it was heard by then. ``latency_s`` is how long ago the last sample that tells of it came,
    computing included; what the window needs before is not in it.
    """

    state: Literal["begun", "ended", "gap"]
    seen: Seen
    latency_s: float
    saved: str = ""


class Watched:
    """What is going on: turns likelihoods into alerts. ``least`` counts for what brings none of its own."""

    def __init__(self, least: float) -> None:
        self._least = least
        self._open: dict[tuple[AlertKind, str, int | None], Seen] = {}

    def take(self, seen: list[Seen], end_s: float) -> list[tuple[Literal["begun", "ended"], Seen]]:
        """What begins and ends with what the window to ``end_s`` has. What is not in ``seen`` was not heard."""
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
        """What was going on when the stream ended."""
        left = [("ended", one) for one in self._open.values()]
        self._open.clear()
        return left  # type: ignore[return-value]  # literals
