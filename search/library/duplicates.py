"""The recordings that a library has twice."""

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
    """Finds what a library has twice, and keeps it. `Library.duplicates` is one."""

    def __init__(
        self, catalog: Catalog, spaces: Spaces, publisher: Publisher, pairs: PairsFile, *, giving_way: GivingWay
    ) -> None:
        self._catalog = catalog
        self._spaces = spaces
        self._publisher = publisher
        self._rest = giving_way.rest
        self.pairs = pairs
        """Where the pairs that were found lie."""

    def groups(self) -> Duplicates:
        """The groups of equal files, and of one recording re-encoded, trimmed or at another level, as found last.

        Examples:
            >>> [group.keep for group in library.duplicates.groups().groups]
            [3]
        """
        from search.overview.duplicates.grouping import groups

        return groups(self._spaces.view().of()[0], self._catalog, self.pairs.read())

    def find(self, progress: Callable[[int, int], None] = nobody, *, again: bool = False) -> Duplicates:
        """Look at what came since the last time (``again``: at everything) and give all groups; seconds to minutes.

        ``progress(done, total)`` is called as contents are compared; what it raises stops the job, which goes on
        from there the next time. Holds the writer's lease meanwhile. Raises LibraryBusy when another writer does,
        LibraryUnwritable when the pairs found cannot be written.

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
