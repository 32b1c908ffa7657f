"""Snapshots shipped through a store: from the publishing machine to those that have only the library's URLs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from sqlalchemy import delete

from search import wiring
from search.analysis.exact import stored as fingerprints
from search.analysis.speech import stored as spoken
from search.analysis.time import stored as events
from search.audio.stores.finding import store_of
from search.audio.stores.folders import FolderStore
from search.catalog.tables import LEASES, SHIPMENTS
from search.errors import LibraryBusy, LibraryError, StoreAway
from search.library import maintenance, publishing, stores, verifying
from search.library.library import Library
from search.model import ClipPart, Query, RemoveClip
from search.overview.duplicates import stored as duplicates
from search.overview.duplicates.stored import PairsFile
from search.overview.maps import stored as maps
from search.snapshots import arriving, shippable, shipping
from search.snapshots.folders import Snapshots
from search.snapshots.snapshot import Kind
from search.vectors.neighbourhoods import layering
from search.vectors.neighbourhoods import stored as near
from tests.amounts import few
from tests.s3 import S3, served
from tests.search import libraries
from tests.search.catalog_helpers import new_catalog
from tests.search.libraries import Entry, axis
from tests.search.vector_helpers import clumped
from tests.waiting import wait_until

NEW = [Entry(f"b{number}.wav", np.stack([axis(number, 7, 0.3)])) for number in range(4)]
OLD = [Entry(f"a{number}.wav", np.stack([axis(number), axis(number, 5, 0.5)])) for number in range(6)]

MOSTLY_IN_A_FILE = pytest.mark.parametrize("kind", few(["sqlite", "postgresql"]), indirect=True, scope="module")
"""Tests of what is the same in a database of a server, where `make test-all` runs them."""


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with served() as server:
        yield server


class Machines:
    """Machines that have nothing in common but the URLs of one library."""

    def __init__(self, folder: Path, store: str, catalog: Path | str) -> None:
        self.folder, self.store, self.catalog = folder, store, catalog
        self._open: list[Library] = []

    def open(self, name: str) -> Library:
        """The library as a machine of this name has it."""
        here = self.folder / name / "library"
        if not here.exists():
            here.mkdir(parents=True)
            said = f'catalog = "{self.catalog}"\nstore = "{self.store}"\ncache = "snapshots"\n'
            (here / "library.toml").write_text(said)
        library = libraries.open_library(self.folder / name)
        self._open.append(library)
        return library

    def close(self) -> None:
        for library in self._open:
            library.close()


@pytest.fixture
def machines(kind, server, tmp_path) -> Iterator[Machines]:
    """A store of S3; the catalog is of either kind."""
    machines = Machines(tmp_path, f"s3://{server.bucket()}/a library", new_catalog(tmp_path))
    server.forget()
    yield machines
    machines.close()


@pytest.fixture
def on_s3(server, tmp_path) -> Iterator[Machines]:
    """A store of S3, and a catalog in a file."""
    machines = Machines(tmp_path, f"s3://{server.bucket()}/a library", tmp_path / "catalog.sqlite")
    server.forget()
    yield machines
    machines.close()


@pytest.fixture
def in_folder(tmp_path) -> Iterator[Machines]:
    """A folder as a store, and a catalog in a file."""
    (tmp_path / "store").mkdir()
    machines = Machines(tmp_path, f"file://{tmp_path}/store", tmp_path / "catalog.sqlite")
    yield machines
    machines.close()


def answers(library: Library) -> list[tuple[int, float]]:
    """What a clip of old finds."""
    library.refresh()
    return [(hit.clip_id, round(hit.score, 5)) for hit in library.search(Query((ClipPart(1),), k=20)).hits]


def sequences(library: Library) -> dict[str, int]:
    """What a machine has of each place on its disk."""
    found = [shippable.newest_at(library.cache, place) for place in shippable.places(library.cache)]
    return {one.place: one.sequence for one in found if one is not None}


def stored(machines: Machines) -> set[str]:
    """The keys in the store."""
    store, prefix = store_of(machines.store)
    return {one.key for one in store.objects(prefix)}


def test_a_reader_that_has_only_the_urls_answers_as_the_publisher_and_catches_up(machines) -> None:
    """Also after a second publication, and a removal; it makes nothing itself."""
    source = machines.open("source")
    libraries.fill(source, OLD)
    reader = machines.open("reader")
    first = answers(reader)
    assert first == answers(source)
    assert len(first) == 5
    assert sequences(reader) == sequences(source)

    libraries.fill(source, NEW)
    with source.writer.lease("test", 5) as lease:
        source.writer.apply(lease, [RemoveClip(2)])
        source.publisher.publish(source.spaces.get(), lease, always=True)
    reader.shipping.fetch()

    assert answers(reader) == answers(source) != first
    assert sequences(reader) == sequences(source)
    assert verifying.verify(reader) == []


def test_every_kind_and_what_is_one_file_goes_the_same_way(in_folder) -> None:
    """The index, columns and events are snapshots; the pairs of duplicates are a file."""
    source, reader = in_folder.open("source"), in_folder.open("reader")
    libraries.fill(source, OLD)
    with source.writer.lease("test", 5) as lease, source.publisher.shared(lease):
        PairsFile(source.cache).write(libraries.duplicates([1], [2]))
        with Snapshots(source.cache / "spaces/1/events", Kind("events", 1, "")).publication(3) as new:
            new.array("contents.npy", np.arange(3))
    reader.shipping.fetch()

    assert sequences(reader) == sequences(source)
    assert {"duplicates.npz", "spaces/1/events", "spaces/1/index", "spaces/1/columns"} <= sequences(reader).keys()
    assert PairsFile(reader.cache).read().shorter.tolist() == [1]


def test_a_publisher_goes_on_from_what_another_machine_shipped(in_folder) -> None:
    """Facts that follow from files are not in the catalog: without those of others they would be lost."""
    one, other = in_folder.open("one"), in_folder.open("other")
    libraries.fill(one, OLD)
    with one.writer.lease("test", 5) as lease, one.publisher.shared(lease):
        PairsFile(one.cache).write(libraries.duplicates([1], [2]))
    with other.writer.lease("test", 5) as lease, other.publisher.shared(lease):
        pairs = PairsFile(other.cache).read()
        PairsFile(other.cache).write(libraries.duplicates([*pairs.shorter, 3], [*pairs.longer, 4]))
    one.shipping.fetch()

    assert PairsFile(one.cache).read().shorter.tolist() == [1, 3]
    assert one.shipping.fetch() is False


def test_what_did_not_change_is_neither_sent_nor_fetched_again(server, on_s3) -> None:
    """A file of a snapshot that the one before it has is known by its digest."""
    source, reader = on_s3.open("source"), on_s3.open("reader")
    of_kind = Snapshots(source.cache / "spoken", Kind("words", 1, ""))
    sizes = {"large.npy": 50_000, "small.npy": 10}
    for sequence in (1, 2):
        with of_kind.publication(sequence) as new:
            new.array("large.npy", np.zeros(sizes["large.npy"]))
            new.array("small.npy", np.full(sizes["small.npy"], sequence))
        server.forget()
        with source.writer.lease("test", 5) as lease:
            source.shipping.ship(lease)
        reader.shipping.fetch()
    put = [path for method, path, _ in server.asked if method == "PUT"]

    assert len(put) == 1  # the head: the manifest and small.npy
    assert server.sent_bytes < 5_000
    assert np.load(reader.cache / "spoken/2/large.npy").sum() == 0
    assert np.load(reader.cache / "spoken/2/small.npy")[0] == 2


def test_a_reader_gets_one_layer_of_neighbourhoods_and_answers_as_the_publisher(server, on_s3, monkeypatch) -> None:
    """Of what another machine has of them only what is new is sent and fetched."""
    monkeypatch.setattr(layering, "LAYERS_FROM", 100)
    monkeypatch.setattr(arriving, "SMALL_BYTES", 1 << 8)
    rows = clumped(202, 5, libraries.DIM, clumps=30)
    entries = [Entry(f"{number}.wav", row[np.newaxis]) for number, row in enumerate(rows)]
    source, reader = on_s3.open("source"), on_s3.open("reader")
    libraries.fill(source, entries[:200])
    reader.shipping.fetch()
    server.forget()
    libraries.fill(source, entries[200:])
    put = [path for method, path, _ in server.asked if method == "PUT" and "/neighbourhoods/files/" in path]
    reader.shipping.fetch()

    newest = shippable.newest_at(reader.cache, "spaces/1/neighbourhoods")
    assert near.read(Snapshots(newest.folder.parent, near.KIND).open(newest.sequence), libraries.DIM).lists.layers[1:]
    names = {name for name in newest.files if ".1." in name and newest.files[name].size_bytes >= 1 << 8}
    assert len(put) == len(names) > 0
    assert answers(reader) == answers(source)
    assert verifying.verify(reader) == []


def test_a_damaged_object_is_reported_fetched_again_and_never_answered_from(server, on_s3, caplog) -> None:
    """What the reader had stays, and the catalog's tail says what came since; once it is whole it arrives."""
    source, reader = on_s3.open("source"), on_s3.open("reader")
    libraries.fill(source, OLD)
    reader.shipping.fetch()
    before = sequences(reader)
    libraries.fill(source, NEW)
    key = head_of_index(source, on_s3)
    bucket = on_s3.store.split("/")[2]
    whole = bytes(store_of(on_s3.store)[0].read(key)[1])
    server.put(bucket, key, whole[:-1] + bytes([whole[-1] ^ 1]))
    at_s = [0.0]
    store = (*store_of(on_s3.store),)
    shipped = shipping.Shipping(reader.cache, store, on_s3.store, reader.catalog.shipments, lambda: at_s[0])
    server.forget()
    for _ in range(3):
        shipped.fetch()

    asked = [path for method, path, _ in server.gets() if path.endswith(key.rpartition("/")[2])]
    assert len(asked) == 2, asked
    assert "spaces/1/index" in shipped.trouble
    assert "is not what was shipped" in caplog.text
    assert sequences(reader)["spaces/1/index"] == before["spaces/1/index"]
    assert answers(reader) == answers(source)
    assert "is not what was shipped" in "".join(reader.shipping.problems())

    server.put(bucket, key, whole)
    shipped.fetch()
    assert shipped.trouble  # it is not asked for all the time
    at_s[0] = shipping.AGAIN_S
    shipped.fetch()
    assert not shipped.trouble
    assert sequences(reader) == sequences(source)


def head_of_index(library: Library, machines: Machines) -> str:
    """The key of the newest snapshot of the index; the last byte there is one of its vectors."""
    newest = next(one for one in library.catalog.shipments.newest() if one.place == "spaces/1/index")
    return f"{store_of(machines.store)[1]}/{newest.place}/{newest.sequence}-{newest.digest}"


def test_reindex_ships_what_was_damaged_in_the_store_anew(server, on_s3) -> None:
    """Although nothing of it is new: the store has an object of that digest, with other bytes."""
    source, reader = on_s3.open("source"), on_s3.open("reader")
    libraries.fill(source, OLD)
    key = head_of_index(source, on_s3)
    size = store_of(on_s3.store)[0].look(key).size_bytes
    server.put(on_s3.store.split("/")[2], key, bytes(size))
    assert reader.shipping.fetch()
    assert reader.shipping.trouble
    with source.writer.lease("test", 5) as lease:
        maintenance.rebuild(source, source.spaces.get(), lease)

    assert reader.shipping.fetch()
    assert not reader.shipping.trouble
    assert list(source.shipping.problems()) == []


def test_a_publisher_that_is_killed_while_it_uploads_leaves_nothing_to_be_seen(in_folder, monkeypatch) -> None:
    """Readers see the state before it; the next publication sweeps what it left, and nothing else."""
    monkeypatch.setattr(arriving, "SMALL_BYTES", 0)
    source, reader = in_folder.open("source"), in_folder.open("reader")
    libraries.fill(source, OLD)
    reader.shipping.fetch()
    before, whole = sequences(reader), stored(in_folder)
    with monkeypatch.context() as patch:
        write = FolderStore.write

        def killed(self, key: str, data, *, new: bool = False) -> bool:
            if new and "/index/" in key:
                raise PermissionError
            return write(self, key, data, new=new)

        patch.setattr(FolderStore, "write", killed)
        with pytest.raises(StoreAway, match="denies"):
            libraries.fill(source, NEW)
    left = {key for key in stored(in_folder) - whole if "/index/" in key}
    reader.shipping.fetch()
    assert len(left) == 2
    assert sequences(reader)["spaces/1/index"] == before["spaces/1/index"]

    libraries.fill(source, [Entry("c.wav", np.stack([axis(6)]))])
    assert left <= stored(in_folder)  # younger than a day
    monkeypatch.setattr(shipping, "SWEPT_S", -1.0)
    libraries.fill(source, [Entry("d.wav", np.stack([axis(7)]))])

    assert not left & stored(in_folder)
    assert reader.shipping.fetch()
    assert sequences(reader) == sequences(source)
    assert list(reader.shipping.problems()) == []
    assert answers(in_folder.open("new")) == answers(source)


_PUBLISHER = """
import os, signal, sys
from pathlib import Path
import numpy as np
from search.snapshots import arriving
from search.audio.stores.folders import FolderStore
from tests.search.libraries import Entry, axis, fill, open_library

arriving.SMALL_BYTES = 0
name, left, after = sys.argv[2], int(sys.argv[3]), sys.argv[4] == "after"
write = FolderStore.write

def dying(self, key, data, **how):
    global left
    left -= 1
    if left == 0 and not after:
        os.kill(os.getpid(), signal.SIGKILL)
    done = write(self, key, data, **how)
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return done

FolderStore.write = dying
with open_library(Path(sys.argv[1])) as library:
    fill(library, [Entry(f"{name}.wav", np.stack([axis(int(name) % 8, (int(name) + 3) % 8, 0.2)]))])
"""
"""Adds a clip and publishes; killed before or after it has put so many objects."""


@pytest.mark.slow
def test_a_publisher_killed_twenty_times_while_it_uploads_loses_and_doubles_nothing(in_folder, monkeypatch) -> None:
    """At the first object, the second, and so on; every reader has every clip once, whatever was shipped by then."""
    monkeypatch.setattr(arriving, "SMALL_BYTES", 0)
    publisher, reader = in_folder.open("publisher"), in_folder.open("reader")
    libraries.fill(publisher, OLD)
    publisher.close()
    clips, at, kills = len(OLD), 0, 0
    while kills < 20:
        at += 1
        words = [str(in_folder.folder / "publisher"), str(clips), str(at), "after" if kills % 2 else "before"]
        ended = subprocess.run([sys.executable, "-c", _PUBLISHER, *words], check=False).returncode
        clips += 1  # its rows were written before anything was put
        assert ended in (0, -signal.SIGKILL)
        kills += ended != 0
        at = 0 if ended == 0 else at  # there were no more objects to put
        reader.shipping.fetch()
        reader.refresh()
        found = [hit.clip_id for hit in reader.search(Query((ClipPart(1),), k=200)).hits]
        assert sorted(found) == list(range(2, clips + 1))
    again = in_folder.open("publisher")
    libraries.fill(again, NEW)
    reader.shipping.fetch()
    assert sequences(reader) == sequences(again)
    assert list(reader.shipping.problems()) == []
    assert answers(in_folder.open("new")) == answers(again) == answers(reader)


def test_of_processes_that_share_a_cache_one_fetches(in_folder, monkeypatch) -> None:
    """The other waits, looks again, and finds all of it: nothing is fetched twice, or taken from under a reader."""
    source, reader = in_folder.open("source"), in_folder.open("reader")
    libraries.fill(source, OLD)
    store = store_of(in_folder.store)
    one, other = (shipping.Shipping(reader.cache, store, "", reader.catalog.shipments) for _ in range(2))
    fetched, waiting = [], []
    real, lock = shipping.arrive, shipping.Shipping._alone

    def arrive(stored, shipment, cache) -> None:
        if not fetched:
            fetched.append(shipment.place)
            thread.start()
            wait_until(lambda: waiting)
        else:
            fetched.append(shipment.place)
        real(stored, shipment, cache)

    def alone(self):
        if self is other:
            waiting.append(self)
        return lock(self)

    thread = Thread(target=other.fetch)
    monkeypatch.setattr(shipping, "arrive", arrive)
    monkeypatch.setattr(shipping.Shipping, "_alone", alone)
    assert one.fetch()
    thread.join()

    assert sorted(fetched) == sorted(sequences(source))
    assert sequences(reader) == sequences(source)
    assert not other.trouble


def test_a_library_that_is_closed_does_not_wait_for_what_is_being_fetched(in_folder, monkeypatch) -> None:
    """It ends between two parts of a file; nothing of it stays, and the next one fetches it."""
    source, reader = in_folder.open("source"), in_folder.open("reader")
    with Snapshots(source.cache / "spoken", Kind("words", 1, "")).publication(1) as new:
        new.array("large.npy", np.zeros(50_000))
    with source.writer.lease("test", 5) as lease:
        source.shipping.ship(lease)
    read, parts = FolderStore.read, []

    def closing(self, key: str, *where):
        if "/files/" in key:
            parts.append(key)
            reader.close()
        return read(self, key, *where)

    with monkeypatch.context() as patch:
        patch.setattr(arriving, "_PART_BYTES", 1000)
        patch.setattr(FolderStore, "read", closing)
        with pytest.raises(LibraryError, match="is closed"):
            reader.shipping.fetch()

    assert len(parts) == 1
    assert sequences(reader) == {}
    assert list((reader.cache / ".arriving").iterdir()) == []
    again = in_folder.open("reader")
    assert again.shipping.fetch()
    assert sequences(again) == {"spoken": 1}


def test_columns_that_are_taken_away_do_not_come_back_from_the_store(in_folder, monkeypatch) -> None:
    """Those of before a space was dropped may have its tags: they are made from the catalog, and shipped."""
    source, reader = in_folder.open("source"), in_folder.open("reader")
    libraries.fill(source, OLD)
    with source.writer.lease("test", 5) as lease:
        maintenance.retire(source, source.spaces.get(), lease)
    libraries.fill(source, OLD, libraries.spec(fingerprint="g" * 64))
    reader.shipping.fetch()
    before = {one.place: one for one in source.catalog.shipments.newest()}
    fetched = []
    monkeypatch.setattr(shipping, "arrive", lambda _stored, shipment, _cache: fetched.append(shipment.place))
    with source.writer.lease("test", 5) as lease:
        assert maintenance.drop_replaced(source, source.spaces.get(), lease) == []
    monkeypatch.undo()
    after = {one.place: one for one in source.catalog.shipments.newest()}

    assert fetched == []
    assert after["spaces/2/index"] == before["spaces/2/index"]
    assert after["spaces/2/columns"].id > before["spaces/2/columns"].id
    reader.shipping.fetch()
    assert answers(reader) == answers(source)


@pytest.mark.parametrize("is_gone", [False, True], ids=["damaged", "gone"])
def test_a_sweep_leaves_a_place_whose_kept_heads_it_cannot_read(in_folder, monkeypatch, caplog, is_gone) -> None:
    """Nobody knows which files they need; once they are not kept any more, the sweep goes on."""
    from search.catalog import shipments

    monkeypatch.setattr(arriving, "SMALL_BYTES", 0)
    source = in_folder.open("source")
    libraries.fill(source, OLD)
    head = in_folder.folder / "store" / head_of_index(source, in_folder).lstrip("/")
    files = {key for key in stored(in_folder) if "/index/files/" in key}
    assert files
    if is_gone:
        head.unlink()
    else:
        head.write_bytes(b"?")
    monkeypatch.setattr(shipping, "SWEPT_S", -1.0)
    libraries.fill(source, NEW)

    assert files <= stored(in_folder)
    assert "spaces/1/index: is not swept" in caplog.text
    monkeypatch.setattr(shipments, "GRACE_S", -1.0)
    libraries.fill(source, [Entry("c.wav", np.stack([axis(6)]))])
    assert not files <= stored(in_folder)


def test_old_shipments_go_after_a_grace_and_no_sooner(in_folder, monkeypatch) -> None:
    """A reader may be fetching the one before the newest."""
    from search.catalog import shipments

    source = in_folder.open("source")
    libraries.fill(source, OLD)
    libraries.fill(source, NEW)
    index = [one for one in source.catalog.shipments.kept() if one.place == "spaces/1/index"]
    assert len(index) == 2
    monkeypatch.setattr(shipments, "GRACE_S", -1.0)
    libraries.fill(source, [Entry("c.wav", np.stack([axis(6)]))])
    index = [one for one in source.catalog.shipments.kept() if one.place == "spaces/1/index"]

    assert [one.id for one in index] == [max(one.id for one in index)]


@MOSTLY_IN_A_FILE
def test_of_two_publishers_at_once_the_one_that_holds_the_lease_is_followed(machines, monkeypatch) -> None:
    """The other one finds out in the transaction that would have let readers follow it."""
    late, other, reader = (machines.open(name) for name in ("late", "other", "reader"))
    libraries.fill(late, OLD)
    libraries.fill(late, NEW, publish=False)
    upload = type(late.shipping)._upload

    def upload_late(self, *arguments) -> None:
        upload(self, *arguments)
        monkeypatch.undo()
        with late.catalog._database.writing() as connection:  # it slept, and its lease went stale
            connection.execute(delete(LEASES))
        libraries.fill(other, [Entry("c.wav", np.stack([axis(6)]))])

    monkeypatch.setattr(type(late.shipping), "_upload", upload_late)
    with pytest.raises(LibraryBusy), late.writer.lease("test", 5) as lease:
        late.publisher.publish(late.spaces.get(), lease, always=True)
    reader.shipping.fetch()

    assert sequences(reader) == sequences(other)
    assert answers(reader) == answers(other)


def test_a_manifest_is_never_replaced(in_folder) -> None:
    """Who is second keeps nothing, and hears it."""
    store, prefix = store_of(in_folder.store)
    assert store.write(f"{prefix}/one", b"first", new=True)
    assert not store.write(f"{prefix}/one", b"second", new=True)
    assert bytes(store.read(f"{prefix}/one")[1]) == b"first"


@MOSTLY_IN_A_FILE
def test_what_a_server_that_took_over_does_not_know_goes(machines, monkeypatch, caplog) -> None:
    """A standby may lack the last commits: what readers hold of them, on disk and in memory, is dropped."""
    source, reader = machines.open("source"), machines.open("reader")
    libraries.fill(source, OLD)
    then = answers(source)
    libraries.fill(source, NEW)
    assert answers(reader) != then
    lost = sequences(reader)["spaces/1/index"]
    lose_last_commits(source, [f"b{number}.wav" for number in range(4)], lost)
    monkeypatch.setattr("search.catalog.shipments.CatalogShipments.epoch", lambda _: "timeline 2")

    assert answers(reader) == then
    assert sequences(reader)["spaces/1/index"] < lost
    assert "is not the catalog's present state" in caplog.text
    libraries.fill(source, [Entry(f"c{number}.wav", np.stack([axis(7)])) for number in range(5)])
    assert answers(reader) == answers(source)


def test_without_a_store_no_server_is_asked_which_one_it_is(tmp_path, monkeypatch) -> None:
    """One may forbid the functions that say it."""

    def forbidden(_) -> str:
        raise LibraryError("permission denied for function pg_control_system")

    monkeypatch.setattr("search.catalog.shipments.CatalogShipments.epoch", forbidden)
    with libraries.open_library(tmp_path) as library:
        libraries.fill(library, OLD)
        assert len(answers(library)) == 5


def lose_last_commits(library: Library, paths: list[str], sequence: int) -> None:
    """Have a catalog be as it was before these clips came."""
    from search.catalog.tables import CLIPS, CONTENTS, COUNTERS, ENCODINGS

    with library.catalog._database.writing() as connection:
        contents = connection.execute(CLIPS.select().where(CLIPS.c.path.in_([path.encode() for path in paths]))).all()
        ids = [row.content_id for row in contents]
        connection.execute(delete(CLIPS).where(CLIPS.c.content_id.in_(ids)))
        connection.execute(delete(ENCODINGS).where(ENCODINGS.c.content_id.in_(ids)))
        connection.execute(delete(CONTENTS).where(CONTENTS.c.id.in_(ids)))
        connection.execute(delete(SHIPMENTS).where(SHIPMENTS.c.sequence >= sequence))
        reached = connection.execute(ENCODINGS.select()).all()
        counters = {
            "sequence": max(row.sequence for row in reached),
            "segment": max(row.first_segment_id + row.n_segments for row in reached),
        }
        for name, value in counters.items():
            connection.execute(COUNTERS.update().where(COUNTERS.c.name == name).values(value=value))


def test_a_restored_catalog_ships_what_it_is_made_into(in_folder, tmp_path) -> None:
    """What was shipped when the backup was made may be gone from the store."""
    source, reader = in_folder.open("source"), in_folder.open("reader")
    libraries.fill(source, OLD)
    maintenance.backup(source, tmp_path / "backup")
    then = answers(source)
    libraries.fill(source, NEW)
    reader.shipping.fetch()
    with source.writer.lease("test", 5) as lease:
        maintenance.restore(source, tmp_path / "backup", lease)
    reader.shipping.fetch()

    assert [clip for clip, _ in answers(reader)] == [clip for clip, _ in then]
    assert sequences(reader) == sequences(source)
    assert list(reader.shipping.problems()) == []


def test_a_store_that_is_away_loses_nothing_and_the_next_publication_ships_all(server, on_s3) -> None:
    """The job ends with the cause; readers go on from the catalog's tail."""
    source, reader = on_s3.open("source"), on_s3.open("reader")
    libraries.fill(source, OLD)
    answers(reader)
    server.refuse = lambda _method, _path: "503 Slow Down"
    libraries.fill(source, NEW, publish=False)
    assert answers(reader) == answers(source)
    with pytest.raises(StoreAway), source.writer.lease("test", 5) as lease:
        source.publisher.publish(source.spaces.get(), lease, always=True)
    server.forget()
    with source.writer.lease("test", 5) as lease:
        assert not source.publisher.publish(source.spaces.get(), lease)  # it was published; now it is shipped
    reader.shipping.fetch()

    assert sequences(reader) == sequences(source)


def test_a_folder_whose_disk_is_not_mounted_is_away_and_never_made_anew(in_folder, tmp_path) -> None:
    """A library opens, and finds what was fetched; only ``init`` makes the folder."""
    source = in_folder.open("source")
    libraries.fill(source, OLD)
    (tmp_path / "store").rename(tmp_path / "elsewhere")
    again = in_folder.open("source")
    assert answers(again) == answers(source)
    for library in (source, again):
        with pytest.raises(StoreAway, match=r"/store: does not answer .*check that its disk is mounted"):
            libraries.fill(library, NEW)
        assert [one.remedy for one in stores.diagnose(library) if "mounted" in one.remedy]
    assert not (tmp_path / "store").exists()
    (tmp_path / "elsewhere").rename(tmp_path / "store")
    libraries.fill(source, [Entry("c.wav", np.stack([axis(6)]))])
    assert answers(in_folder.open("reader")) == answers(source)

    wiring.new_library(tmp_path / "new", libraries.settings(tmp_path), store=f"file://{tmp_path}/shared/new")
    assert (tmp_path / "shared/new").is_dir()


def test_a_cache_that_was_emptied_is_filled_again(in_folder) -> None:
    """Whoever clears caches does no harm."""
    import shutil

    source, reader = in_folder.open("source"), in_folder.open("reader")
    libraries.fill(source, OLD)
    reader.shipping.fetch()
    shutil.rmtree(reader.cache / "spaces")
    reader.shipping.fetch()

    assert sequences(reader) == sequences(source)


def test_only_what_is_ours_is_shipped(in_folder, monkeypatch) -> None:
    """A stranger's file in a library's folder stays there, and a folder that nobody may read stops nothing."""
    source = in_folder.open("source")
    for place in ("mine.npz", "lost+found/1/manifest.json", "spaces/1/mine.npz", "spaces/mine/map.npz"):
        (source.cache / place).parent.mkdir(parents=True, exist_ok=True)
        (source.cache / place).write_bytes(b"{}")
    iterdir = Path.iterdir

    def forbidden(self: Path) -> Iterator[Path]:
        if self.name == "lost+found":
            raise PermissionError(13, "Permission denied", str(self))
        return iterdir(self)

    monkeypatch.setattr(Path, "iterdir", forbidden)
    libraries.fill(source, OLD)
    shipped = {one.place for one in source.catalog.shipments.newest()}

    assert shipped == {"spaces/1/columns", "spaces/1/index"}


def test_all_that_is_kept_beside_a_catalog_is_shipped() -> None:
    """Who keeps something new says so here, too."""
    assert set(shippable.OF_LIBRARY) == {duplicates.FILE, fingerprints.FOLDER, spoken.FOLDER}
    assert set(shippable.OF_SPACE) == {*publishing.PARTS, events.FOLDER, maps.FILE}


def test_a_manifest_that_names_a_file_elsewhere_is_refused() -> None:
    """Nothing that lies in a store decides where a file of this machine is written."""
    record = {"size_bytes": 1, "digest": "0"}
    with pytest.raises(LibraryError, match="names a file"):
        shippable.records_of(json.dumps({"files": {"../x": record}}).encode())


def test_a_store_that_replaces_what_it_may_not_replace_is_found_out(in_folder, monkeypatch) -> None:
    """Two publishers could each take it for theirs."""
    library = in_folder.open("machine")
    assert not [finding for finding in stores.diagnose(library) if finding.remedy]
    write = FolderStore.write
    monkeypatch.setattr(FolderStore, "write", lambda self, key, data, new=False: write(self, key, data))
    remedies = [finding.remedy for finding in stores.diagnose(library) if finding.remedy]

    assert len(remedies) == 1
    assert "If-None-Match" in remedies[0]
    assert stored(in_folder) == set()
