"""What the catalog holds: roots, clips, contents, and their encodings."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.ground.urls import is_in_store
from search.model.arrays import HalfVectors, Ids, Probabilities, Spans

TAGS_PER_SEGMENT = 20
"""How many of the likeliest classes are kept for each segment."""
MAX_REMARK_CHARACTERS: Final = 4000
"""The longest remark on a clip."""
_BETWEEN_TAGS: Final = re.compile(r"[,;\r\n\0]")


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that a library indexes, or a part of a bucket (``s3://bucket/sounds``).

    ``path`` is absolute, and changes if the folder moves. ``excludes`` are patterns (as in .gitignore, relative to the
    folder) of files that scans skip. ``mounts`` are the folders below the root (relative paths, '' is the root itself)
    on which other disks were mounted at the last scan. Sounds are encoded as played at ``speed``: 0.1 brings the calls
    of bats into an encoder's range.

    Examples:
        >>> library.roots()[0].absolute("rain.wav").endswith("rain.wav")
        True
    """

    id: int
    path: str
    excludes: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    speed: float = 1.0

    def absolute(self, path: str) -> str:
        """Return the absolute path, in this system's form, of ``path`` (relative to the root, '/' between its parts).

        For a root in an object store, return the address of the object.
        """
        if is_in_store(self.path):
            return f"{self.path}/{path}" if path else self.path
        return os.path.join(self.path, *path.split("/")) if path else self.path  # noqa: PTH118 - any bytes, no cost


@dataclass(frozen=True, slots=True)
class RootState:
    """How many clips a root has, how many of their files were missing at the last scan, and when that scan ended.

    ``scanned`` is UTC seconds since the epoch, None if no complete scan is recorded.
    """

    root: Root
    clips: int
    missing: int
    scanned: float | None


@dataclass(frozen=True, slots=True)
class Content:
    """A decoded sound track. ``digest`` is the SHA-256 of the file's bytes (hex); ``id`` is 0 before it is stored.

    ``tracks`` is the number of sound tracks in the file, 0 if unknown. ``warnings`` are short phrases about defects of
    a file that was decoded all the same.
    """

    digest: str
    duration_s: float
    sample_rate_hz: int
    channels: int
    container: str
    codec: str
    track: int = 0
    silent: bool = False
    id: int = 0
    tracks: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SegmentTags:
    """The likeliest classes of each segment, likeliest first.

    ``classes`` (n, TAGS_PER_SEGMENT) uint16 indexes the space's vocabulary; ``probabilities`` is float16, same shape.
    """

    classes: NDArray[np.uint16]
    probabilities: NDArray[np.float16]

    @classmethod
    def likeliest(cls, probabilities: Probabilities) -> SegmentTags:
        """Pick the likeliest classes of each row of ``probabilities`` (n, classes), ties by class number."""
        kept = min(TAGS_PER_SEGMENT, probabilities.shape[1])
        order = np.argsort(-probabilities, axis=1, kind="stable")[:, :kept]
        return cls(order.astype(np.uint16), np.take_along_axis(probabilities, order, axis=1).astype(np.float16))


@dataclass(frozen=True, slots=True, eq=False)
class ContentContour:
    """A tune as the catalog stores it: its pitch, ``cents`` (frames,) int16, in sounding time.

    ``window_s`` (n,) float32 are the starts of its windows in sounding time. Each row of ``knots`` (k, 2) float64 is
    one instant, in sounding time and in the content's time (see `search.analysis.melody.contours`).
    """

    cents: NDArray[np.int16]
    window_s: NDArray[np.float32]
    knots: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class StoredContour:
    """A stored tune of a content. Its windows are the segments from ``first_segment_id`` on."""

    content_id: int
    first_segment_id: int
    contour: ContentContour


@dataclass(frozen=True, slots=True)
class ContentEncoding:
    """A content's segments in one space: ``spans`` (n, 2), ``vectors`` (n, dim), ``silent`` (n,) bool, tags or None.

    ``segment_ids`` (n,) int64 are consecutive ids from the catalog; empty before the encoding is stored. ``contours``
    are the content's tunes, in the melody space only. Their windows, one tune after the other, are the n segments.
    """

    spans: Spans
    vectors: HalfVectors
    silent: NDArray[np.bool_]
    tags: SegmentTags | None = None
    segment_ids: Ids = field(default_factory=lambda: np.empty(0, np.int64))
    contours: tuple[ContentContour, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class StoredFacts:
    """A content's facts, as the catalog stores them.

    ``version`` defines the order of ``numbers`` (n,) float32 (`search.analysis.facts`); NaN is an absent fact.
    """

    version: int
    numbers: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TuneFile:
    """A file of notes (MIDI): its title, metadata and duration, and the encoding of its tunes."""

    title: str
    metadata: Mapping[str, str]
    duration_s: float
    encoding: ContentEncoding


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file as a scan saw it: ``path`` relative to its root, with '/' between its parts on every system.

    ``mtime_ns`` is the modification time, which programs can set. For an object in a store it is a number derived from
    the ETag, which changes with the bytes. ``changed_ns`` is the change time (ctime), which only the system sets; None
    if the system has none, or if the catalog does not know it yet.
    """

    path: str
    size_bytes: int
    mtime_ns: int
    changed_ns: int | None = None


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object in a store: its ``key`` in the bucket, and an ``etag`` that changes with its bytes.

    ``modified_s`` is when it was written, in seconds since 1970.
    """

    key: str
    size_bytes: int
    etag: str
    modified_s: float


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file as the catalog knows it.

    ``encoded``: its content has vectors in the requested space. ``missing``: the last scan did not find it. ``notes``:
    it holds notes, not sound.
    """

    clip_id: int
    content_id: int
    digest: str
    facts: FileFacts
    encoded: bool
    missing: bool = False
    notes: bool = False


@dataclass(frozen=True, slots=True)
class Tag:
    """A class of an encoder's vocabulary with its probability.

    Examples:
        >>> tag = soundalike.Tag("Siren", 0.93)
        >>> f"{tag.name} {tag.probability:.0%}"
        'Siren 93%'
    """

    name: str
    probability: float


def split_tags(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the own tags in ``texts``, split at commas, semicolons and line ends: each once, ignoring case.

    Examples:
        >>> split_tags(["hero, Big  Fight;", "HERO"])
        ('hero', 'Big Fight')
    """
    names: dict[str, str] = {}
    for text in texts:
        for written in _BETWEEN_TAGS.split(text):
            if name := " ".join(written.split()):
                names.setdefault(name.casefold(), name)
    return tuple(names.values())


@dataclass(frozen=True, slots=True)
class Clip:
    """A file at a path below a root. ``id`` survives moves and renames.

    ``path`` is relative to the root, with '/' between its parts; ``absolute_path`` is where the file is now.

    ``metadata`` comes from the file's tags (ID3, Vorbis comments, BWF, iXML), with lower-case keys. ``own_tags`` are
    set by people; until then they are the file's keywords. ``tags`` are the encoder's. ``remark`` is a person's text
    about the clip, "" if there is none. ``added`` is UTC seconds since the epoch. ``missing``: the last scan did not
    find the file.

    ``track`` is the clip's sound track in the file, counted from 0, of ``tracks`` (0 if unknown). ``warnings`` are
    short phrases about defects found while decoding. ``notes``: the file holds notes (MIDI), not sound.

    Examples:
        >>> (clip,) = library.reader.clips([3])
        >>> clip.title, clip.path, clip.duration_s
        ('rain', 'rain.wav', 2.0)
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
    track: int = 0
    tracks: int = 0
    warnings: tuple[str, ...] = ()
    own_tags: tuple[str, ...] = ()
    notes: bool = False
    remark: str = ""

    @property
    def absolute_path(self) -> str:
        """The file's current absolute path on this machine."""
        return self.root.absolute(self.path)


@dataclass(frozen=True, slots=True)
class Segment:
    """A passage of a content, in seconds from its start. ``id`` is -1 if the clip has no searchable segment.

    Examples:
        >>> segment = library.search(soundalike.Query((soundalike.ClipPart(1),))).hits[0].segment
        >>> segment.start_s, segment.end_s
        (0.0, 2.0)
    """

    id: int
    start_s: float
    end_s: float
