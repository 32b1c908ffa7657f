"""The public Python API of Soundalike: all names for programs and plug-ins.

>>> import soundalike
>>> with soundalike.open_library("sounds.library") as opened:
...     answer = opened.search(soundalike.Query((soundalike.TextPart("siren"),), k=2))
>>> sorted(hit.title for hit in answer.hits)
['police_siren_01', 'police_siren_02']

``import soundalike`` is fast: each name is loaded from the engine when it is first used.
Everything else is private: modules below `search` may change without notice.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from search.api import (
        Library,
        index,
        new_matches,
        open_library,
        run_search,
        save_search,
        suggest,
        understand,
    )
    from search.errors import (
        AudioError,
        EncoderError,
        JobError,
        LibraryBusy,
        LibraryError,
        LibraryUnwritable,
        ModelNotFound,
        QueryError,
        SnapshotError,
        SoundalikeError,
        SpaceMismatch,
        StoreAway,
        UsageError,
        WhereError,
    )
    from search.model import (
        Answer,
        Aspects,
        AudioEncoding,
        AudioPart,
        Bitmap,
        Clip,
        ClipMap,
        ClipPart,
        ClipTranscript,
        Collected,
        Collection,
        Companion,
        Companions,
        Duplicate,
        DuplicateGroup,
        DuplicateKind,
        Duplicates,
        EncoderSpec,
        Event,
        FacetCount,
        Facets,
        Feedback,
        FrameEncoding,
        Hit,
        HumPart,
        Identification,
        Ids,
        IndexChange,
        JobFailure,
        Likely,
        Mark,
        Merge,
        MergedClip,
        Moment,
        Moments,
        NewSearch,
        NotesPart,
        Opinion,
        Part,
        Probabilities,
        Query,
        RecognisedSpeech,
        Recognition,
        RecommendQuery,
        Root,
        SavedMatch,
        SavedSearch,
        Saying,
        Sayings,
        Scores,
        Segment,
        SegmentPart,
        SoundPath,
        Space,
        SpokenLine,
        SpokenWord,
        Suggestion,
        Tag,
        Term,
        TextEncoding,
        TextPart,
        TimeLine,
        Transcript,
        TunePart,
        Understanding,
        Unmerged,
        Vectors,
        Verdict,
        Via,
        Waves,
        Window,
    )
    from search.plugins import Command
    from search.ports import (
        ChangesSince,
        CollectionStore,
        Encoder,
        FeedbackStore,
        FrameReader,
        IndexFactory,
        MatchStore,
        MeaningReader,
        SearchStore,
        SpaceIndex,
        SpeechRecogniser,
        VectorIndex,
        VoiceDetector,
        WordReader,
    )
    from search.settings import Device, Settings

    __version__: str

_MODULES = ("search.errors", "search.settings", "search.model", "search.ports", "search.plugins", "search.api")
"""The modules that define the names, fastest to load first."""

__all__ = [
    "Answer",
    "Aspects",
    "AudioEncoding",
    "AudioError",
    "AudioPart",
    "Bitmap",
    "ChangesSince",
    "Clip",
    "ClipMap",
    "ClipPart",
    "ClipTranscript",
    "Collected",
    "Collection",
    "CollectionStore",
    "Command",
    "Companion",
    "Companions",
    "Device",
    "Duplicate",
    "DuplicateGroup",
    "DuplicateKind",
    "Duplicates",
    "Encoder",
    "EncoderError",
    "EncoderSpec",
    "Event",
    "FacetCount",
    "Facets",
    "Feedback",
    "FeedbackStore",
    "FrameEncoding",
    "FrameReader",
    "Hit",
    "HumPart",
    "Identification",
    "Ids",
    "IndexChange",
    "IndexFactory",
    "JobError",
    "JobFailure",
    "Library",
    "LibraryBusy",
    "LibraryError",
    "LibraryUnwritable",
    "Likely",
    "Mark",
    "MatchStore",
    "MeaningReader",
    "Merge",
    "MergedClip",
    "ModelNotFound",
    "Moment",
    "Moments",
    "NewSearch",
    "NotesPart",
    "Opinion",
    "Part",
    "Probabilities",
    "Query",
    "QueryError",
    "RecognisedSpeech",
    "Recognition",
    "RecommendQuery",
    "Root",
    "SavedMatch",
    "SavedSearch",
    "Saying",
    "Sayings",
    "Scores",
    "SearchStore",
    "Segment",
    "SegmentPart",
    "Settings",
    "SnapshotError",
    "SoundPath",
    "SoundalikeError",
    "Space",
    "SpaceIndex",
    "SpaceMismatch",
    "SpeechRecogniser",
    "SpokenLine",
    "SpokenWord",
    "StoreAway",
    "Suggestion",
    "Tag",
    "Term",
    "TextEncoding",
    "TextPart",
    "TimeLine",
    "Transcript",
    "TunePart",
    "Understanding",
    "Unmerged",
    "UsageError",
    "VectorIndex",
    "Vectors",
    "Verdict",
    "Via",
    "VoiceDetector",
    "Waves",
    "WhereError",
    "Window",
    "WordReader",
    "index",
    "new_matches",
    "open_library",
    "run_search",
    "save_search",
    "suggest",
    "understand",
]


if not TYPE_CHECKING:  # so that a type checker reports names that are not listed above

    def __getattr__(name: str) -> object:
        """Load a name of ``__all__``, or read ``__version__``, when it is first used."""
        if name == "__version__":
            from importlib.metadata import version  # takes a while to load

            return version("soundalike")
        if name in __all__:
            for module in _MODULES:
                value = getattr(import_module(module), name, None)
                if value is not None:
                    globals()[name] = value
                    return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the public names without loading them."""
    return sorted(__all__)
