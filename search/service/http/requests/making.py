"""What is asked to be made: simple sounds from words, tunes that go on."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from pydantic import Field

from search.making.tunes import MOST_NOTES
from search.service.config import MAX_QUERY_CHARACTERS
from search.service.http.requests.common import Id, Parameters

HIGHEST_INSTRUMENT: Final = 127
MAX_SEED: Final = 2**32 - 1

Seed: TypeAlias = Annotated[int, Field(ge=0, le=MAX_SEED, description="Another one makes another; the same the same.")]
AskedText: TypeAlias = Annotated[str, Field(min_length=1, max_length=MAX_QUERY_CHARACTERS, pattern=r"\S")]


class MadeOf(Parameters):
    """What a simple sound is."""

    words: Annotated[AskedText, Field(description="Like `two short beeps, then a low rumble`.")]


class MadeSoundOf(MadeOf):
    """It, and which of those that are alike."""

    seed: Seed = 0


class ComposedOf(Parameters):
    """A tune, by its notes or as a clip, and what becomes of it."""

    notes: Annotated[AskedText | None, Field(description="Like `C4 D4 E4:2 r G4`, or ABC; or `clip_id`.")] = None
    clip_id: Annotated[Id | None, Field(description="Notes (MIDI), or a sound with one voice.")] = None
    count: Annotated[int | None, Field(ge=1, le=MOST_NOTES, description="How many notes are added; 24.")] = None
    varied: Annotated[bool, Field(description="Vary the tune instead: no notes are added.")] = False
    seed: Seed = 0


class PlayedTuneOf(ComposedOf):
    """The same, and by what it is played where the service has a soundfont."""

    instrument: Annotated[int, Field(ge=0, le=HIGHEST_INSTRUMENT, description="Of General MIDI; 0 is a piano.")] = 0
