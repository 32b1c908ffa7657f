"""What may be asked. These models validate requests and make the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from flask_openapi3 import FileStorage
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError

from search.audio import SPEEDS
from search.columns.ordering import ORDERS
from search.columns.parsing import MAX_CHARACTERS
from search.engine.search import MAX_OFFSET
from search.facts.definitions import PLACES
from search.facts.ordering import NUMBERS
from search.model import (
    DEFAULT_DIVERSITY,
    LEAST,
    MAX_FEEDBACK,
    MAX_REMARK_CHARACTERS,
    TASTES,
    Aspects,
    AudioPart,
    ClipPart,
    HumPart,
    NotesPart,
    Opinion,
    Part,
    RecommendQuery,
    SegmentPart,
    TextPart,
)
from search.service.config import MAX_BATCH, MAX_K, MAX_PARTS, MAX_PROFILE_CHARACTERS, MAX_QUERY_CHARACTERS, MAX_TASTES
from search.service.http.described import Described

MAX_ID = 2**63 - 1
MAX_WAVEFORMS = 24
MAX_FACTS = 200
MAX_EXPORTED = 10_000
_FACTS = "Whether each hit has its facts, as far as they were measured."
_FACETS = (
    "Count the clips that are likely (`likely`), and their tags, durations, dates, folders and facts (`facets`), "
    "however many hits are asked for; those of the hits where none is likely or nobody can tell."
)
_COLLAPSE = "One hit for each recording, its best; `copies` names the other clips of it that were found."

Id: TypeAlias = Annotated[int, Field(ge=1, le=MAX_ID)]
Weight: TypeAlias = Annotated[
    float, Field(ge=-1000, le=1000, description="How much it counts; below 0: not like this. Not 0.")
]
Count: TypeAlias = Annotated[int, Field(ge=1, le=MAX_K, description="How many hits.")]
Offset: TypeAlias = Annotated[
    int, Field(ge=0, le=MAX_OFFSET, description="How many hits to pass over: the `next_offset` of the page before.")
]
Filter: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=MAX_CHARACTERS, description='A filter, like: duration_s < 6 and tag = "Dog"'),
]
Language: TypeAlias = Annotated[
    Literal["en", "de", "fr", "es", "it", "pt", "zh", "ja", "ru"],
    Field(description="The language of the words; without it the service's own, else it is found out."),
]
Seconds: TypeAlias = Annotated[float, Field(ge=0, le=1e7)]
_CORNER = r"-?[0-9]{1,6}(\.[0-9]{1,6})?,-?[0-9]{1,6}(\.[0-9]{1,6})?"
Region: TypeAlias = Annotated[
    str,
    Field(
        max_length=4000,
        pattern=f"^{_CORNER}( {_CORNER}){{2,199}}$",
        description="Only clips inside this polygon of `GET /map`: its corners, `x,y x,y x,y`.",
    ),
]


Within: TypeAlias = Annotated[
    str,
    Field(
        max_length=300,
        pattern=r"^((collection|clip|root):[1-9][0-9]{0,17}|(liked|disliked):[^/\n]*[^/\s][^/\n]*)$",
        description="Only clips of a list: `collection:3`, or what a profile liked, `liked:anna`; of a folder, "
        "`root:2`; or `clip:17`.",
    ),
]


class Body(Described, BaseModel):
    """A JSON body: types are taken at their word, and unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Parameters(Described, BaseModel):
    """Parameters of a path or a query string: text that is read as the type it should have."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


# --- the parts of a query ---------------------------------------------------------------------------------

SoundTrack: TypeAlias = Annotated[
    int, Field(ge=0, le=9999, description="A sound track, from 0. Without it: the first that is not silent.")
]


class TextIn(Body):
    """Words: looked up in meaning, where the encoder reads, and in names and metadata."""

    text: Annotated[str, Field(min_length=1, max_length=MAX_QUERY_CHARACTERS, pattern=r"\S")]
    weight: Weight = 1.0


AspectWeight: TypeAlias = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]


class AspectsIn(Body):
    """How much each way of being alike counts; those that are not named, not at all."""

    kind: Annotated[AspectWeight, Field(description="How much it counts what the encoder hears.")] = 0.0
    timbre: Annotated[AspectWeight, Field(description="How much the spectrum counts.")] = 0.0
    pitch: Annotated[AspectWeight, Field(description="How much the pitch counts.")] = 0.0
    envelope: Annotated[AspectWeight, Field(description="How much it counts how the level rises and falls.")] = 0.0
    rhythm: Annotated[AspectWeight, Field(description="How much it counts how onsets come again.")] = 0.0


Changes: TypeAlias = Annotated[
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
    changes: Changes = []

    @property
    def is_passage(self) -> bool:
        """Whether a part of the clip is meant, which is listened to, and not the clip as it is indexed."""
        return self.start_s > 0 or self.end_s is not None


class SegmentIn(Body):
    """A segment of the library."""

    segment_id: Id
    weight: Weight = 1.0
    aspects: Annotated[AspectsIn | None, Field(description="In which way hits should be like it.")] = None
    changes: Changes = []


class AudioIn(Body):
    """A file of this request, or the passage of it from ``start_s`` to ``end_s``."""

    audio: Annotated[str, Field(min_length=1, max_length=100, description="The multipart field that has the file.")]
    start_s: Seconds = 0.0
    end_s: Seconds | None = None
    weight: Weight = 1.0
    speed: Annotated[float, Field(ge=SPEEDS[0], le=SPEEDS[1], description="At what speed the file is played.")] = 1.0
    track: SoundTrack | None = None
    imitation: Annotated[
        bool, Field(description="Whether a voice imitates what is looked for; ``aspects``, where given, win.")
    ] = False
    aspects: Annotated[AspectsIn | None, Field(description="In which way hits should be like it.")] = None
    changes: Changes = []

    @property
    def file(self) -> str:
        """The field that has the file."""
        return self.audio


class HumIn(Body):
    """A file of this request, or the passage of it, in which a tune is hummed, sung or whistled."""

    hum: Annotated[str, Field(min_length=1, max_length=100, description="The multipart field that has the file.")]
    start_s: Seconds = 0.0
    end_s: Seconds | None = None
    weight: Weight = 1.0

    @property
    def file(self) -> str:
        """The field that has the file."""
        return self.hum


class NotesIn(Body):
    """A tune that is typed: names of notes, like `C4 D4 E4:2 r G4`, or ABC."""

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
    """The part that its key says it is: it alone is checked, so that nothing but what is wrong with it is reported.

    Pydantic's own choice among several models (`Discriminator`) would tell its label as a step of where.
    """
    if isinstance(part, Body):
        return as_any(part)
    keys = [key for key in _PARTS if isinstance(part, dict) and key in part]
    if len(keys) == 1:
        return _PARTS[keys[0]].model_validate(part)
    there = f"this one has {' and '.join(keys)}" if keys else "this one has none of them"
    raise PydanticCustomError("part", "a part is one of {known}; {there}", {"known": ", ".join(_PARTS), "there": there})


PartIn: TypeAlias = Annotated[TextIn | ClipIn | SegmentIn | AudioIn | HumIn | NotesIn, WrapValidator(_by_its_key)]


HitSort: TypeAlias = Annotated[
    str,
    Field(
        description="A fact that is a number: hits from low to high, with - before it from high to low, in place of "
        "the best first. Those without it come last.",
        json_schema_extra={"enum": [f"{sign}{name}" for name in NUMBERS for sign in ("", "-")]},
        pattern=f"^-?({'|'.join(NUMBERS)})$",
    ),
]


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


class MomentsIn(PassagesIn):
    """What to look for in moments: words may say `dog THEN car`, `rain WHILE speech`, `bark WITHOUT music`."""

    gap_s: Annotated[float, Field(ge=0, le=3600, description="With THEN: so long between two sounds, at most.")] = 30.0


class SearchIn(PassagesIn):
    """What to look for, and how it is answered."""

    collapse: Annotated[bool, Field(description=_COLLAPSE)] = False
    facets: Annotated[bool, Field(description=_FACETS)] = False
    facts: Annotated[bool, Field(description=_FACTS)] = False
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
        Field(max_length=MAX_K, description='The clips of the last answer, best first, that "the second one" means.'),
    ] = []
    reader: Annotated[
        Literal["rules", "model"] | None,
        Field(description="Who reads it; without it rules first, then the service's language model if it has one."),
    ] = None
    answer: Annotated[bool, Field(description="Whether to answer it at once.")] = False
    offset: Offset = 0


class InputAudioIn(Body):
    """A sound as base64, in any format that is read."""

    data: Annotated[str, Field(min_length=1, description="The file, as base64.")]
    format: Annotated[str | None, Field(max_length=32, description="Ignored: what a file is, its content says.")] = None


class SoundIn(Body):
    """A sound, in the shape of OpenAI's content parts."""

    type: Annotated[Literal["input_audio"], Field(description="That a sound follows.")]
    input_audio: Annotated[InputAudioIn, Field(description="The sound.")]


class EmbeddingsIn(Body):
    """What to make vectors of, in OpenAI's shape."""

    input: Annotated[
        str | Annotated[list[str | SoundIn], Field(min_length=1, max_length=MAX_BATCH)],
        Field(description="Words, or a sound as `data:audio/wav;base64,...` or as an object; or several of them."),
    ]
    model: Annotated[
        Annotated[str, Field(min_length=1, max_length=200)] | None,
        Field(description="A space of the library; the first of sounds without it."),
    ] = None
    encoding_format: Annotated[
        Literal["float", "base64"], Field(description="Numbers, or base64 of float32, lowest byte first.")
    ] = "float"
    dimensions: Annotated[
        Annotated[int, Field(ge=1, le=1 << 20)] | None, Field(description="Those that the space has, if given.")
    ] = None
    user: Annotated[Annotated[str, Field(max_length=200)] | None, Field(description="Ignored.")] = None


class MomentsForm(Described, BaseModel):
    """A question for moments with files, as `SearchForm`."""

    query: MomentsIn | None = None
    audio: FileStorage | None = None


class SearchForm(Described, BaseModel):
    """A search with files: ``query`` names the fields that hold them; a lone file stands in ``audio`` or ``hum``."""

    query: SearchIn | None = None
    audio: FileStorage | None = None
    hum: FileStorage | None = None


def part_of(part: PartIn, paths: Mapping[str, str]) -> Part:
    """The engine's part; ``paths`` says where the file of a field was put. Raises KeyError for a field without one.

    The passage of a clip is a part of audio whose file the caller knows (`SearchRoutes`); here it is the clip.
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
        case HumIn(hum=name, start_s=start_s, end_s=end_s, weight=weight):
            return HumPart(paths[name], start_s, end_s, weight)
        case NotesIn(notes=notes, weight=weight):
            return NotesPart(notes, weight)


def aspects_of(aspects: AspectsIn | None) -> Aspects | None:
    """The engine's. Raises QueryError where all are 0."""
    return None if aspects is None else Aspects(**aspects.model_dump())


# --- clips --------------------------------------------------------------------------------------------------

Sort: TypeAlias = Annotated[
    str,
    Field(
        description="A column or a fact that is a number; with - before it from high to low. Absent ones come last.",
        json_schema_extra={"enum": [f"{sign}{name}" for name in ORDERS for sign in ("", "-")]},
        pattern=f"^-?({'|'.join(ORDERS)})$",
    ),
]


class ClipPath(Parameters):
    """A clip by its id."""

    clip_id: Id


class EventsOf(Parameters):
    """Which events, and how they are written."""

    least: Annotated[float, Field(ge=0, le=1, description="How likely an event has to be.")] = 0.3
    form: Annotated[
        Literal["json", "audacity", "raven", "csv", "srt"], Field(description="JSON, or what other programs read.")
    ] = "json"


class SpeechOf(Parameters):
    """How what is said is written, and in which language it is said."""

    form: Annotated[Literal["json", "srt", "vtt", "txt"], Field(description="JSON, subtitles, or text.")] = "json"
    language: Annotated[
        str | None, Field(max_length=16, pattern=r"^[a-z]{2,3}$", description="Like `en`; without it, it is found out.")
    ] = None


class SpokenQuery(Parameters):
    """Words that are said: words, phrases in quotes, beginnings (`thunder*`)."""

    words: Annotated[str, Field(min_length=1, max_length=MAX_QUERY_CHARACTERS, pattern=r"\S")]
    k: Annotated[int, Field(ge=1, le=MAX_K, description="How many passages.")] = 10
    offset: Annotated[int, Field(ge=0, le=MAX_OFFSET, description="How many to pass over.")] = 0
    where: Filter | None = None


class Narrowed(Parameters):
    """Which clips: those that pass a filter, lie in a region of the map, and are in a list; without them all."""

    where: Filter | None = None
    region: Region | None = None
    within: Within | None = None


class MapOf(Narrowed):
    """Which clips of the map, and what their colours say."""

    colour: Annotated[
        Annotated[
            str, Field(max_length=300, pattern=rf"^(tag|own_tag|folder|duration_s|{'|'.join(PLACES)}|liked:[^/\n]+)$")
        ]
        | None,
        Field(
            description="What colours say: a facet, a fact, or what a profile liked (`liked:anna`); without it the "
            "likeliest tag of each, its folder in a library without tags."
        ),
    ] = None


class DefectsOf(Parameters):
    """Of which clips; without a filter of all."""

    where: Filter | None = None


class SuggestionList(Parameters):
    """How many suggestions, of which clips."""

    where: Filter | None = None
    limit: Annotated[int, Field(ge=1, le=50, description="How many suggestions at most.")] = 10


class ClipList(Narrowed):
    """Which clips, in which order, which page of them."""

    sort: Sort = "id"
    offset: Annotated[int, Field(ge=0, le=MAX_ID)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    facets: Annotated[
        bool, Field(description="Count tags, durations, dates, folders and facts of everything found.")
    ] = False


class ClipChange(Body):
    """What may be changed of a clip."""

    title: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")] | None = None
    metadata: (
        Annotated[
            dict[Annotated[str, Field(pattern=r"^[a-z0-9_.-]{1,64}$")], Annotated[str, Field(max_length=4000)]],
            Field(max_length=64),
        ]
        | None
    ) = None
    own_tags: (
        Annotated[
            list[Annotated[str, Field(max_length=200)]],
            Field(max_length=100, description="All of its own tags from now on; a comma within one ends it."),
        ]
        | None
    ) = None
    remark: (
        Annotated[
            str, Field(max_length=MAX_REMARK_CHARACTERS, description="What is to be remembered of it; empty: none.")
        ]
        | None
    ) = None


class SimilarTo(Parameters):
    """How to look for clips like another."""

    k: Count = 10
    offset: Offset = 0
    where: Filter | None = None
    space: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    collapse: Annotated[bool, Field(description=_COLLAPSE)] = False
    facts: Annotated[bool, Field(description=_FACTS)] = False


class PathTo(Parameters):
    """Where a path leads to, and in how many steps."""

    to: Annotated[Id, Field(description="The clip that the path ends at.")]
    steps: Annotated[int, Field(ge=2, le=64, description="How many steps it has.")] = 8
    where: Filter | None = None
    space: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class CompanionsOf(Parameters):
    """What should go with a clip."""

    k: Annotated[int, Field(ge=1, le=1000, description="How many hits.")] = 10
    where: Filter | None = None
    space: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    stretch: Annotated[float, Field(ge=0, le=0.5, description="How much a tempo may be changed: .08 is 8 %.")] = 0.08


class Passage(Parameters):
    """A passage of a clip; all of it without them."""

    start_s: Seconds = 0.0
    end_s: Seconds | None = None


class PeaksOf(Passage):
    """How finely to look at the waveform."""

    buckets: Annotated[int, Field(ge=1, le=4000, description="Into how many equal stretches of time.")] = 800


class ManyPeaks(Parameters):
    """The waveforms of several clips at once, as a list that scrolls needs them."""

    clip_id: Annotated[list[Id], Field(min_length=1, max_length=MAX_WAVEFORMS)]
    buckets: Annotated[int, Field(ge=1, le=400, description="Into how many equal stretches of time.")] = 160


class ManyFacts(Parameters):
    """The facts of several clips at once, as the columns of a list need them."""

    clip_id: Annotated[list[Id], Field(min_length=1, max_length=MAX_FACTS)]


class AudioOf(Parameters):
    """How a clip's sound is to come."""

    direct: Annotated[
        bool,
        Field(
            description="A clip in an object store: be sent there (307), by an address that holds for ten minutes, "
            "instead of hearing it through the service. Where the store makes none it comes as always."
        ),
    ] = False


class PictureOf(Passage):
    """How large a picture."""

    width: Annotated[int, Field(ge=16, le=2000)] = 800
    height: Annotated[int, Field(ge=16, le=512)] = 128
    scale: Annotated[
        Literal["mel", "linear"], Field(description="Frequency upwards: as it is heard, from 30 Hz, or evenly, from 0.")
    ] = "mel"


# --- exports ----------------------------------------------------------------------------------------------

Handles: TypeAlias = Annotated[
    float, Field(ge=0, le=600, description="So many seconds more at both ends, as far as the sound reaches.")
]


class PassageOf(Passage):
    """A passage of a clip, with handles."""

    handles_s: Handles = 0.0


class ExportItemIn(Body):
    """A clip, and the passage of it that is meant; all of it without one."""

    clip_id: Id
    start_s: Seconds = 0.0
    end_s: Seconds | None = None


class ExportIn(Body):
    """What to take out, and as what."""

    items: Annotated[
        list[ExportItemIn], Field(min_length=1, max_length=MAX_EXPORTED, description="The sounds, in their order.")
    ]
    format: Annotated[
        Literal["files", "passages", "edl", "reaper"],
        Field(
            description="A ZIP of the files (with an edit list, a project and a list of licences), or of the passages "
            "as WAV; an edit list (CMX 3600), or a project of REAPER, in which files lie below the library's folders."
        ),
    ] = "files"
    handles_s: Handles = 0.0


class ExportForm(BaseModel):
    """The same as a form."""

    export: Annotated[ExportIn, Field(description="What to take out, as JSON.")]


# --- collections ------------------------------------------------------------------------------------------

CollectionName: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"\S", description="Its name; no two have the same.")
]


class CollectionPath(Parameters):
    """A collection by its id."""

    collection_id: Id


class CollectedIn(Body):
    """A clip, and the passage of it that is meant; all of it without one."""

    clip_id: Id
    start_s: Seconds | None = None
    end_s: Seconds | None = None


class NewCollection(Body):
    """A collection to be made."""

    name: CollectionName
    clips: Annotated[
        list[CollectedIn], Field(max_length=MAX_EXPORTED, description="What is in it from the beginning.")
    ] = []


class CollectionChange(Body):
    """What becomes of a collection."""

    name: CollectionName | None = None
    added: Annotated[list[CollectedIn], Field(max_length=MAX_EXPORTED, description="Clips to put in.")] = []
    removed: Annotated[list[Id], Field(max_length=MAX_EXPORTED, description="Clips to take out.")] = []


# --- merges -----------------------------------------------------------------------------------------------


class MergePath(Parameters):
    """A merge by its id."""

    merge_id: Annotated[Id, Field(description="A merge, by its id.")]


class MergeList(Parameters):
    """Which page of the merges, newest first."""

    offset: Annotated[int, Field(ge=0, le=MAX_ID)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class NewMerge(Body):
    """Clips of one recording: the one that is kept, and those that leave the library."""

    keep: Annotated[Id, Field(description="The clip that stays.")]
    clips: Annotated[list[Id], Field(min_length=1, max_length=1000, description="The clips that leave.")]


# --- saved searches ---------------------------------------------------------------------------------------

SearchName: TypeAlias = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S", description="Its name.")]
LeastLikely: TypeAlias = Annotated[
    float, Field(gt=0, le=1, description="How likely a match has to be to be told of as new.")
]
WebhookUrl: TypeAlias = Annotated[
    str, Field(max_length=2000, description="The address that new matches are posted to; empty: none.")
]


class NewSearchIn(SearchIn):
    """A search to be saved: a question, and what it is called."""

    name: SearchName
    least: LeastLikely = LEAST
    webhook: WebhookUrl = ""


class NewSearchForm(Described, BaseModel):
    """A search to be saved with files, as `SearchForm`; ``query`` has its name, too."""

    query: NewSearchIn
    audio: FileStorage | None = None
    hum: FileStorage | None = None


class SearchChange(Body):
    """What becomes of a saved search."""

    name: SearchName | None = None
    least: LeastLikely | None = None
    webhook: WebhookUrl | None = None


class SearchPath(Parameters):
    """A saved search by its id."""

    search_id: Id


class SearchSoundPath(SearchPath):
    """A sound that a saved search asks with, by its place."""

    place: Annotated[int, Field(ge=0, le=MAX_PARTS)]


class SavedHits(Parameters):
    """Which page of its answer; without `k` as many hits as it was saved with."""

    k: Count | None = None
    offset: Offset = 0


class MatchList(Parameters):
    """Which matches of saved searches."""

    search_id: Id | None = None
    after: Annotated[int, Field(ge=0, le=MAX_ID, description="Those with higher ids alone.")] = 0
    unseen: Annotated[bool, Field(description="Those alone that nobody has seen.")] = False
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class SeenMatches(Body):
    """How far somebody looked."""

    up_to: Annotated[Id | None, Field(description="The last match that was seen; without it, all.")] = None


# --- uploads and jobs -------------------------------------------------------------------------------------


class IdentifyForm(Described, BaseModel):
    """The sound to identify."""

    audio: Annotated[FileStorage, Field(description="The sound: any format, five seconds or more.")]


class UploadForm(Described, BaseModel):
    """The files to index."""

    files: Annotated[
        list[FileStorage],
        Field(
            min_length=1,
            description="One or more audio files. The folders of a relative file name (`kicks/01.wav`) are kept.",
        ),
    ]
    job: Annotated[
        Annotated[int, Field(ge=1, le=MAX_ID)] | None,
        Field(description="The job that these files join, of at most 1,000; without it they are a job of their own."),
    ] = None


class UploadHeaders(Described, BaseModel):
    """What is said of an upload beside its files."""

    key: Annotated[
        Annotated[str, Field(min_length=1, max_length=200)] | None,
        Field(
            alias="Idempotency-Key",
            description="Any text that no other upload has. Sent again with it within a day, the same files are no "
            "copies: the answer is their job.",
        ),
    ] = None


class JobPath(Parameters):
    """A job by its id."""

    job_id: Id


class JobList(Parameters):
    """Which jobs, newest first."""

    state: Literal["queued", "running", "paused", "done", "failed", "cancelled"] | None = None
    offset: Annotated[int, Field(ge=0, le=MAX_ID)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class NewRoot(Body):
    """A folder of the service's machine to index, with all that is below it."""

    path: Annotated[
        str,
        Field(min_length=1, max_length=4096, pattern=r"\S", description="Where it lies: absolute, or from `~` on."),
    ]


class RootPath(Parameters):
    """A root by its id."""

    root_id: Id


class NewJob(Body):
    """Work on the whole library that a client may start; uploads start their own."""

    kind: Literal["duplicates", "map", "facts", "events"]


# --- recommendation and feedback --------------------------------------------------------------------------


def _without_slash(name: object) -> object:
    if isinstance(name, str) and "/" in name:
        raise PydanticCustomError("profile", "a profile's name has no '/' in it; choose another character")
    return name


Profile: TypeAlias = Annotated[
    str,
    BeforeValidator(_without_slash),
    Field(
        min_length=1,
        max_length=MAX_PROFILE_CHARACTERS,
        pattern=r"^[^/]*[^/\s][^/]*$",
        description="A name that callers choose, without `/`: what follows one in an address is a clip.",
    ),
]
Amount: TypeAlias = Annotated[float, Field(ge=0.001, le=1000, description="How much it counts.")]


class TasteIn(Body):
    """A clip that someone liked or disliked."""

    clip_id: Id
    weight: Amount = 1.0


class RecommendIn(Body):
    """For whom: what they liked and disliked, what they know already, and the profile kept under a name."""

    likes: Annotated[list[TasteIn], Field(max_length=MAX_TASTES)] = []
    dislikes: Annotated[list[TasteIn], Field(max_length=MAX_TASTES)] = []
    seen: Annotated[list[Id], Field(max_length=MAX_FEEDBACK)] = []
    profile: Profile | None = None
    k: Count = 10
    offset: Offset = 0
    diversity: Annotated[float, Field(ge=0, le=1, description="0: the likeliest, however alike; 1: varied.")] = (
        DEFAULT_DIVERSITY
    )
    where: Filter | None = None
    space: Annotated[str, Field(min_length=1, max_length=200)] | None = None

    def query(self) -> RecommendQuery:
        """The engine's question."""
        return RecommendQuery(
            likes=tuple(ClipPart(one.clip_id, one.weight) for one in self.likes),
            dislikes=tuple(ClipPart(one.clip_id, one.weight) for one in self.dislikes),
            seen=frozenset(self.seen),
            k=self.k,
            diversity=self.diversity,
            where=self.where,
            space=self.space,
            profile=self.profile,
            offset=self.offset,
        )


class RecommendBatchIn(Body):
    """Several questions at once, as a backend has them."""

    queries: Annotated[list[RecommendIn], Field(min_length=1, max_length=MAX_BATCH)]


class ProfilePath(Parameters):
    """A profile by its name."""

    profile: Profile


class OpinionPath(ProfilePath):
    """One opinion of it."""

    clip_id: Id


class OpinionIn(Body):
    """What someone thought of a clip; ``at`` is seconds since 1970, now without it."""

    clip_id: Id
    opinion: Opinion
    weight: Amount = 1.0
    at: Annotated[float, Field(ge=0, le=1e11)] = 0.0


class FeedbackIn(Body):
    """Opinions of clips."""

    feedback: Annotated[list[OpinionIn], Field(max_length=MAX_FEEDBACK)]


# --- the whole library ------------------------------------------------------------------------------------


class GroupList(Parameters):
    """Which page of the groups; with ``clip_id`` the one that this clip is in, if there is one."""

    clip_id: Id | None = None
    offset: Annotated[int, Field(ge=0, le=MAX_ID)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 50


# --- keys ---------------------------------------------------------------------------------------------------


class SessionIn(Body):
    """An API key, as `soundalike keys add` printed it."""

    key: Annotated[str, Field(min_length=1, max_length=200)]
