"""Queries by words, sounds, clips, hums and notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from flask_openapi3 import FileStorage
from pydantic import BaseModel, Field, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError

from search.audio import SPEEDS
from search.model import (
    TASTES,
    Aspects,
    AudioPart,
    ClipPart,
    HumPart,
    NotesPart,
    Part,
    SegmentPart,
    TextPart,
)
from search.service.config import MAX_BATCH, MAX_K, MAX_PARTS, MAX_QUERY_CHARACTERS
from search.service.http.described import Described
from search.service.http.requests.common import (
    ABOUT_COLLAPSE,
    ABOUT_FACETS,
    ABOUT_FACTS,
    Body,
    Count,
    Filter,
    HitSort,
    Id,
    Language,
    Offset,
    Recall,
    Region,
    Seconds,
    Weight,
    Within,
)

SoundTrack: TypeAlias = Annotated[
    int, Field(ge=0, le=9999, description="An audio track, counted from 0; by default the first that is not silent.")
]


class TextIn(Body):
    """Words: matched by meaning, if the encoder reads text, and in names and metadata."""

    text: Annotated[str, Field(min_length=1, max_length=MAX_QUERY_CHARACTERS, pattern=r"\S")]
    weight: Weight = 1.0


AspectWeight: TypeAlias = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]


class AspectsIn(Body):
    """How much each aspect of similarity counts; an aspect that is absent does not count."""

    kind: Annotated[AspectWeight, Field(description="Weight of the kind of sound, as the encoder hears it.")] = 0.0
    timbre: Annotated[AspectWeight, Field(description="Weight of the spectrum.")] = 0.0
    pitch: Annotated[AspectWeight, Field(description="Weight of the pitch.")] = 0.0
    envelope: Annotated[AspectWeight, Field(description="Weight of how the level rises and falls.")] = 0.0
    rhythm: Annotated[AspectWeight, Field(description="Weight of the pattern of onsets.")] = 0.0


SoundChanges: TypeAlias = Annotated[
    list[Literal["darker", "brighter", "longer", "shorter", "higher", "lower", "noisier", "drier"]],
    Field(max_length=8, description="How hits should differ from this sound."),
]


class ClipIn(Body):
    """A clip of the library, or the passage of it from ``start_s`` to ``end_s``."""

    clip_id: Id
    start_s: Seconds = 0.0
    end_s: Seconds | None = None
    weight: Weight = 1.0
    aspects: Annotated[AspectsIn | None, Field(description="In which way hits should be like it.")] = None
    changes: SoundChanges = []

    @property
    def is_passage(self) -> bool:
        """Whether a passage of the clip is meant, which has to be decoded, and not the clip as it is indexed."""
        return self.start_s > 0 or self.end_s is not None


class SegmentIn(Body):
    """A segment of the library."""

    segment_id: Id
    weight: Weight = 1.0
    aspects: Annotated[AspectsIn | None, Field(description="In which way hits should be like it.")] = None
    changes: SoundChanges = []


class AudioIn(Body):
    """A file of this request, or the passage of it from ``start_s`` to ``end_s``."""

    audio: Annotated[str, Field(min_length=1, max_length=100, description="The multipart field that has the file.")]
    start_s: Seconds = 0.0
    end_s: Seconds | None = None
    weight: Weight = 1.0
    speed: Annotated[float, Field(ge=SPEEDS[0], le=SPEEDS[1], description="Playback speed of the file.")] = 1.0
    track: SoundTrack | None = None
    imitation: Annotated[
        bool, Field(description="Whether a voice imitates the sound to look for; `aspects`, if given, take precedence.")
    ] = False
    aspects: Annotated[AspectsIn | None, Field(description="In which way hits should be like it.")] = None
    changes: SoundChanges = []

    @property
    def file(self) -> str:
        """The field that has the file."""
        return self.audio


class HumIn(Body):
    """A file of this request, or a passage of it, in which a tune is hummed, sung or whistled."""

    hum: Annotated[str, Field(min_length=1, max_length=100, description="The multipart field that has the file.")]
    start_s: Seconds = 0.0
    end_s: Seconds | None = None
    weight: Weight = 1.0
    track: Annotated[int, Field(ge=0, le=9999, description="An audio track, counted from 0.")] = 0

    @property
    def file(self) -> str:
        """The field that has the file."""
        return self.hum


class NotesIn(Body):
    """A typed tune: names of notes, like `C4 D4 E4:2 r G4`, or ABC."""

    notes: Annotated[str, Field(min_length=1, max_length=MAX_QUERY_CHARACTERS, pattern=r"\S")]
    weight: Weight = 1.0


_PARTS: Mapping[str, type[Body]] = {
    "text": TextIn,
    "clip_id": ClipIn,
    "segment_id": SegmentIn,
    "audio": AudioIn,
    "hum": HumIn,
    "notes": NotesIn,
}


def _by_its_key(part: object, as_any: ValidatorFunctionWrapHandler) -> object:
    """Validate a part as the kind that its key names, so that errors are about that kind alone.

    Pydantic's own choice among several models (`Discriminator`) would add its label to the location of an error.
    """
    if isinstance(part, Body):
        return as_any(part)
    keys = [key for key in _PARTS if isinstance(part, dict) and key in part]
    if len(keys) == 1:
        return _PARTS[keys[0]].model_validate(part)
    there = f"this one has {' and '.join(keys)}" if keys else "this one has none of them"
    raise PydanticCustomError("part", "a part is one of {known}; {there}", {"known": ", ".join(_PARTS), "there": there})


PartIn: TypeAlias = Annotated[TextIn | ClipIn | SegmentIn | AudioIn | HumIn | NotesIn, WrapValidator(_by_its_key)]


class PassagesIn(Body):
    """What to look for: any number of wanted and unwanted parts in one question."""

    parts: Annotated[list[PartIn], Field(max_length=MAX_PARTS)] = []
    k: Count = 10
    offset: Offset = 0
    where: Filter | None = None
    region: Region | None = None
    within: Within | None = None
    space: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    language: Language | None = None
    recall: Recall | None = None


class MomentsIn(PassagesIn):
    """A query for moments: words may say `dog THEN car`, `rain WHILE speech`, `bark WITHOUT music`."""

    gap_s: Annotated[float, Field(ge=0, le=3600, description="With THEN: most seconds between the two sounds.")] = 30.0


class SearchIn(PassagesIn):
    """What to look for, and what the answer contains."""

    collapse: Annotated[bool, Field(description=ABOUT_COLLAPSE)] = False
    facets: Annotated[bool, Field(description=ABOUT_FACETS)] = False
    facts: Annotated[bool, Field(description=ABOUT_FACTS)] = False
    sort: HitSort | None = None


class AskIn(Body):
    """A question in plain English."""

    sentence: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_QUERY_CHARACTERS,
            pattern=r"\S",
            description="The whole question, like: short dark impacts, no voices, from last week",
        ),
    ]
    previous: Annotated[
        list[Id],
        Field(
            max_length=MAX_K,
            description='The clips of the last answer, best first, so that the sentence can say "the second one".',
        ),
    ] = []
    reader: Annotated[
        Literal["rules", "model"] | None,
        Field(
            description="What reads the sentence; by default rules, then the service's language model if it has one."
        ),
    ] = None
    answer: Annotated[bool, Field(description="Whether to run the query at once.")] = False
    offset: Offset = 0


class InputAudioIn(Body):
    """A sound as base64, in any supported format."""

    data: Annotated[str, Field(min_length=1, description="The file, as base64.")]
    format: Annotated[str | None, Field(max_length=32, description="Ignored: the format is read from the data.")] = None


class SoundIn(Body):
    """A sound, in the format of OpenAI's content parts."""

    type: Annotated[Literal["input_audio"], Field(description="Marks a sound.")]
    input_audio: Annotated[InputAudioIn, Field(description="The sound.")]


class EmbeddingsIn(Body):
    """What to encode, in OpenAI's format."""

    input: Annotated[
        str | Annotated[list[str | SoundIn], Field(min_length=1, max_length=MAX_BATCH)],
        Field(description="Words, or a sound as `data:audio/wav;base64,...` or as an object; or a list of these."),
    ]
    model: Annotated[
        Annotated[str, Field(min_length=1, max_length=200)] | None,
        Field(description="A space of the library; by default its first space of sounds."),
    ] = None
    encoding_format: Annotated[
        Literal["float", "base64"], Field(description="Numbers, or base64 of float32, lowest byte first.")
    ] = "float"
    dimensions: Annotated[
        Annotated[int, Field(ge=1, le=1 << 20)] | None,
        Field(description="If given, it must be the dimensions of the space."),
    ] = None
    user: Annotated[Annotated[str, Field(max_length=200)] | None, Field(description="Ignored.")] = None


class MomentsForm(Described, BaseModel):
    """A query for moments with files, like `SearchForm`."""

    query: MomentsIn | None = None
    audio: FileStorage | None = None


class SearchForm(Described, BaseModel):
    """A search with files: ``query`` names their fields; a single file may be sent in ``audio`` or ``hum``."""

    query: SearchIn | None = None
    audio: FileStorage | None = None
    hum: FileStorage | None = None


def part_of(part: PartIn, paths: Mapping[str, str]) -> Part:
    """The engine's part; ``paths`` is the file of each field. Raises KeyError for a field without one.

    A clip gives a part of the whole clip. `SearchRoutes` handles passages of clips, since it knows their files.
    """
    match part:
        case TextIn(text=text, weight=weight):
            return TextPart(text, weight)
        case ClipIn(clip_id=clip_id, weight=weight):
            return ClipPart(clip_id, weight, aspects_of(part.aspects), tuple(part.changes))
        case SegmentIn(segment_id=segment_id, weight=weight):
            return SegmentPart(segment_id, weight, aspects_of(part.aspects), tuple(part.changes))
        case AudioIn(audio=name, start_s=start_s, end_s=end_s, weight=weight, speed=speed, track=track):
            aspects = aspects_of(part.aspects) or (TASTES["imitation"] if part.imitation else None)
            return AudioPart(paths[name], start_s, end_s, weight, speed, track, aspects, tuple(part.changes))
        case HumIn(hum=name, start_s=start_s, end_s=end_s, weight=weight, track=track):
            return HumPart(paths[name], start_s, end_s, weight, track)
        case NotesIn(notes=notes, weight=weight):
            return NotesPart(notes, weight)


def aspects_of(aspects: AspectsIn | None) -> Aspects | None:
    """The engine's aspects. Raises QueryError if all are 0."""
    return None if aspects is None else Aspects(**aspects.model_dump())


# --- clips --------------------------------------------------------------------------------------------------
