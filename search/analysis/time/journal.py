"""Events found by a job, kept in a file until they are published; their contents may not be in the catalog yet."""

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
    """A file of events (`search.snapshots.records`). ``maker`` identifies what made them."""

    def __init__(self, path: Path, maker: str) -> None:
        self._records = RecordFile(path, f"events of {maker}", _TYPES)

    def add(self, events: Iterable[FoundEvents]) -> None:
        """Append events; they survive if the process is killed. Raises LibraryUnwritable (disk full)."""
        self._records.add(
            FoundArrays(one.digest, one.track, {name: getattr(one.rows, name) for name in _TYPES}) for one in events
        )

    def read(self) -> list[FoundEvents]:
        """Return the events added since the last `clear`; none if another maker made them."""
        return [FoundEvents(one.digest, one.track, EventRows(**one.arrays)) for one in self._records.read()]

    def clear(self) -> None:
        """Delete the file, once its events are published. Raises LibraryUnwritable."""
        self._records.clear()
