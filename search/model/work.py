"""The values of work that is shared between workers on any number of machines.

A job cuts its files into chunks and keeps these in the catalog. A worker claims one, does it, and writes what came of
it and that it is done in one transaction; a claim that is not renewed runs out, and another worker does the chunk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from search.model.contents import FileFacts, KnownFile

PassState: TypeAlias = Literal["open", "paused", "ended"]

MAX_FAILED_CLAIMS = 3
"""A chunk whose workers died so often is halved; a single file is a recorded failure then."""


@dataclass(frozen=True, slots=True)
class WorkFile:
    """A file to look at: of which root, as the scan saw it, and what the catalog knew of its path.

    ``gone`` are the clips (root id and file) of this size whose files are not where they were: it may be one of these.
    Of files of a size the first alone has them. ``forced``: it is looked at although nothing says that it changed.
    """

    root_id: int
    facts: FileFacts
    known_file: KnownFile | None = None
    forced: bool = False
    gone: tuple[tuple[int, KnownFile], ...] = ()


@dataclass(frozen=True, slots=True)
class WorkPass:
    """What all chunks of a pass have in common.

    ``max_duration_s``: longer files fail. ``facts``: what is decoded is measured. ``kept_out`` are digests of what
    somebody took out of the library.
    """

    id: int
    space_id: int
    state: PassState
    max_duration_s: float | None = None
    facts: bool = True
    kept_out: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Claim:
    """The right of one worker to do a chunk and to write what comes of it, as long as it is renewed.

    ``failures`` is how many workers died that had it before: what kills them may be in it.
    """

    chunk_id: int
    pass_id: int
    token: str
    files: tuple[WorkFile, ...]
    failures: int = 0


@dataclass(frozen=True, slots=True)
class WorkResult:
    """What became of a file, once it is written: ``kind`` as `indexer.model` has it, ``path`` absolute.

    ``duration_s`` and ``silent`` are those of what was decoded, ``moved`` the clips that it turned out to be.
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
    """How many chunks wait, are claimed and are done; of claimed ones what is done of the files, as last reported.

    ``workers`` are the holders of claims.
    """

    waiting: int = 0
    claimed: int = 0
    done: int = 0
    done_bytes: int = 0
    done_audio_s: float = 0.0
    workers: tuple[str, ...] = ()
