"""What comes back. Read from the engine's frozen values, written as JSON by pydantic, described by OpenAPI."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict

Score: TypeAlias = Annotated[float, AfterValidator(partial(round, ndigits=6))]
Share: TypeAlias = Annotated[float, AfterValidator(partial(round, ndigits=4))]
Seconds: TypeAlias = Annotated[float, AfterValidator(partial(round, ndigits=3))]


class Answered(BaseModel):
    """Built from frozen values by their attributes."""

    model_config = ConfigDict(from_attributes=True)


class TagOut(Answered):
    """A class of the encoder's vocabulary with its probability."""

    name: str
    probability: Share


class ViaOut(Answered):
    """Why a hit was found: a part of the query by its place; shares sum to 1."""

    part: str
    share: Share


class HitOut(Answered):
    """A clip with its best passage. ``path`` is relative to the clip's root."""

    clip_id: int
    segment_id: int
    path: str
    title: str
    start_s: Seconds
    end_s: Seconds
    score: Score
    probability: Share | None
    tags: list[TagOut]
    via: list[ViaOut]


class SearchOut(Answered):
    """The hits, best first, and whether the library has what was asked for at all."""

    verdict: Literal["good", "weak", "none"]
    hits: list[HitOut]
    took_ms: Seconds


class ClipOut(Answered):
    """A clip. ``path`` is relative to root ``root_id``; ``added`` is seconds since 1970, UTC."""

    id: int
    root_id: int
    path: str
    title: str
    duration_s: Seconds
    size_bytes: int
    added: Seconds
    silent: bool
    missing: bool
    metadata: dict[str, str]
    tags: list[TagOut]


class ClipsOut(Answered):
    """A page of clips; ``total`` counts all that pass the filter."""

    total: int
    offset: int
    clips: list[ClipOut]


class PeaksOut(Answered):
    """The waveform: lowest and highest sample, in [-1, 1], of each of equal stretches between the two times."""

    start_s: Seconds
    end_s: Seconds
    low: list[float]
    high: list[float]


class ProgressOut(Answered):
    """How far a job is."""

    files_done: int
    files_total: int
    failed: int
    audio_s: Seconds


class FailureOut(Answered):
    """A file that could not be indexed, and why."""

    file: str
    cause: str


class JobOut(Answered):
    """A job. Times are seconds since 1970, UTC. ``clip_ids`` are the clips of its files, once they are there."""

    id: int
    kind: Literal["index", "duplicates", "map"]
    state: Literal["queued", "running", "paused", "done", "failed", "cancelled"]
    files: list[str]
    created: Seconds
    started: Seconds | None
    finished: Seconds | None
    progress: ProgressOut
    failures: list[FailureOut]
    clip_ids: list[int]
    reason: str | None


class JobsOut(Answered):
    """A page of jobs, newest first."""

    total: int
    offset: int
    jobs: list[JobOut]


class HealthOut(Answered):
    """The process answers."""

    status: Literal["ok"]


class ReadyOut(Answered):
    """The library is open and can be searched."""

    status: Literal["ready"]
    clips: int
    segments: int
    spaces: list[str]
