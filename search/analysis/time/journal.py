"""Events that a job found on its way, from before their contents are in the catalog until they are published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from search.analysis.time.events import EventRows
from search.snapshots.records import FoundArrays, RecordFile

_TYPES: Final = {"classes": "<u2", "starts_ms": "<u4", "lengths_ms": "<u4", "probabilities": "|u1"}


@dataclass(frozen=True, slots=True)
class FoundEvents:
    """The events of a content: sound track ``track`` of the files whose bytes have this ``digest``."""

    digest: str
    track: int
    rows: EventRows


class Journal:
    """A file of them (`search.snapshots.records`). ``maker`` is what its events were made by."""

    def __init__(self, path: Path, maker: str) -> None:
        self._records = RecordFile(path, f"events of {maker}", _TYPES)

    def add(self, events: Iterable[FoundEvents]) -> None:
        """Append events; a killed process loses none of them. Raises LibraryUnwritable (disk full)."""
        self._records.add(
            FoundArrays(one.digest, one.track, {name: getattr(one.rows, name) for name in _TYPES}) for one in events
        )

    def read(self) -> list[FoundEvents]:
        """What was added since it was cleared; what another maker made is left out."""
        return [FoundEvents(one.digest, one.track, EventRows(**one.arrays)) for one in self._records.read()]

    def clear(self) -> None:
        """Take it away: its events are published. Raises LibraryUnwritable."""
        self._records.clear()
