"""The hits of a question, and what is counted beside them."""

from __future__ import annotations

from typing import Literal

from search.service.http.answers.common import Answered, RelativePath, RoundedShare


class TagOut(Answered):
    """A class of the encoder's vocabulary with its probability."""

    name: str
    probability: RoundedShare


class ViaOut(Answered):
    """Why a hit was found: a part of the query by its place; shares sum to 1."""

    part: str
    share: RoundedShare


class HitOut(Answered):
    """A clip with its best passage. ``path`` is relative to the clip's root; ``copies``: what it stands for.

    ``track`` is the sound track of the file that it is in, counted from 0. ``own_tags`` are those that a person set.
    ``notes``: whether the file holds notes (MIDI), not sound. ``remark``: what a person wrote of it.
    ``facts``, where they were asked for: what it is, by name; null where nobody measured it. ``same``: whether it is
    the content that was asked with, another shape of its recording, or its tune.
    """

    clip_id: int
    segment_id: int
    path: RelativePath
    title: str
    start_s: float
    end_s: float
    score: float
    probability: float | None
    own_tags: list[str]
    tags: list[TagOut]
    via: list[ViaOut]
    copies: list[int]
    same: Literal["content", "recording", "tune"] | None = None
    track: int
    notes: bool
    remark: str
    facts: dict[str, float | str | list[str]] | None = None


class FacetOut(Answered):
    """How many clips have a value; ``where`` is the filter that selects exactly these."""

    value: str
    count: int
    where: str


class FacetsOut(Answered):
    """Counts over ``clips`` clips: tags and folders most frequent first, durations and dates in their order."""

    clips: int
    own_tags: list[FacetOut]
    tags: list[FacetOut]
    durations: list[FacetOut]
    added: list[FacetOut]
    folders: list[FacetOut]
    facts: dict[str, list[FacetOut]]


class LikelyOut(Answered):
    """How many clips are meant rather than not: their probability is ``least`` or more, or their name says every word.

    Not ``is_all``: there are more of them.
    """

    clips: int
    least: float
    is_all: bool


class SearchOut(Answered):
    """The hits, best first, and whether the library has what was asked for at all; ``reason``: why not, if known.

    ``recall``: the part of the nearest ten that was to be found; null where nobody said any.
    """

    verdict: Literal["good", "weak", "none"]
    hits: list[HitOut]
    took_ms: float
    reason: str
    next_offset: int | None = None
    did_you_mean: str = ""
    language: str = ""
    gone: list[str] = []
    warnings: list[str] = []
    nearest: list[FacetOut] = []
    likely: LikelyOut | None = None
    recall: float | None = None
    facets: FacetsOut | None = None
