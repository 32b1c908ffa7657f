"""Two vector databases that run inside the calling process, as engines of the search benchmark: LanceDB and zvec.

Install them for a run (``pip install lancedb zvec``); they are not in the extra ``bench``. Their filters are
expressions over columns, so each filter of the benchmark becomes a boolean column.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.index.engines import BUILD_EFFORT, EFFORTS, LINKS, Filtering, chunks
from search.model import Bitmap, HalfVectors, Ids, Vectors


class _Columns:
    """The filters of a folder as columns ``f0``, ``f1`` ..."""

    def __init__(self, folder: Path) -> None:
        self._bits = [np.load(file) for file in sorted(folder.parent.glob("filter-*.npy"))]
        self._known: dict[int, str] = {}

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [f"f{number}" for number in range(len(self._bits))]

    def of(self, ids: Ids) -> list[NDArray[np.bool_]]:
        """Return the values (n,) of each column at ``ids`` (n,)."""
        return [(bits[ids >> 3] >> (ids & 7).astype(np.uint8) & 1) != 0 for bits in self._bits]

    def expression(self, among: Bitmap | None) -> str | None:
        """Return the expression that lets only ``among`` pass."""
        if among is None:
            return None
        if id(among) not in self._known:
            number = next(n for n, bits in enumerate(self._bits) if np.array_equal(bits, among))
            self._known[id(among)] = f"f{number} = true"
        return self._known[id(among)]


def _padded(hits: Ids, k: int) -> Ids:
    return np.append(hits[:k], np.full(max(0, k - len(hits)), -1, np.int64))


class LanceDb:
    """LanceDB with the index that its documentation recommends for recall and speed: a graph over 8-bit vectors.

    Twice as many candidates as requested hits are re-ranked exactly.
    """

    name = "lancedb"
    module = "lancedb"
    settings = f"IVF_HNSW_SQ, one part, m={LINKS}, ef_construction={BUILD_EFFORT}, refine_factor=2"
    filtering: Filtering = "inside"
    efforts: tuple[int, ...] = EFFORTS

    def build(self, rows: HalfVectors, folder: Path, threads: int = 0) -> None:
        """See `Engine`."""
        import lancedb
        import pyarrow as pa
        from lancedb.index import HnswSq

        columns, dim = _Columns(folder), rows.shape[1]
        schema = pa.schema(
            [
                ("id", pa.int64()),
                *((name, pa.bool_()) for name in columns.names),
                ("vector", pa.list_(pa.float32(), dim)),
            ]
        )
        table = lancedb.connect(folder).create_table("vectors", schema=schema)
        for ids, part in chunks(rows):
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(part.ravel()), dim)
            flags = [pa.array(column) for column in columns.of(ids)]
            table.add(pa.Table.from_arrays([pa.array(ids), *flags, vectors], schema=schema))
        config = HnswSq(distance_type="dot", num_partitions=1, m=LINKS, ef_construction=BUILD_EFFORT)
        table.create_index("vector", config=config)

    def open(self, rows: HalfVectors, folder: Path) -> None:
        """See `Engine`."""
        import lancedb

        self._table: Any = lancedb.connect(folder).open_table("vectors")
        self._columns = _Columns(folder)
        self._effort = EFFORTS[0]

    def set_effort(self, effort: int) -> None:
        """See `Engine`."""
        self._effort = effort

    def search(self, query: Vectors, k: int, among: Bitmap | None) -> Ids:
        """See `Engine`."""
        asked = self._table.search(query[0], vector_column_name="vector").distance_type("dot").limit(k).nprobes(1)
        asked = asked.ef(max(self._effort, 2 * k)).refine_factor(2).select(["id", "_distance"])
        expression = self._columns.expression(among)
        if expression is not None:
            asked = asked.where(expression, prefilter=True)
        return _padded(asked.to_arrow()["id"].to_numpy().astype(np.int64), k)


class Zvec:
    """zvec: a graph over float32, or a scan if the filter lets few vectors pass."""

    name = "zvec"
    module = "zvec"
    settings = f"HNSW, float32, m={LINKS}, ef_construction={BUILD_EFFORT}"
    filtering: Filtering = "inside"
    efforts: tuple[int, ...] = EFFORTS

    def build(self, rows: HalfVectors, folder: Path, threads: int = 0) -> None:
        """See `Engine`."""
        import zvec

        zvec.init(log_level=zvec.LogLevel.ERROR)
        columns = _Columns(folder)
        schema = zvec.CollectionSchema(
            name="vectors",
            fields=[zvec.FieldSchema(name, zvec.DataType.BOOL, nullable=False) for name in columns.names],
            vectors=zvec.VectorSchema(
                "vector",
                zvec.DataType.VECTOR_FP32,
                rows.shape[1],
                index_param=zvec.HnswIndexParam(metric_type=zvec.MetricType.IP, m=LINKS, ef_construction=BUILD_EFFORT),
            ),
        )
        collection = zvec.create_and_open(str(folder / "collection"), schema)
        for ids, part in chunks(rows):
            flags = np.stack(columns.of(ids), axis=1).tolist()
            for start in range(0, len(ids), 1000):
                collection.insert(
                    [
                        zvec.Doc(
                            id=str(key), vectors={"vector": row}, fields=dict(zip(columns.names, one, strict=True))
                        )
                        for key, row, one in zip(
                            ids[start : start + 1000].tolist(),
                            part[start : start + 1000].tolist(),
                            flags[start : start + 1000],
                            strict=True,
                        )
                    ]
                )
        collection.optimize(zvec.OptimizeOption(concurrency=threads))
        collection.flush()
        collection.close()

    def open(self, rows: HalfVectors, folder: Path) -> None:
        """See `Engine`."""
        import zvec

        zvec.init(log_level=zvec.LogLevel.ERROR, query_threads=1)
        self._collection: Any = zvec.open(str(folder / "collection"), zvec.CollectionOption(read_only=True))
        self._columns = _Columns(folder)
        self._effort = EFFORTS[0]

    def set_effort(self, effort: int) -> None:
        """See `Engine`."""
        self._effort = effort

    def search(self, query: Vectors, k: int, among: Bitmap | None) -> Ids:
        """See `Engine`."""
        import zvec

        asked = zvec.Query(field_name="vector", vector=query[0], param=zvec.HnswQueryParam(ef=self._effort))
        hits = self._collection.query(asked, topk=k, filter=self._columns.expression(among), output_fields=[])
        return _padded(np.array([int(hit.id) for hit in hits], np.int64), k)
