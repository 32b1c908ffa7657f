"""What becomes of a tune that is given: it goes on, or is varied. The tune is notes, or what is heard in a file."""

from __future__ import annotations

from typing import Final

from search import audio
from search.analysis.melody.hearing import steady_notes
from search.analysis.melody.model import Notes
from search.analysis.melody.pitch import SAMPLE_RATE_HZ, pitch_of_blocks
from search.analysis.melody.playing import notes_of
from search.making.tunes import continued, varied

NOTES: Final = 24
"""So many are added where nobody says how many."""
GIVEN: Final = 64
"""Of a longer tune so many notes are taken: its last ones to go on with, its first ones to vary."""


def notes_in(path: str, track: int = 0, *, holds_notes: bool) -> Notes:
    """The notes of a MIDI file, or those that are heard in a sound track of a file. Raises AudioError."""
    if holds_notes:
        return notes_of(path)
    return steady_notes(pitch_of_blocks(audio.stream(path, SAMPLE_RATE_HZ, track=track)))


def going_on(notes: Notes, count: int = NOTES, seed: int = 0) -> Notes:
    """The end of a tune, from 0 s on, and ``count`` more notes. Raises QueryError as `continued` does."""
    return continued(_part(notes, slice(-GIVEN, None)), count, seed)


def variation(notes: Notes, seed: int = 0) -> Notes:
    """The beginning of a tune with other notes. Raises QueryError as `varied` does."""
    return varied(_part(notes, slice(GIVEN)), seed)


def _part(notes: Notes, which: slice) -> Notes:
    """Some of the notes, from 0 s on."""
    start_s = notes.start_s[which]
    begin_s = start_s[0] if len(start_s) else 0.0
    return Notes(start_s - begin_s, notes.end_s[which] - begin_s, notes.pitch[which])
