"""What is asked of clips: their lists, changes, events, speech and neighbours."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field

from search.analysis.facts.definitions import PLACES
from search.columns.ordering import ORDERS
from search.engine.search import MAX_OFFSET
from search.model import (
    MAX_REMARK_CHARACTERS,
)
from search.service.config import MAX_K, MAX_QUERY_CHARACTERS
from search.service.http.requests.common import (
    ABOUT_COLLAPSE,
    ABOUT_FACTS,
    MAX_ID,
    Body,
    Count,
    Filter,
    HitSort,
    Id,
    Offset,
    Parameters,
    Recall,
    Region,
    Within,
    one_of,
)

Sort: TypeAlias = Annotated[
    str,
    Field(
        description="A column or a numeric fact, lowest first; with - before it, highest first. Absent ones come last.",
        json_schema_extra={
            "enum": [f"{sign}{name}" for name in ORDERS for sign in ("", "-")],
            "pattern": f"^-?({'|'.join(ORDERS)})$",
        },
    ),
    AfterValidator(one_of(ORDERS)),
]


class ClipPath(Parameters):
    """A clip by its id."""

    clip_id: Id


class NamedClipPath(ClipPath):
    """A clip by its id, and a name at the end of the URL, under which programs save what they download."""

    name: Annotated[str, Field(description="Any name. The service ignores it; programs save the file under it.")]


class EventsOf(Parameters):
    """Which events, and in which format."""

    least: Annotated[float, Field(ge=0, le=1, description="Least probability of an event.")] = 0.3
    form: Annotated[
        Literal["json", "audacity", "raven", "csv", "srt"], Field(description="JSON, or a format for other programs.")
    ] = "json"
    stored: Annotated[bool, Field(description="Return stored events only, and do not look for events now.")] = False


class SpeechOf(Parameters):
    """The format of a transcript, and the language that is spoken."""

    form: Annotated[Literal["json", "srt", "vtt", "txt"], Field(description="JSON, subtitles, or text.")] = "json"
    language: Annotated[
        str | None, Field(max_length=16, pattern=r"^[a-z]{2,3}$", description="Like `en`; detected if absent.")
    ] = None


class SpokenQuery(Parameters):
    """Words that are said: words, phrases in quotes, beginnings (`thunder*`)."""

    words: Annotated[str, Field(min_length=1, max_length=MAX_QUERY_CHARACTERS, pattern=r"\S")]
    k: Annotated[int, Field(ge=1, le=MAX_K, description="How many passages.")] = 10
    offset: Annotated[int, Field(ge=0, le=MAX_OFFSET, description="How many to skip.")] = 0
    where: Filter | None = None


class Narrowed(Parameters):
    """Which clips: those that pass a filter, lie in a region of the map and are in a list; all without these."""

    where: Filter | None = None
    region: Region | None = None
    within: Within | None = None


class MapOf(Narrowed):
    """Which clips of the map, and what their colours show."""

    colour: Annotated[
        Annotated[
            str, Field(max_length=300, pattern=rf"^(tag|own_tag|folder|duration_s|{'|'.join(PLACES)}|liked:[^/\n]+)$")
        ]
        | None,
        Field(
            description="What colours show: a facet, a fact, or the likes of a profile (`liked:anna`); by default the "
            "likeliest tag of each clip, or its folder in a library without tags."
        ),
    ] = None


class DefectsOf(Parameters):
    """Which clips: those that pass a filter; all without one."""

    where: Filter | None = None


class SuggestionList(Parameters):
    """How many suggestions, of which clips."""

    where: Filter | None = None
    limit: Annotated[int, Field(ge=1, le=50, description="Most suggestions to return.")] = 10


class ClipList(Narrowed):
    """Which clips, in which order, which page of them."""

    sort: Sort = "id"
    offset: Annotated[int, Field(ge=0, le=MAX_ID)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    facets: Annotated[
        bool, Field(description="Also count tags, durations, dates, folders and facts over all clips that pass.")
    ] = False


class ClipChange(Body):
    """What may be changed of a clip."""

    title: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")] | None = None
    metadata: (
        Annotated[
            dict[Annotated[str, Field(pattern=r"^[a-z0-9_.-]{1,64}$")], Annotated[str, Field(max_length=4000)]],
            Field(max_length=64),
        ]
        | None
    ) = None
    own_tags: (
        Annotated[
            list[Annotated[str, Field(max_length=200)]],
            Field(max_length=100, description="The new list of own tags, replacing all; a comma separates two tags."),
        ]
        | None
    ) = None
    remark: (
        Annotated[str, Field(max_length=MAX_REMARK_CHARACTERS, description="A note on the clip; empty removes it.")]
        | None
    ) = None


class SimilarTo(Parameters):
    """How to look for clips like another."""

    k: Count = 10
    offset: Offset = 0
    where: Filter | None = None
    space: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    collapse: Annotated[bool, Field(description=ABOUT_COLLAPSE)] = False
    facts: Annotated[bool, Field(description=ABOUT_FACTS)] = False
    sort: HitSort | None = None
    recall: Recall | None = None


class PathTo(Parameters):
    """Where a path leads to, and in how many steps."""

    to: Annotated[Id, Field(description="The clip at which the path ends.")]
    steps: Annotated[int, Field(ge=2, le=64, description="How many steps the path has.")] = 8
    where: Filter | None = None
    space: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class CompanionsOf(Parameters):
    """What should go with a clip."""

    k: Annotated[int, Field(ge=1, le=1000, description="How many hits.")] = 10
    where: Filter | None = None
    space: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    stretch: Annotated[
        float, Field(ge=0, le=0.5, description="How far a tempo may be stretched to fit: 0.08 is 8 %.")
    ] = 0.08
