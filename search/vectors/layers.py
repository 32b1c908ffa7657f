"""The layers of a snapshot: reading several files as one array, and choosing the layers that a publication keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from search.model import Ids
from search.vectors.mapped import release

MOST: Final = 8
"""The most layers of a snapshot: each costs a search some hundredths of a millisecond."""
SIZE_RATIO: Final = 2
"""The last layer that stays is more than this many times as large as the layer written after it. So layer sizes fall
like powers of two, and in total a segment is written only a few times."""
GONE_SHARE: Final = 4
"""A layer is rewritten when more than one in this many of its rows is gone."""
RETRAIN_GROWTH: Final = 2.0
"""Lists are trained again if the library grew by more than this factor since, or if more than half of it is new."""


T = TypeVar("T", bound=np.generic)


class LayerRows(Generic[T]):
    """The rows of several mapped files, concatenated."""

    def __init__(self, parts: Sequence[NDArray[T]]) -> None:
        """``parts`` (n, dim) each, at least one."""
        self._parts = list(parts)
        self._starts = np.cumsum([0, *(len(part) for part in parts)])
        self.shape = (int(self._starts[-1]), parts[0].shape[1])

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, some: slice | Ids | NDArray[np.intp]) -> NDArray[T]:
        """The rows of a slice, or the rows with these numbers."""
        if len(self._parts) == 1:
            return self._parts[0][some]
        return self.take(np.arange(*some.indices(len(self))) if isinstance(some, slice) else some)

    def take(self, numbers: Ids | NDArray[np.intp]) -> NDArray[T]:
        """The rows (..., dim) with these ``numbers`` (...); -1 is the last row."""
        if len(self._parts) == 1:
            return np.take(self._parts[0], numbers, axis=0)
        flat = np.where(numbers < 0, numbers + len(self), numbers).ravel()
        found = np.empty((flat.size, self.shape[1]), self._parts[0].dtype)
        part_of = np.searchsorted(self._starts, flat, side="right") - 1
        for part in np.unique(part_of).tolist():
            here = part_of == part
            found[here] = self._parts[part][flat[here] - self._starts[part]]
        return found.reshape(*numbers.shape, self.shape[1])

    def release(self) -> None:
        """Let the system drop the pages that this process has read."""
        for part in self._parts:
            release(part)


@dataclass(frozen=True, slots=True)
class Extent:
    """What decides whether a layer stays: its ``rows``, how many of these are ``gone``, and its ``last`` id.

    A ``worn`` layer never stays.
    """

    rows: int
    gone: int
    last: int
    worn: bool = False

    @property
    def remaining(self) -> int:
        """The rows that are not gone."""
        return self.rows - self.gone


def unchanged_layers(layers: Sequence[Extent], new_ids: Ids, size: int | None = None) -> int:
    """How many of the first ``layers`` stay as they are when segments ``new_ids`` (n,) are added; the rest are merged.

    ``new_ids`` are ascending. ``size`` is the size of the new segments in the unit of the layers' ``rows``; by default
    their number.

    >>> big, small = Extent(1000, 0, 1000), Extent(10, 0, 1010)
    >>> unchanged_layers([big, small], np.arange(1011, 1014)), unchanged_layers([big, small], np.arange(1011, 1031))
    (2, 1)
    """
    forced = [
        number
        for number, layer in enumerate(layers)
        if layer.worn or GONE_SHARE * layer.gone > layer.rows or (new_ids.size and new_ids[0] <= layer.last)
    ]
    stay = min([len(layers), *forced])
    size = (int(new_ids.size) if size is None else size) + sum(layer.remaining for layer in layers[stay:])
    while stay and size and (stay >= MOST or layers[stay - 1].remaining <= SIZE_RATIO * size):
        stay -= 1
        size += layers[stay].remaining
    return stay


def fits(count: int, fresh: int, trained_count: int) -> bool:
    """Whether lists trained for ``trained_count`` rows still fit ``count`` rows, of which ``fresh`` are new."""
    return trained_count > 0 and count <= RETRAIN_GROWTH * trained_count and fresh <= count / RETRAIN_GROWTH
