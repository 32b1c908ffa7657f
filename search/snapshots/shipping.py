"""Snapshots of every kind are shipped through a library's store to machines that know only its URLs.

The lease's holder publishes into a folder of its own machine (the ``cache``), as it does without a store, and then
ships what is new there. It uploads the large files under their digests, then the head (manifest and small files) unless
that key exists, and finally adds a row to the catalog. Readers follow only those rows. So a killed publisher never
leaves half a snapshot, only garbage that the next publisher sweeps.

A row is committed after everything its snapshot was made of. So a snapshot with a row in the present catalog fits that
catalog, even after a failover to a server that had lost the last commits; snapshots without a row are then deleted.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from search.errors import LibraryUnwritable, SnapshotError, SoundalikeError, StoreAway, printable
from search.model import Shipment
from search.ports import Lease, ObjectStore, Shipments
from search.snapshots import shippable
from search.snapshots.arriving import StoredPlaces, arrive, head_of, small_files
from search.snapshots.folders import sequences
from search.snapshots.single import replacing
from search.snapshots.snapshot import FileRecord

AGAIN_S: Final = 60.0
"""How long to wait before fetching a shipment again that is damaged in the store."""
SWEPT_S: Final = 24 * 3600.0
"""Age, by the store's own clock, from which objects that belong to no snapshot are deleted from the store."""
_TRIES: Final = 2
_STATE: Final = "shipped.json"
_LOCK: Final = ".fetching"
OWN_FILES: Final = (_STATE, _LOCK, ".arriving")
"""Entries of a cache that are no places and concern only this machine."""
_OURS: Final = re.compile(r"(\d+-|files/)[0-9a-f]{32}")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _State:
    """What this machine's cache holds: its ``epoch``, and the id of the newest shipment of each place."""

    epoch: str
    ids: dict[str, int] = field(default_factory=dict)


class Shipping:
    """Ships the snapshots of one library, and fetches them. Threads and processes may share a cache."""

    def __init__(
        self,
        cache: Path,
        store: tuple[ObjectStore, str],
        url: str,
        shipments: Shipments,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``store`` is the store and the prefix of all keys; ``url`` names it in messages."""
        self._cache = cache
        self._stored = StoredPlaces(*store)
        self.url = url
        self._url = printable(url)
        self._shipments = shipments
        self._clock = clock
        self._lock = threading.Lock()
        self._damaged: dict[int, tuple[float, str]] = {}
        self.trouble = ""
        """Why the newest shipments are not here, as of the last `fetch`; empty if they are."""

    # --- readers --------------------------------------------------------------------------------------------

    def fetch(self) -> bool:
        """Fetch new shipments into the cache; return whether any came.

        A shipment that is damaged in the store is tried twice, then reported and not put in place; the snapshot in the
        cache stays. Raises StoreAway, LibraryUnwritable (disk full), LibraryError if the catalog cannot be read.
        """
        with self._lock:
            try:
                return self._fetch()
            except SoundalikeError as error:
                self.trouble = str(error)
                raise

    def stop(self) -> None:
        """Make `fetch` end soon, in other threads too. From now on it raises LibraryError if it needs a large file."""
        self._stored.stop.set()

    def _fetch(self) -> bool:
        epoch, newest = self._shipments.epoch(), self._shipments.newest()
        state = self._read_state(epoch)
        if state.epoch == epoch and all(self._is_known(shipment, state) for shipment in newest):
            self.trouble = ""
            return False
        before = state.ids
        with self._alone():  # another process may have fetched it by now
            return self._fetch_alone() != before

    def _fetch_alone(self) -> dict[str, int]:
        """Fetch what is missing here; return the id of the newest shipment of each place that is here."""
        epoch, newest = self._shipments.epoch(), self._shipments.newest()
        state = self._read_state(epoch)
        before = dict(state.ids)
        if state.epoch != epoch:
            self._drop_strange(newest)
            state = _State(epoch)
        troubles = []
        for shipment in newest:
            if self._is_here(shipment, state):
                continue
            trouble = self._fetched(shipment)
            if trouble:
                troubles.append(trouble)
            else:
                state.ids[shipment.place] = shipment.id
        self.trouble = "; ".join(troubles)
        if state.ids != before:
            self._write_state(state)
        return state.ids

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Lock out the other processes that share this cache."""
        from filelock import FileLock  # not needed without a store

        lock = FileLock(self._cache / _LOCK)
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
            lock.acquire(cancel_check=self._stored.stop.is_set)
        except OSError as error:
            where = printable(str(self._cache))
            raise LibraryUnwritable.because(f"{where}: snapshots cannot be fetched", error) from error
        try:
            yield
        finally:
            lock.release()

    def _is_here(self, shipment: Shipment, state: _State) -> bool:
        if state.ids.get(shipment.place, 0) < shipment.id:
            here = shippable.newest_at(self._cache, shipment.place)
            if here is None or here.digest != shipment.digest:
                return False
            state.ids[shipment.place] = shipment.id  # another process on this machine shipped or fetched it
            return True
        return self._is_known(shipment, state)

    def _is_known(self, shipment: Shipment, state: _State) -> bool:
        """Whether this machine shipped or fetched it, and still has it."""
        if state.ids.get(shipment.place, 0) < shipment.id:
            return False
        place = self._cache / shipment.place
        if shippable.is_single(shipment.place):
            return place.exists()
        return any(sequence >= shipment.sequence for sequence in sequences(place))

    def _fetched(self, shipment: Shipment) -> str:
        """Fetch one shipment; return what is wrong with it, or ""."""
        again, trouble = self._damaged.pop(shipment.id, (0.0, ""))
        if self._clock() < again:
            self._damaged[shipment.id] = again, trouble
            return trouble
        for _ in range(_TRIES):
            try:
                with self._translated():
                    arrive(self._stored, shipment, self._cache)
                return ""
            except (SnapshotError, FileNotFoundError) as error:
                cause = str(error) if isinstance(error, SnapshotError) else "an object of it is gone"
        trouble = f"{self._url}: {shipment.place} at {shipment.sequence} cannot be fetched: {printable(cause)}"
        log.warning("%s; soundalike reindex ships it again", trouble)
        self._damaged[shipment.id] = self._clock() + AGAIN_S, trouble
        return trouble

    def _drop_strange(self, newest: list[Shipment]) -> None:
        """Delete snapshots that match no shipment: the catalog may have lost the commits they were made from."""
        of_now = {shipment.place: shipment.digest for shipment in newest}
        for place in shippable.places(self._cache):
            here = shippable.newest_at(self._cache, place)
            if here is not None and here.digest != of_now.get(place):
                log.warning("%s: is not the catalog's present state, and is removed", printable(str(here.folder)))
                path = self._cache / place
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)

    # --- the one that holds the lease ----------------------------------------------------------------------

    def ship(self, lease: Lease) -> list[Shipment]:
        """Ship what was published here since the last call, sweep unneeded objects, and return what was shipped.

        Raises LibraryBusy when the lease is lost, StoreAway, LibraryError.
        """
        shipped = []
        with self._lock:
            epoch, newest = self._shipments.epoch(), {one.place: one for one in self._shipments.newest()}
            state = self._read_state(epoch)
            for place in shippable.places(self._cache):
                here, there = shippable.newest_at(self._cache, place), newest.get(place)
                if here is None or not _is_news(here, there, state.ids.get(place, 0)):
                    continue
                lease.check()
                with self._translated():
                    self._upload(here, there)
                added = self._shipments.add(Shipment(place, here.sequence, here.digest, here.size_bytes), lease)
                state.ids[place] = added.id
                shipped.append(added)
            if shipped:
                self._write_state(state)
                with self._translated():
                    self._sweep(shipped)
        return shipped

    def withdraw(self, where: str, lease: Lease) -> None:
        """Withdraw the shipment of a place, or of all places in a folder like ``spaces/1`` ("": the cache itself).

        Readers keep what they have; the next `ship` uploads every byte again. Raises LibraryBusy, LibraryError.
        """
        for shipment in self._shipments.newest():
            if where in (shipment.place, shipment.place.rpartition("/")[0]):
                self._shipments.withdraw(shipment.place, lease)

    def _upload(self, here: shippable.Shippable, before: Shipment | None) -> None:
        """Upload the large files, except those that the snapshot ``before`` has in the store already; then the head."""
        store, stored = self._stored.store, self._stored
        shipped = set() if before is None else self._files_of(before)
        for name in here.files.keys() - small_files(here.files):
            record = here.files[name]
            key = stored.file_key(here.place, record.digest)
            if record not in shipped or not self._has(key, record):
                store.write(key, here.folder / name)
        key, head = stored.head_key(here.place, here.sequence, here.digest), head_of(here)
        if not store.write(key, head, new=True) and bytes(store.read(key)[1]) != head:
            store.write(key, head)  # the key contains the digest, so the object that is there is damaged

    def _has(self, key: str, record: FileRecord) -> bool:
        try:
            return self._stored.store.look(key).size_bytes == record.size_bytes
        except FileNotFoundError:
            return False

    def _files_of(self, shipment: Shipment) -> set[FileRecord]:
        try:
            return set(self._stored.head(shipment).records.values())
        except (SnapshotError, FileNotFoundError):
            return set()

    def _sweep(self, shipped: list[Shipment]) -> None:
        """Delete objects that belong to no kept snapshot: those of older snapshots, and those of killed publishers.

        If a head cannot be read, its files are unknown, so everything of that place stays.
        """
        stored, kept = self._stored, self._shipments.kept()
        for new in shipped:
            try:
                needed = {key for one in kept if one.place == new.place for key in self._keys_of(one)}
            except (SnapshotError, FileNotFoundError) as error:
                where = printable(f"{self.url}/{new.place}")
                log.warning("%s: is not swept: a snapshot there cannot be read (%s)", where, printable(str(error)))
                continue
            now_s = stored.store.look(stored.head_key(new.place, new.sequence, new.digest)).modified_s
            prefix = stored.prefix_of(new.place)
            for found in stored.store.objects(prefix):
                is_ours = _OURS.fullmatch(found.key.removeprefix(f"{prefix}/"))
                if is_ours and found.key not in needed and now_s - found.modified_s > SWEPT_S:
                    stored.store.remove(found.key)

    def _keys_of(self, shipment: Shipment) -> set[str]:
        """The keys of a shipment's objects. Raises as `StoredPlaces.head`."""
        records = self._stored.head(shipment).records.values()
        files = {self._stored.file_key(shipment.place, record.digest) for record in records}
        return {self._stored.head_key(shipment.place, shipment.sequence, shipment.digest), *files}

    # --- both -----------------------------------------------------------------------------------------------

    def problems(self) -> Iterator[str]:
        """Yield one line for each shipment in the catalog that is damaged in the store. Reads every byte of them."""
        self._cache.mkdir(parents=True, exist_ok=True)
        for shipment in self._shipments.newest():
            called = f"{self._url}/{shipment.place} at {shipment.sequence}"
            try:
                with self._translated(), tempfile.TemporaryDirectory(dir=self._cache) as folder:
                    head = self._stored.head(shipment)
                    for name in head.records.keys() - head.small.keys():
                        target = Path(folder, name)
                        self._stored.fetch(shipment.place, head.records[name], target)
                        target.unlink()
            except (SnapshotError, FileNotFoundError) as error:
                cause = str(error) if isinstance(error, SnapshotError) else "an object of it is gone"
                yield f"{called}: {printable(cause)}; soundalike reindex ships it again"

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except PermissionError as error:
            raise StoreAway(f"{self._url}: the store denies access; check the key and its rights") from error
        except OSError as error:
            raise LibraryUnwritable.because(f"{self._url}: snapshots cannot be shipped or fetched", error) from error

    def _read_state(self, epoch: str) -> _State:
        try:
            said = json.loads((self._cache / _STATE).read_bytes())
            return _State(str(said["epoch"]), {str(place): int(one) for place, one in said["ids"].items()})
        except (OSError, ValueError, TypeError, KeyError, AttributeError):  # a new cache, or a damaged one
            return _State(epoch)

    def _write_state(self, state: _State) -> None:
        with self._translated():
            self._cache.mkdir(parents=True, exist_ok=True)
            with replacing(self._cache / _STATE) as file:
                file.write(json.dumps({"epoch": state.epoch, "ids": state.ids}).encode())


def _is_news(here: shippable.Shippable, newest: Shipment | None, fetched_id: int) -> bool:
    """Whether the snapshot here is newer than the last shipment."""
    if newest is None:
        return True
    if here.digest == newest.digest or here.sequence < newest.sequence:
        return False
    return fetched_id >= newest.id or here.sequence > newest.sequence
