"""Paths between sounds, clips that go with another, and the map."""

from __future__ import annotations

from typing import Literal

from search.service.http.answers.common import Answered, NamedClipOut


class PathOut(Answered):
    """Clips from one sound to another, in order; ``similarities`` has one value for each step, one more than clips.

    ``least`` is the similarity of the largest step, ``straight`` that of each step on a straight path, ``direct`` that
    of the two ends.
    """

    clips: list[NamedClipOut]
    similarities: list[float]
    least: float
    straight: float
    direct: float


class CompanionOut(NamedClipOut):
    """A clip that goes with another, and why: played ``stretch`` times as fast, it has ``times`` the other's tempo."""

    score: float
    tempo: float | None
    times: float | None
    stretch: float | None
    key: str | None
    relation: Literal["same", "relative", "fifth"] | None
    similarity: float
    reasons: list[str]


class CompanionsOut(Answered):
    """Clips that go with a clip of this tempo and key, best first; ``unmeasured`` clips were not considered."""

    tempo: float | None
    key: str | None
    hits: list[CompanionOut]
    unmeasured: int


class MapOut(Answered):
    """The positions of clips, mostly within 0 to 1; clips that sound alike are close. The four lists are parallel.

    ``groups`` are those of the requested colour, at most eight; by default the tags that are most often the likeliest
    of a clip, or folders in a library without tags. ``wheres`` are the filters that select the groups; for the likes of
    a profile, the list for `within`. ``group`` is the index of a clip's group, or -1 for none.
    """

    fitted: int
    clip_ids: list[int]
    x: list[float]
    y: list[float]
    group: list[int]
    groups: list[str]
    wheres: list[str]
