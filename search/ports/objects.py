"""Stores of objects: where sounds may lie, and what the machines of a library share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from search.model import Shipment, StoredObject
from search.ports.catalog import Lease


class Source(Protocol):
    """A bucket of an object store, where sounds lie that are no files of this machine. Threads share it.

    Whatever is asked of it raises FileNotFoundError for an object or a bucket that is not there, PermissionError where
    it refuses, StoreAway when it does not answer: it is asked again for a minute before that.
    """

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose key begins with ``prefix`` and a ``/`` ('' for all), in the order of their keys."""

    def look(self, key: str) -> StoredObject:
        """What is known of an object, without reading it."""

    def read(self, key: str, start: int = 0, end: int | None = None, etag: str = "") -> tuple[StoredObject, memoryview]:
        """The bytes from ``start`` up to ``end`` (None: all) of an object, by one request, and what is known of it.

        Raises OSError (ESTALE) when it has another ``etag``, where one is given, or is not so long any more.
        """


class ObjectStore(Source, Protocol):
    """A store that a library may write to, for what its machines share. What is asked raises as of a `Source`."""

    def write(self, key: str, data: bytes | Path, *, new: bool = False) -> bool:
        """Keep bytes, or those of a file, as an object: all of it, or nothing.

        With ``new`` only where there is none of this key (``If-None-Match: *``); whether it was kept.
        """

    def remove(self, key: str) -> None:
        """Take an object away, if it is there."""

    def signed(self, key: str, valid_s: float) -> str | None:
        """An address by which anybody may read an object for so long, without a right of their own.

        None of a store that makes none. The object need not be there.
        """


class Shipments(Protocol):
    """Which snapshots lie in a library's store. Threads share it. Every method raises LibraryError."""

    def newest(self) -> list[Shipment]:
        """The one that counts of every place."""

    def kept(self) -> list[Shipment]:
        """The same, and those before them that a reader may still be fetching; in the order in which they came."""

    def add(self, shipment: Shipment, lease: Lease) -> Shipment:
        """Let readers follow a snapshot that is in the store whole; the same with its id. Raises LibraryBusy."""

    def withdraw(self, place: str, lease: Lease) -> None:
        """Let readers forget what is in a place; they keep what they have. Raises LibraryBusy."""

    def epoch(self) -> str:
        """What is another after a server that lost its last commits took over; of a file always the same."""
