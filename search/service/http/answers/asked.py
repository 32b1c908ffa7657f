"""Sentences understood as queries, suggestions, and embeddings."""

from __future__ import annotations

from typing import Literal

from search.service.http.answers.common import Answered
from search.service.http.answers.hits import SearchOut


class SuggestionOut(Answered):
    """Words that find something in this library."""

    text: str
    kind: Literal["tag", "own_tag", "name"]
    clips: int


class SuggestionsOut(Answered):
    """Words to search for in the library."""

    suggestions: list[SuggestionOut]


class AskedTextOut(Answered):
    """Words, as a part that `POST /search` takes."""

    text: str
    weight: float


class AskedClipOut(Answered):
    """A clip, as a part that `POST /search` takes."""

    clip_id: int
    weight: float


class AskedQueryOut(Answered):
    """A query that `POST /search` takes."""

    parts: list[AskedTextOut | AskedClipOut]
    k: int
    where: str | None
    collapse: bool


class TermOut(Answered):
    """Words of a sentence, and what they mean in the query."""

    said: str
    kind: Literal["words", "unwanted", "like", "unlike", "filter", "count", "collapse"]
    means: str


class AskOut(Answered):
    """A sentence as a query, term by term; words in ``not_understood`` filter nothing."""

    sentence: str
    query: AskedQueryOut
    terms: list[TermOut]
    not_understood: list[str]
    read_by: Literal["rules", "model"]
    note: str
    answer: SearchOut | None


class EmbeddingOut(Answered):
    """The vector of one input."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class UsageOut(Answered):
    """Token counts, which OpenAI's clients expect."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingsOut(Answered):
    """Vectors, in OpenAI's format."""

    object: Literal["list"] = "list"
    data: list[EmbeddingOut]
    model: str
    usage: UsageOut
