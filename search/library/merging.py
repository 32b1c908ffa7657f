"""Merging clips of one recording into the one that is kept, and undoing that."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from search.errors import printable
from search.ground.urls import is_in_store
from search.model import Merge, Unmerged
from search.ports import Lease

if TYPE_CHECKING:
    from search.library.library import Library


def merge(library: Library, lease: Lease, keep: int, clip_ids: Sequence[int]) -> Merge:
    """Keep one clip, take the others out; files are left where they are. Raises QueryError."""
    merged = library.catalog.merge(lease, keep, clip_ids)
    library.refresh()
    return merged


def unmerge(library: Library, lease: Lease, merge_id: int) -> Unmerged:
    """Undo a merge; files that are gone by now are named among the notes. Raises QueryError."""
    undone = library.catalog.unmerge(lease, merge_id)
    library.refresh()
    gone = [
        f"{printable(one.absolute_path)}: its file is gone; soundalike index looks for it"
        for one in undone.merge.clips
        if one.clip_id in undone.restored and not _is_there(one.absolute_path)
    ]
    return replace(undone, notes=(*undone.notes, *gone))


def _is_there(path: str) -> bool:
    """Whether a clip's file is there. Of one in a store nobody is asked: that may take a minute."""
    return is_in_store(path) or os.path.lexists(path)
