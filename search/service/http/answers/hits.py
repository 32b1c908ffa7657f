"""The hits of a query, and the counts beside them."""

from __future__ import annotations

from typing import Literal

from search.service.http.answers.common import Answered, RelativePath, RoundedShare


class TagOut(Answered):
    """A class of the encoder's vocabulary with its probability."""

    name: str
    probability: RoundedShare


class ViaOut(Answered):
    """Why a hit was found: a part of the query, by its place, and its share; shares sum to 1."""

    part: str
    share: RoundedShare


class HitOut(Answered):
    """A clip with its best passage. ``path`` is relative to the clip's root; ``copies``: clips that it stands for.

    ``track`` is its audio track in the file, counted from 0. ``own_tags`` are tags that a person set.
    ``notes``: whether the file holds notes (MIDI) and not sound. ``remark``: a person's note on the clip.
    ``facts``, if requested: its facts by name; null if it was not measured. ``same``: whether it is the content that
    was searched with, another form of that recording, or the same tune.
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
    """Counts over ``clips`` clips: tags and folders, most frequent first; durations and dates, in order."""

    clips: int
    own_tags: list[FacetOut]
    tags: list[FacetOut]
    durations: list[FacetOut]
    added: list[FacetOut]
    folders: list[FacetOut]
    facts: dict[str, list[FacetOut]]


class LikelyOut(Answered):
    """How many clips are likely matches: their probability is ``least`` or more, or their names have every word.

    If ``is_all`` is false, there are more of them.
    """

    clips: int
    least: float
    is_all: bool


class SearchOut(Answered):
    """The hits, best first, and a verdict whether the library has a match at all; ``reason``: why not, if known.

    ``recall``: the share of the true nearest ten that the search aimed for; null if none was set.
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
