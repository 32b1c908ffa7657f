"""Merging clips, and undoing merges."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from search.catalog.store import Catalog
from search.errors import printable
from search.ground.urls import is_in_store
from search.library.publisher import Publisher
from search.library.spaces import Spaces
from search.model import Merge, Unmerged
from search.ports import Lease


class Merges:
    """Merges clips of one recording (`Library.merges`)."""

    def __init__(self, catalog: Catalog, spaces: Spaces, publisher: Publisher) -> None:
        self._catalog = catalog
        self._spaces = spaces
        self._publisher = publisher

    def make(self, keep: int, clip_ids: Sequence[int]) -> Merge:
        """Keep one clip, and remove other clips of the same recording from the library. Files stay where they are.

        The kept clip takes over the own tags and remarks of the others, the opinions of them, and their places in
        collections. The caller decides whether they are one recording (`DuplicateFinder`). A merge can be undone.
        Raises QueryError for unknown clips, LibraryBusy if another writer holds the lease.

        Examples:
            >>> merge = library.merges.make(1, [2])
            >>> [one.keep for one in library.merges.all()]
            [1]
            >>> library.merges.undo(merge.id).restored
            (2,)
        """
        with self._publisher.lease("merge") as lease:
            merged = self._catalog.merge(lease, keep, clip_ids)
        self._spaces.refresh()
        return merged

    def undo(self, merge_id: int) -> Unmerged:
        """Undo a merge: restore the catalog as it was before, except for later changes, which the notes name.

        Raises QueryError if the merge is unknown, or if a later merge of the same clips must be undone first;
        LibraryBusy if another writer holds the lease.

        Examples:
            >>> library.merges.undo(1_000)
            Traceback (most recent call last):
            search.errors.QueryError: no merge has the id 1000, or it was undone; soundalike unmerge --list shows all
        """
        with self._publisher.lease("unmerge") as lease:
            undone = unmerge(self._catalog, lease, merge_id)
        self._spaces.refresh()
        return undone

    def make_final(self, merge_id: int) -> Merge:
        """Delete the data that would undo a merge, to save space. Return the merge.

        Earlier merges of its clips can be undone again. Raises QueryError for an unknown merge, LibraryBusy if another
        writer holds the lease.

        Examples:
            >>> library.merges.make_final(1_000)
            Traceback (most recent call last):
            search.errors.QueryError: no merge has the id 1000, or it was undone; soundalike unmerge --list shows all
        """
        with self._publisher.lease("unmerge") as lease:
            return self._catalog.make_merge_final(lease, merge_id)

    def all(self, offset: int = 0, limit: int | None = None) -> list[Merge]:
        """Return the merges that can be undone, newest first, from ``offset`` on (``limit`` None: all).

        Examples:
            >>> library.merges.all()
            []
        """
        return self._catalog.merges(offset, limit)[1]


def unmerge(catalog: Catalog, lease: Lease, merge_id: int) -> Unmerged:
    """Undo a merge. The notes name files that no longer exist. Raises QueryError."""
    undone = catalog.unmerge(lease, merge_id)
    gone = [
        f"{printable(one.absolute_path)}: its file is gone; soundalike index looks for it"
        for one in undone.merge.clips
        if one.clip_id in undone.restored and not _is_there(one.absolute_path)
    ]
    return replace(undone, notes=(*undone.notes, *gone))


def _is_there(path: str) -> bool:
    """Return whether a clip's file exists. For a file in a store assume so: asking may take a minute."""
    return is_in_store(path) or os.path.lexists(path)
