"""What people keep: collections, merges and saved searches."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from flask_openapi3 import FileStorage
from pydantic import BaseModel, Field

from search.model import (
    LEAST,
)
from search.service.config import MAX_PARTS
from search.service.http.described import Described
from search.service.http.requests.common import MAX_EXPORTED, MAX_ID, Body, Count, Id, Offset, Parameters, Seconds
from search.service.http.requests.queries import SearchIn

CollectionName: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"\S", description="Its name; no two have the same.")
]


class CollectionPath(Parameters):
    """A collection by its id."""

    collection_id: Id


class CollectedIn(Body):
    """A clip, and the passage of it that is meant; all of it without one."""

    clip_id: Id
    start_s: Seconds | None = None
    end_s: Seconds | None = None


class NewCollection(Body):
    """A collection to be made."""

    name: CollectionName
    clips: Annotated[
        list[CollectedIn], Field(max_length=MAX_EXPORTED, description="What is in it from the beginning.")
    ] = []


class CollectionChange(Body):
    """What becomes of a collection."""

    name: CollectionName | None = None
    added: Annotated[list[CollectedIn], Field(max_length=MAX_EXPORTED, description="Clips to put in.")] = []
    removed: Annotated[list[Id], Field(max_length=MAX_EXPORTED, description="Clips to take out.")] = []


# --- merges -----------------------------------------------------------------------------------------------


class MergePath(Parameters):
    """A merge by its id."""

    merge_id: Annotated[Id, Field(description="A merge, by its id.")]


class MergeList(Parameters):
    """Which page of the merges, newest first."""

    offset: Annotated[int, Field(ge=0, le=MAX_ID)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class NewMerge(Body):
    """Clips of one recording: the one that is kept, and those that leave the library."""

    keep: Annotated[Id, Field(description="The clip that stays.")]
    clips: Annotated[list[Id], Field(min_length=1, max_length=1000, description="The clips that leave.")]


# --- saved searches ---------------------------------------------------------------------------------------

SearchName: TypeAlias = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S", description="Its name.")]
LeastLikely: TypeAlias = Annotated[
    float, Field(gt=0, le=1, description="How likely a match has to be to be told of as new.")
]
WebhookUrl: TypeAlias = Annotated[
    str, Field(max_length=2000, description="The address that new matches are posted to; empty: none.")
]


class NewSearchIn(SearchIn):
    """A search to be saved: a question, and what it is called."""

    name: SearchName
    least: LeastLikely = LEAST
    webhook: WebhookUrl = ""


class NewSearchForm(Described, BaseModel):
    """A search to be saved with files, as `SearchForm`; ``query`` has its name, too."""

    query: NewSearchIn
    audio: FileStorage | None = None
    hum: FileStorage | None = None


class SearchChange(Body):
    """What becomes of a saved search."""

    name: SearchName | None = None
    least: LeastLikely | None = None
    webhook: WebhookUrl | None = None


class SearchPath(Parameters):
    """A saved search by its id."""

    search_id: Id


class SearchSoundPath(SearchPath):
    """A sound that a saved search asks with, by its place."""

    place: Annotated[int, Field(ge=0, le=MAX_PARTS)]


class SavedHits(Parameters):
    """Which page of its answer; without `k` as many hits as it was saved with."""

    k: Count | None = None
    offset: Offset = 0


class MatchList(Parameters):
    """Which matches of saved searches."""

    search_id: Id | None = None
    after: Annotated[int, Field(ge=0, le=MAX_ID, description="Those with higher ids alone.")] = 0
    unseen: Annotated[bool, Field(description="Those alone that nobody has seen.")] = False
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class SeenMatches(Body):
    """How far somebody looked."""

    up_to: Annotated[Id | None, Field(description="The last match that was seen; without it, all.")] = None


# --- uploads and jobs -------------------------------------------------------------------------------------
