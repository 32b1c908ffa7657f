"""The facts of a library: what was measured of its clips."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from search.analysis.facts.definitions import DEFECTS, VERSION, FactValue, unpacked
from search.catalog.store import Catalog
from search.columns import ClipColumns
from search.columns.parsing import parse
from search.library.givingway import GivingWay
from search.library.publisher import Publisher
from search.library.spaces import Spaces
from search.model import Ids, JobFailure
from search.snapshots.filling import nobody


class Facts:
    """Measures sounds, and says what was measured. `Library.facts` is one."""

    def __init__(self, catalog: Catalog, spaces: Spaces, publisher: Publisher, *, giving_way: GivingWay) -> None:
        self._catalog = catalog
        self._spaces = spaces
        self._publisher = publisher
        self._rest = giving_way.rest

    def of(self, clip_ids: Iterable[int]) -> dict[int, dict[str, FactValue]]:
        """What was measured of clips, by clip and the name of a fact; clips that nobody measured are left out.

        `search.analysis.facts.definitions` says what each fact is. One that means nothing for a sound is absent.

        Examples:
            >>> library.facts.measure()
            ()
            >>> library.facts.of([3])[3]["brightness"]
            'bright'
        """
        content_of = {clip.id: clip.content_id for clip in self._catalog.clips(list(clip_ids))}
        stored = self._catalog.facts(set(content_of.values()))
        return {
            clip_id: unpacked(stored[content_id].numbers)
            for clip_id, content_id in content_of.items()
            if content_id in stored and stored[content_id].version == VERSION
        }

    def measure(self, progress: Callable[[int, int], None] = nobody, *, again: bool = False) -> tuple[JobFailure, ...]:
        """Measure the sounds that came since the last time (``again``: all); the files that could not be read.

        ``progress(done, total)`` is called as sounds are listened to; what it raises stops the job, which goes on from
        there the next time. Holds the writer's lease meanwhile. Raises LibraryBusy when another writer does,
        LibraryUnwritable when the disk is full.

        Examples:
            >>> library.facts.measure()
            ()
        """
        from search.analysis.facts.filling import fill  # loads what measures

        with self._publisher.lease("facts") as lease:
            before = self._catalog.sequence()
            try:
                return fill(self._catalog, lease, progress, rest=self._rest, again=again)
            finally:
                if self._catalog.sequence() != before:
                    for space in self._catalog.spaces():
                        self._publisher.publish(space, lease, always=True)
                    self._spaces.refresh()

    def unmeasured(self, where: str | None = None, by: str = "id") -> int:
        """How many clips a filter over facts, or an order by one, could not know, since nobody measured them.

        0 where neither asks for a fact. Raises WhereError as `Clips.sorted_ids` does.

        Examples:
            >>> library.facts.measure()
            ()
            >>> library.facts.unmeasured("loudness > -20")
            0
        """
        return self._spaces.view().of()[0].columns.unjudged(None if where is None else parse(where), by)


@dataclass(frozen=True, slots=True)
class DefectReport:
    """The ids of the clips that have each defect (``of``, by its name), and of those that have none (``clean``)."""

    of: Mapping[str, Ids]
    clean: Ids


def defects(columns: ClipColumns, where: str | None = None) -> DefectReport:
    """What is amiss with the clips that pass a filter, or with all; of those that nobody measured nothing is known.

    Raises WhereError for a filter that does not parse.
    """
    rows = columns.present if where is None else columns.clips_where(parse(where))
    numbers = columns.fact("defects")
    rows = rows & ~np.isnan(numbers)
    bits, ids = np.nan_to_num(numbers[rows]).astype(np.int64), columns.clip_ids[rows]
    return DefectReport(
        {name: np.sort(ids[bits >> place & 1 == 1]) for place, name in enumerate(DEFECTS)}, np.sort(ids[bits == 0])
    )


def unmeasured_contents(catalog: Catalog) -> int:
    """How many contents with sound have no facts."""
    return len(catalog.without_facts(VERSION))
