"""Changes: what the writer writes to the catalog, and what readers of its log see."""

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
    """Add a decoded and encoded file: store its content (or find it by digest and track), and link it to a clip.

    A clip that is already at ``file.path`` keeps its id and gets the new content. ``encoding`` replaces an encoding of
    the same space, and ``facts`` (unless None) the earlier facts.
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
    """Store a content's facts in place of earlier ones. Does nothing if the content is gone."""

    content_id: int
    facts: StoredFacts


@dataclass(frozen=True, slots=True)
class KeepTranscript:
    """Store a content's transcript in place of an earlier one. Does nothing if the content is gone."""

    content_id: int
    transcript: Transcript


@dataclass(frozen=True, slots=True)
class LinkClip:
    """Link a file to a known, encoded content: a copy, or a file that was touched without a change."""

    root_id: int
    file: FileFacts
    content_id: int
    title: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KeepTracks:
    """Keep only the clips of these sound tracks of a file; its other clips leave the library. Empty: all leave."""

    root_id: int
    path: str
    tracks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MoveClip:
    """Move a clip to the path where its content was found again (the old path is gone). It keeps its id.

    The clips of the file's other sound tracks move with it.
    """

    clip_id: int
    root_id: int
    file: FileFacts


@dataclass(frozen=True, slots=True)
class DescribeClip:
    """Set a clip's title, metadata, own tags and remark, as a person edited them. Does nothing if the clip is gone.

    Whether the clip's file is missing stays as it was. Title and metadata last until the file changes and is indexed
    again. Own tags and remark stay even then; None leaves them as they are, and "" removes the remark.
    """

    clip_id: int
    title: str
    metadata: Mapping[str, str]
    own_tags: tuple[str, ...] | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class MarkMissing:
    """Mark a clip whose file the scan did not find as missing, with the clips of the file's other sound tracks.

    They stay searchable until they are pruned.
    """

    clip_id: int


@dataclass(frozen=True, slots=True)
class RemoveClip:
    """Remove a clip because its file is gone or excluded, or temporarily.

    Its content is removed too if no other clip points to it.
    """

    clip_id: int


@dataclass(frozen=True, slots=True)
class TakeOutClip:
    """Remove a clip at a person's request while its file stays. Scans skip the file from then on.

    The clip is removed as with `RemoveClip`. Adding a clip at the file's path ends the skipping.
    """

    clip_id: int


@dataclass(frozen=True, slots=True)
class NoteFile:
    """Record what a scan saw of the file of an unchanged clip."""

    clip_id: int
    file: FileFacts


@dataclass(frozen=True, slots=True)
class DescribeRoot:
    """Set a root's excludes and the mounts below it (see `Root`)."""

    root_id: int
    excludes: tuple[str, ...]
    mounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoteScan:
    """Record that a scan of the whole root ended now."""

    root_id: int


@dataclass(frozen=True, slots=True)
class MoveRoot:
    """Set a root's new absolute ``path``. It keeps its clips."""

    root_id: int
    path: str


@dataclass(frozen=True, slots=True)
class DropRoot:
    """Delete a root without clips, with all records of its files."""

    root_id: int


@dataclass(frozen=True, slots=True)
class RecordFailure:
    """Record a file that could not be indexed, and why. Cleared when the path is indexed or gone."""

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
    """One entry of the catalog's change log, as an index replays it in order of ``sequence``.

    An addition has ids and vectors (float32, from the stored float16). A removal has ids only; ``vectors`` is None.

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
"""No other words for the query."""


@dataclass(frozen=True, slots=True)
class WordMatch:
    """A hit of full-text search. ``score`` (higher is better) is comparable within one answer only.

    ``share`` is how much of the query the clip's text has, with more weight for rare words: 1 if it has every word, 0
    if it only has one inside another word by chance.
    """

    clip_id: int
    score: float
    share: float
    read_as: str = ""
    """The corrected query, if one of its words is in no name but is similar to one that is; else empty."""
    in_other_words: float = 0.0
    """The probability that the clip's text means the same in words that are not in the query."""

    @property
    def every_word(self) -> bool:
        """Whether the clip's text has every word of the query."""
        return self.share >= 1.0
