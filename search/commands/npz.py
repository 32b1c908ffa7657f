"""Write NPZ files larger than memory: arrays of known shapes, block by block.

An ``.npz`` is a zip of ``.npy`` files. `numpy.savez` needs whole arrays.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import DTypeLike, NDArray

from search.errors import UsageError, printable
from search.snapshots.single import replacing

BLOCK_ROWS: Final = 4096
"""Rows that are converted and written together, for blocks of any length."""


class NpzArchive:
    """An open NPZ file, to which arrays are added one after the other."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def add(self, name: str, dtype: DTypeLike, shape: tuple[int, ...], blocks: Iterable[NDArray[Any]]) -> None:
        """Add an array of this type and shape, ``(rows, ...)``, with its rows in ``blocks``.

        Raises ValueError if the number of rows differs from the shape.
        """
        kind, rows = np.dtype(dtype), 0
        with self._archive.open(f"{name}.npy", "w", force_zip64=True) as member:
            header = {"descr": npy.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
            npy.write_array_header_1_0(member, header)
            for block in blocks:
                rows += len(block)
                for start in range(0, len(block), BLOCK_ROWS):
                    member.write(block[start : start + BLOCK_ROWS].astype(kind).tobytes())
        if rows != shape[0]:
            raise ValueError(f"{name} has {rows} rows, not {shape[0]}")

    def add_value(self, name: str, value: str) -> None:
        """Add a zero-dimensional array with a text."""
        with self._archive.open(f"{name}.npy", "w") as member:
            npy.write_array(member, np.array(value), allow_pickle=False)


def check_name(out: Path) -> None:
    """Raises UsageError if the file does not end in .npz. Call it before long work."""
    if out.suffix != ".npz":
        raise UsageError(f"{printable(str(out))}: arrays can be written as .npz only")


@contextmanager
def writing(out: Path) -> Iterator[NpzArchive]:
    """Write ``out`` atomically: if the block raises, an existing file stays unchanged.

    Raises UsageError if it cannot be written, or does not end in .npz.
    """
    check_name(out)
    try:
        with replacing(out) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            yield NpzArchive(archive)
    except OSError as error:
        raise UsageError(f"{printable(str(out))}: cannot be written ({error.strerror})") from error
