"""Recommendations and opinions."""

from __future__ import annotations

from typing import Literal

from search.service.http.answers.common import Answered, RoundedSeconds
from search.service.http.answers.hits import SearchOut


class BatchedOut(Answered):
    """The answer to one of several questions, or what is wrong with that question."""

    answer: SearchOut | None
    error: str | None


class RecommendBatchOut(Answered):
    """An answer for each question, in their order."""

    answers: list[BatchedOut]


class OpinionOut(Answered):
    """What someone thought of a clip, and when."""

    clip_id: int
    opinion: Literal["like", "dislike", "seen"]
    weight: float
    at: RoundedSeconds


class FeedbackOut(Answered):
    """Everything known under a name, newest first."""

    profile: str
    feedback: list[OpinionOut]
