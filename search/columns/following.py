"""Keeps columns up to date: loads the newest published ones, and applies later changes of the catalog."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from search.columns import files
from search.columns.clipcolumns import ClipColumns
from search.model import Space

if TYPE_CHECKING:
    from search.catalog.store import Catalog


class ColumnsFollower:
    """Follows the folder in which columns are published, and the catalog. Not thread-safe."""

    def __init__(self, directory: Path, catalog: Catalog, space: Space) -> None:
        self._snapshots = files.snapshots(directory)
        self._catalog = catalog
        self._space = space
        self._opened = -1
        self._columns: ClipColumns | None = None

    def follow(self) -> ClipColumns:
        """Return the columns at the catalog's current sequence.

        They are based on the newest readable published columns, so that few changes remain to be applied. If there are
        none, they are built from the catalog.
        """
        newer = self._snapshots.newest(ClipColumns.load, self._opened)
        if newer is not None:
            self._opened, self._columns = newer
        if self._columns is None:
            self._columns = ClipColumns.build(self._catalog, self._space)
        self._columns = self._columns.refreshed(self._catalog)
        return self._columns

    def publish(self) -> ClipColumns:
        """Publish the columns at the catalog's current sequence, unless they are published already.

        Only the lease's holder may call this. Raises LibraryUnwritable.
        """
        columns = self.follow()
        if self._opened != columns.sequence:
            with self._snapshots.publication(columns.sequence) as new:
                columns.save(new)
        return columns
