"""Vector indexes: nearest-neighbour search."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from search.model import Bitmap, Ids, IndexChange, Scores, Vectors
from search.settings import Device


class VectorIndex(Protocol):
    """An immutable state of an index. It finds the nearest vectors by inner product of unit rows (cosine similarity).

    Threads share it without waiting for each other.

    Examples:
        >>> index = library.view().of()[0].index
        >>> scores, ids = index.search(index.vectors(index.ids()[:1]), k=2)
        >>> scores.shape, round(float(scores[0, 0]), 2), bool(ids[0, 0] == index.ids()[0])
        ((1, 2), 1.0, True)
    """

    @property
    def sequence(self) -> int:
        """The catalog sequence that this state reflects; 0 before any change."""

    def search(self, queries: Vectors, k: int, among: Bitmap | None = None) -> tuple[Scores, Ids]:
        """Find the ``k`` nearest of each query (q, dim): scores and ids (q, k), best first, ties by ascending id.

        Missing hits have the score -inf and the id -1. ``among`` restricts the search itself and not its result: if k
        segments pass, k hits come back.
        """

    def vectors(self, ids: Ids) -> Vectors:
        """Return the vectors (n, dim) of these ids, in the same order. Raises LibraryError for an unknown id."""

    def ids(self) -> Ids:
        """Return the ids (n,) of all searchable segments, ascending."""

    def __len__(self) -> int:
        """Return the number of searchable vectors."""


@runtime_checkable
class RecallIndex(VectorIndex, Protocol):
    """An approximate `VectorIndex` whose recall can be chosen."""

    def reaching(self, recall: float) -> VectorIndex:
        """Return the same state, searched with enough effort to find this share of the ten nearest."""


ChangesSince: TypeAlias = Callable[[int], Iterable[IndexChange]]
"""Maps a catalog sequence to the changes of a space after it, in order (`CatalogReader.changes`)."""


class SpaceIndex(Protocol):
    """The index of one space. It follows the catalog, and one writer publishes it.

    Its files are derived data: an empty index that follows the catalog from 0 reaches the same state.

    Examples:
        >>> space = library.spaces.get()
        >>> index = library.index_kind.open(library.spaces.folder(space) / "index", space.dim, "cpu")
        >>> len(index.view), index.verify()
        (4, [])
    """

    @property
    def view(self) -> VectorIndex:
        """The current state. A later change makes a new one."""

    def follow(self, changes: ChangesSince) -> VectorIndex:
        """Load what was published since, apply the changes after it, and return the new state."""

    def publish(self, changes: ChangesSince, sequence: int) -> None:
        """Save the state of catalog sequence ``sequence``, where later readers of the index start.

        ``changes`` may go beyond that sequence. Only the holder of the library's lease calls this.
        """

    def verify(self) -> list[str]:
        """Check the saved files. Return one line for each defect; empty if there are none."""


class IndexFactory(Protocol):
    """A kind of index: opens the `SpaceIndex` of one space in its folder (entry points ``soundalike.indexes``).

    Examples:
        >>> space = library.spaces.get()
        >>> index = library.index_kind.open(library.spaces.folder(space) / "index", space.dim, "cpu")
        >>> len(index.follow(lambda since: library.reader.changes(space.id, since)))
        4
    """

    def __call__(
        self,
        directory: Path,
        dim: int,
        device: Device,
        *,
        searches: bool = True,
        effort: float = 1.0,
        recall: float | None = None,
    ) -> SpaceIndex:
        """Open the index as it was last published; empty at sequence 0 if it never was. The folder may be absent.

        * ``searches``: if false, the index only publishes and need not load what searching needs.
        * ``effort``: how much of the index a search visits, as a multiple of the normal amount (1). Less is faster and
          misses more.
        * ``recall``: instead of ``effort``, visit enough to find this share of the ten nearest.

        An exact index may ignore ``effort`` and ``recall``. Raises UsageError if the device is not available.
        """


@runtime_checkable
class OnServer(Protocol):
    """An `IndexFactory` whose indexes are on a server."""

    def server(self) -> str:
        """Ask the server for its address and version, with a timeout of seconds. Raises LibraryError, UsageError."""
