"""Merges of clips, and undoing them, with a word about files that are gone."""

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
    """Merges of clips that are one recording. `Library.merges` is one."""

    def __init__(self, catalog: Catalog, spaces: Spaces, publisher: Publisher) -> None:
        self._catalog = catalog
        self._spaces = spaces
        self._publisher = publisher

    def make(self, keep: int, clip_ids: Sequence[int]) -> Merge:
        """Keep one clip, and take others out that are the same recording; files are left where they are.

        The own tags and remarks of the others, opinions of them and their places in collections pass to the one that
        is kept. Whether they are one recording is for the caller to know (`DuplicateFinder`): a merge can be undone.
        Raises QueryError for clips that are not there, LibraryBusy when another writer holds the lease.

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
        """Undo a merge: the catalog is as before it, but for what was changed since, which is named.

        Raises QueryError for one that is not there, or that a later one of the same clips has to go before;
        LibraryBusy when another writer holds the lease.

        Examples:
            >>> library.merges.undo(1_000)
            Traceback (most recent call last):
            search.errors.QueryError: no merge has the id 1000, or it was undone; soundalike unmerge --list has all
        """
        with self._publisher.lease("unmerge") as lease:
            undone = unmerge(self._catalog, lease, merge_id)
        self._spaces.refresh()
        return undone

    def make_final(self, merge_id: int) -> Merge:
        """Drop what would undo a merge, and takes room; what it was. Earlier merges of its clips can be undone again.

        Raises QueryError for one that is not there; LibraryBusy when another writer holds the lease.

        Examples:
            >>> library.merges.make_final(1_000)
            Traceback (most recent call last):
            search.errors.QueryError: no merge has the id 1000, or it was undone; soundalike unmerge --list has all
        """
        with self._publisher.lease("unmerge") as lease:
            return self._catalog.make_merge_final(lease, merge_id)

    def all(self, offset: int = 0, limit: int | None = None) -> list[Merge]:
        """The merges that can be undone, newest first; all without a ``limit``.

        Examples:
            >>> library.merges.all()
            []
        """
        return self._catalog.merges(offset, limit)[1]


def unmerge(catalog: Catalog, lease: Lease, merge_id: int) -> Unmerged:
    """Undo a merge; files that are gone by now are named among the notes. Raises QueryError."""
    undone = catalog.unmerge(lease, merge_id)
    gone = [
        f"{printable(one.absolute_path)}: its file is gone; soundalike index looks for it"
        for one in undone.merge.clips
        if one.clip_id in undone.restored and not _is_there(one.absolute_path)
    ]
    return replace(undone, notes=(*undone.notes, *gone))


def _is_there(path: str) -> bool:
    """Whether a clip's file is there. Of one in a store nobody is asked: that may take a minute."""
    return is_in_store(path) or os.path.lexists(path)
