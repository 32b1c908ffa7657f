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
    str, Field(min_length=1, max_length=200, pattern=r"\S", description="The name; no two collections share one.")
]


class CollectionPath(Parameters):
    """A collection by its id."""

    collection_id: Id


class CollectedIn(Body):
    """A clip, or a passage of it."""

    clip_id: Id
    start_s: Seconds | None = None
    end_s: Seconds | None = None


class NewCollection(Body):
    """A collection to create."""

    name: CollectionName
    clips: Annotated[list[CollectedIn], Field(max_length=MAX_EXPORTED, description="Its first clips.")] = []


class CollectionChange(Body):
    """Changes of a collection."""

    name: CollectionName | None = None
    added: Annotated[list[CollectedIn], Field(max_length=MAX_EXPORTED, description="Clips to add.")] = []
    removed: Annotated[list[Id], Field(max_length=MAX_EXPORTED, description="Clips to remove.")] = []


# --- merges -----------------------------------------------------------------------------------------------


class MergePath(Parameters):
    """A merge by its id."""

    merge_id: Annotated[Id, Field(description="A merge, by its id.")]


class MergeList(Parameters):
    """Which page of the merges, newest first."""

    offset: Annotated[int, Field(ge=0, le=MAX_ID)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class NewMerge(Body):
    """Clips of one recording: the one to keep, and those to remove from the library."""

    keep: Annotated[Id, Field(description="The clip to keep.")]
    clips: Annotated[list[Id], Field(min_length=1, max_length=1000, description="The clips to remove.")]


# --- saved searches ---------------------------------------------------------------------------------------

SearchName: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"\S", description="The name of the search.")
]
LeastLikely: TypeAlias = Annotated[
    float, Field(gt=0, le=1, description="Least probability at which a match counts as new.")
]
WebhookUrl: TypeAlias = Annotated[
    str, Field(max_length=2000, description="The URL to which new matches are posted; empty for none.")
]


class NewSearchIn(SearchIn):
    """A search to save, and its name."""

    name: SearchName
    least: LeastLikely = LEAST
    webhook: WebhookUrl = ""


class NewSearchForm(Described, BaseModel):
    """A search to save, with files, like `SearchForm`; ``query`` also has the name."""

    query: NewSearchIn
    audio: FileStorage | None = None
    hum: FileStorage | None = None


class SearchChange(Body):
    """Changes of a saved search."""

    name: SearchName | None = None
    least: LeastLikely | None = None
    webhook: WebhookUrl | None = None


class SearchPath(Parameters):
    """A saved search by its id."""

    search_id: Id


class SearchSoundPath(SearchPath):
    """A sound that a saved search searches by, by its place."""

    place: Annotated[int, Field(ge=0, le=MAX_PARTS)]


class SavedHits(Parameters):
    """Which page of the answer; without `k`, as many hits as were saved."""

    k: Count | None = None
    offset: Offset = 0


class MatchList(Parameters):
    """Which matches of saved searches."""

    search_id: Id | None = None
    after: Annotated[int, Field(ge=0, le=MAX_ID, description="Only matches with higher ids.")] = 0
    unseen: Annotated[bool, Field(description="Only unseen matches.")] = False
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class SeenMatches(Body):
    """Which matches were seen."""

    up_to: Annotated[Id | None, Field(description="The last match that was seen; all if absent.")] = None


# --- uploads and jobs -------------------------------------------------------------------------------------
