"""The few things of FAISS that need care: its files, its threads, its bare pointers. Nothing here decides anything."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from search.errors import SnapshotError, printable
from search.model import Bitmap, Ids


def read(path: Path, *, mapped: bool) -> Any:  # noqa: ANN401 -- an index of whatever class the file says
    """An index from a file: mapped, which must never be changed (FAISS aborts the process), or in memory.

    Raises SnapshotError when FAISS cannot read it.
    """
    try:
        return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if mapped else 0)
    except RuntimeError as error:
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


@cache
def thread_budget() -> int:
    """What a call over many queries or rows may use: what OpenMP had when this process first asked."""
    return int(faiss.omp_get_max_threads())


def use_threads(count: int) -> None:
    """How many threads FAISS may use for the next calls of this thread; each thread has a setting of its own."""
    thread_budget()
    faiss.omp_set_num_threads(count)
