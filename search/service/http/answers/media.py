"""Waveforms and notes."""

from __future__ import annotations

from search.service.http.answers.common import Answered, RoundedSeconds


class PeaksOut(Answered):
    """A waveform: the lowest and highest sample, in [-1, 1], of each of equal stretches between the two times."""

    start_s: RoundedSeconds
    end_s: RoundedSeconds
    low: list[float]
    high: list[float]


class MadeOut(Answered):
    """Whether a simple sound can be made from words, and ``why`` not; ``kinds`` lists the kinds of sound."""

    can_be_made: bool
    why: str | None
    kinds: list[str]


class NotesOut(Answered):
    """The notes of a tune, by start, in three parallel lists. A pitch is a MIDI note number: 69 is A4, 440 Hz."""

    start_s: list[RoundedSeconds]
    end_s: list[RoundedSeconds]
    pitch: list[float]


class ClipPeaksOut(Answered):
    """The waveform of a whole clip, or the notes of a MIDI file.

    ``low`` and ``high`` are empty if the file is missing or holds notes.
    """

    clip_id: int
    end_s: RoundedSeconds
    low: list[float]
    high: list[float]
    notes: NotesOut | None = None


class ManyPeaksOut(Answered):
    """Waveforms, in the order of the request; unknown clips are left out, and with `short`, long ones too."""

    peaks: list[ClipPeaksOut]
