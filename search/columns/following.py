"""Columns that follow the catalog: the newest that were published, and what came since."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from search.columns.clipcolumns import ClipColumns
from search.errors import SnapshotError
from search.model import Space

if TYPE_CHECKING:
    from search.catalog.store import Catalog

log = logging.getLogger(__name__)


class ColumnsFollower:
    """Follows the folder that columns are published in. One thread uses it."""

    def __init__(self, directory: Path, catalog: Catalog, space: Space) -> None:
        self._directory = directory
        self._catalog = catalog
        self._space = space
        self._opened = -1
        self._damaged: set[int] = set()
        self._columns: ClipColumns | None = None

    def follow(self) -> ClipColumns:
        """The columns at the catalog's present sequence.

        They stand on the newest published ones that can be read, so that what came since is little. Damaged ones are
        passed over, told of once: older ones, or the catalog, give the same.
        """
        for sequence, folder in published(self._directory):
            if sequence <= self._opened:
                break
            if sequence in self._damaged:
                continue
            try:
                self._columns, self._opened = ClipColumns.load(folder), sequence
                break
            except SnapshotError as error:
                log.warning("%s", error)
                self._damaged.add(sequence)
        if self._columns is None:
            self._columns = ClipColumns.build(self._catalog, self._space)
        self._columns = self._columns.refreshed(self._catalog)
        return self._columns


def published(directory: Path) -> list[tuple[int, Path]]:
    """The published columns by sequence, newest first; names in the making (not all digits) are left out."""
    if not directory.is_dir():
        return []
    return sorted(((int(f.name), f) for f in directory.iterdir() if f.name.isdigit()), reverse=True)
