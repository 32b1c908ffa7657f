"""Duplicates: recordings that a library has more than once."""

from __future__ import annotations

from collections.abc import Callable

from search.catalog.store import Catalog
from search.library.givingway import GivingWay
from search.library.publisher import Publisher
from search.library.spaces import Spaces
from search.model import Duplicates
from search.overview.duplicates.stored import PairsFile
from search.snapshots.filling import nobody


class DuplicateFinder:
    """Finds and stores duplicates (`Library.duplicates`)."""

    def __init__(
        self, catalog: Catalog, spaces: Spaces, publisher: Publisher, pairs: PairsFile, *, giving_way: GivingWay
    ) -> None:
        self._catalog = catalog
        self._spaces = spaces
        self._publisher = publisher
        self._rest = giving_way.rest
        self.pairs = pairs
        """The file of the pairs that were found."""

    def groups(self) -> Duplicates:
        """Return the groups of duplicates that the last `find` found: equal files, and versions of one recording.

        Versions may be re-encoded, trimmed or at another level.

        Examples:
            >>> [group.keep for group in library.duplicates.groups().groups]
            [3]
        """
        from search.overview.duplicates.grouping import groups

        return groups(self._spaces.view().of()[0], self._catalog, self.pairs.read())

    def find(self, progress: Callable[[int, int], None] = nobody, *, again: bool = False) -> Duplicates:
        """Find duplicates among clips that came since the last run (``again``: all). Return all groups.

        It takes seconds to minutes. ``progress(done, total)`` is called as contents are compared; if it raises, the job
        stops, and the next run resumes there. The job holds the writer's lease. Raises LibraryBusy if another writer
        holds it, LibraryUnwritable if the pairs cannot be written.

        Examples:
            >>> library.duplicates.find().current
            True
        """
        from search.overview.duplicates.finding import find

        with self._publisher.lease("duplicates") as lease:
            view = self._spaces.refresh().of()[0]
            find(view, self._catalog, self.pairs, progress, lease, rest=self._rest, again=again)
        self._spaces.refresh()
        return self.groups()
