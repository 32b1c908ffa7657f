"""Shipments: the catalog's records of snapshots in the library's store, for readers on other machines."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shipment:
    """A snapshot in a store: its ``place`` below a library's folder, like ``spaces/1/index``, and its ``sequence``.

    ``digest`` is that of the manifest, which has the digests of the files; ``size_bytes`` is their total size. ``id``
    grows with every shipment of a catalog, and is 0 before the shipment is stored.
    """

    place: str
    sequence: int
    digest: str
    size_bytes: int
    id: int = 0
