"""Columns that follow the catalog: the newest that were published, and what came since."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from search.columns import files
from search.columns.clipcolumns import ClipColumns
from search.model import Space

if TYPE_CHECKING:
    from search.catalog.store import Catalog


class ColumnsFollower:
    """Follows the folder that columns are published in. One thread uses it."""

    def __init__(self, directory: Path, catalog: Catalog, space: Space) -> None:
        self._snapshots = files.snapshots(directory)
        self._catalog = catalog
        self._space = space
        self._opened = -1
        self._columns: ClipColumns | None = None

    def follow(self) -> ClipColumns:
        """The columns at the catalog's present sequence.

        They stand on the newest published ones that can be read, so that what came since is little. Without any, they
        are made from the catalog.
        """
        newer = self._snapshots.newest(ClipColumns.load, self._opened)
        if newer is not None:
            self._opened, self._columns = newer
        if self._columns is None:
            self._columns = ClipColumns.build(self._catalog, self._space)
        self._columns = self._columns.refreshed(self._catalog)
        return self._columns

    def publish(self) -> ClipColumns:
        """Publish the columns at the catalog's present sequence, unless they are; only the lease's holder may.

        Raises LibraryUnwritable.
        """
        columns = self.follow()
        if self._opened != columns.sequence:
            with self._snapshots.publication(columns.sequence) as new:
                columns.save(new)
        return columns
