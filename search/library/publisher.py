"""Who writes to a library: the writer's lease, snapshots of what it wrote, and shipping them to other machines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from search.catalog.store import Catalog
from search.library import leasing, publishing
from search.model import Space
from search.ports import Lease
from search.settings import Settings

if TYPE_CHECKING:
    from search.snapshots.shipping import Shipping

PUBLISH_ALWAYS_BELOW: Final = 50_000
"""Below this many segments a snapshot is written after every job: it takes well under a second."""
PUBLISH_SHARE: Final = 0.02
"""Above it, once the tail is this share of the library: replaying less costs a reader some ten milliseconds."""


class Publisher:
    """Publishes what the one writer of a library wrote. `Library.publisher` is one."""

    def __init__(
        self,
        catalog: Catalog,
        folder: Path,
        settings: Settings,
        index_kind: publishing.IndexKind,
        shipping: Shipping | None,
    ) -> None:
        """Snapshots lie below ``folder``; ``shipping`` shares them with others (None: nobody else has them)."""
        self._catalog = catalog
        self._folder = folder
        self._settings = settings
        self._index_kind = index_kind
        self._shipping = shipping

    @contextmanager
    def lease(self, command: str) -> Iterator[Lease]:
        """The writer's lease, for a ``command`` that `shared` what it publishes. Raises LibraryBusy.

        Examples:
            >>> with library.publisher.lease("my program") as lease:
            ...     lease.check()
        """
        with self._catalog.lease(leasing.holder(command), leasing.WAIT_S) as lease, self.shared(lease):
            yield lease

    @contextmanager
    def shared(self, lease: Lease) -> Iterator[None]:
        """What is published within the block goes on from what others shipped, and is shipped when the block ends.

        Without a store nothing is. Raises StoreAway, and as `Shipping.ship` does; what was published here stays.

        Examples:
            >>> publisher, space = library.publisher, library.spaces.get()
            >>> with library.writer.lease("my program", wait_s=5) as lease, publisher.shared(lease):
            ...     publisher.publish(space, lease, always=True)
            True
        """
        if self._shipping is not None:
            self._shipping.fetch()
        yield
        if self._shipping is not None:
            self._shipping.ship(lease)

    def publication(self, space: Space) -> publishing.Publication:
        """What `publish` writes of a space, and where.

        Examples:
            >>> len(library.publisher.publication(library.spaces.get()).index().view)
            4
        """
        folder = publishing.folder_of(self._folder, space)
        return publishing.Publication(self._catalog, folder, space, self._index_kind, self._settings.neighbourhoods)

    def publish(self, space: Space, lease: Lease, *, always: bool = False) -> bool:
        """Turn the catalog's tail into a new snapshot when enough of it is pending (or ``always``); whether it did.

        Runs in bounded memory, beside readers. Raises LibraryBusy when the lease is lost, LibraryError when the
        disk is full.

        Examples:
            >>> with library.publisher.lease("my program") as lease:
            ...     library.publisher.publish(library.spaces.get(), lease, always=True)
            True
        """
        lease.check()
        with self.shared(lease):
            return self._publish(space, lease, always=always)

    def _publish(self, space: Space, lease: Lease, *, always: bool) -> bool:
        what = self.publication(space)
        published = what.index().view
        pending = self._catalog.pending(space.id, published.sequence)
        size = len(published) + pending
        enough = pending > 0 and (size < PUBLISH_ALWAYS_BELOW or pending >= size * PUBLISH_SHARE)
        if not (always or enough or what.is_incomplete()):
            return False
        publishing.publish(what, size)
        lease.check()
        self._catalog.prune_changes(published.sequence)
        return True
