"""Clips and their facts."""

from __future__ import annotations

from search.service.http.answers.common import Answered, RelativePath, RoundedSeconds
from search.service.http.answers.hits import FacetOut, FacetsOut, TagOut


class ClipOut(Answered):
    """A clip. ``path`` is relative to root ``root_id``; ``added`` is seconds since 1970, UTC.

    ``own_tags`` are those that a person set; before anybody did, the keywords of its file. ``remark`` is what a person
    wrote of it, empty where nobody did.

    ``track`` is its sound track in the file, counted from 0, of ``tracks`` (0 where nobody counted). ``warnings``: what
    was amiss with the file when it was decoded. ``notes``: whether the file holds notes (MIDI), not sound.
    """

    id: int
    root_id: int
    path: RelativePath
    title: str
    duration_s: RoundedSeconds
    size_bytes: int
    added: RoundedSeconds
    silent: bool
    missing: bool
    metadata: dict[str, str]
    own_tags: list[str]
    tags: list[TagOut]
    track: int
    tracks: int
    warnings: list[str]
    notes: bool
    remark: str


class FactsOut(Answered):
    """What a clip is. A fact is a number, a word, or words; one that means nothing for the clip is not there."""

    clip_id: int
    facts: dict[str, float | str | list[str]]


class ClipFactsOut(FactsOut):
    """The same beside how long the clip is; not ``measured``: nobody listened to it yet, and its facts are unknown."""

    duration_s: RoundedSeconds
    measured: bool


class ManyFactsOut(Answered):
    """What clips are, in the order in which they were asked for; unknown clips are left out."""

    facts: list[ClipFactsOut]


class DefectsOut(Answered):
    """How many clips have which defect; ``unmeasured`` sounds have not been looked at yet."""

    defects: list[FacetOut]
    unmeasured: int


class ClipsOut(Answered):
    """A page of clips; ``total`` counts all that pass the filter. ``facets`` are there when they were asked for.

    ``unmeasured`` clips have no facts yet, so that a filter over facts, or an order by one, could not know them.
    """

    total: int
    unmeasured: int = 0
    offset: int
    clips: list[ClipOut]
    facets: FacetsOut | None = None
