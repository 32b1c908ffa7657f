"""Who does the work of a job: the job itself, worker processes, or actors on a Ray cluster."""

from __future__ import annotations

import argparse
import os
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, TypeAlias

from search.errors import UsageError
from search.settings import Settings

if TYPE_CHECKING:
    from indexer.ports import Report, Share
    from search.api import Library

Sharing: TypeAlias = "AbstractContextManager[Share | None]"
USUAL_ACTORS = 2
"""How many workers are started on Ray by default."""


def of_command(args: argparse.Namespace, library: Library, settings: Settings, report: Report) -> Sharing:
    """How to share the work, as the command line asks; the context gives None if it is not shared."""
    from indexer.workers import sharing

    count = settings.share if args.share is None else args.share
    if args.plan_only:
        return sharing(library.chunks, None, report.note)
    if count is None and args.on is None:
        return nullcontext()
    options = ("--device", args.device) if args.device else ()
    count = USUAL_ACTORS if count is None else count
    return _shared(library, count, report, threads=args.workers, on=args.on, options=options)


def of_service(library: Library, settings: Settings, report: Report) -> Sharing:
    """How to share the work, as the settings ask; the context gives None if it is not shared."""
    return nullcontext() if settings.share is None else _shared(library, settings.share, report)


def _shared(
    library: Library,
    count: int,
    report: Report,
    *,
    threads: int | None = None,
    on: str | None = None,
    options: tuple[str, ...] = (),
) -> Sharing:
    """Start ``count`` workers, and share the work with them and with workers elsewhere."""
    from indexer.staffing import Staffing
    from indexer.workers import sharing, threads_of

    each = threads_of(threads, count, os.cpu_count() or 1) if on is None else threads or 1
    staffing = Staffing(count, each, library.path, on, options=options, job_share=library.settings.job_share)
    return sharing(library.chunks, staffing, report.note)


def check(args: argparse.Namespace) -> None:
    """Raise UsageError for options that make no sense when the work is shared."""
    if args.share is not None and args.share < 0:
        raise UsageError(f"--share is {args.share}; it must be 0 (only workers elsewhere) or more")
    if args.plan_only and (args.prune or args.watch or args.on):
        raise UsageError("--plan-only does not wait for the work: leave out --prune, --watch and --on")
