"""The facts of a library: what is measured in its sounds."""

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
    """Measures sounds, and reads their facts (`Library.facts`)."""

    def __init__(self, catalog: Catalog, spaces: Spaces, publisher: Publisher, *, giving_way: GivingWay) -> None:
        self._catalog = catalog
        self._spaces = spaces
        self._publisher = publisher
        self._rest = giving_way.rest

    def of(self, clip_ids: Iterable[int]) -> dict[int, dict[str, FactValue]]:
        """Return the facts of clips, by clip id and fact name. Clips that were not measured are left out.

        `search.analysis.facts.definitions` defines the facts. Facts that do not apply to a sound are absent.

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
        """Measure the sounds that came since the last run (``again``: all). Return the files that could not be read.

        ``progress(done, total)`` is called after each sound; if it raises, the job stops, and the next run resumes
        there. The job holds the writer's lease. Raises LibraryBusy if another writer holds it, LibraryUnwritable if the
        disk is full.

        Examples:
            >>> library.facts.measure()
            ()
        """
        from search.analysis.facts.filling import fill  # loads the analysis code

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
        """Count the clips without facts that a filter over facts, or an order by a fact, could not judge.

        0 if neither uses a fact. Raises WhereError as `Clips.sorted_ids` does.

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
    """Return the defects of the clips that pass a filter (None: all). Clips that were not measured are in no list.

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
    """Count the contents with sound that have no facts."""
    return len(catalog.without_facts(VERSION))
