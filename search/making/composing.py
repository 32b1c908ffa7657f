"""Continues or varies a given tune. The tune is notes, or what is recognised in a sound file."""

from __future__ import annotations

from typing import Final

from search import audio
from search.analysis.melody.hearing import steady_notes
from search.analysis.melody.model import Notes
from search.analysis.melody.pitch import SAMPLE_RATE_HZ, pitch_of_blocks
from search.analysis.melody.playing import notes_of
from search.making.tunes import continued, varied

NOTES: Final = 24
"""The default number of added notes."""
GIVEN: Final = 64
"""The most notes of a tune that are used: the last ones to continue it, the first ones to vary it."""


def notes_in(path: str, track: int = 0, *, holds_notes: bool) -> Notes:
    """Return the notes of a MIDI file, or those recognised in a sound track of a file. Raises AudioError."""
    if holds_notes:
        return notes_of(path)
    return steady_notes(pitch_of_blocks(audio.stream(path, SAMPLE_RATE_HZ, track=track)))


def going_on(notes: Notes, count: int = NOTES, seed: int = 0) -> Notes:
    """Return the end of a tune, moved to 0 s, and ``count`` more notes. Raises QueryError as `continued` does."""
    return continued(_part(notes, slice(-GIVEN, None)), count, seed)


def variation(notes: Notes, seed: int = 0) -> Notes:
    """Return a variation of the beginning of a tune. Raises QueryError as `varied` does."""
    return varied(_part(notes, slice(GIVEN)), seed)


def _part(notes: Notes, which: slice) -> Notes:
    """Return some of the notes, moved to 0 s."""
    start_s = notes.start_s[which]
    begin_s = start_s[0] if len(start_s) else 0.0
    return Notes(start_s - begin_s, notes.end_s[which] - begin_s, notes.pitch[which])
