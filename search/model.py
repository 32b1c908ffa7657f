"""The values that cross every seam of Soundalike: frozen dataclasses and numpy arrays, nothing else.

Array aliases name what an array holds; its shape stands in the docstring of whoever gives or takes it:

=================  ==============================================================
``Wave``           ``(samples,)`` float32, mono, in [-1, 1]
``Waves``          ``(n, samples)`` float32, mono, in [-1, 1]
``Vectors``        ``(n, dim)`` float32, every row of unit length
``HalfVectors``    ``(n, dim)`` float16, the same as they are stored
``Probabilities``  ``(n, classes)`` float32 in [0, 1]
``Spans``          ``(n, 2)`` float64, ``start_s`` and ``end_s`` of each row
``Ids``            ``(n,)`` or ``(q, k)`` int64 ids, -1 where absent
``Scores``         the shape of its ids, float32, higher is closer, -inf where absent
``Bitmap``         ``(bytes,)`` uint8: segment ``i`` is in when bit ``i & 7`` of byte ``i >> 3`` is set
=================  ==============================================================

Paths are ``str`` as the operating system gave them (``os.fsdecode``: bytes that are no UTF-8 become lone
surrogates and survive a round trip through ``os.fsencode``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Wave: TypeAlias = NDArray[np.float32]
Waves: TypeAlias = NDArray[np.float32]
Vectors: TypeAlias = NDArray[np.float32]
HalfVectors: TypeAlias = NDArray[np.float16]
Probabilities: TypeAlias = NDArray[np.float32]
Spans: TypeAlias = NDArray[np.float64]
Ids: TypeAlias = NDArray[np.int64]
Scores: TypeAlias = NDArray[np.float32]
Bitmap: TypeAlias = NDArray[np.uint8]

TAGS_PER_SEGMENT = 20
"""How many of a vocabulary's likeliest classes are kept for each segment (DESIGN.md, "tag")."""

MELODY_SPACE = "melody"
"""The name of the space that holds tunes; every other space of a library is made by an encoder of sounds."""


# --- audio ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a file's header says. ``duration_s`` is None where the header does not know (streams, some WebM)."""

    container: str
    codec: str
    sample_rate_hz: int
    channels: int
    duration_s: float | None
    tracks: int = 1


@dataclass(frozen=True, slots=True)
class Window:
    """One passage of audio, cut to an encoder's window. ``samples`` is (window,) at the encoder's rate.

    ``end_s`` is where the sound ends, not the padding: a clip shorter than the window has ``end_s`` equal to
    its duration. ``silent`` is true when no sample exceeds -80 dB of full scale.
    """

    start_s: float
    end_s: float
    samples: Wave
    silent: bool


# --- encoders ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """A model's facts, apart from its code.

    ``name`` is ``family[:variant]``; ``revision`` names the weights for people; ``fingerprint`` is a hex digest
    of everything that decides a vector (weights, front end, window, hop, padding, centring). Two libraries'
    vectors may be compared exactly when their fingerprints are equal. ``calibration`` is ``(slope, offset)`` of
    the logistic from cosine to probability of relevance, fitted on learning material, or None. ``beneath`` is the
    fingerprint of the encoder that this one adapts, None where it adapts none.
    """

    name: str
    revision: str
    fingerprint: str
    dim: int
    sample_rate_hz: int
    window_s: float
    hop_s: float
    vocabulary: tuple[str, ...] | None = None
    can_text: bool = False
    calibration: tuple[float, float] | None = None
    beneath: str | None = None

    @property
    def window_samples(self) -> int:
        """Samples in one window."""
        return round(self.window_s * self.sample_rate_hz)

    @property
    def hop_samples(self) -> int:
        """Samples between the starts of two windows."""
        return round(self.hop_s * self.sample_rate_hz)


@dataclass(frozen=True, slots=True)
class AudioEncoding:
    """What one pass of an encoder gives: ``vectors`` (n, dim), ``tags`` (n, classes) or None without a vocabulary."""

    vectors: Vectors
    tags: Probabilities | None = None


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """What one pass over words gives: ``vectors`` (n, dim), and ``meant`` (n, classes).

    That is which classes of the vocabulary the words mean: each row is a distribution and sums to 1.
    """

    vectors: Vectors
    meant: Probabilities


@dataclass(frozen=True, slots=True)
class Space:
    """A named vector space of one library: the encoder that made it, as recorded in the catalog.

    ``calibration``, ``can_text`` and ``beneath`` are the encoder's, kept here so that a search which needs no model
    loads none.
    """

    id: int
    name: str
    revision: str
    fingerprint: str
    dim: int
    sample_rate_hz: int
    window_s: float
    hop_s: float
    vocabulary: tuple[str, ...] | None = None
    calibration: tuple[float, float] | None = None
    can_text: bool = False
    beneath: str | None = None

    @property
    def is_melody(self) -> bool:
        """Whether it holds tunes (also one whose successor is being made): no sound has a vector there."""
        return self.encoder_name == MELODY_SPACE

    @property
    def encoder_name(self) -> str:
        """What it was called before its successor took its name (`search.upkeep.retire`); an "@" of its own stays."""
        return self.name.removesuffix(retired_ending(self.fingerprint))


def retired_ending(fingerprint: str) -> str:
    """What is appended to the name of a space of this fingerprint when its successor takes the name."""
    return f"@{fingerprint[:12]}"


# --- catalog ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that a library indexes. ``path`` is absolute and may change when the folder moves."""

    id: int
    path: str


@dataclass(frozen=True, slots=True)
class Content:
    """What was decoded. ``digest`` is the SHA-256 of the file's bytes (hex); ``id`` is 0 before it is stored."""

    digest: str
    duration_s: float
    sample_rate_hz: int
    channels: int
    container: str
    codec: str
    track: int = 0
    silent: bool = False
    id: int = 0


@dataclass(frozen=True, slots=True)
class SegmentTags:
    """The likeliest classes of each segment, likeliest first.

    ``classes`` (n, TAGS_PER_SEGMENT) uint16 indexes the space's vocabulary; ``probabilities`` is float16, same shape.
    """

    classes: NDArray[np.uint16]
    probabilities: NDArray[np.float16]

    @classmethod
    def likeliest(cls, probabilities: Probabilities) -> SegmentTags:
        """Those of each row of ``probabilities`` (n, classes); equally likely ones by number."""
        kept = min(TAGS_PER_SEGMENT, probabilities.shape[1])
        order = np.argsort(-probabilities, axis=1, kind="stable")[:, :kept]
        return cls(order.astype(np.uint16), np.take_along_axis(probabilities, order, axis=1).astype(np.float16))


@dataclass(frozen=True, slots=True, eq=False)
class ContentContour:
    """A tune as the catalog keeps it: ``cents`` (frames,) int16 of its pitch in sounding time.

    ``window_s`` (n,) float32 is where its windows start, in sounding time; ``knots`` (k, 2) float64 are the same
    instants in sounding time and in the content's time (see `search.melody.contours`).
    """

    cents: NDArray[np.int16]
    window_s: NDArray[np.float32]
    knots: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class StoredContour:
    """A tune of a content, as it was stored; its windows are the segments from ``first_segment_id`` on."""

    content_id: int
    first_segment_id: int
    contour: ContentContour


@dataclass(frozen=True, slots=True)
class ContentEncoding:
    """A content's segments in one space: ``spans`` (n, 2), ``vectors`` (n, dim), ``silent`` (n,) bool, tags or None.

    ``segment_ids`` (n,) int64 is consecutive and given by the catalog; empty before the encoding is stored.
    ``contours`` are the content's tunes, in the melody space only; their windows, one after the other, are its n
    segments.
    """

    spans: Spans
    vectors: HalfVectors
    silent: NDArray[np.bool_]
    tags: SegmentTags | None = None
    segment_ids: Ids = field(default_factory=lambda: np.empty(0, np.int64))
    contours: tuple[ContentContour, ...] = ()


@dataclass(frozen=True, slots=True)
class TuneFile:
    """A file of notes (MIDI): what it is called, what it says of itself, how long it lasts, and its tunes."""

    title: str
    metadata: Mapping[str, str]
    duration_s: float
    encoding: ContentEncoding


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file as a scan saw it: ``path`` relative to its root, with '/' between its parts on every system."""

    path: str
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file as the catalog remembers it.

    ``encoded`` says whether its content has vectors in the space asked about, ``missing`` whether the last scan
    did not find it.
    """

    clip_id: int
    content_id: int
    digest: str
    facts: FileFacts
    encoded: bool
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Clip:
    """A file at a path under a root. ``id`` survives moves and renames. ``path`` is relative to the root.

    ``metadata`` is what the file's tags say (ID3, Vorbis comments, BWF, iXML), lower-case keys to text.
    ``added`` is UTC seconds since the epoch. ``missing`` is true when the last scan did not find the file.
    """

    id: int
    content_id: int
    root: Root
    path: str
    title: str
    duration_s: float
    size_bytes: int
    added: float
    silent: bool = False
    missing: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[Tag, ...] = ()


@dataclass(frozen=True, slots=True)
class Tag:
    """A class of an encoder's vocabulary with its probability."""

    name: str
    probability: float


# --- what the indexer writes ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AddContent:
    """A decoded and encoded file: its content is stored (or found by digest and track) and linked to a clip.

    A clip already at ``file.path`` keeps its id and gets the new content; ``encoding`` replaces one of the same space.
    """

    root_id: int
    file: FileFacts
    content: Content
    title: str
    metadata: Mapping[str, str]
    space_id: int
    encoding: ContentEncoding


@dataclass(frozen=True, slots=True)
class LinkClip:
    """A file whose content is known and encoded: a copy, or a file touched without a change."""

    root_id: int
    file: FileFacts
    content_id: int
    title: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MoveClip:
    """A clip that was found again under another path (same content, the old path gone); keeps its id."""

    clip_id: int
    root_id: int
    file: FileFacts


@dataclass(frozen=True, slots=True)
class DescribeClip:
    """What a person calls a clip, and says of it. Whether its file is there stays as it was; a clip that went is left.

    It holds until the file changes and is indexed again.
    """

    clip_id: int
    title: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MarkMissing:
    """A clip whose file the scan did not find. It stays searchable until it is pruned."""

    clip_id: int


@dataclass(frozen=True, slots=True)
class RemoveClip:
    """A clip that leaves the library; its content goes when no other clip points to it."""

    clip_id: int


@dataclass(frozen=True, slots=True)
class RecordFailure:
    """A file that could not be indexed, and why. Cleared when the path is indexed or gone."""

    root_id: int
    file: FileFacts
    cause: str


ClipChange: TypeAlias = AddContent | LinkClip | MoveClip | DescribeClip | MarkMissing | RemoveClip | RecordFailure


@dataclass(frozen=True, slots=True)
class IndexChange:
    """One entry of the catalog's tail as an index replays it, in order of ``sequence``.

    An addition carries ids and vectors (float32, from the stored float16); a removal ids alone, ``vectors`` None.
    """

    sequence: int
    segment_ids: Ids
    vectors: Vectors | None


@dataclass(frozen=True, slots=True)
class WordMatch:
    """A clip that full-text search found; ``score`` (higher is better) compares within one answer only.

    ``every_word``: whether it has each word that was asked for, none of them inside another word by chance.
    """

    clip_id: int
    score: float
    every_word: bool


# --- queries and answers ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TextPart:
    """Words: looked up in meaning (where the encoder reads) and in names and metadata. A negative weight subtracts."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class AudioPart:
    """A file, or the passage of it from ``start_s`` to ``end_s``."""

    path: str
    start_s: float = 0.0
    end_s: float | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class ClipPart:
    """A clip of the library: the mean of its segments."""

    clip_id: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class SegmentPart:
    """One segment of the library."""

    segment_id: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class HumPart:
    """A tune that is hummed, sung or whistled in a file, or in the passage of it: 3 to 30 seconds from anywhere in it.

    Searched in the melody space, whatever ``Query.space`` says.
    """

    path: str
    start_s: float = 0.0
    end_s: float | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class NotesPart:
    """A tune that is typed: names of notes ("C4 D4 E4:2 r G4") or ABC. Searched as a hum is."""

    notes: str
    weight: float = 1.0


Part: TypeAlias = TextPart | AudioPart | ClipPart | SegmentPart | HumPart | NotesPart
Verdict: TypeAlias = Literal["good", "weak", "none"]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: weighted parts (at least one positive), how many hits, a ``--where`` filter, a space by name.

    ``among``: only these clips, where it is given.

    With ``collapse`` each recording has one hit, its best: copies are named in it and take no place of their own.
    """

    parts: tuple[Part, ...]
    k: int = 10
    where: str | None = None
    space: str | None = None
    collapse: bool = False
    among: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Via:
    """Why a hit was found: a part by its place in the query (``"audio 1"``, ``"words 2"``); shares sum to 1.

    ``"words 2"``: its name or metadata say all the words of the second part, ``"some-words 2"``: some of them.
    """

    part: str
    share: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A clip with its best segment. ``path`` is absolute.

    ``probability`` is that it sounds like what was asked for, whatever its name says; None without a calibration.

    ``copies`` are the clips of the same recording that a collapsed answer found too, best first.
    """

    clip_id: int
    segment_id: int
    path: str
    title: str
    start_s: float
    end_s: float
    score: float
    probability: float | None
    tags: tuple[Tag, ...]
    via: tuple[Via, ...]
    copies: tuple[int, ...] = ()

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
class Answer:
    """The hits of a query, best first, with a verdict beside them and the milliseconds they took.

    ``reason`` explains the verdict where there is something to say ("no melody heard: ..."), and is empty elsewhere.
    """

    verdict: Verdict
    hits: tuple[Hit, ...]
    took_ms: float
    reason: str = ""
