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
        description="A column or a fact that is a number; with - before it from high to low. Absent ones come last.",
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
    """A clip by its id, and a name for those who call what they fetch as its address ends."""

    name: Annotated[str, Field(description="Any name. It is not read: who fetches this may keep the file under it.")]


class EventsOf(Parameters):
    """Which events, and how they are written."""

    least: Annotated[float, Field(ge=0, le=1, description="How likely an event has to be.")] = 0.3
    form: Annotated[
        Literal["json", "audacity", "raven", "csv", "srt"], Field(description="JSON, or what other programs read.")
    ] = "json"
    stored: Annotated[bool, Field(description="Only what was found before: the clip is not listened to now.")] = False


class SpeechOf(Parameters):
    """How what is said is written, and in which language it is said."""

    form: Annotated[Literal["json", "srt", "vtt", "txt"], Field(description="JSON, subtitles, or text.")] = "json"
    language: Annotated[
        str | None, Field(max_length=16, pattern=r"^[a-z]{2,3}$", description="Like `en`; without it, it is found out.")
    ] = None


class SpokenQuery(Parameters):
    """Words that are said: words, phrases in quotes, beginnings (`thunder*`)."""

    words: Annotated[str, Field(min_length=1, max_length=MAX_QUERY_CHARACTERS, pattern=r"\S")]
    k: Annotated[int, Field(ge=1, le=MAX_K, description="How many passages.")] = 10
    offset: Annotated[int, Field(ge=0, le=MAX_OFFSET, description="How many to pass over.")] = 0
    where: Filter | None = None


class Narrowed(Parameters):
    """Which clips: those that pass a filter, lie in a region of the map, and are in a list; without them all."""

    where: Filter | None = None
    region: Region | None = None
    within: Within | None = None


class MapOf(Narrowed):
    """Which clips of the map, and what their colours say."""

    colour: Annotated[
        Annotated[
            str, Field(max_length=300, pattern=rf"^(tag|own_tag|folder|duration_s|{'|'.join(PLACES)}|liked:[^/\n]+)$")
        ]
        | None,
        Field(
            description="What colours say: a facet, a fact, or what a profile liked (`liked:anna`); without it the "
            "likeliest tag of each, its folder in a library without tags."
        ),
    ] = None


class DefectsOf(Parameters):
    """Of which clips; without a filter of all."""

    where: Filter | None = None


class SuggestionList(Parameters):
    """How many suggestions, of which clips."""

    where: Filter | None = None
    limit: Annotated[int, Field(ge=1, le=50, description="How many suggestions at most.")] = 10


class ClipList(Narrowed):
    """Which clips, in which order, which page of them."""

    sort: Sort = "id"
    offset: Annotated[int, Field(ge=0, le=MAX_ID)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    facets: Annotated[
        bool, Field(description="Count tags, durations, dates, folders and facts of everything found.")
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
            Field(max_length=100, description="All of its own tags from now on; a comma within one ends it."),
        ]
        | None
    ) = None
    remark: (
        Annotated[
            str, Field(max_length=MAX_REMARK_CHARACTERS, description="What is to be remembered of it; empty: none.")
        ]
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

    to: Annotated[Id, Field(description="The clip that the path ends at.")]
    steps: Annotated[int, Field(ge=2, le=64, description="How many steps it has.")] = 8
    where: Filter | None = None
    space: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class CompanionsOf(Parameters):
    """What should go with a clip."""

    k: Annotated[int, Field(ge=1, le=1000, description="How many hits.")] = 10
    where: Filter | None = None
    space: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    stretch: Annotated[float, Field(ge=0, le=0.5, description="How much a tempo may be changed: .08 is 8 %.")] = 0.08
