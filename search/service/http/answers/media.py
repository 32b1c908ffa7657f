"""Waveforms and notes."""

from __future__ import annotations

from search.service.http.answers.common import Answered, RoundedSeconds


class PeaksOut(Answered):
    """The waveform: lowest and highest sample, in [-1, 1], of each of equal stretches between the two times."""

    start_s: RoundedSeconds
    end_s: RoundedSeconds
    low: list[float]
    high: list[float]


class MadeOut(Answered):
    """Whether a simple sound can be made from words, and ``why`` not; ``kinds`` are those that there are."""

    can_be_made: bool
    why: str | None
    kinds: list[str]


class NotesOut(Answered):
    """The notes of a tune, by start; the three lists go together. A pitch is a MIDI note number: 69 is A4, 440 Hz."""

    start_s: list[RoundedSeconds]
    end_s: list[RoundedSeconds]
    pitch: list[float]


class ClipPeaksOut(Answered):
    """The waveform of a whole clip, or the notes of a MIDI file.

    ``low`` and ``high`` are empty where it has none: its file is away, or holds notes.
    """

    clip_id: int
    end_s: RoundedSeconds
    low: list[float]
    high: list[float]
    notes: NotesOut | None = None


class ManyPeaksOut(Answered):
    """Waveforms, in the order in which they were asked for; unknown clips are left out, with `short` long ones too."""

    peaks: list[ClipPeaksOut]
