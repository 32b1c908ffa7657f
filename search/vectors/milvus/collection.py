"""One collection of a Milvus server: one row per segment, with its id as the key, and its vector.

The only module that uses pymilvus. Its errors become LibraryError, which names the server.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np

from search.errors import LibraryError, UsageError, printable
from search.ground.extras import is_installed, why_missing
from search.model import Ids, Vectors

if TYPE_CHECKING:
    from pymilvus import MilvusClient

ADDRESS: Final = "MILVUS_URI"
TOKEN: Final = "MILVUS_TOKEN"  # noqa: S105  a name
DEFAULT_ADDRESS: Final = "http://127.0.0.1:19530"

MOST_HITS: Final = 16_384
"""The most rows that the server returns at once."""
_ROWS_WRITTEN: Final = 1_000
"""1.5 MB at 384 dimensions."""
_ROWS_READ: Final = 4_096
_ANSWER_S: Final = 20.0
_WRITE_S: Final = 120.0
_LOOK_S: Final = 5.0
_NOT_LOADED: Final = 101
_EF_CONSTRUCTION, _LINKS, _LEAST_EF = 200, 16, 128

Consistency: TypeAlias = Literal["Strong", "Bounded"]
"""Strong: sees all acknowledged writes, after a wait. Bounded: may miss those of the last five seconds."""


class MilvusCollection:
    """A collection, by name. Threads share it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def make(self, dim: int) -> None:
        """Create the collection, replacing any of the same name."""
        from pymilvus import DataType

        with _asked() as client:
            client.drop_collection(self.name, timeout=_WRITE_S)
            schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
            schema.add_field("id", DataType.INT64, is_primary=True)
            schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
            index = client.prepare_index_params()
            shape = {"M": _LINKS, "efConstruction": _EF_CONSTRUCTION}
            index.add_index("vector", index_type="HNSW", metric_type="IP", params=shape)
            client.create_collection(self.name, schema=schema, index_params=index, timeout=_WRITE_S)

    def drop(self) -> None:
        """Delete the collection, if it exists."""
        with _asked() as client:
            client.drop_collection(self.name, timeout=_WRITE_S)

    def publication(self) -> str | None:
        """The last mark (see `mark`), '' if it has none; None if there is no such collection."""
        with _asked() as client:
            if not client.has_collection(self.name, timeout=_ANSWER_S):
                return None
            properties = client.describe_collection(self.name, timeout=_ANSWER_S)["properties"]
            return str(properties.get("soundalike.publication", ""))

    def mark(self, publication: str) -> None:
        """Store the name of the publication that the collection holds or is about to hold."""
        with _asked() as client:
            properties = {"soundalike.publication": publication}
            client.alter_collection_properties(self.name, properties, timeout=_WRITE_S)

    def put(self, ids: Ids, vectors: Vectors) -> None:
        """Insert or replace the vectors (n, dim) of ids (n,); the server has acknowledged them when this returns."""
        with _asked() as client:
            for start in range(0, ids.size, _ROWS_WRITTEN):
                some = slice(start, start + _ROWS_WRITTEN)
                pairs = zip(ids[some].tolist(), vectors[some], strict=True)
                client.upsert(self.name, [{"id": key, "vector": row} for key, row in pairs], timeout=_WRITE_S)

    def take_away(self, ids: Ids) -> None:
        """Delete ids (n,); unknown ones are ignored."""
        with _asked() as client:
            for start in range(0, ids.size, _ROWS_WRITTEN):
                client.delete(self.name, ids=ids[start : start + _ROWS_WRITTEN].tolist(), timeout=_WRITE_S)

    def nearest(self, queries: Vectors, n: int, among: str, level: Consistency) -> list[Ids]:
        """For each of ``queries`` (q, dim), at most ``n`` ids that are probably the nearest.

        ``among`` is a filter expression ('': no filter).
        """
        parameters = {"metric_type": "IP", "params": {"ef": max(n, _LEAST_EF)}}
        with _asked() as client:
            found: Sequence[Sequence[Mapping[str, Any]]] = self._read(
                client,
                client.search,
                data=list(queries),
                limit=n,
                anns_field="vector",
                filter=among,
                search_params=parameters,
                consistency_level=level,
            )
        return [np.asarray([hit["id"] for hit in hits], np.int64) for hits in found]

    def vectors(self, ids: Ids, dim: int, level: Consistency) -> tuple[Ids, Vectors]:
        """The ids (m,) among ``ids`` (n,) that the collection has, ascending, and their vectors (m, dim)."""
        keys, rows = [np.empty(0, np.int64)], [np.empty((0, dim), np.float32)]
        with _asked() as client:
            for start in range(0, ids.size, _ROWS_READ):
                found: Sequence[Mapping[str, Any]] = self._read(
                    client,
                    client.query,
                    ids=ids[start : start + _ROWS_READ].tolist(),
                    output_fields=["id", "vector"],
                    consistency_level=level,
                )
                keys.append(np.asarray([row["id"] for row in found], np.int64))
                rows.append(np.asarray([row["vector"] for row in found], np.float32).reshape(-1, dim))
        all_keys, all_rows = np.concatenate(keys), np.concatenate(rows)
        order = np.argsort(all_keys, kind="stable")
        return all_keys[order], all_rows[order]

    def _read(self, client: MilvusClient, ask: Callable[..., Any], **what: Any) -> Any:  # noqa: ANN401  as the client has it
        """Return the server's answer. If the collection is not in its memory, load it and ask again.

        That happens after a restart of the server, or after somebody released the collection.
        """
        from pymilvus import MilvusException

        try:
            return ask(self.name, timeout=_ANSWER_S, **what)
        except MilvusException as error:
            if error.code != _NOT_LOADED:
                raise
        client.load_collection(self.name, timeout=_WRITE_S)
        return ask(self.name, timeout=_ANSWER_S, **what)


def address() -> str:
    """The address of the server: ``MILVUS_URI``, or else this machine."""
    return os.environ.get(ADDRESS) or DEFAULT_ADDRESS


def require() -> None:
    """Raise UsageError if pymilvus is not installed."""
    if not is_installed("pymilvus"):
        raise UsageError(why_missing("an index in Milvus", "pymilvus") or "an index in Milvus needs pymilvus")


def server() -> str:
    """The server's address, version and response time. Raises LibraryError if it does not answer within seconds."""
    from pymilvus import MilvusClient

    with _translated(), closing(MilvusClient(address(), token=os.environ.get(TOKEN, ""), timeout=_LOOK_S)) as client:
        began = time.perf_counter()
        version = client.get_server_version(timeout=_LOOK_S)
        took_ms = 1e3 * (time.perf_counter() - began)
    return f"{address()} ({version}; {took_ms:.1f} ms a request)"


@contextmanager
def _asked() -> Iterator[Any]:
    """The client of the server; errors in the block become LibraryError."""
    with _translated():
        yield _client(address(), os.environ.get(TOKEN, ""))


@contextmanager
def _translated() -> Iterator[None]:
    """Turn errors of pymilvus into LibraryError."""
    import grpc
    from pymilvus import MilvusException  # imported here: it takes half a second, and loads pandas

    try:
        yield
    except (MilvusException, grpc.RpcError, grpc.FutureTimeoutError) as error:
        cause = printable(" ".join(_cause(error).split())[:300])
        asked = f"is it up, and are {ADDRESS} and {TOKEN} right?"
        raise LibraryError(f"Milvus at {printable(address())}: {cause}; {asked}") from error


def _cause(error: Exception) -> str:
    """The cause as text. pymilvus also passes on gRPC errors, which have a code and details."""
    if hasattr(error, "code") and hasattr(error, "details"):
        return f"{error.code().name.replace('_', ' ').lower()}: {error.details()}"
    return str(getattr(error, "message", error)) or "it did not answer in time"


@cache
def _client(where: str, token: str) -> MilvusClient:
    """One client per server. Threads share its connection, which reopens after a failure."""
    from pymilvus import MilvusClient

    return MilvusClient(uri=where, token=token, timeout=_ANSWER_S)
