"""Queries, their parts, and answers.

A part that is a sound may weight the aspects in which hits resemble it (``aspects``), and say how hits should differ
from it (``changes``).
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
    """Words. They are searched by meaning (if the encoder reads text), and in names and metadata.

    A negative weight subtracts.

    Examples:
        >>> soundalike.Query((soundalike.TextPart("siren"), soundalike.TextPart("horn", weight=-0.5)), k=5).k
        5
    """

    text: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Raises QueryError if ``text`` is not a string."""
        if not isinstance(self.text, str):
            raise QueryError(f"text is {self.text!r}; it must be a string")


@dataclass(frozen=True, slots=True)
class AudioPart:
    """A sound file, or its passage from ``start_s`` to ``end_s`` (in the file's own time), played at ``speed``.

    You may pass ``path`` as a `pathlib.Path`; the attribute is a string. ``track`` is the sound track, counted from 0;
    None: the first that is not empty.

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
        """Convert ``path`` to a string. Raises QueryError if it is not a path."""
        checking.put(self, path=checking.path(self.path))


@dataclass(frozen=True, slots=True)
class ClipPart:
    """A clip of the library. Its vector is the mean of its segments.

    Examples:
        >>> library.search(soundalike.Query((soundalike.ClipPart(1),), k=1)).hits[0].title
        'police_siren_02'
    """

    clip_id: int
    weight: float = 1.0
    aspects: Aspects | None = None
    changes: tuple[Change, ...] = ()

    def __post_init__(self) -> None:
        """Raises QueryError if the id is not an integer."""
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
        """Raises QueryError if the id is not an integer."""
        checking.put(self, segment_id=checking.whole("segment_id", self.segment_id))


@dataclass(frozen=True, slots=True)
class HumPart:
    """A file, or a passage of it, in which somebody hums, sings or whistles 3 to 30 seconds from anywhere in a tune.

    It is always searched in the melody space; ``Query.space`` does not matter. ``track`` is the file's sound track,
    counted from 0.

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
        """Convert ``path`` to a string. Raises QueryError if it is not a path."""
        checking.put(self, path=checking.path(self.path))


@dataclass(frozen=True, slots=True)
class NotesPart:
    """A tune as text: names of notes ("C4 D4 E4:2 r G4") or ABC notation. It is searched like a `HumPart`.

    Examples:
        >>> library.search(soundalike.Query((soundalike.NotesPart("C4 C4 G4 G4 A4 A4 G4:2"),))).hits[0].title
        'twinkle'
    """

    notes: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Raises QueryError if ``notes`` is not a string."""
        if not isinstance(self.notes, str):
            raise QueryError(f"notes is {self.notes!r}; it must be a string")


@dataclass(frozen=True, slots=True)
class TunePart:
    """The tune of a clip, or of a passage of it. It finds the same tune in other clips, like a `HumPart`.

    A `ClipPart` of a clip that has a tune and no sound, such as a MIDI file, means the same.

    Examples:
        >>> library.search(soundalike.Query((soundalike.TunePart(6, start_s=0.0, end_s=8.0),), k=1)).verdict
        'none'
    """

    clip_id: int
    start_s: float = 0.0
    end_s: float | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Raises QueryError if the id is not an integer."""
        checking.put(self, clip_id=checking.whole("clip_id", self.clip_id))


Part: TypeAlias = TextPart | AudioPart | ClipPart | SegmentPart | HumPart | NotesPart | TunePart
Verdict: TypeAlias = Literal["good", "weak", "none"]


@dataclass(frozen=True, slots=True)
class Query:
    """A search query: weighted parts, at least one of them positive, and options.

    * ``k``: the number of hits. ``offset``: skip this many hits, to read an answer page by page. A longer answer begins
      with the hits of a shorter one.
    * ``where``: a filter, as for ``--where``. ``space``: the name of a space.
    * ``among``: search only these clips. ``without``: never return these clips.
    * ``collapse``: return one hit for each recording, the best; the hit names the copies.
    * ``language``: the language of the words, a code of `LANGUAGES`; empty: detect it.
    * ``count``: also count the likely clips, independently of ``k`` (`Answer.likely`).
    * ``recall``, from .5 to .999: in a large library, visit enough to find this share of the ten nearest. None: use
      `Settings.recall`, or else `Settings.effort`.

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
        """Check the types early. Raises QueryError."""
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
    """Why a hit was found: a part, named by its kind and its position in the query (``"audio 1"``). Shares sum to 1.

    ``"words 2"``: the clip's name or metadata has all words of the second part. ``"some-words 2"``: some of them.
    ``"other-words 2"``: other words with the same meaning.

    Examples:
        >>> library.search(soundalike.Query((soundalike.TextPart("rain"),))).hits[0].via
        (Via(part='words 1', share=1.0),)
    """

    part: str
    share: float


Sameness: TypeAlias = Literal["content", "recording", "tune"]
"""How a hit equals the query: the same content, another version of the same recording, or the same tune."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A clip with its best segment, that segment's score (higher is closer), and why it was found (``via``).

    ``probability`` is the probability that the clip matches the query; None if the encoder has no calibration. For
    words it is lower if the library's names are descriptive and this clip's name does not match.

    ``copies`` are the ids of clips of the same recording in a collapsed answer, best first.

    ``same`` says that the hit or one of its ``copies`` is not just similar. ``content``: it has the queried bytes.
    ``recording``: it is the queried recording (the query is a passage or another version of it). ``tune``: it is the
    queried tune. None otherwise, and always if the query has several wanted parts.

    ``hit.clip`` has everything about the clip; the properties below are shortcuts.

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
        """The clip's sound track in its file, counted from 0."""
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
        """The remark that a person wrote about the clip, "" if there is none."""
        return self.clip.remark

    @property
    def by_name(self) -> bool:
        """Whether the clip's name or metadata has every word of a part of the query."""
        return any(via.part.startswith("words ") for via in self.via)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Contents, best first. Each row is a content's id, its best segment's id, and that segment's score.

    Three arrays of the same length: ``content_ids`` and ``segment_ids`` int64, ``scores`` float32.
    """

    content_ids: Ids
    segment_ids: Ids
    scores: Scores


@dataclass(frozen=True, slots=True)
class Likely:
    """The clips that probably match the query, best first, independently of `Query.k`.

    Their probability is at least ``least``, or their name has every word. If ``is_all`` is false, there are more.

    Examples:
        >>> library.search(soundalike.Query((soundalike.TextPart("rain"),), k=1, count=True)).likely
        Likely(clip_ids=(3, 4), least=0.6, is_all=True)
    """

    clip_ids: tuple[int, ...]
    least: float
    is_all: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """The hits of a query, best first, with a verdict and the milliseconds that the search took.

    * ``verdict``: the verdict on the whole answer; it does not depend on `Query.k`. ``reason`` explains it if there is
      something to say ("no melody heard: ..."), and is empty otherwise.
    * ``next_offset``: the `Query.offset` of the next page, None after the last.
    * ``did_you_mean``: the words that names were searched with, if they differ from the query: a corrected word
      ("laser" for "lazer") or a translation ("dog" for "Hund"). Empty otherwise.
    * ``language``: the language in which the words were read ("de"): that of the first part that is not English, if
      any. Empty if there are no words, or if no encoder detects it.
    * ``gone``: what the query named and is no longer in the library: "clip 17", "segment 90". It was ignored.
    * ``warnings``: defects of the query's files, which were read all the same ("audio 1: truncated: ..."), and how many
      clips a filter over facts could not judge.
    * ``likely``: the likely clips, if `Query.count` is set and hits have probabilities.
    * ``recall``: the recall that was requested by `Query.recall` or `Settings.recall`; None if neither is set.
    * ``nearest``: if the verdict is ``none``, tags of the closest clips, and how many clips that pass the filter have
      each.

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
