"""The maps of a library: every clip at a place of a plane, what sounds alike near each other."""

from __future__ import annotations

from collections.abc import Callable

from search.library.givingway import GivingWay
from search.library.publisher import Publisher
from search.library.spaces import Spaces
from search.model import ClipMap
from search.overview.maps.drawing import MapReader
from search.snapshots.filling import nobody


class Maps:
    """Draws the maps of a library, one a space. `Library.maps` is one."""

    def __init__(self, spaces: Spaces, publisher: Publisher, *, giving_way: GivingWay) -> None:
        self._spaces = spaces
        self._publisher = publisher
        self._rest = giving_way.rest
        self._reader = MapReader()

    def read(self, space: str | None = None) -> ClipMap | None:
        """The 2-D layout of the clips, with those that came since; None when it was never drawn.

        Examples:
            >>> library.maps.read().xy.shape
            (5, 2)
        """
        view = self._spaces.view().of(space)[0]
        return self._reader.read(view, self._spaces.folder(view.space))

    def draw(
        self, space: str | None = None, progress: Callable[[int, int], None] = nobody, *, anew: bool = False
    ) -> ClipMap | None:
        """Add what came since to the map, or draw it (``anew``: from nothing, every place may change); takes minutes.

        ``progress(done, total)`` is called as contents are laid out; what it raises stops the job, and the
        map stays what it was. Holds the writer's lease meanwhile. Raises LibraryBusy when another writer does,
        UsageError where UMAP is not installed (the extra ``map``), LibraryUnwritable when it cannot be written.

        Examples:
            >>> len(library.maps.draw(anew=True).clip_ids)
            5
        """
        from search.overview.maps import drawing

        with self._publisher.lease("map") as lease:
            view = self._spaces.refresh().of(space)[0]
            drawing.draw(view, self._spaces.folder(view.space), progress, lease, rest=self._rest, anew=anew)
        return self.read(space)
