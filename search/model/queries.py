"""Queries, their parts, and answers.

A part that is a sound may weigh in which way hits are like it (``aspects``), and say how they should differ from it
(``changes``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from search.errors import QueryError
from search.model import checking
from search.model.arrays import Ids, Scores
from search.model.aspects import Aspects, Change
from search.model.contents import Clip, Segment, Tag
from search.model.overview import FacetCount


@dataclass(frozen=True, slots=True)
class TextPart:
    """Words: looked up in meaning (where the encoder reads) and in names and metadata. A negative weight subtracts.

    Examples:
        >>> soundalike.Query((soundalike.TextPart("siren"), soundalike.TextPart("horn", weight=-0.5)), k=5).k
        5
    """

    text: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Raises QueryError for what is no text."""
        if not isinstance(self.text, str):
            raise QueryError(f"text is {self.text!r}; it must be a string")


@dataclass(frozen=True, slots=True)
class AudioPart:
    """A file, or the passage of it from ``start_s`` to ``end_s`` (of its own time), played at ``speed``.

    ``path`` may be a `pathlib.Path` when it is made; read, it is a string. ``track`` is one of its sound tracks,
    counted from 0; None: the first in which there is something.

    Examples:
        >>> passage = soundalike.AudioPart("door.wav", start_s=0.5, end_s=1.5)
        >>> library.search(soundalike.Query((passage,), k=1)).hits[0].title
        'door_slam'
    """

    path: str
    start_s: float = 0.0
    end_s: float | None = None
    weight: float = 1.0
    speed: float = 1.0
    track: int | None = None
    aspects: Aspects | None = None
    changes: tuple[Change, ...] = ()

    def __post_init__(self) -> None:
        """A `pathlib.Path` is a path as well. Raises QueryError for what is none."""
        checking.put(self, path=checking.path(self.path))


@dataclass(frozen=True, slots=True)
class ClipPart:
    """A clip of the library: the mean of its segments.

    Examples:
        >>> library.search(soundalike.Query((soundalike.ClipPart(1),), k=1)).hits[0].title
        'police_siren_02'
    """

    clip_id: int
    weight: float = 1.0
    aspects: Aspects | None = None
    changes: tuple[Change, ...] = ()

    def __post_init__(self) -> None:
        """Raises QueryError for an id that is no whole number."""
        checking.put(self, clip_id=checking.whole("clip_id", self.clip_id))


@dataclass(frozen=True, slots=True)
class SegmentPart:
    """One segment of the library.

    Examples:
        >>> hit = library.search(soundalike.Query((soundalike.AudioPart("door.wav"),), k=1)).hits[0]
        >>> alike = library.search(soundalike.Query((soundalike.SegmentPart(hit.segment_id),), k=1))
        >>> len(alike.hits)
        1
    """

    segment_id: int
    weight: float = 1.0
    aspects: Aspects | None = None
    changes: tuple[Change, ...] = ()

    def __post_init__(self) -> None:
        """Raises QueryError for an id that is no whole number."""
        checking.put(self, segment_id=checking.whole("segment_id", self.segment_id))


@dataclass(frozen=True, slots=True)
class HumPart:
    """A tune that is hummed, sung or whistled in a file, or in the passage of it: 3 to 30 seconds from anywhere in it.

    Searched in the melody space, whatever ``Query.space`` says. ``track`` is one of the file's sound tracks, from 0.

    Examples:
        >>> library.search(soundalike.Query((soundalike.HumPart("la-la.wav"),))).hits[0].title
        'twinkle'
    """

    path: str
    start_s: float = 0.0
    end_s: float | None = None
    weight: float = 1.0
    track: int = 0

    def __post_init__(self) -> None:
        """A `pathlib.Path` is a path as well. Raises QueryError for what is none."""
        checking.put(self, path=checking.path(self.path))


@dataclass(frozen=True, slots=True)
class NotesPart:
    """A tune that is typed: names of notes ("C4 D4 E4:2 r G4") or ABC. Searched as a hum is.

    Examples:
        >>> library.search(soundalike.Query((soundalike.NotesPart("C4 C4 G4 G4 A4 A4 G4:2"),))).hits[0].title
        'twinkle'
    """

    notes: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Raises QueryError for what is no text."""
        if not isinstance(self.notes, str):
            raise QueryError(f"notes is {self.notes!r}; it must be a string")


@dataclass(frozen=True, slots=True)
class TunePart:
    """The tune of a clip, or the passage of it: finds the same tune in other clips. Searched as a hum is.

    A `ClipPart` of a clip that has a tune and no sound, as a MIDI file has, means this.

    Examples:
        >>> library.search(soundalike.Query((soundalike.TunePart(6, start_s=0.0, end_s=8.0),), k=1)).verdict
        'none'
    """

    clip_id: int
    start_s: float = 0.0
    end_s: float | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Raises QueryError for an id that is no whole number."""
        checking.put(self, clip_id=checking.whole("clip_id", self.clip_id))


Part: TypeAlias = TextPart | AudioPart | ClipPart | SegmentPart | HumPart | NotesPart | TunePart
Verdict: TypeAlias = Literal["good", "weak", "none"]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: weighted parts (at least one positive), how many hits, a ``--where`` filter, a space by name.

    ``offset`` hits are passed over, so that answers can be read page by page: the first hits of a longer answer are
    those of a shorter one. ``among``: only these clips, where it is given; ``without``: never these.

    With ``collapse`` each recording has one hit, its best: copies are named in it and take no place of their own.

    ``language`` is that of its words, a code of `LANGUAGES`, where it is known; else it is found out. ``count``: find
    out how many clips are likely, whatever ``k`` is (`Answer.likely`).

    ``recall``, from .5 to .999: in a large library search with as much effort as finds this part of the nearest ten;
    None: as the library is set (`Settings.recall`, else `Settings.effort`).

    Examples:
        >>> parts = (soundalike.AudioPart("door.wav"), soundalike.ClipPart(3, weight=-0.5))
        >>> answer = library.search(soundalike.Query(parts, k=2, where="duration_s < 6"))
        >>> answer.hits[0].title
        'door_slam'
    """

    parts: tuple[Part, ...]
    k: int = 10
    where: str | None = None
    space: str | None = None
    collapse: bool = False
    among: tuple[int, ...] | None = None
    offset: int = 0
    without: tuple[int, ...] = ()
    language: str = ""
    count: bool = False
    recall: float | None = None

    def __post_init__(self) -> None:
        """Raises QueryError for what is of another type: here, where it is given."""
        checking.put(
            self,
            parts=checking.several("parts", self.parts, get_args(Part), "(TextPart('rain'),)"),
            k=checking.whole("k", self.k),
            offset=checking.whole("offset", self.offset),
            where=checking.words("where", self.where),
            space=checking.words("space", self.space),
        )


@dataclass(frozen=True, slots=True)
class Via:
    """Why a hit was found: a part by its place in the query (``"audio 1"``, ``"words 2"``); shares sum to 1.

    ``"words 2"``: its name or metadata say all the words of the second part, ``"some-words 2"``: some of them,
    ``"other-words 2"``: other words for what is meant.

    Examples:
        >>> library.search(soundalike.Query((soundalike.TextPart("rain"),))).hits[0].via
        (Via(part='words 1', share=1.0),)
    """

    part: str
    share: float


Sameness: TypeAlias = Literal["content", "recording", "tune"]
"""In which way a hit is the same as what was asked with: the very content, another shape of its recording, its tune."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A clip with its best segment, how well that fits (higher is closer), and why it was found.

    ``probability`` is that it sounds like what was asked for; None without a calibration. Of words it is less where
    names speak and the clip's own says nothing of them.

    ``copies`` are the clips of the same recording that a collapsed answer found too, best first.

    ``same`` says where a hit, or one of its ``copies``, is more than alike: its content is what was asked with, byte
    for byte; it is of that recording (of which a passage was asked with, or another version); it is the tune. Else
    None, and where several things are wanted together.

    Everything that is known of the clip is in ``hit.clip``; what is read most has a name of its own here.

    Examples:
        >>> hit = library.search(soundalike.Query((soundalike.AudioPart("door.wav"),))).hits[0]
        >>> hit.title, hit.start_s, hit.end_s, round(hit.score, 2), hit.clip.duration_s
        ('door_slam', 0.0, 2.0, 1.0, 2.0)
    """

    clip: Clip
    segment: Segment
    score: float
    probability: float | None
    via: tuple[Via, ...]
    copies: tuple[int, ...] = ()
    same: Sameness | None = None

    @property
    def clip_id(self) -> int:
        """The clip's id."""
        return self.clip.id

    @property
    def segment_id(self) -> int:
        """The segment's id."""
        return self.segment.id

    @property
    def path(self) -> str:
        """The absolute path of the clip's file; ``hit.clip.path`` is relative to the clip's root."""
        return self.clip.absolute_path

    @property
    def title(self) -> str:
        """The clip's title."""
        return self.clip.title

    @property
    def start_s(self) -> float:
        """Where in the clip the segment starts, in seconds."""
        return self.segment.start_s

    @property
    def end_s(self) -> float:
        """Where in the clip the segment ends, in seconds."""
        return self.segment.end_s

    @property
    def track(self) -> int:
        """The sound track of the file that the clip is, counted from 0."""
        return self.clip.track

    @property
    def tags(self) -> tuple[Tag, ...]:
        """The clip's tags, likeliest first."""
        return self.clip.tags

    @property
    def own_tags(self) -> tuple[str, ...]:
        """The clip's own tags, in the order in which they were set."""
        return self.clip.own_tags

    @property
    def remark(self) -> str:
        """What a person wrote of the clip, "" where nobody did."""
        return self.clip.remark

    @property
    def by_name(self) -> bool:
        """Whether its name or metadata say what was asked for in words, each of them."""
        return any(via.part.startswith("words ") for via in self.via)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Contents in the engine's order, best first, one row each: its id, its best segment's id, that segment's score.

    Three arrays of the same length: ``content_ids`` and ``segment_ids`` int64, ``scores`` float32.
    """

    content_ids: Ids
    segment_ids: Ids
    scores: Scores


@dataclass(frozen=True, slots=True)
class Likely:
    """The clips of an answer that are meant rather than not, best first, however many hits were asked for.

    Their probability is ``least`` or more, or their name says every word. Not ``is_all``: there are more of them.

    Examples:
        >>> library.search(soundalike.Query((soundalike.TextPart("rain"),), k=1, count=True)).likely
        Likely(clip_ids=(3, 4), least=0.6, is_all=True)
    """

    clip_ids: tuple[int, ...]
    least: float
    is_all: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """The hits of a query, best first, with a verdict beside them and the milliseconds they took.

    The verdict is that of the whole answer, however many hits of it are asked for. ``reason`` explains it where there
    is something to say ("no melody heard: ..."), and is empty elsewhere. ``next_offset`` is the `Query.offset` of the
    hits that follow, None after the last. ``did_you_mean`` is how names were searched, where a word of the question is
    in no name here and much like one that is ("laser" for "lazer"), or what words of another language were read as
    ("dog" for "Hund"); empty elsewhere. ``language`` is that in which the words were read ("de"), of the first part
    that is not English if there is one; empty without words, or where no encoder tells. ``gone`` names what the
    question named and was left out, since it is not in the library any more: "clip 17", "segment 90". ``warnings`` say
    what was amiss with a file of the question that was read all the same: "audio 1: truncated: ...".
    ``likely`` are the clips that are likely, where `Query.count` asked for them and anything tells how likely hits are.
    ``recall`` is the part of the nearest ten that was to be found, by `Query.recall` or `Settings.recall`; None where
    neither says any.
    Where the verdict is ``none``, ``nearest`` are tags of what comes closest, with how many clips have each (of those
    that pass the filter).

    Examples:
        >>> answer = library.search(soundalike.Query((soundalike.AudioPart("door.wav"),), k=3))
        >>> answer.verdict, len(answer.hits), answer.next_offset
        ('good', 3, 3)
    """

    verdict: Verdict
    hits: tuple[Hit, ...]
    took_ms: float
    reason: str = ""
    next_offset: int | None = None
    did_you_mean: str = ""
    gone: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    nearest: tuple[FacetCount, ...] = ()
    language: str = ""
    likely: Likely | None = None
    recall: float | None = None
