"""Recordings: duplicates, merges, and which one a sound is."""

from __future__ import annotations

from typing import Literal

from search.service.http.answers.common import Answered, RoundedSeconds, RoundedShare


class DuplicateOut(Answered):
    """A clip of a group: a ``copy`` has the same bytes, the ``same recording`` may begin later or be louder.

    ``lossless``, ``bandwidth_hz``, ``silence_s`` and ``clipped`` say what each is worth; null: not measured.
    """

    clip_id: int
    kind: Literal["kept", "copy", "same recording"]
    offset_s: RoundedSeconds
    gain_db: RoundedShare | None
    similarity: RoundedShare
    lossless: bool
    bandwidth_hz: float | None
    silence_s: RoundedSeconds | None
    clipped: float | None


class DuplicateGroupOut(Answered):
    """Clips of one recording; ``keep`` is the one worth keeping, and ``why`` says why."""

    keep: int
    why: str
    clips: list[DuplicateOut]


class DuplicatesOut(Answered):
    """A page of the groups, largest first. ``current`` is false when clips came or went since they were looked for."""

    total: int
    offset: int
    current: bool
    groups: list[DuplicateGroupOut]


class MergedClipOut(Answered):
    """A clip that left the library in a merge; ``path`` is where its file lay, below its root."""

    clip_id: int
    path: str
    title: str


class MergeOut(Answered):
    """A merge that can be undone: the clip that was kept, and those that left, at a time in seconds since 1970."""

    id: int
    keep: int
    at: RoundedSeconds
    clips: list[MergedClipOut]


class MergesOut(Answered):
    """A page of the merges that can be undone, newest first, and how many there are."""

    total: int
    offset: int
    merges: list[MergeOut]


class UnmergedOut(Answered):
    """What came back when a merge was undone, and a line for all that is not as it was before."""

    restored: list[int]
    notes: list[str]


class RecognitionOut(Answered):
    """A passage of a sound that is one of a clip."""

    clip_id: int
    path: str
    title: str
    query_start_s: float
    query_end_s: float
    start_s: float
    end_s: float
    speed: float
    probability: float
    landmarks: int
    copies: list[int]


class IdentificationOut(Answered):
    """Which recordings a sound is of: of a short one the likeliest first, of a long one in order of time."""

    recognitions: list[RecognitionOut]
    duration_s: float
    fingerprinted: int
    fingerprinted_earlier: int = 0
    contents: int
    warnings: list[str] = []
