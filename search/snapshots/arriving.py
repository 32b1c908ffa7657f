"""Fetching a shipped snapshot into a folder of this machine: download it, check its digests, then put it in place.

In the store a snapshot has a head: one object with the manifest and the small files. Large files are stored under their
digests. So files shared with the previous snapshot are on this disk already: they are checked and linked, not fetched.
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
    """The head of a snapshot: its ``manifest``, the ``records`` that the manifest lists, and its ``small`` files."""

    manifest: bytes
    records: Mapping[str, FileRecord]
    small: Mapping[str, bytes]


class StoredPlaces:
    """The objects of a store below ``prefix``: heads, and large files by digest. Threads share it."""

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self.store = store
        self.stop = threading.Event()
        """Stops a running `fetch` before its next part of a file."""
        self._below = f"{prefix}/" if prefix else ""

    def head_key(self, place: str, sequence: int, digest: str) -> str:
        """The key of a snapshot's head."""
        return f"{self._below}{place}/{sequence}-{digest}"

    def file_key(self, place: str, digest: str) -> str:
        """The key of a large file; all snapshots of a place share it."""
        return f"{self._below}{place}/files/{digest}"

    def prefix_of(self, place: str) -> str:
        """The prefix of all keys of a place."""
        return f"{self._below}{place}"

    def head(self, shipment: Shipment) -> Head:
        """Fetch the head of a shipment. Raises SnapshotError if its digests differ, OSError, StoreAway."""
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
        """Fetch a large file of a place into ``target``.

        Raises the errors of `head`, OSError of this disk, and LibraryError if ``stop`` is set.
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
    """The names of the files that a head contains, sorted. For files this small a request costs more than the bytes."""
    return sorted(name for name, record in records.items() if record.size_bytes < SMALL_BYTES)


def head_of(here: shippable.Shippable) -> bytes:
    """The bytes of the head of a snapshot on this disk. Raises OSError."""
    small = [(here.folder / name).read_bytes() for name in small_files(here.files)]
    return b"".join([_LENGTH.pack(len(here.manifest)), here.manifest, *small])


def arrive(stored: StoredPlaces, shipment: Shipment, cache: Path) -> None:
    """Fetch a shipment into a library's folder ``cache`` atomically, and delete older snapshots.

    Raises SnapshotError if a digest differs, OSError of the store or of this disk, StoreAway.
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
    """Link ``target`` to a file on this disk, if that file still has its digest. Return whether it did."""
    try:
        if digest_of(source) != record.digest:
            return False
        link_or_copy(source, target)
    except OSError:  # it was just deleted
        target.unlink(missing_ok=True)
        return False
    return True


@contextmanager
def _staged(cache: Path) -> Iterator[Path]:
    """A new temporary folder in the cache. Folders that killed processes left there are deleted after a day."""
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
