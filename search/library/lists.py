"""Lists of clips: collections, likes or dislikes of a profile, the clips of a root. A query can be limited to one."""

from __future__ import annotations

import re

from search.errors import QueryError, printable
from search.library.library import Library
from search.library.regions import clips_within
from search.model import CLIP_LIST


def clips_of(library: Library, name: str) -> tuple[int, ...]:
    """Return the clips of ``collection:ID``, ``liked:PROFILE``, ``disliked:PROFILE``, ``root:ID`` or ``clip:ID``.

    Raises QueryError for an unknown collection or root, or an invalid name.
    """
    if not re.match(CLIP_LIST, name):
        raise QueryError(f"{printable(name)!r} is not a list; use collection:3, root:2, clip:17 or liked:anna")
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
    """Return the clips in a region of the map and in a list; None if neither is given.

    Raises QueryError for a region without a map, or an unknown collection or root.
    """
    if within is None:
        return None if region is None else clips_within(library, region)
    listed = clips_of(library, within)
    if region is None:
        return listed
    there = set(clips_within(library, region))
    return tuple(clip_id for clip_id in listed if clip_id in there)
