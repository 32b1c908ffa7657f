"""What finds the nearest among vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from search.model import Bitmap, Ids, IndexChange, Scores, Vectors
from search.settings import Device


class VectorIndex(Protocol):
    """Nearest vectors by inner product of unit rows (cosine), in one state of an index that never changes.

    Threads share it and never wait for each other.

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
        """(q, dim) -> scores and ids (q, k), best first, equal scores by ascending id; absent = -inf / -1.

        ``among`` restricts the search itself, not its result: k hits come back whenever k segments pass.
        """

    def vectors(self, ids: Ids) -> Vectors:
        """The rows of these ids (n, dim), in their order. Raises LibraryError for an id that is not there."""

    def ids(self) -> Ids:
        """The ids (n,) of every segment that would be found, ascending."""

    def __len__(self) -> int:
        """How many vectors would be found."""


@runtime_checkable
class RecallIndex(VectorIndex, Protocol):
    """A `VectorIndex` that misses some of the nearest as a rule, and can be asked for how many it finds."""

    def reaching(self, recall: float) -> VectorIndex:
        """The same state, searched with as much effort as finds this part of the nearest ten."""


ChangesSince: TypeAlias = Callable[[int], Iterable[IndexChange]]
"""The changes of a space after a catalog sequence, in their order (`CatalogReader.changes`)."""


class SpaceIndex(Protocol):
    """The index of one space: it follows the catalog, and one writer publishes it.

    What it keeps on disk is derived: from nothing it comes to the same state by following the catalog from 0.

    Examples:
        >>> space = library.spaces.get()
        >>> index = library.index_kind.open(library.spaces.folder(space) / "index", space.dim, "cpu")
        >>> len(index.view), index.verify()
        (4, [])
    """

    @property
    def view(self) -> VectorIndex:
        """The present state; a later change makes another one."""

    def follow(self, changes: ChangesSince) -> VectorIndex:
        """Take over what was published meanwhile, apply the changes since, and give the state that this makes."""

    def publish(self, changes: ChangesSince, sequence: int) -> None:
        """Keep the state of catalog sequence ``sequence``, so that whoever opens the index later begins there.

        ``changes`` may go beyond it. Only the holder of the library's lease calls this.
        """

    def verify(self) -> list[str]:
        """What is damaged of what is kept, a line each; none when it is sound."""


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
        """The index as it was last published, empty at sequence 0 where it never was; the folder may be absent.

        One that only publishes (not ``searches``) need not load what searching needs. A search visits so much of the
        usual as ``effort`` says: less is faster and misses more; or, where ``recall`` is given, as much as finds
        that part of the nearest ten. One that misses nothing need not heed either. Raises
        UsageError for a device that is not there.
        """


@runtime_checkable
class OnServer(Protocol):
    """What an `IndexFactory` is as well, when its indexes lie on a server."""

    def server(self) -> str:
        """Where the server is and what it is, as it answers within some seconds. Raises LibraryError, UsageError."""
