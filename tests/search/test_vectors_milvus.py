"""Ownership of a Milvus collection, and handling of its errors; the server is a fake in memory."""

from __future__ import annotations

import shutil
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from search.errors import LibraryError
from search.ground.extras import is_installed
from search.vectors.base import NEVER
from search.vectors.milvus import collection
from search.vectors.milvus.collection import MilvusCollection
from search.vectors.milvus.kept import InMilvus
from search.vectors.snapshot import SnapshotIndex
from tests.search.vector_helpers import DIM, Written, clumped

VECTORS = clumped(60, 4)


class Server:
    """What `MilvusCollection` asks a client for, over collections that are dictionaries."""

    def __init__(self):
        self.rows, self.properties, self.released = {}, {}, set()
        self.fails = None

    def create_schema(self, **_):
        return SimpleNamespace(add_field=lambda *_, **__: None)

    def prepare_index_params(self):
        return SimpleNamespace(add_index=lambda *_, **__: None)

    def create_collection(self, name, **_):
        self.rows[name], self.properties[name] = {}, {}

    def drop_collection(self, name, **_):
        self.rows.pop(name, None)

    def has_collection(self, name, **_):
        if self.fails is not None:
            raise self.fails
        return name in self.rows

    def describe_collection(self, name, **_):
        return {"properties": self.properties[name]}

    def alter_collection_properties(self, name, properties, **_):
        self.properties[name].update(properties)

    def upsert(self, name, rows, **_):
        self.rows[name].update({row["id"]: row["vector"] for row in rows})

    def delete(self, name, ids, **_):
        for key in ids:
            self.rows[name].pop(key, None)

    def load_collection(self, name, **_):
        self.released.remove(name)

    def query(self, name, ids, **_):
        if name in self.released:
            from pymilvus import MilvusException

            raise MilvusException(101, "failed to query: collection not loaded")
        return [{"id": key, "vector": self.rows[name][key]} for key in ids if key in self.rows[name]]


@pytest.fixture
def server(monkeypatch):
    """In the place of the client; where the extra is not installed, with stand-ins of its errors."""
    if not is_installed("pymilvus"):
        pymilvus, grpc = ModuleType("pymilvus"), ModuleType("grpc")
        pymilvus.DataType = SimpleNamespace(INT64=5, FLOAT_VECTOR=101)
        pymilvus.MilvusException = type("MilvusException", (Exception,), {"__init__": _with_message})
        grpc.RpcError = type("RpcError", (Exception,), {})
        grpc.FutureTimeoutError = type("FutureTimeoutError", (Exception,), {})
        monkeypatch.setitem(sys.modules, "pymilvus", pymilvus)
        monkeypatch.setitem(sys.modules, "grpc", grpc)
    server = Server()
    monkeypatch.setattr(collection, "_client", lambda where, token: server)
    return server


def _with_message(self, code=1, message=""):
    self.code, self.message = code, message


def opened(folder):
    return Written(SnapshotIndex(InMilvus(folder / "index", DIM), DIM, searches=True))


def add(index, first, last, at=0):
    index.add(np.arange(first, last), VECTORS[at + first : at + last])
    index.publish()


def name_of(index):
    return index.index.view.base._collection.name


def copied(index, one, two):
    shutil.copytree(one, two)
    copy = opened(two)
    copy.log = list(index.log)
    return copy


@pytest.fixture
def one(server, tmp_path):
    index = opened(tmp_path / "one")
    add(index, 0, 40)
    return index


def test_a_copy_that_writes_first_leaves_the_original_its_collection(server, one, tmp_path):
    two = copied(one, tmp_path / "one", tmp_path / "two")
    before = dict(server.rows[name_of(one)])
    two.remove(np.arange(10))
    two.publish()
    assert server.rows[name_of(one)].keys() == before.keys()
    assert name_of(two) != name_of(one)
    assert (one.search(VECTORS[:40], 1)[1][:, 0] == np.arange(40)).all(), "what the copy removed is found here"
    add(two, 40, 45, at=10)
    add(one, 40, 50)
    assert (one.search(VECTORS[:50], 1)[1][:, 0] == np.arange(50)).all()
    assert (two.search(VECTORS[50:55], 1)[1][:, 0] == np.arange(40, 45)).all()
    assert one.index.verify() == two.index.verify() == []
    assert len(server.rows) == 2


def test_a_copy_never_drops_what_the_original_has(server, one, tmp_path):
    """Also when the copy makes its own anew, again and again, and when the file's number came to be right by chance."""
    two = copied(one, tmp_path / "one", tmp_path / "two")
    two.index._keeping._keep(InMilvus(tmp_path / "one" / "index", DIM)._names())
    add(one, 40, 50)
    kept = name_of(one)
    for first in (40, 41, 42):
        add(two, first, first + 1)
        del server.rows[name_of(two)]
    assert set(server.rows) == {kept}
    assert (one.search(VECTORS[:50], 1)[1][:, 0] == np.arange(50)).all()


def test_a_folder_that_is_moved_keeps_its_collection(server, one, tmp_path):
    before = name_of(one)
    (tmp_path / "one").rename(tmp_path / "elsewhere")
    moved = opened(tmp_path / "elsewhere")
    moved.log = list(one.log)
    add(moved, 40, 50)
    assert set(server.rows) == {before} == {name_of(moved)}


def test_a_publication_that_failed_is_made_up_for_in_the_same_collection(server, one, monkeypatch):
    from pymilvus import MilvusException

    before = name_of(one)
    one.add(np.arange(40, 50), VECTORS[40:50])
    with monkeypatch.context() as patch:
        patch.setattr(server, "upsert", _raising(MilvusException(message="the disk is full")))
        for _ in range(2):
            with pytest.raises(LibraryError, match="full"):
                one.publish()
    one.publish()
    assert set(server.rows) == {before} == {name_of(one)}
    assert server.rows[before].keys() == set(range(50))
    assert one.index.verify() == []


def _raising(error):
    def fail(*_, **__):
        raise error

    return fail


def test_what_was_made_anew_takes_the_place_of_ones_own_a_publication_later(server, one):
    """Readers of the collection before come over in between."""
    before, keeping = name_of(one), one.index._keeping
    keeping.write(NEVER, one.log, 2)
    one.index.refresh()
    assert set(server.rows) == {before, name_of(one)}
    assert before != name_of(one)
    keeping.write(2, [], 3)
    assert set(server.rows) == {name_of(one)}


@pytest.mark.parametrize(
    ("code", "details", "said"),
    [
        ("DEADLINE_EXCEEDED", "Deadline Exceeded", "deadline exceeded: Deadline Exceeded"),
        ("UNAUTHENTICATED", "auth check failure", "unauthenticated: auth check failure"),
        ("PERMISSION_DENIED", "no right to it", "permission denied: no right to it"),
        ("RESOURCE_EXHAUSTED", "too much", "resource exhausted: too much"),
    ],
)
def test_what_the_line_refuses_is_said_in_words(server, code, details, said):
    import grpc

    answer = {"code": lambda _: SimpleNamespace(name=code), "details": lambda _: details}
    server.fails = type("Refused", (grpc.RpcError,), answer)()
    with pytest.raises(LibraryError, match=f"Milvus at .*: {said}; .*MILVUS_TOKEN"):
        MilvusCollection("some").publication()


def test_a_collection_that_the_server_does_not_hold_in_memory_is_loaded_when_it_is_asked(server, one):
    """After a restart of the server, and once somebody released it; what else goes wrong is told."""
    from pymilvus import MilvusException

    server.released.add(name_of(one))
    assert np.array_equal(one.vectors(np.arange(40)), VECTORS[:40])
    assert server.released == set()
    server.query = lambda *_, **__: (_ for _ in ()).throw(MilvusException(1, "no such field"))
    with pytest.raises(LibraryError, match="no such field"):
        one.vectors(np.arange(40))


def test_a_server_that_hangs_and_one_that_refuses_are_library_errors(server):
    import grpc
    from pymilvus import MilvusException

    server.fails = grpc.FutureTimeoutError()
    with pytest.raises(LibraryError, match="it did not answer in time"):
        MilvusCollection("some").publication()
    server.fails = MilvusException(message="collection is not loaded")
    with pytest.raises(LibraryError, match="collection is not loaded"):
        MilvusCollection("some").publication()
