"""The maps of a library: a 2-D layout of all clips in which similar sounds are near each other."""

from __future__ import annotations

from collections.abc import Callable

from search.library.givingway import GivingWay
from search.library.publisher import Publisher
from search.library.spaces import Spaces
from search.model import ClipMap
from search.overview.maps.drawing import MapReader
from search.snapshots.filling import nobody


class Maps:
    """Draws and reads the maps of a library, one for each space (`Library.maps`)."""

    def __init__(self, spaces: Spaces, publisher: Publisher, *, giving_way: GivingWay) -> None:
        self._spaces = spaces
        self._publisher = publisher
        self._rest = giving_way.rest
        self._reader = MapReader()

    def read(self, space: str | None = None) -> ClipMap | None:
        """Return the map of a space, with clips that came since it was drawn; None if it was never drawn.

        Examples:
            >>> library.maps.read().xy.shape
            (5, 2)
        """
        view = self._spaces.view().of(space)[0]
        return self._reader.read(view, self._spaces.folder(view.space))

    def draw(
        self, space: str | None = None, progress: Callable[[int, int], None] = nobody, *, anew: bool = False
    ) -> ClipMap | None:
        """Draw the map, or add new clips to it. This takes minutes.

        ``anew``: draw it from nothing; every position may change. ``progress(done, total)`` is called as contents are
        laid out; if it raises, the job stops and the map stays as it was. The job holds the writer's lease. Raises
        LibraryBusy if another writer holds it, UsageError if UMAP is not installed (the extra ``map``),
        LibraryUnwritable if the map cannot be written.

        Examples:
            >>> len(library.maps.draw(anew=True).clip_ids)
            5
        """
        from search.overview.maps import drawing

        with self._publisher.lease("map") as lease:
            view = self._spaces.refresh().of(space)[0]
            drawing.draw(view, self._spaces.folder(view.space), progress, lease, rest=self._rest, anew=anew)
        return self.read(space)
