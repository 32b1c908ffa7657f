"""Changes: what the one writer asks the catalog to do, and what readers of its log see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from search.model.arrays import Ids, Vectors
from search.model.contents import Content, ContentEncoding, FileFacts, StoredFacts
from search.model.speech import Transcript


@dataclass(frozen=True, slots=True)
class AddContent:
    """A decoded and encoded file: its content is stored (or found by digest and track) and linked to a clip.

    A clip already at ``file.path`` keeps its id and gets the new content; ``encoding`` replaces one of the same space,
    and ``facts``, where they were measured, those from before.
    """

    root_id: int
    file: FileFacts
    content: Content
    title: str
    metadata: Mapping[str, str]
    space_id: int
    encoding: ContentEncoding
    facts: StoredFacts | None = None


@dataclass(frozen=True, slots=True)
class KeepFacts:
    """What was measured of a content, in place of what was before; of a content that went, nothing."""

    content_id: int
    facts: StoredFacts


@dataclass(frozen=True, slots=True)
class KeepTranscript:
    """What is said in a content, in place of what was recognised before; of a content that went, nothing."""

    content_id: int
    transcript: Transcript


@dataclass(frozen=True, slots=True)
class LinkClip:
    """A file whose content is known and encoded: a copy, or a file touched without a change."""

    root_id: int
    file: FileFacts
    content_id: int
    title: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KeepTracks:
    """Of the clips of a file those of these sound tracks stay, the others leave the library; none given: all leave."""

    root_id: int
    path: str
    tracks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MoveClip:
    """A clip that was found again under another path (same content, the old path gone); keeps its id.

    The clips of the file's other sound tracks go with it.
    """

    clip_id: int
    root_id: int
    file: FileFacts


@dataclass(frozen=True, slots=True)
class DescribeClip:
    """What a person calls a clip, and says of it. Whether its file is there stays as it was; a clip that went is left.

    Title and metadata hold until the file changes and is indexed again. Own tags and remark stay whatever its file
    does; None leaves them as they are, "" takes the remark away.
    """

    clip_id: int
    title: str
    metadata: Mapping[str, str]
    own_tags: tuple[str, ...] | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class MarkMissing:
    """A clip whose file the scan did not find, with those of its other sound tracks.

    They stay searchable until they are pruned.
    """

    clip_id: int


@dataclass(frozen=True, slots=True)
class RemoveClip:
    """A clip that leaves the library because its file is gone or left out, or for a while.

    Its content goes when no other clip points to it.
    """

    clip_id: int


@dataclass(frozen=True, slots=True)
class TakeOutClip:
    """A clip that somebody takes out of the library while its file is there: a scan leaves the file out from then on.

    It goes as with `RemoveClip`. A clip that is put at the file's path ends that.
    """

    clip_id: int


@dataclass(frozen=True, slots=True)
class NoteFile:
    """What a scan saw of the file of a clip that is the same as before."""

    clip_id: int
    file: FileFacts


@dataclass(frozen=True, slots=True)
class DescribeRoot:
    """What a root leaves out, and where disks are mounted below it (see `Root`)."""

    root_id: int
    excludes: tuple[str, ...]
    mounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoteScan:
    """All of a root was looked through, now."""

    root_id: int


@dataclass(frozen=True, slots=True)
class MoveRoot:
    """A root that lies at the absolute ``path`` now; its clips are those that it had."""

    root_id: int
    path: str


@dataclass(frozen=True, slots=True)
class DropRoot:
    """A root that has no clips any more goes, with what was remembered of its files."""

    root_id: int


@dataclass(frozen=True, slots=True)
class RecordFailure:
    """A file that could not be indexed, and why. Cleared when the path is indexed or gone."""

    root_id: int
    file: FileFacts
    cause: str


CatalogChange: TypeAlias = (
    AddContent
    | KeepFacts
    | KeepTranscript
    | LinkClip
    | KeepTracks
    | MoveClip
    | DescribeClip
    | MarkMissing
    | RemoveClip
    | TakeOutClip
    | NoteFile
    | DescribeRoot
    | NoteScan
    | MoveRoot
    | DropRoot
    | RecordFailure
)


@dataclass(frozen=True, slots=True)
class IndexChange:
    """One entry of the catalog's tail as an index replays it, in order of ``sequence``.

    An addition carries ids and vectors (float32, from the stored float16); a removal ids alone, ``vectors`` None.

    Examples:
        >>> space = library.spaces.get()
        >>> changes = list(library.reader.changes(space.id, since=0))
        >>> sum(len(change.segment_ids) for change in changes if change.vectors is not None)
        4
    """

    sequence: int
    segment_ids: Ids
    vectors: Vectors | None


NO_WORDS: Final[Mapping[str, float]] = MappingProxyType({})
"""No other words for what is asked."""


@dataclass(frozen=True, slots=True)
class WordMatch:
    """A clip that full-text search found; ``score`` (higher is better) compares within one answer only.

    ``share`` is how much of what was asked for it says, rare words counting more: 1 where it has every word, 0 where it
    has one inside another by chance.
    """

    clip_id: int
    score: float
    share: float
    read_as: str = ""
    """What the question was read as, where a word of it is in no name and much like one that is; empty elsewhere."""
    in_other_words: float = 0.0
    """How likely it says what is meant in words that the question has not."""

    @property
    def every_word(self) -> bool:
        """Whether it says all that was asked for."""
        return self.share >= 1.0
