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
"""How many of a vocabulary's likeliest classes are kept for each segment (DESIGN.md, "tag")."""
MAX_REMARK_CHARACTERS: Final = 4000
"""So long a remark on a clip may be."""
_BETWEEN_TAGS: Final = re.compile(r"[,;\r\n\0]")


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that a library indexes, or a part of a bucket (``s3://bucket/sounds``). ``path`` is absolute and may
    change when the folder moves.

    ``excludes`` are patterns (as in .gitignore, relative to the folder) of what a scan leaves out. ``mounts`` are the
    folders below it, by relative path, on which other disks were mounted when it was scanned last ('' is itself).
    Its sounds are encoded as played at ``speed``: a tenth brings bats down to where an encoder listens.

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
        """The absolute path, as this system writes it, of ``path``: relative to the root, '/' between its parts.

        Of a root in an object store that is the address of the object.
        """
        if is_in_store(self.path):
            return f"{self.path}/{path}" if path else self.path
        return os.path.join(self.path, *path.split("/")) if path else self.path  # noqa: PTH118 - any bytes, no cost


@dataclass(frozen=True, slots=True)
class RootState:
    """How many clips a root has, how many of their files were missing at the last scan, and when that ended.

    ``scanned`` is UTC seconds since the epoch, None where all of it was not looked through since that is noted.
    """

    root: Root
    clips: int
    missing: int
    scanned: float | None


@dataclass(frozen=True, slots=True)
class Content:
    """What was decoded. ``digest`` is the SHA-256 of the file's bytes (hex); ``id`` is 0 before it is stored.

    ``tracks`` is how many sound tracks the file has, 0 where nobody asked. ``warnings`` says what was amiss with a
    content that was decoded all the same, each a short phrase.
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
        """Those of each row of ``probabilities`` (n, classes); equally likely ones by number."""
        kept = min(TAGS_PER_SEGMENT, probabilities.shape[1])
        order = np.argsort(-probabilities, axis=1, kind="stable")[:, :kept]
        return cls(order.astype(np.uint16), np.take_along_axis(probabilities, order, axis=1).astype(np.float16))


@dataclass(frozen=True, slots=True, eq=False)
class ContentContour:
    """A tune as the catalog keeps it: ``cents`` (frames,) int16 of its pitch in sounding time.

    ``window_s`` (n,) float32 is where its windows start, in sounding time; ``knots`` (k, 2) float64 are the same
    instants in sounding time and in the content's time (see `search.analysis.melody.contours`).
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


@dataclass(frozen=True, slots=True, eq=False)
class StoredFacts:
    """What was measured of a content, as the catalog keeps it.

    ``numbers`` (n,) float32 are in the order that ``version`` stands for (`search.analysis.facts`), NaN where a fact is
    absent.
    """

    version: int
    numbers: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TuneFile:
    """A file of notes (MIDI): what it is called, what it says of itself, how long it lasts, and its tunes."""

    title: str
    metadata: Mapping[str, str]
    duration_s: float
    encoding: ContentEncoding


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file as a scan saw it: ``path`` relative to its root, with '/' between its parts on every system.

    ``mtime_ns`` is when its bytes changed, as whoever wrote it says, and of an object in a store a number that stands
    for its ETag: another one, other bytes. ``changed_ns`` is when the file changed in any way, as the system noted by
    itself, and None where no system does, or the catalog does not know it yet.
    """

    path: str
    size_bytes: int
    mtime_ns: int
    changed_ns: int | None = None


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What a store says of an object: its ``key`` in the bucket, and an ``etag`` that changes when its bytes do.

    ``modified_s``: when it was put there, in seconds since 1970.
    """

    key: str
    size_bytes: int
    etag: str
    modified_s: float


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file as the catalog remembers it.

    ``encoded`` says whether its content has vectors in the space asked about, ``missing`` whether the last scan
    did not find it. ``notes``: whether it holds notes, not sound.
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
    """The own tags that are listed in ``texts``, between commas, semicolons and lines: each once, whatever its case.

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
    """A file at a path under a root. ``id`` survives moves and renames.

    ``path`` is relative to the root, with '/' between its parts; ``absolute_path`` is where the file lies now.

    ``metadata`` is what the file's tags say (ID3, Vorbis comments, BWF, iXML), lower-case keys to text.
    ``own_tags`` are those that a person set; before anybody did, the keywords of the file. ``tags`` are the encoder's.
    ``remark`` is what a person wrote of it, "" where nobody did. ``added`` is UTC seconds since the epoch. ``missing``
    is true when the last scan did not find the file.

    ``track`` is its sound track in the file, counted from 0, of ``tracks`` (0 where nobody counted). ``warnings`` says
    what was amiss with the file when it was decoded, each a short phrase. ``notes``: whether the file holds notes
    (MIDI), not sound.

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
        """Where the file is, on this machine and as its root stands now."""
        return self.root.absolute(self.path)


@dataclass(frozen=True, slots=True)
class Segment:
    """A passage of a content, in seconds from its start. ``id`` is -1 where a clip has none that can be searched.

    Examples:
        >>> segment = library.search(soundalike.Query((soundalike.ClipPart(1),))).hits[0].segment
        >>> segment.start_s, segment.end_s
        (0.0, 2.0)
    """

    id: int
    start_s: float
    end_s: float
