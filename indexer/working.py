"""What ``soundalike work`` does: one worker for one library, from pass to pass, until it is stopped."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable
from typing import Protocol

from indexer.claiming import Worked, Worker, WorkLibrary
from indexer.patience import Patience
from search.errors import ClaimLost, JobError, SpaceMismatch
from search.model import Space, WorkPass
from search.ports import CatalogReader, Encoder

POLL_S = 0.5
"""How often a worker without work looks for some."""


class FollowedLibrary(WorkLibrary, Protocol):
    """A library that a worker follows from pass to pass."""

    @property
    def reader(self) -> CatalogReader:
        """Where spaces are looked up."""


def work(
    library: FollowedLibrary,
    load_encoder: Callable[[str], Encoder],
    *,
    threads: int,
    stop: threading.Event,
    once: bool = False,
    holder: str = "",
    patience: Patience | None = None,
    report: Callable[[Worked], None] = lambda _: None,
) -> Worked:
    """Do chunks until ``stop`` is set; with ``once``, until no chunk is left and no other worker holds one.

    ``load_encoder`` returns the encoder of a name; it is loaded when there is work. ``report`` is called after every
    chunk with the sum of what was done. Raises as `Worker.run`, and SpaceMismatch if this machine's encoder is not the
    job's.
    """
    patience = patience or Patience()
    holder = holder or f"{platform.node()} process {os.getpid()}"
    encoders: dict[int, tuple[Encoder, Space]] = {}
    done = Worked()

    def closed(worked: Worked) -> None:
        nonlocal done
        done = done.plus(worked)
        report(done)

    while not stop.is_set():
        at = patience.ask(library.chunks.current)
        if at is None or not _has_work(library, at, patience):
            if once and is_over(library, at, patience):
                break
            stop.wait(POLL_S)
            continue
        if at.space_id not in encoders:
            encoders[at.space_id] = _encoder_of(library, at, load_encoder)
        encoder, space = encoders[at.space_id]
        worker = Worker(library, encoder, space, threads=threads, holder=holder, patience=patience, closed=closed)
        before = done.chunks
        worker.run(at, stop)
        if done.chunks == before:
            stop.wait(POLL_S)
    return done


def _has_work(library: FollowedLibrary, at: WorkPass, patience: Patience) -> bool:
    """Whether there may be something to claim: other workers may still give back chunks that they hold."""
    return at.state == "open" and not is_over(library, at, patience)


def is_over(library: FollowedLibrary, at: WorkPass | None, patience: Patience) -> bool:
    """Whether no chunk of a pass is left or claimed."""
    if at is None or at.state == "ended":
        return True
    try:
        counts = patience.ask(lambda: library.chunks.counts(at.id))
    except ClaimLost:
        return False  # another pass has begun
    return not (counts.waiting or counts.claimed)


def _encoder_of(
    library: FollowedLibrary, at: WorkPass, load_encoder: Callable[[str], Encoder]
) -> tuple[Encoder, Space]:
    """The encoder of a pass, and its space. Raises SpaceMismatch, JobError."""
    space = next((space for space in library.reader.spaces() if space.id == at.space_id), None)
    if space is None:
        raise JobError("the space that the job fills was removed; plan the job again")
    encoder = load_encoder(space.name)
    if encoder.spec.fingerprint != space.fingerprint:
        raise SpaceMismatch(
            f"{space.name}: this machine has another version of the encoder than the job; install the same one"
        )
    return encoder, space
