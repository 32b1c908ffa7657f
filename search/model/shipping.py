"""What a library's catalog says of snapshots that lie in its store, for readers on other machines."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shipment:
    """A snapshot in a store: its ``place`` below a library's folder, like ``spaces/1/index``, and its ``sequence``.

    ``digest`` is that of its manifest, which has those of its files; together they have ``size_bytes``. ``id`` grows
    with every shipment of a catalog; 0 before it has one.
    """

    place: str
    sequence: int
    digest: str
    size_bytes: int
    id: int = 0
