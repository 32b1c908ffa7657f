"""Converting values to columns: encodings to blobs of little-endian arrays, paths to bytes, metadata to JSON."""

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
"""The metadata field in which files carry tags given by users."""
_REMARK: Final = ""
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


class EncodingColumns(NamedTuple):
    """The columns of one row of ``encodings``, except its keys; without a vocabulary the tag columns are None."""

    n_segments: int
    clip_tag_classes: bytes | None
    clip_tag_probabilities: bytes | None
    silent: bytes
    spans: bytes
    tag_classes: bytes | None
    tag_probabilities: bytes | None
    vectors: memoryview
    """Not a copy: the vectors of a day-long recording take 27 MB."""


def pack(encoding: ContentEncoding, space: Space) -> EncodingColumns:
    """The columns of an encoding. Raises LibraryError if it does not fit the space or a vector is not finite."""
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
        # n may be 0, and then reshape could not infer -1
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
    """A ``vectors`` column as (n, dim) float16, read-only."""
    return np.frombuffer(blob, "<f2").reshape(-1, dim)


def spans_of(blob: bytes) -> Spans:
    """A ``spans`` column as (n, 2) float64, read-only."""
    return np.frombuffer(blob, "<f8").reshape(-1, 2)


def clip_tags(tags: SegmentTags) -> tuple[NDArray[np.uint16], NDArray[np.float16]]:
    """The tags of a clip: every class with its maximum over the segments, (m,) each, likeliest first, then by class."""
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
    """A path as stored. Raises LibraryError if no file can have it."""
    try:
        return os.fsencode(path)
    except UnicodeEncodeError as error:
        raise LibraryError(f"{path!a}: not a valid file name on this system ({error.reason})") from error


def path_text(stored: bytes) -> str:
    """The path that `path_bytes` stored."""
    return os.fsdecode(stored)


def storable(text: str) -> str:
    """``text`` with U+FFFD in place of what a text column cannot hold: NUL and lone surrogates."""
    return _UNSTORABLE.sub("\ufffd", text)


def metadata_text(metadata: Mapping[str, str]) -> str:
    """Metadata as stored: JSON in ASCII, so that any text survives."""
    return json.dumps(dict(metadata)) if metadata else "{}"


def metadata_of(stored: str) -> dict[str, str]:
    """The metadata that `metadata_text` stored."""
    return {} if stored == "{}" else dict(json.loads(stored))


def own_tags_text(own_tags: Sequence[str]) -> str:
    """Own tags as stored: JSON in ASCII."""
    return json.dumps([storable(name) for name in split_tags(own_tags)])


def own_tags_of(stored: str | None, metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The own tags that `own_tags_text` stored; if none were set, the keywords of the file."""
    if stored is not None:
        return tuple(json.loads(stored))
    return split_tags([metadata[KEYWORDS]]) if KEYWORDS in metadata else ()


def own_tags_in(stored: str | None, metadata: str) -> tuple[str, ...]:
    """As `own_tags_of`, for metadata as stored, which are parsed only if they may contain keywords."""
    return own_tags_of(stored, metadata_of(metadata) if stored is None and f'"{KEYWORDS}"' in metadata else {})


def remark_text(remark: str) -> str | None:
    """A remark as stored; None if it is empty. Raises LibraryError if it is too long."""
    written = storable(remark).replace("\r\n", "\n").strip()
    if len(written) > MAX_REMARK_CHARACTERS:
        raise LibraryError(f"a remark has at most {MAX_REMARK_CHARACTERS} characters; this one has {len(written)}")
    return written or None


def described(metadata: Mapping[str, str], own_tags: str | None, remark: str | None) -> Mapping[str, str]:
    """The metadata for full-text search: with the remark, and with own tags, if set, in place of the keywords."""
    if own_tags is not None:
        metadata = {**metadata, KEYWORDS: ", ".join(own_tags_of(own_tags, {}))}
    return metadata if remark is None else {_REMARK: remark, **metadata}


def retitled(clip_path: str, title: str, new_path: str) -> str:
    """A clip's title after a move: if it was just the file name, it becomes the new file name."""
    stem = _stem(clip_path)
    is_name = title in (storable(readable(stem)), storable(stem))  # earlier versions stored the latter
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
    ends = (encoding.vectors.min(initial=0), encoding.vectors.max(initial=0))  # both are NaN if any value is
    if not bool(np.isfinite(ends).all()):
        raise LibraryError(f"an encoding for the space {space.name} has vectors that are not finite")
