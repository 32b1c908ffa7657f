"""Encode the clips of a data set into segment vectors, as the bulk job does, with a cache on disk.

The cache key is the encoder's fingerprint, the revision of the windowing and the file's digest. A cached encoding is
therefore used only while encoding again would give the same result.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any, TypeAlias
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from search import audio
from search.errors import UsageError
from search.model import AudioEncoding, ContentEncoding, EncoderSpec, SegmentTags, Window
from search.ports import Encoder
from search.snapshots.single import write_arrays

WINDOWS_AT_ONCE = 64
NO_TAGS = SegmentTags(np.empty((0, 0), np.uint16), np.empty((0, 0), np.float16))
PROGRESS_EVERY = 200

Progress: TypeAlias = Callable[[str], None]
"""Called with one line of progress at a time."""


@dataclass(frozen=True, slots=True)
class EncodedClip:
    """A clip's file digest (SHA-256, hex) and its segments in the encoder's space."""

    digest: str
    encoding: ContentEncoding


class EncodingCache:
    """Encodings on disk, one small file each. Without a folder the cache stays empty."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def get(self, spec: EncoderSpec, digest: str) -> ContentEncoding | None:
        """Return this encoder's encoding of the file with this digest, or None; a damaged file counts as absent."""
        if self._folder is None:
            return None
        try:
            with np.load(self._file(self._folder, spec, digest)) as arrays:
                tags = None
                if spec.vocabulary is not None:
                    tags = SegmentTags(arrays["tag_classes"], arrays["tag_probabilities"])
                return ContentEncoding(arrays["spans"], arrays["vectors"], arrays["silent"], tags)
        except (OSError, ValueError, KeyError, BadZipFile, EOFError):
            return None

    def put(self, spec: EncoderSpec, digest: str, encoding: ContentEncoding) -> None:
        """Store an encoding; readers never see a partial file. Raises UsageError if the folder cannot be written."""
        if self._folder is None:
            return
        file = self._file(self._folder, spec, digest)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            tags = encoding.tags or NO_TAGS
            arrays: dict[str, NDArray[Any]] = {
                "spans": encoding.spans,
                "vectors": encoding.vectors,
                "silent": encoding.silent,
                "tag_classes": tags.classes,
                "tag_probabilities": tags.probabilities,
            }
            write_arrays(file, arrays)
        except OSError as error:
            raise UsageError(
                f"cannot write the cache {self._folder}: {error.strerror}; use --cache DIR or --no-cache"
            ) from error

    @staticmethod
    def _file(folder: Path, spec: EncoderSpec, digest: str) -> Path:
        return folder / f"{spec.fingerprint}-{audio.WINDOWS_REVISION}" / digest[:2] / f"{digest}.npz"


def encode(paths: Sequence[Path], encoder: Encoder, cache: EncodingCache, progress: Progress) -> list[EncodedClip]:
    """Return the encodings of these files in their order. ``progress`` reports now and then how many are done.

    Raises AudioError for a file that cannot be decoded: without it, the figures would describe another set.
    """
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    path_of = dict(zip(reversed(digests), reversed(paths), strict=True))
    encodings: dict[str, ContentEncoding] = {}
    for digest in path_of:
        cached = cache.get(encoder.spec, digest)
        if cached is not None:
            encodings[digest] = cached
    missing = [digest for digest in dict.fromkeys(digests) if digest not in encodings]
    for number, (digest, encoding) in enumerate(_encoded(missing, path_of, encoder), start=1):
        cache.put(encoder.spec, digest, encoding)
        encodings[digest] = encoding
        if number % PROGRESS_EVERY == 0:
            progress(f"  {number} of {len(missing)} files encoded")
    return [EncodedClip(digest, encodings[digest]) for digest in digests]


def _encoded(
    digests: Iterable[str], path_of: dict[str, Path], encoder: Encoder
) -> Iterator[tuple[str, ContentEncoding]]:
    """Decode in a stream, encode in batches across files, and yield each file's segments when they are complete."""
    windows = (
        (digest, window) for digest in digests for window in audio.windows(os.fspath(path_of[digest]), encoder.spec)
    )
    for digest, rows in groupby(_with_encodings(windows, encoder), key=lambda row: row[0]):
        _, windows_of, encodings = zip(*rows, strict=True)
        tags = [encoding.tags for encoding in encodings if encoding.tags is not None]
        yield (
            digest,
            ContentEncoding(
                spans=np.array([(window.start_s, window.end_s) for window in windows_of], np.float64),
                vectors=np.concatenate([encoding.vectors for encoding in encodings]).astype(np.float16),
                silent=np.array([window.silent for window in windows_of], np.bool_),
                tags=SegmentTags.likeliest(np.concatenate(tags)) if tags else None,
            ),
        )


def _with_encodings(
    windows: Iterable[tuple[str, Window]], encoder: Encoder
) -> Iterator[tuple[str, Window, AudioEncoding]]:
    stream = iter(windows)
    while batch := list(islice(stream, WINDOWS_AT_ONCE)):
        encoded = encoder.encode_audio(np.stack([window.samples for _, window in batch]))
        for row, (digest, window) in enumerate(batch):
            tags = None if encoded.tags is None else encoded.tags[row : row + 1]
            yield digest, window, AudioEncoding(encoded.vectors[row : row + 1], tags)
