"""The facts of a library, clip by clip."""

from __future__ import annotations

from collections.abc import Iterable

from search.catalog.store import Catalog
from search.facts.definitions import VERSION, FactValue, unpacked


def facts(catalog: Catalog, clip_ids: Iterable[int]) -> dict[int, dict[str, FactValue]]:
    """The facts of clips, without those that nobody measured, or an earlier version did."""
    content_of = {clip.id: clip.content_id for clip in catalog.clips(list(clip_ids))}
    stored = catalog.facts(set(content_of.values()))
    return {
        clip_id: unpacked(stored[content_id].numbers)
        for clip_id, content_id in content_of.items()
        if content_id in stored and stored[content_id].version == VERSION
    }


def unmeasured(catalog: Catalog) -> int:
    """How many contents with sound have no facts."""
    return len(catalog.without_facts(VERSION))
