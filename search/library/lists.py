"""Lists of clips: collections, what somebody liked or disliked, a folder's. A question may be asked of one."""

from __future__ import annotations

import re

from search.errors import QueryError, printable
from search.library.library import Library
from search.library.regions import clips_within
from search.model import CLIP_LIST


def clips_of(library: Library, name: str) -> tuple[int, ...]:
    """The clips of ``collection:ID``, ``liked:PROFILE``, ``disliked:PROFILE`` or ``root:ID``; the one of ``clip:ID``.

    Raises QueryError for a collection or a folder that is not there, and a name that is none.
    """
    if not re.match(CLIP_LIST, name):
        raise QueryError(f"{printable(name)!r} is no list; there are collection:3, root:2, clip:17 and liked:anna")
    kind, _, key = name.partition(":")
    if kind == "clip":
        return (int(key),)
    if kind == "root":
        if all(root.id != int(key) for root in library.catalog.roots()):
            raise QueryError(f"no folder has the id {key}")
        return tuple(library.catalog.clips_of_root(int(key)))
    if kind != "collection":
        opinion = kind.removesuffix("d")
        return tuple(one.clip_id for one in library.feedback.get(key) if one.opinion == opinion)
    collected = library.collections.collected(int(key))
    if collected is None:
        raise QueryError(f"no collection has the id {key}")
    return tuple(one.clip_id for one in collected)


def clips_among(library: Library, region: str | None, within: str | None) -> tuple[int, ...] | None:
    """The clips that lie in a region of the map and are in a list; None where neither is asked for.

    Raises QueryError for a region without a map, and a collection or a folder that is not there.
    """
    if within is None:
        return None if region is None else clips_within(library, region)
    listed = clips_of(library, within)
    if region is None:
        return listed
    there = set(clips_within(library, region))
    return tuple(clip_id for clip_id in listed if clip_id in there)
