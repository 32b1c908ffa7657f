"""Requests to make simple sounds from words, and to continue tunes."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from pydantic import Field

from search.making.tunes import MOST_NOTES
from search.service.config import MAX_QUERY_CHARACTERS
from search.service.http.requests.common import Id, Parameters

HIGHEST_INSTRUMENT: Final = 127
MAX_SEED: Final = 2**32 - 1

Seed: TypeAlias = Annotated[
    int, Field(ge=0, le=MAX_SEED, description="Random seed; the same seed gives the same result.")
]
AskedText: TypeAlias = Annotated[str, Field(min_length=1, max_length=MAX_QUERY_CHARACTERS, pattern=r"\S")]


class MadeOf(Parameters):
    """The words of a simple sound."""

    words: Annotated[AskedText, Field(description="Like `two short beeps, then a low rumble`.")]


class MadeSoundOf(MadeOf):
    """The words of a simple sound, and the seed that picks one of its variants."""

    seed: Seed = 0


class ComposedOf(Parameters):
    """A tune, by its notes or as a clip, and how to continue or vary it."""

    notes: Annotated[
        AskedText | None, Field(description="The tune in notes, like `C4 D4 E4:2 r G4`, or in ABC; or give `clip_id`.")
    ] = None
    clip_id: Annotated[
        Id | None,
        Field(description="The clip with the tune: notes (MIDI), or a sound with one voice; or give `notes`."),
    ] = None
    count: Annotated[int | None, Field(ge=1, le=MOST_NOTES, description="How many notes to add; 24 by default.")] = None
    varied: Annotated[bool, Field(description="Vary the tune instead of adding notes.")] = False
    seed: Seed = 0


class PlayedTuneOf(ComposedOf):
    """The same, and the instrument, which needs a soundfont."""

    instrument: Annotated[
        int, Field(ge=0, le=HIGHEST_INSTRUMENT, description="General MIDI instrument; 0 is a piano.")
    ] = 0
