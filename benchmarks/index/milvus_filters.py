"""Filters in Milvus: as ranges of ids with more candidates, as the engine does, compared with a predicate on a column.

    MILVUS_URI=http://127.0.0.1:19530 python -m benchmarks.index.milvus_filters --segments 50000

For the predicate, a second collection stores what the filter asks for as a column (``chance`` for scattered segments,
``folder`` for contiguous ones). This is the best that `where` could become in Milvus. Both collections have the same
vectors, the same graph and the same search width. Both fetch the vectors of their candidates and score them exactly.
Milliseconds are for one question at a time, the least of three. `make test-cluster` starts a server for tests, and
``python -m tests.cluster.milvus PYTHON COMMAND ...`` starts one for this command.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import report_progress
from benchmarks.common.report import markdown_table
from benchmarks.index.child import K, recall
from benchmarks.index.vectors import VectorSource, synthetic_anchors
from search import wiring
from search.errors import UsageError
from search.ground.ending import with_status
from search.ground.extras import is_installed
from search.model import Bitmap, Ids, IndexChange, Vectors

DIM: Final = 384
CANDIDATES: Final = 200
"""As many as `search.vectors.milvus` re-ranks."""
FOLDERS: Final = 100
SHARES: Final = (0.5, 0.1, 0.01, 0.001)
ROUNDS: Final = 3
_ROWS_AT_ONCE: Final = 1_000
_NAME: Final = "soundalike_benchmark_columns"
_WRITE_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Filter:
    """What passes: its ids, and the equivalent predicate on the columns."""

    name: str
    ids: Ids
    predicate: str


@dataclass(frozen=True, slots=True)
class Way:
    """One way through one filter: recall@10, the fewest hits for a question with ten to find, milliseconds."""

    recall: float
    fewest: int
    median_ms: float
    p95_ms: float


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.index.milvus_filters", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--segments", type=int, default=50_000, metavar="N")
    parser.add_argument("--queries", type=int, default=50, metavar="N")
    parser.add_argument("--seed", type=int, default=7, metavar="N")
    args = parser.parse_args(argv)
    if args.segments < 1_000 or args.queries < 1:
        raise UsageError("--segments must be at least 1000, --queries at least 1")
    if not is_installed("pymilvus"):
        raise UsageError("pymilvus is not installed: pip install 'soundalike[milvus]'")
    source = VectorSource(synthetic_anchors(5_000, DIM, args.seed), args.seed)
    rows = np.concatenate(list(source.chunks(args.segments))).astype(np.float16).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    print(measured(rows, source.queries(args.queries), args.seed))
    print(f"{args.segments:,} vectors of {DIM}, {source.description}; {args.queries} questions; Milvus at {_address()}")
    print(this_machine().sentence(), f"load {os.getloadavg()[0]:.1f}")
    return 0


def measured(rows: Vectors, queries: Vectors, seed: int) -> str:
    """Return the table of both ways through every filter."""
    ids = np.arange(1, len(rows) + 1)
    chance = np.random.default_rng(seed).random(len(rows)).astype(np.float32)
    exact = wiring.exact_index(rows.shape[1])
    exact.add(ids, rows)
    report_progress("filling the index as the engine has it ...")
    with tempfile.TemporaryDirectory() as folder:
        index = wiring.index_kind("milvus")(Path(folder) / "index", rows.shape[1], "cpu")
        index.publish(lambda _since: [IndexChange(1, ids, rows)], 1)
        report_progress("filling a collection with columns ...")
        columns = _Columns(ids, rows, chance)
        try:
            lines = []
            for one in _filters(ids, chance):
                report_progress(f"{one.name} ...")
                among = _bitmap(one.ids)
                truth = exact.search(queries, K, among)[1]
                ranges = _way(lambda query: index.view.search(query[None], K, among)[1][0], queries, truth)  # noqa: B023  called at once
                pushed = _way(lambda query: columns.search(query, one.predicate), queries, truth)  # noqa: B023  called at once
                lines += [_line(one, "ranges of ids", ranges), _line(one, "a predicate", pushed)]
        finally:
            columns.drop()
            _drop(index.view)
    return markdown_table(
        ("filter", "expressed as", "vectors that pass", "recall@10", "fewest hits", "median ms", "p95 ms"), lines
    )


def _filters(ids: Ids, chance: np.ndarray[Any, Any]) -> Iterator[Filter]:
    folder = ids * FOLDERS // (len(ids) + 1)
    yield Filter("a folder", ids[folder == FOLDERS // 2], f"folder == {FOLDERS // 2}")
    few = [3, 17, 40, 41, 77]
    yield Filter("five folders", ids[np.isin(folder, few)], f"folder in {few}")
    for share in SHARES:
        yield Filter(f"{share:.1%} here and there", ids[chance < np.float32(share)], f"chance < {share}")


def _line(one: Filter, what: str, way: Way) -> list[str]:
    figures = (f"{way.recall:.3f}", str(way.fewest), f"{way.median_ms:.1f}", f"{way.p95_ms:.1f}")
    return [one.name, what, f"{one.ids.size:,}", *figures]


def _way(search: Callable[[Vectors], Ids], queries: Vectors, truth: Ids) -> Way:
    found = [search(query) for query in queries]
    took_ms = np.full(len(queries), np.inf)
    for _ in range(ROUNDS):
        for place, query in enumerate(queries):
            began = time.perf_counter()
            search(query)
            took_ms[place] = min(took_ms[place], 1e3 * (time.perf_counter() - began))
    wanted = (truth >= 0).sum(axis=1)
    fewest = min(int((ids >= 0).sum()) for ids, n in zip(found, wanted, strict=True) if n == K)
    median, p95 = (float(value) for value in np.percentile(took_ms, (50, 95)))
    return Way(float(np.mean([recall(ids, true) for ids, true in zip(found, truth, strict=True)])), fewest, median, p95)


class _Columns:
    """A collection whose rows also have the columns that filters ask for."""

    def __init__(self, ids: Ids, rows: Vectors, chance: np.ndarray[Any, Any]) -> None:
        from pymilvus import DataType, MilvusClient

        self._client = MilvusClient(uri=_address())
        self._client.drop_collection(_NAME, timeout=_WRITE_S)
        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("chance", DataType.FLOAT)
        schema.add_field("folder", DataType.INT64)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=rows.shape[1])
        index = self._client.prepare_index_params()
        shape = {"M": 16, "efConstruction": 200}
        index.add_index("vector", index_type="HNSW", metric_type="IP", params=shape)
        self._client.create_collection(_NAME, schema=schema, index_params=index, timeout=_WRITE_S)
        folders = ids * FOLDERS // (len(ids) + 1)
        for start in range(0, ids.size, _ROWS_AT_ONCE):
            some = range(start, min(start + _ROWS_AT_ONCE, ids.size))
            data = [
                {"id": int(ids[at]), "chance": float(chance[at]), "folder": int(folders[at]), "vector": rows[at]}
                for at in some
            ]
            self._client.upsert(_NAME, data, timeout=_WRITE_S)
        # as `MilvusBase` makes sure that its writes are visible
        self._client.query(_NAME, filter="id == 1", consistency_level="Strong", timeout=_WRITE_S)

    def search(self, query: Vectors, predicate: str) -> Ids:
        """Return at most K ids, best first, by the exact scores of the candidates."""
        (hits,) = self._client.search(
            _NAME,
            data=[query],
            limit=CANDIDATES,
            anns_field="vector",
            filter=predicate,
            output_fields=["vector"],
            search_params={"metric_type": "IP", "params": {"ef": CANDIDATES}},
            consistency_level="Bounded",
        )
        if not hits:
            return np.empty(0, np.int64)
        found = np.asarray([hit["id"] for hit in hits], np.int64)
        vectors = np.asarray([hit["entity"]["vector"] for hit in hits], np.float32)
        return found[np.argsort(-(vectors @ query), kind="stable")[:K]]

    def drop(self) -> None:
        """Delete the collection."""
        self._client.drop_collection(_NAME, timeout=_WRITE_S)


def _bitmap(ids: Ids) -> Bitmap:
    marks = np.zeros(int(ids.max()) + 1, np.bool_)
    marks[ids] = True
    return np.packbits(marks, bitorder="little")


def _address() -> str:
    return os.environ.get("MILVUS_URI", "http://127.0.0.1:19530")


def _drop(view: Any) -> None:  # noqa: ANN401  only the view of Milvus has this attribute
    view.base._collection.drop()


if __name__ == "__main__":
    sys.exit(main())
