"""Writing to a library: the writer's lease, publishing snapshots, and shipping them to other machines."""

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
"""Below this many segments every job writes a snapshot: it takes well under a second."""
PUBLISH_SHARE: Final = 0.02
"""Above, a job writes one once unpublished changes are this share of the library: to replay fewer, a reader needs only
some ten milliseconds."""


class Publisher:
    """Publishes snapshots of what the writer wrote (`Library.publisher`)."""

    def __init__(
        self,
        catalog: Catalog,
        folder: Path,
        settings: Settings,
        index_kind: publishing.IndexKind,
        shipping: Shipping | None,
    ) -> None:
        """``folder``: where snapshots are. ``shipping``: shares them with other machines (None: not shared)."""
        self._catalog = catalog
        self._folder = folder
        self._settings = settings
        self._index_kind = index_kind
        self._shipping = shipping

    @contextmanager
    def lease(self, command: str) -> Iterator[Lease]:
        """Hold the writer's lease for ``command``, and share what is published (see `shared`). Raises LibraryBusy.

        Examples:
            >>> with library.publisher.lease("my program") as lease:
            ...     lease.check()
        """
        with self._catalog.lease(leasing.holder(command), leasing.WAIT_S) as lease, self.shared(lease):
            yield lease

    @contextmanager
    def shared(self, lease: Lease) -> Iterator[None]:
        """Fetch what other machines shipped before the block, and ship what was published after it.

        Does nothing if the library has no store. Raises StoreAway, and as `Shipping.ship` does; snapshots that were
        published here stay.

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
        """Return what `publish` writes for a space, and where.

        Examples:
            >>> len(library.publisher.publication(library.spaces.get()).index().view)
            4
        """
        folder = publishing.folder_of(self._folder, space)
        return publishing.Publication(self._catalog, folder, space, self._index_kind, self._settings.neighbourhoods)

    def publish(self, space: Space, lease: Lease, *, always: bool = False) -> bool:
        """Write a new snapshot if enough changes are unpublished (or ``always``). Return whether it did.

        Runs in bounded memory while readers continue. Raises LibraryBusy if the lease is lost, LibraryError if the disk
        is full.

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
