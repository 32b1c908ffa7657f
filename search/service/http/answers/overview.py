"""Ways between sounds, what goes with one, and the map."""

from __future__ import annotations

from typing import Literal

from search.service.http.answers.common import Answered, NamedClipOut


class PathOut(Answered):
    """Clips from one sound to another, in order, and how alike the two of each step are: one more than clips.

    ``least`` is that of the largest step, ``straight`` what each would be on a straight way, ``direct`` of both ends.
    """

    clips: list[NamedClipOut]
    similarities: list[float]
    least: float
    straight: float
    direct: float


class CompanionOut(NamedClipOut):
    """A clip that goes with another: it runs ``times`` as fast once it is played ``stretch`` as fast; and why."""

    score: float
    tempo: float | None
    times: float | None
    stretch: float | None
    key: str | None
    relation: Literal["same", "relative", "fifth"] | None
    similarity: float
    reasons: list[str]


class CompanionsOut(Answered):
    """What goes with a clip of a tempo and a key, best first; clips that nobody measured may, too."""

    tempo: float | None
    key: str | None
    hits: list[CompanionOut]
    unmeasured: int


class MapOut(Answered):
    """Where each clip lies: clips that sound alike lie close, mostly within 0 to 1. The four lists go together.

    ``groups`` are what was asked for, at most eight: else the tags that are most often a clip's likeliest (folders, in
    a library without tags). ``wheres`` are the filters that select them; of what a profile liked the list for `within`.
    ``group`` is a clip's place among them, -1 for any other.
    """

    fitted: int
    clip_ids: list[int]
    x: list[float]
    y: list[float]
    group: list[int]
    groups: list[str]
    wheres: list[str]
