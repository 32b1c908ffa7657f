"""The few things of FAISS that need care: its files, its threads, its bare pointers. Nothing here decides anything."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import faiss
import numpy as np

from search.errors import SnapshotError, printable
from search.model import Bitmap, Ids

MOST_LISTS: Final = 1 << 20
"""More are damage. A number of a damaged file is else believed, and that much memory asked for."""
_reading = threading.Lock()


def read(path: Path, *, mapped: bool) -> Any:  # noqa: ANN401 -- an index of whatever class the file says
    """An index from a file: mapped, which must never be changed (FAISS aborts the process), or in memory.

    Raises SnapshotError when FAISS cannot read it.
    """
    try:
        size_bytes = path.stat().st_size
        with _reading:  # these are the process's: whoever reads beside it has a file of another size
            limits: Any = faiss
            limits.set_deserialization_vector_byte_limit(size_bytes)
            limits.set_deserialization_loop_limit(MOST_LISTS)
            return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if mapped else 0)
    except (RuntimeError, MemoryError, OSError) as error:
        raise SnapshotError(
            f"{printable(str(path))} is no FAISS index that can be read; soundalike reindex makes it anew"
        ) from error


def write(index: faiss.Index, path: Path) -> None:
    """Write an index. Raises OSError when the disk refuses."""
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:  # FAISS reports a short write in words and drops errno
        raise OSError(f"FAISS: {str(error).splitlines()[-1]}") from error


def selector_of(members: Bitmap) -> faiss.IDSelectorBitmap:
    """``members`` for FAISS, which reads the caller's array: it has to outlive the selector."""
    return faiss.IDSelectorBitmap(members.size, faiss.swig_ptr(members))


def ids_by_list(index: faiss.Index) -> Iterator[tuple[int, Ids]]:
    """The number of each inverted list that is not empty, with a copy of its ids in their order."""
    lists: Any = faiss.extract_index_ivf(index).invlists
    for number in range(lists.nlist):
        size = lists.list_size(number)
        if size:
            yield number, np.array(faiss.rev_swig_ptr(lists.get_ids(number), size), np.int64)


class Layers:
    """The compressed indexes of layers as one: a search goes through a list of each, side by side."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """The first of ``paths`` has the centres, for all. Raises SnapshotError where they do not fit together."""
        self._layers = [read(path, mapped=True) for path in paths]  # FAISS keeps bare pointers into them
        self.index = self._layers[0]
        if len(self._layers) == 1:
            return
        lists: list[Any] = [faiss.extract_index_ivf(layer).invlists for layer in self._layers]
        for path, some in zip(paths, lists, strict=True):
            if (some.nlist, some.code_size) != (lists[0].nlist, lists[0].code_size):
                raise SnapshotError(f"{printable(str(path))} has other lists than the layers before it")
        pointers: Any = faiss.InvertedListsPtrVector()  # type: ignore[attr-defined]  # its stubs lack it
        for some in lists:
            pointers.push_back(some)
        self._side_by_side = faiss.HStackInvertedLists(pointers.size(), pointers.data())
        # one more of the first, which lets go of the lists it has when it is given others
        self.index = read(paths[0], mapped=True)
        faiss.extract_index_ivf(self.index).replace_invlists(self._side_by_side, False)

    def ids_by_list(self) -> Iterator[tuple[int, Ids]]:
        """As the function, of one layer after the other."""
        for layer in self._layers:
            yield from ids_by_list(layer)


def without_centres(index: faiss.IndexIVF) -> faiss.IndexIVFRaBitQ:
    """An empty index for the rows of a layer: the lists of ``index``, and its centres as long as that is there."""
    like: Any = faiss.downcast_index(index)
    empty = faiss.IndexIVFRaBitQ(like.quantizer, like.d, like.nlist, like.metric_type, True, like.rabitq.nb_bits)
    empty.is_trained = True
    return empty


def take_over(index: faiss.IndexIVF, path: Path) -> None:
    """Move what is in the lists of a file into those of ``index``, which has the same."""
    holder = read(path, mapped=False)  # owns what the next looks into
    other: Any = faiss.extract_index_ivf(holder)
    lists: Any = index.invlists
    lists.merge_from(other.invlists, 0)
    index.ntotal += other.ntotal


@cache
def thread_budget() -> int:
    """What a call over many queries or rows may use: what OpenMP had when this process first asked."""
    return int(faiss.omp_get_max_threads())


def use_threads(count: int) -> None:
    """How many threads FAISS may use for the next calls of this thread; each thread has a setting of its own."""
    thread_budget()
    faiss.omp_set_num_threads(count)
