"""The values that the parts of Soundalike exchange: frozen dataclasses and numpy arrays, nothing else.

An array alias names what an array holds. The exact shape is in the docstring of the function that takes or returns it:

=================  ==============================================================
``Wave``           ``(samples,)`` float32, mono, in [-1, 1]
``Waves``          ``(n, samples)`` float32, mono, in [-1, 1]
``Vectors``        ``(n, dim)`` float32, every row of unit length
``HalfVectors``    ``(n, dim)`` float16, vectors as they are stored
``Probabilities``  ``(n, classes)`` float32 in [0, 1]
``Spans``          ``(n, 2)`` float64, ``start_s`` and ``end_s`` of each row
``Ids``            ``(n,)`` or ``(q, k)`` int64 ids, -1 where absent
``Scores``         the shape of its ids, float32, higher is closer, -inf where absent
``Bitmap``         ``(bytes,)`` uint8: bit ``i & 7`` of byte ``i >> 3`` is set if segment ``i`` is in the set
=================  ==============================================================

Paths are ``str`` as the operating system gave them (``os.fsdecode``: bytes that are not UTF-8 become lone
surrogates and survive a round trip through ``os.fsencode``).

Calls beyond `Query`, and what they return::

    library.recommend(RecommendQuery(likes=(ClipPart(17), ClipPart(23, 2.0)), diversity=0.5)) -> Answer
    library.recommend_each([...])                              -> list[Answer | QueryError], one each, in order
    library.feedback.add("anna", [Feedback(17, "like")])       # a FeedbackStore (search.ports)
    library.collections.change(3, [Collected(17, 1.5, 2.0)])   # a CollectionStore
    library.searches.all()                                     -> list[SavedSearch] (a SearchStore)
    library.matches.list(unseen=True)                          -> list[SavedMatch] (a MatchStore)
    library.clips.facets("duration_s < 5")                           -> Facets of every clip that passes
    library.clips.facets_of(hit.clip_id for hit in answer.hits)      -> Facets of these clips
    library.duplicates.groups()                                       -> Duplicates, from the last search for them
    library.duplicates.find()                                  -> Duplicates, brought up to date (a job: minutes)
    library.maps.read()                                              -> ClipMap | None, with clips added since
    library.maps.draw()                                         -> ClipMap, drawn (a job: minutes)
"""

from __future__ import annotations

from search.ground.languages import ENGLISH, LANGUAGES
from search.model.arrays import Bitmap, HalfVectors, Ids, Probabilities, Scores, Spans, Vectors, Wave, Waves
from search.model.aspects import TASTES, Aspects, Change
from search.model.changes import (
    NO_WORDS,
    AddContent,
    CatalogChange,
    DescribeClip,
    DescribeRoot,
    DropRoot,
    IndexChange,
    KeepFacts,
    KeepTracks,
    KeepTranscript,
    LinkClip,
    MarkMissing,
    MoveClip,
    MoveRoot,
    NoteFile,
    NoteScan,
    RecordFailure,
    RemoveClip,
    TakeOutClip,
    WordMatch,
)
from search.model.collections import CLIP_LIST, MAX_COLLECTED, Collected, Collection
from search.model.companions import Companion, Companions, KeyRelation
from search.model.comparing import Compared, Comparison
from search.model.contents import (
    MAX_REMARK_CHARACTERS,
    TAGS_PER_SEGMENT,
    Clip,
    Content,
    ContentContour,
    ContentEncoding,
    FileFacts,
    KnownFile,
    Root,
    RootState,
    Segment,
    SegmentTags,
    StoredContour,
    StoredFacts,
    StoredObject,
    Tag,
    TuneFile,
    split_tags,
)
from search.model.events import Event, TimeLine
from search.model.identifying import Identification, Recognition
from search.model.jobs import (
    GIVING_WAY,
    MAX_ATTEMPTS,
    MAX_JOB_FILES,
    Job,
    JobFailure,
    JobKind,
    JobOutcome,
    JobProgress,
    JobRequest,
    JobState,
    Sending,
)
from search.model.keys import Key, Scope
from search.model.merging import Merge, MergedClip, Unmerged
from search.model.moments import Moment, Moments
from search.model.overview import (
    ClipMap,
    Duplicate,
    DuplicateGroup,
    DuplicateKind,
    Duplicates,
    FacetCount,
    Facets,
    Suggestion,
    SuggestionKind,
)
from search.model.paths import SoundPath
from search.model.queries import (
    Answer,
    AudioPart,
    ClipPart,
    Hit,
    HumPart,
    Likely,
    NotesPart,
    Part,
    Query,
    Ranking,
    Sameness,
    SegmentPart,
    TextPart,
    TunePart,
    Verdict,
    Via,
)
from search.model.recommending import DEFAULT_DIVERSITY, MAX_FEEDBACK, Feedback, Opinion, RecommendQuery
from search.model.searches import (
    LEAST,
    MAX_KEPT_SOUND_BYTES,
    MAX_MATCHES,
    MAX_SEARCHES,
    Mark,
    NewSearch,
    SavedMatch,
    SavedSearch,
)
from search.model.sentences import ReadBy, Term, TermKind, Understanding
from search.model.shipping import Shipment
from search.model.sound import (
    MELODY_SPACE,
    NOTES,
    AudioEncoding,
    AudioInfo,
    EncoderSpec,
    FrameEncoding,
    Space,
    SpaceState,
    TextEncoding,
    Window,
)
from search.model.speech import ClipTranscript, RecognisedSpeech, Saying, Sayings, SpokenLine, SpokenWord, Transcript
from search.model.work import (
    MAX_FAILED_CLAIMS,
    Claim,
    PassState,
    WorkCounts,
    WorkFile,
    WorkPass,
    WorkResult,
)

__all__ = [
    "CLIP_LIST",
    "DEFAULT_DIVERSITY",
    "ENGLISH",
    "GIVING_WAY",
    "LANGUAGES",
    "LEAST",
    "MAX_ATTEMPTS",
    "MAX_COLLECTED",
    "MAX_FAILED_CLAIMS",
    "MAX_FEEDBACK",
    "MAX_JOB_FILES",
    "MAX_KEPT_SOUND_BYTES",
    "MAX_MATCHES",
    "MAX_REMARK_CHARACTERS",
    "MAX_SEARCHES",
    "MELODY_SPACE",
    "NOTES",
    "NO_WORDS",
    "TAGS_PER_SEGMENT",
    "TASTES",
    "AddContent",
    "Answer",
    "Aspects",
    "AudioEncoding",
    "AudioInfo",
    "AudioPart",
    "Bitmap",
    "CatalogChange",
    "Change",
    "Claim",
    "Clip",
    "ClipMap",
    "ClipPart",
    "ClipTranscript",
    "Collected",
    "Collection",
    "Companion",
    "Companions",
    "Compared",
    "Comparison",
    "Content",
    "ContentContour",
    "ContentEncoding",
    "DescribeClip",
    "DescribeRoot",
    "DropRoot",
    "Duplicate",
    "DuplicateGroup",
    "DuplicateKind",
    "Duplicates",
    "EncoderSpec",
    "Event",
    "FacetCount",
    "Facets",
    "Feedback",
    "FileFacts",
    "FrameEncoding",
    "HalfVectors",
    "Hit",
    "HumPart",
    "Identification",
    "Ids",
    "IndexChange",
    "Job",
    "JobFailure",
    "JobKind",
    "JobOutcome",
    "JobProgress",
    "JobRequest",
    "JobState",
    "KeepFacts",
    "KeepTracks",
    "KeepTranscript",
    "Key",
    "KeyRelation",
    "KnownFile",
    "Likely",
    "LinkClip",
    "Mark",
    "MarkMissing",
    "Merge",
    "MergedClip",
    "Moment",
    "Moments",
    "MoveClip",
    "MoveRoot",
    "NewSearch",
    "NoteFile",
    "NoteScan",
    "NotesPart",
    "Opinion",
    "Part",
    "PassState",
    "Probabilities",
    "Query",
    "Ranking",
    "ReadBy",
    "RecognisedSpeech",
    "Recognition",
    "RecommendQuery",
    "RecordFailure",
    "RemoveClip",
    "Root",
    "RootState",
    "Sameness",
    "SavedMatch",
    "SavedSearch",
    "Saying",
    "Sayings",
    "Scope",
    "Scores",
    "Segment",
    "SegmentPart",
    "SegmentTags",
    "Sending",
    "Shipment",
    "SoundPath",
    "Space",
    "SpaceState",
    "Spans",
    "SpokenLine",
    "SpokenWord",
    "StoredContour",
    "StoredFacts",
    "StoredObject",
    "Suggestion",
    "SuggestionKind",
    "Tag",
    "TakeOutClip",
    "Term",
    "TermKind",
    "TextEncoding",
    "TextPart",
    "TimeLine",
    "Transcript",
    "TuneFile",
    "TunePart",
    "Understanding",
    "Unmerged",
    "Vectors",
    "Verdict",
    "Via",
    "Wave",
    "Waves",
    "Window",
    "WordMatch",
    "WorkCounts",
    "WorkFile",
    "WorkPass",
    "WorkResult",
    "split_tags",
]
