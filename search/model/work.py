"""Work that is shared between workers on any number of machines.

A job divides its files into chunks and stores these in the catalog. A worker claims a chunk, processes it, and writes
the results and the chunk's completion in one transaction. A claim that is not renewed expires, and another worker takes
the chunk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from search.model.contents import FileFacts, KnownFile

PassState: TypeAlias = Literal["open", "paused", "ended"]

MAX_FAILED_CLAIMS = 3
"""A chunk whose workers died this many times is halved. If it is a single file, the file becomes a recorded failure."""


@dataclass(frozen=True, slots=True)
class WorkFile:
    """A file to process: its root, the file as the scan saw it, and what the catalog knows of its path.

    ``gone`` are clips (root id and file) of the same size whose files disappeared: this file may be one of them, moved.
    Among files of one size, only the first has them. ``forced``: process the file even if nothing shows a change.
    """

    root_id: int
    facts: FileFacts
    known_file: KnownFile | None = None
    forced: bool = False
    gone: tuple[tuple[int, KnownFile], ...] = ()


@dataclass(frozen=True, slots=True)
class WorkPass:
    """What all chunks of a pass have in common.

    ``max_duration_s``: longer files fail. ``facts``: measure what is decoded. ``kept_out`` are digests of files that
    people removed from the library.
    """

    id: int
    space_id: int
    state: PassState
    max_duration_s: float | None = None
    facts: bool = True
    kept_out: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Claim:
    """The right of one worker to process a chunk and write its results, as long as it is renewed.

    ``failures`` is how many earlier workers died with this chunk: one of its files may be the cause.
    """

    chunk_id: int
    pass_id: int
    token: str
    files: tuple[WorkFile, ...]
    failures: int = 0


@dataclass(frozen=True, slots=True)
class WorkResult:
    """The result for a file, once it is written: ``kind`` as in `indexer.model`, ``path`` absolute.

    ``duration_s`` and ``silent`` describe the decoded sound. ``moved`` are the clips that the file turned out to be.
    """

    kind: str
    path: str
    duration_s: float = 0.0
    size_bytes: int = 0
    silent: bool = False
    cause: str = ""
    warnings: tuple[str, ...] = ()
    moved: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkCounts:
    """How many chunks wait, are claimed and are done.

    ``done_bytes`` and ``done_audio_s`` are the last reported progress within claimed chunks. ``workers`` are the
    holders of claims.
    """

    waiting: int = 0
    claimed: int = 0
    done: int = 0
    done_bytes: int = 0
    done_audio_s: float = 0.0
    workers: tuple[str, ...] = ()
