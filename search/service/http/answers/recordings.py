"""Recordings: duplicates, merges and identification."""

from __future__ import annotations

from typing import Literal

from search.service.http.answers.common import Answered, RoundedSeconds, RoundedShare


class DuplicateOut(Answered):
    """A clip of a group: a ``copy`` has the same bytes; a ``same recording`` may start later or be louder.

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
    """Clips of one recording; ``keep`` is the clip worth keeping, and ``why`` the reason."""

    keep: int
    why: str
    clips: list[DuplicateOut]


class DuplicatesOut(Answered):
    """A page of the groups, largest first. ``current`` is false if clips came or went after the last comparison."""

    total: int
    offset: int
    current: bool
    groups: list[DuplicateGroupOut]


class MergedClipOut(Answered):
    """A clip that a merge removed; ``path`` is where its file was, below its root."""

    clip_id: int
    path: str
    title: str


class MergeOut(Answered):
    """A merge that can be undone: the clip kept, those removed, and when, in seconds since 1970."""

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
    """The clips that came back when a merge was undone, and a note on each thing that differs from before."""

    restored: list[int]
    notes: list[str]


class RecognitionOut(Answered):
    """A passage of the sound that matches a passage of a clip."""

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
    """The recordings in a sound: the likeliest first if it is short, else in order of time."""

    recognitions: list[RecognitionOut]
    duration_s: float
    fingerprinted: int
    fingerprinted_earlier: int = 0
    contents: int
    warnings: list[str] = []
