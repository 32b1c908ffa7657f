"""Rendering a MIDI file as sound: only the tune that is searched, without drums and accompaniment."""

from __future__ import annotations

import numpy as np

from search.analysis.melody.midi import tunes_from_midi
from search.analysis.melody.model import Notes
from search.analysis.melody.rendering import LONGEST_S, render
from search.model import Wave

MOST_VOICES = 8
"""The most melodies of a file that are played together; any number of tracks may be named as melodies."""


def notes_of(path: str) -> Notes:
    """The notes of a MIDI file's tunes, by start, up to `LONGEST_S`. Raises AudioError."""
    voices = [tune.notes for tune in tunes_from_midi(path)[:MOST_VOICES]]
    start_s, end_s, pitch = (
        np.concatenate([getattr(voice, name) for voice in voices]) for name in ("start_s", "end_s", "pitch")
    )
    order = np.argsort(start_s, kind="stable")
    order = order[start_s[order] < LONGEST_S]
    return Notes(start_s[order], np.minimum(end_s[order], LONGEST_S), pitch[order])


def played(path: str, rate_hz: int) -> Wave:
    """The tune of a MIDI file as mono samples (n,); silent after `LONGEST_S`. Raises AudioError."""
    return render(notes_of(path), rate_hz)
