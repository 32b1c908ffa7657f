"""How values become columns: encodings as blobs of little-endian arrays, paths as bytes, metadata as JSON."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row

from search.errors import LibraryError
from search.ground.codepages import readable
from search.model import (
    MAX_REMARK_CHARACTERS,
    TAGS_PER_SEGMENT,
    ContentEncoding,
    HalfVectors,
    SegmentTags,
    Space,
    Spans,
    Tag,
    split_tags,
)

SPAN_BYTES: Final = 16
HALF_BYTES: Final = 2
KEYWORDS: Final = "keywords"
_REMARK: Final = ""
"""The metadata in which files carry tags that somebody gave them."""
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


class EncodingColumns(NamedTuple):
    """The columns of one row of ``encodings`` apart from its keys; without a vocabulary the tag columns are None."""

    n_segments: int
    clip_tag_classes: bytes | None
    clip_tag_probabilities: bytes | None
    silent: bytes
    spans: bytes
    tag_classes: bytes | None
    tag_probabilities: bytes | None
    vectors: memoryview
    """No copy: those of a recording of a day are 27 MB."""


def pack(encoding: ContentEncoding, space: Space) -> EncodingColumns:
    """An encoding as it is stored. Raises LibraryError when it does not fit the space or a vector is not finite."""
    n = len(encoding.vectors)
    _check(encoding, space)
    tags = encoding.tags
    merged = None if tags is None else clip_tags(tags)
    return EncodingColumns(
        n_segments=n,
        clip_tag_classes=None if merged is None else merged[0].astype("<u2").tobytes(),
        clip_tag_probabilities=None if merged is None else merged[1].astype("<f2").tobytes(),
        silent=np.packbits(encoding.silent, bitorder="little").tobytes(),
        spans=np.ascontiguousarray(encoding.spans, "<f8").tobytes(),
        tag_classes=None if tags is None else np.ascontiguousarray(tags.classes, "<u2").tobytes(),
        tag_probabilities=None if tags is None else np.ascontiguousarray(tags.probabilities, "<f2").tobytes(),
        vectors=np.ascontiguousarray(encoding.vectors, "<f2").reshape(-1).view(np.uint8).data,
    )


def unpack(row: Row[*tuple[Any, ...]], dim: int) -> ContentEncoding:
    """The encoding in a row of ``encodings`` that has every column of `EncodingColumns` and ``first_segment_id``."""
    n = int(row.n_segments)
    tags = None
    if row.tag_classes is not None and row.tag_probabilities is not None:
        # n may be 0, where -1 could not be worked out
        width = len(row.tag_classes) // (HALF_BYTES * n) if n else TAGS_PER_SEGMENT
        tags = SegmentTags(
            classes=np.frombuffer(row.tag_classes, "<u2").reshape(n, width),
            probabilities=np.frombuffer(row.tag_probabilities, "<f2").reshape(n, width),
        )
    return ContentEncoding(
        spans=spans_of(row.spans),
        vectors=vectors_of(row.vectors, dim),
        silent=np.unpackbits(np.frombuffer(row.silent, np.uint8), count=n, bitorder="little").astype(np.bool_),
        tags=tags,
        segment_ids=np.arange(row.first_segment_id, row.first_segment_id + n, dtype=np.int64),
    )


def vectors_of(blob: bytes, dim: int) -> HalfVectors:
    """(n, dim) float16 of a ``vectors`` column, read-only."""
    return np.frombuffer(blob, "<f2").reshape(-1, dim)


def spans_of(blob: bytes) -> Spans:
    """(n, 2) float64 of a ``spans`` column, read-only."""
    return np.frombuffer(blob, "<f8").reshape(-1, 2)


def clip_tags(tags: SegmentTags) -> tuple[NDArray[np.uint16], NDArray[np.float16]]:
    """Every class of any segment with its maximum over the segments, (m,) each, likeliest first, then by class."""
    classes, where = np.unique(tags.classes, return_inverse=True)
    highest = np.zeros(len(classes), np.float16)
    np.maximum.at(highest, where.ravel(), tags.probabilities.ravel())
    order = np.lexsort((classes, -highest))
    return classes[order], highest[order]


def named_tags(classes: bytes, probabilities: bytes, vocabulary: tuple[str, ...]) -> tuple[Tag, ...]:
    """The likeliest `TAGS_PER_SEGMENT` tags of a clip from its two columns."""
    at = np.frombuffer(classes, "<u2", count=min(TAGS_PER_SEGMENT, len(classes) // 2)).tolist()
    likely = np.frombuffer(probabilities, "<f2", count=len(at)).astype(float).tolist()
    return tuple(Tag(vocabulary[c], p) for c, p in zip(at, likely, strict=True))


def path_bytes(path: str) -> bytes:
    """A path as it is stored. Raises LibraryError for one that no file can have."""
    try:
        return os.fsencode(path)
    except UnicodeEncodeError as error:
        raise LibraryError(f"{path!a}: not a file name of this system ({error.reason})") from error


def path_text(stored: bytes) -> str:
    """The path that `path_bytes` stored."""
    return os.fsdecode(stored)


def storable(text: str) -> str:
    """``text`` without what a text column cannot hold (NUL, half characters): U+FFFD stands in for each."""
    return _UNSTORABLE.sub("\ufffd", text)


def metadata_text(metadata: Mapping[str, str]) -> str:
    """Metadata as it is stored: JSON in ASCII, so that any text survives."""
    return json.dumps(dict(metadata)) if metadata else "{}"


def metadata_of(stored: str) -> dict[str, str]:
    """The metadata that `metadata_text` stored."""
    return {} if stored == "{}" else dict(json.loads(stored))


def own_tags_text(own_tags: Sequence[str]) -> str:
    """Own tags as they are stored: JSON in ASCII."""
    return json.dumps([storable(name) for name in split_tags(own_tags)])


def own_tags_of(stored: str | None, metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The own tags that `own_tags_text` stored; those that a file brings where nobody set any."""
    if stored is not None:
        return tuple(json.loads(stored))
    return split_tags([metadata[KEYWORDS]]) if KEYWORDS in metadata else ()


def own_tags_in(stored: str | None, metadata: str) -> tuple[str, ...]:
    """The same from metadata as they are stored, which are read only where they may hold keywords."""
    return own_tags_of(stored, metadata_of(metadata) if stored is None and f'"{KEYWORDS}"' in metadata else {})


def remark_text(remark: str) -> str | None:
    """A remark as it is stored; None for one without a word. Raises LibraryError for one that is too long."""
    written = storable(remark).replace("\r\n", "\n").strip()
    if len(written) > MAX_REMARK_CHARACTERS:
        raise LibraryError(f"a remark has at most {MAX_REMARK_CHARACTERS} characters; this one has {len(written)}")
    return written or None


def described(metadata: Mapping[str, str], own_tags: str | None, remark: str | None) -> Mapping[str, str]:
    """What words look in: a remark, and metadata in which own tags, where some were set, stand for the keywords."""
    if own_tags is not None:
        metadata = {**metadata, KEYWORDS: ", ".join(own_tags_of(own_tags, {}))}
    return metadata if remark is None else {_REMARK: remark, **metadata}


def retitled(clip_path: str, title: str, new_path: str) -> str:
    """A clip's title after a move: one that was only the file's name follows the file."""
    stem = _stem(clip_path)
    is_name = title in (storable(readable(stem)), storable(stem))  # the latter in libraries of earlier versions
    return storable(readable(_stem(new_path))) if is_name else title


def _stem(path: str) -> str:
    name = path.rpartition("/")[2]
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name


def _check(encoding: ContentEncoding, space: Space) -> None:
    n = len(encoding.vectors)
    if encoding.vectors.ndim != 2 or encoding.vectors.shape[1] != space.dim:
        raise LibraryError(
            f"vectors of shape {encoding.vectors.shape} do not fit the space {space.name} of {space.dim} dimensions"
        )
    if encoding.spans.shape != (n, 2) or encoding.silent.shape != (n,):
        raise LibraryError(
            f"an encoding of {n} segments has {encoding.spans.shape} spans and {encoding.silent.shape} silent marks"
        )
    tags = encoding.tags
    if tags is not None and not (tags.classes.shape == tags.probabilities.shape and len(tags.classes) == n):
        raise LibraryError(f"an encoding of {n} segments has tags of shape {tags.classes.shape}")
    if tags is not None and n and int(tags.classes.max(initial=0)) >= len(space.vocabulary or ()):
        raise LibraryError(f"an encoding has a tag that the vocabulary of the space {space.name} lacks")
    ends = (encoding.vectors.min(initial=0), encoding.vectors.max(initial=0))  # either is NaN where one is
    if not bool(np.isfinite(ends).all()):
        raise LibraryError(f"an encoding for the space {space.name} has vectors that are not finite")
