"""Clips and their facts."""

from __future__ import annotations

from search.service.http.answers.common import Answered, RelativePath, RoundedSeconds
from search.service.http.answers.hits import FacetOut, FacetsOut, TagOut


class ClipOut(Answered):
    """A clip. ``path`` is relative to root ``root_id``; ``added`` is seconds since 1970, UTC.

    ``own_tags`` are tags that a person set; until then, the keywords of the file. ``remark`` is a person's note on the
    clip, or empty.

    ``track`` is the audio track in the file, counted from 0, out of ``tracks`` (0 if not counted). ``warnings`` lists
    problems that decoding the file found. ``notes``: whether the file holds notes (MIDI) and not sound.
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
    """The facts of a clip. A fact is a number, a word or a list of words; facts that do not apply are absent."""

    clip_id: int
    facts: dict[str, float | str | list[str]]


class ClipFactsOut(FactsOut):
    """The facts and the duration of a clip; if it is not ``measured``, its facts are unknown."""

    duration_s: RoundedSeconds
    measured: bool


class ManyFactsOut(Answered):
    """The facts of clips, in the order of the request; unknown clips are left out."""

    facts: list[ClipFactsOut]


class DefectsOut(Answered):
    """How many clips have each defect; ``unmeasured`` sounds were not checked yet."""

    defects: list[FacetOut]
    unmeasured: int


class ClipsOut(Answered):
    """A page of clips; ``total`` counts all that pass the filter. ``facets`` are present if requested.

    ``unmeasured`` clips have no facts yet, so a filter or a sort by facts cannot place them.
    """

    total: int
    unmeasured: int = 0
    offset: int
    clips: list[ClipOut]
    facets: FacetsOut | None = None
