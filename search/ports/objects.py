"""Object stores: they hold sounds, and the snapshots that the machines of a library share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from search.model import Shipment, StoredObject
from search.ports.catalog import Lease


class Source(Protocol):
    """A bucket of an object store that holds sounds. Threads share it.

    Every method raises FileNotFoundError if the object or bucket does not exist, PermissionError if the store denies
    access, and StoreAway if the store does not answer, after retries for a minute.
    """

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """Yield every object whose key begins with ``prefix`` and a ``/`` ('' for all), sorted by key."""

    def look(self, key: str) -> StoredObject:
        """Return an object's size, ETag and time without reading it."""

    def read(self, key: str, start: int = 0, end: int | None = None, etag: str = "") -> tuple[StoredObject, memoryview]:
        """Read the bytes from ``start`` to ``end`` (None: the end) of an object with one request.

        Raises OSError (ESTALE) if the object no longer has the given ``etag``, or is too short now.
        """


class ObjectStore(Source, Protocol):
    """A store that a library writes to, to share snapshots between machines. Raises as `Source` does."""

    def write(self, key: str, data: bytes | Path, *, new: bool = False) -> bool:
        """Write bytes, or the bytes of a file, as an object, atomically. Return whether it was written.

        ``new``: write only if no object has this key (``If-None-Match: *``).
        """

    def remove(self, key: str) -> None:
        """Delete an object, if it exists."""

    def signed(self, key: str, valid_s: float) -> str | None:
        """Return a URL by which anybody can read the object for ``valid_s`` seconds without credentials.

        None if the store cannot make one. The object need not exist.
        """


class Shipments(Protocol):
    """The snapshots in a library's store, as the catalog lists them. Threads share it. Every method raises
    LibraryError.
    """

    def newest(self) -> list[Shipment]:
        """Return the current shipment of every place."""

    def kept(self) -> list[Shipment]:
        """Return the current shipments and earlier ones that a reader may still be fetching, oldest first."""

    def add(self, shipment: Shipment, lease: Lease) -> Shipment:
        """Announce a snapshot that is complete in the store. Return the shipment with its id. Raises LibraryBusy."""

    def withdraw(self, place: str, lease: Lease) -> None:
        """Withdraw the shipments of a place. Readers keep the files that they have. Raises LibraryBusy."""

    def epoch(self) -> str:
        """Return a token that changes after a failover to a server that lost the last commits.

        For a catalog in a file it never changes.
        """
