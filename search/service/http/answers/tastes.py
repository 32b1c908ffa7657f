"""Recommendations and opinions."""

from __future__ import annotations

from typing import Literal

from search.service.http.answers.common import Answered, RoundedSeconds
from search.service.http.answers.hits import SearchOut


class BatchedOut(Answered):
    """The answer to one of several queries, or the error of that query."""

    answer: SearchOut | None
    error: str | None


class RecommendBatchOut(Answered):
    """An answer for each query, in order."""

    answers: list[BatchedOut]


class OpinionOut(Answered):
    """An opinion of a clip, and when it was given."""

    clip_id: int
    opinion: Literal["like", "dislike", "seen"]
    weight: float
    at: RoundedSeconds


class FeedbackOut(Answered):
    """All opinions kept under a name, newest first."""

    profile: str
    feedback: list[OpinionOut]
