"""A shipped snapshot on its way into a folder of this machine: fetched, compared with its digests, then put in place.

A snapshot has a head in the store: its manifest and its small files, one object. Large files are kept under their
digests, so what a snapshot has in common with the one before it is on this disk already: it is read once, and linked.
"""

from __future__ import annotations

import secrets
import shutil
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from search.errors import LibraryError, SnapshotError
from search.model import Shipment
from search.ports import ObjectStore
from search.snapshots import folders, shippable
from search.snapshots.single import LEFT_OVER_S, flush_folder
from search.snapshots.snapshot import MANIFEST, DigestedFile, FileRecord, digest_of, link_or_copy

_ARRIVING: Final = ".arriving"
_PART_BYTES: Final = 8 << 20
_AT_ONCE: Final = 4
_LENGTH: Final = struct.Struct("<Q")
SMALL_BYTES: Final = 1 << 18
_NOT_AS_SHIPPED: Final = "is not what was shipped (its digest differs)"


@dataclass(frozen=True, slots=True)
class Head:
    """What is kept of a snapshot in one object: its ``manifest``, the ``records`` of that, and its ``small`` files."""

    manifest: bytes
    records: Mapping[str, FileRecord]
    small: Mapping[str, bytes]


class StoredPlaces:
    """What lies in a store below ``prefix``: heads, and large files by their digests. Threads share it."""

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self.store = store
        self.stop = threading.Event()
        """Ends what is being fetched, between two parts of a file."""
        self._below = f"{prefix}/" if prefix else ""

    def head_key(self, place: str, sequence: int, digest: str) -> str:
        """Where the head of a snapshot is."""
        return f"{self._below}{place}/{sequence}-{digest}"

    def file_key(self, place: str, digest: str) -> str:
        """Where a file of the snapshots of a place is."""
        return f"{self._below}{place}/files/{digest}"

    def prefix_of(self, place: str) -> str:
        """What all keys of a place begin with."""
        return f"{self._below}{place}"

    def head(self, shipment: Shipment) -> Head:
        """The head of a shipment. Raises SnapshotError unless it is what was shipped, OSError, StoreAway."""
        key = self.head_key(shipment.place, shipment.sequence, shipment.digest)
        _, found = self.store.read(key)
        data = bytes(found)
        end = _LENGTH.size + _LENGTH.unpack_from(data)[0] if len(data) >= _LENGTH.size else 0
        manifest = data[_LENGTH.size : end]
        if shippable.digest_of_bytes(manifest) != shipment.digest:
            raise SnapshotError(f"{key} {_NOT_AS_SHIPPED}")
        records = shippable.records_of(manifest)
        small = {}
        for name in small_files(records):
            small[name] = data[end : end + records[name].size_bytes]
            if shippable.digest_of_bytes(small[name]) != records[name].digest:
                raise SnapshotError(f"{name} in {key} {_NOT_AS_SHIPPED}")
            end += records[name].size_bytes
        return Head(manifest, records, small)

    def fetch(self, place: str, record: FileRecord, target: Path) -> None:
        """Write a large file of a place to ``target``.

        Raises as `head`, OSError of this disk, LibraryError where it is stopped.
        """
        key, done, etag = self.file_key(place, record.digest), 0, ""
        with DigestedFile(target) as file:
            while done < record.size_bytes:
                if self.stop.is_set():
                    raise LibraryError("the library is closed; what was being fetched is fetched the next time")
                found, data = self.store.read(key, done, min(done + _PART_BYTES, record.size_bytes), etag)
                if not data:
                    break
                done, etag = done + file.write(bytes(data)), found.etag
        if file.record != record:
            raise SnapshotError(f"{key} {_NOT_AS_SHIPPED}")


def small_files(records: Mapping[str, FileRecord]) -> list[str]:
    """The files that lie in a snapshot's head, in order: requests cost more than their bytes."""
    return sorted(name for name, record in records.items() if record.size_bytes < SMALL_BYTES)


def head_of(here: shippable.Shippable) -> bytes:
    """The head of a snapshot of this disk. Raises OSError."""
    small = [(here.folder / name).read_bytes() for name in small_files(here.files)]
    return b"".join([_LENGTH.pack(len(here.manifest)), here.manifest, *small])


def arrive(stored: StoredPlaces, shipment: Shipment, cache: Path) -> None:
    """Bring a shipment into a library's folder ``cache``, whole or not at all, and take what is older away.

    Raises SnapshotError for what is not what was shipped, OSError of the store or of this disk, StoreAway.
    """
    head = stored.head(shipment)
    with _staged(cache) as folder:
        _bring(stored, shipment.place, head, folder, cache)
        place = cache / shipment.place
        folders.make_folders(place.parent)
        if shippable.is_single(shipment.place):
            (folder / place.name).replace(place)
            flush_folder(place.parent)
            return
        with DigestedFile(folder / MANIFEST) as file:
            file.write(head.manifest)
        flush_folder(folder)
        folders.make_folders(place)
        folders.adopt(folder, place / str(shipment.sequence))
    folders.prune(place)


def _bring(stored: StoredPlaces, place: str, head: Head, folder: Path, cache: Path) -> None:
    for name, data in head.small.items():
        with DigestedFile(folder / name) as file:
            file.write(data)
    here = dict(shippable.found_in(cache, place))

    def bring(name: str) -> None:
        record, target = head.records[name], folder / name
        if not (record in here and _link(here[record], record, target)):
            stored.fetch(place, record, target)

    large = head.records.keys() - head.small.keys()
    if large:
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fetch") as pool:
            list(pool.map(bring, large))


def _link(source: Path, record: FileRecord, target: Path) -> bool:
    """Have ``target`` be a file that is on this disk, where that is still what it was."""
    try:
        if digest_of(source) != record.digest:
            return False
        link_or_copy(source, target)
    except OSError:  # it was taken away this moment
        target.unlink(missing_ok=True)
        return False
    return True


@contextmanager
def _staged(cache: Path) -> Iterator[Path]:
    """A new folder beside the places of a cache; what killed processes left there goes after a day."""
    arriving = cache / _ARRIVING
    arriving.mkdir(parents=True, exist_ok=True)
    for left in arriving.iterdir():
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT_OVER_S:
                shutil.rmtree(left, ignore_errors=True)
    folder = arriving / secrets.token_hex(8)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
