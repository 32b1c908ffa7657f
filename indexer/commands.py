"""The subcommands of this package, each loaded when it is called, and the job as the engine runs it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

from search.plugins import LateCommand

if TYPE_CHECKING:
    from indexer.ports import Report
    from search.api import Library
    from search.settings import Settings

COMMANDS = (
    LateCommand("index", "indexer.index_command:Index"),
    LateCommand("work", "indexer.work_command:Work"),
    LateCommand("relocate", "indexer.relocate_command:Relocate"),
)


def index_again(
    library: Library,
    encoder: str | None,
    paths: Sequence[str],
    settings: Settings,
    *,
    new_roots: Sequence[str] = (),
    report: Report | None = None,
    stop: threading.Event | None = None,
    wait_s: float = 0.0,
    max_duration_s: float | None = None,
    facts: bool | None = None,
    events: bool = False,
    fingerprints: bool = False,
    melody: bool = False,
    exclude: Sequence[str] = (),
    speed: float | None = None,
) -> int:
    """Index ``paths`` with a named encoder: the job as the engine runs it (entry point ``soundalike.jobs``).

    ``encoder`` None: the library's own. The name ``melody`` is not an encoder: like the option ``melody``, it extracts
    the tunes of recordings after the library's own encoder has run. ``new_roots`` are folders that become roots for
    the files in them (`indexer.scan.locate`). ``facts``: measure what is decoded; None: as the settings say.
    ``events``: find events in the same pass, if the encoder supports it. ``fingerprints``: fingerprint what is decoded.
    ``exclude`` and ``speed``: see `Options`. Progress goes to ``report``, by default the terminal. Setting ``stop``
    ends the job within seconds; the next call continues. Return 1 if some files failed, else 0. Raises as
    `indexer.job.index` does, and UsageError.
    """
    from indexer import shares
    from indexer.index_command import DONE, SOME_FAILED, default_encoder, then
    from indexer.job import index
    from indexer.model import Options
    from indexer.progress import reporter
    from indexer.rules import parse
    from search import wiring
    from search.audio import check_speed
    from search.errors import UsageError
    from search.model import MELODY_SPACE

    if max_duration_s is not None and not max_duration_s > 0:
        raise UsageError(f"max_duration_s is {max_duration_s:g}; it must be more than 0")
    if speed is not None:
        check_speed(speed)
    parse(exclude)
    is_melody = encoder == MELODY_SPACE
    measure = settings.facts == "on" if facts is None else facts
    options = Options(
        wait_s=wait_s,
        max_duration_s=max_duration_s,
        melody=melody or is_melody,
        facts=measure,
        events=events,
        fingerprints=fingerprints,
        exclude=tuple(exclude),
        speed=speed,
    )
    name = default_encoder(library, settings) if is_melody or encoder is None else encoder
    loaded = wiring.encoder(name, settings)
    tunes = wiring.melody_extractor()
    terminal = reporter(quiet=False)
    shown = report or terminal
    with (
        terminal.running() if report is None else nullcontext(),
        shares.of_service(library, settings, shown) as share,
    ):
        summary = index(
            library, loaded, paths, options, shown, new_roots=new_roots, tunes=tunes, stop=stop, share=share
        )
    if settings.share is not None and not summary.interrupted:  # other processes find none on the way
        for wanted, job, what in (
            (fingerprints, library.recordings.fingerprint, "fingerprint"),
            (events, library.events.find, "events"),
        ):
            if wanted:
                then(job, what, stop or threading.Event())
    return SOME_FAILED if summary.failed else DONE
