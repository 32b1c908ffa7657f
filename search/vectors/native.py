"""The parts of FAISS that need care: files, threads and raw pointers. No search logic here."""

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
"""A file with more lists is damaged. Without a limit FAISS would trust the number and allocate that much memory."""
_reading = threading.Lock()


def read(path: Path, *, mapped: bool) -> Any:  # noqa: ANN401 -- the class of the index depends on the file
    """Read an index from a file: mapped, or into memory. Never change a mapped one: FAISS would abort the process.

    Raises SnapshotError if FAISS cannot read it.
    """
    try:
        size_bytes = path.stat().st_size
        with _reading:  # the limits are global to the process, and another thread may read a file of another size
            limits: Any = faiss
            limits.set_deserialization_vector_byte_limit(size_bytes)
            limits.set_deserialization_loop_limit(MOST_LISTS)
            return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if mapped else 0)
    except (RuntimeError, MemoryError, OSError) as error:
        raise SnapshotError(
            f"{printable(str(path))} is not a readable FAISS index; soundalike reindex rebuilds it"
        ) from error


def write(index: faiss.Index, path: Path) -> None:
    """Write an index. Raises OSError if the disk refuses."""
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:  # FAISS reports a short write as text, without errno
        raise OSError(f"FAISS: {str(error).splitlines()[-1]}") from error


def selector_of(members: Bitmap) -> faiss.IDSelectorBitmap:
    """A FAISS selector over ``members``. FAISS reads the caller's array, which must outlive the selector."""
    return faiss.IDSelectorBitmap(members.size, faiss.swig_ptr(members))


def ids_by_list(index: faiss.Index) -> Iterator[tuple[int, Ids]]:
    """Yield the number of each nonempty inverted list, with a copy of its ids in stored order."""
    lists: Any = faiss.extract_index_ivf(index).invlists
    for number in range(lists.nlist):
        size = lists.list_size(number)
        if size:
            yield number, np.array(faiss.rev_swig_ptr(lists.get_ids(number), size), np.int64)


class Layers:
    """The compressed indexes of several layers as one index: each list is stacked from the layers' lists."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """The first of ``paths`` has the centres for all. Raises SnapshotError if the files do not fit together."""
        self._layers = [read(path, mapped=True) for path in paths]  # FAISS keeps raw pointers into them
        self.index = self._layers[0]
        if len(self._layers) == 1:
            return
        lists: list[Any] = [faiss.extract_index_ivf(layer).invlists for layer in self._layers]
        for path, some in zip(paths, lists, strict=True):
            if (some.nlist, some.code_size) != (lists[0].nlist, lists[0].code_size):
                raise SnapshotError(f"{printable(str(path))} and the layers before it have different lists")
        pointers: Any = faiss.InvertedListsPtrVector()  # type: ignore[attr-defined]  # its stubs lack it
        for some in lists:
            pointers.push_back(some)
        self._side_by_side = faiss.HStackInvertedLists(pointers.size(), pointers.data())
        # read the first file again: replacing an index's lists drops the lists it had
        self.index = read(paths[0], mapped=True)
        faiss.extract_index_ivf(self.index).replace_invlists(self._side_by_side, False)

    def ids_by_list(self) -> Iterator[tuple[int, Ids]]:
        """As the function `ids_by_list`, for one layer after the other."""
        for layer in self._layers:
            yield from ids_by_list(layer)


def without_centres(index: faiss.IndexIVF) -> faiss.IndexIVFRaBitQ:
    """An empty index for the rows of a layer, with the parameters of ``index``. It borrows the centres of ``index``."""
    like: Any = faiss.downcast_index(index)
    empty = faiss.IndexIVFRaBitQ(like.quantizer, like.d, like.nlist, like.metric_type, True, like.rabitq.nb_bits)
    empty.is_trained = True
    return empty


def take_over(index: faiss.IndexIVF, path: Path) -> None:
    """Move the entries of a file's lists into the lists of ``index``, which must have the same lists."""
    holder = read(path, mapped=False)  # owns what ``other`` points into
    other: Any = faiss.extract_index_ivf(holder)
    lists: Any = index.invlists
    lists.merge_from(other.invlists, 0)
    index.ntotal += other.ntotal


@cache
def thread_budget() -> int:
    """The number of threads for a call over many queries or rows: OpenMP's setting when this was first called."""
    return int(faiss.omp_get_max_threads())


def use_threads(count: int) -> None:
    """Set how many threads FAISS may use for the next calls of this thread; the setting is per thread."""
    thread_budget()
    faiss.omp_set_num_threads(count)
