"""Undoing merges of clips, with a word about files that are gone."""

from __future__ import annotations

import os
from dataclasses import replace

from search.catalog.store import Catalog
from search.errors import printable
from search.ground.urls import is_in_store
from search.model import Unmerged
from search.ports import Lease


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
