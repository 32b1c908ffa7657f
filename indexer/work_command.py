"""The subcommand ``soundalike work``: does the work of a shared job, on this machine or on a Ray cluster."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.stopping import until_signal
from indexer.threads import one_thread_per_call
from search import wiring
from search.errors import ClaimLost, UsageError
from search.ground import process
from search.model import WorkCounts
from search.settings import Settings

if TYPE_CHECKING:
    from indexer.claiming import Worked
    from search.api import Library
    from search.model import PassState, WorkPass

DONE = 0
SOME_FAILED = 1
LINE_EVERY_S = 5.0
CHECK_EVERY_S = 0.5
_STATES: dict[str, PassState] = {"pause": "paused", "resume": "open", "cancel": "ended"}


class Work:
    """Claim chunks of a shared job, do them, and write the results."""

    name = "work"
    help = "do the work of soundalike index --share (or --plan-only), on every machine where this is started"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("place", nargs="?", type=Path, metavar="LIBRARY", help="the library's folder")
        parser.add_argument("--library", type=Path, metavar="DIR", help="the same (default: $SOUNDALIKE_LIBRARY)")
        parser.add_argument("--workers", type=int, metavar="N", help="how many processors to use (all)")
        parser.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where the encoder runs (auto)")
        parser.add_argument("--once", action="store_true", help="exit when no worker has anything left to do")
        parser.add_argument("--on", choices=("ray",), help="run the work in actors on a Ray cluster")
        parser.add_argument("--actors", type=int, default=2, metavar="N", help="how many actors on Ray (2)")
        parser.add_argument("--gpus", type=float, default=0.0, metavar="G", help="GPUs for each actor on Ray (0)")
        parser.add_argument("--until-eof", action="store_true", help="exit when standard input ends")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--status", action="store_true", help="only show how much is left, and which workers run")
        what.add_argument("--pause", action="store_true", help="pause all workers, on every machine")
        what.add_argument("--resume", action="store_true", help="resume them")
        what.add_argument("--cancel", action="store_true", help="drop the work that no worker has begun")
        parser.add_argument("--json", action="store_true", help="print what was done as JSON")
        parser.add_argument("--quiet", action="store_true", help="print nothing but errors")

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Work until stopped, or with --once until all is done.

        Return 128 + the signal if stopped by one, 1 if some files failed, else 0.
        """
        check_threads(args.workers)
        if args.actors < 1 or args.gpus < 0:
            raise UsageError("--actors must be 1 or more, --gpus not negative")
        place = args.library or args.place or settings.library
        with wiring.library(place, settings) as library:
            asked = next((state for name, state in _STATES.items() if getattr(args, name)), None)
            if asked is not None:
                library.chunks.set_state(asked)
            if asked is not None or args.status:
                _print_status(library, args)
                return DONE
            with until_signal() as stop:
                if args.until_eof:
                    _stop_at_eof(stop.event)
                worked = _on_ray(args, library, stop.event) if args.on else _here(args, settings, library, stop.event)
                if args.json:
                    print(json.dumps(asdict(worked)))
                elif not args.quiet:
                    print(worked_line(worked))
                if stop.signal is not None:
                    return 128 + stop.signal
        return SOME_FAILED if worked.failed else DONE


def check_threads(workers: int | None) -> None:
    """Raise UsageError unless ``workers`` is None or at least 1."""
    if workers is not None and workers < 1:
        raise UsageError(f"--workers is {workers}; it must be 1 or more")


def worked_line(worked: Worked) -> str:
    """What a worker did, for people."""
    parts = [f"{worked.files} files in {worked.chunks} chunks", f"{worked.audio_s / 3600:.2f} h"]
    if worked.failed:
        parts.append(f"{worked.failed} failed")
    if worked.lost:
        parts.append(f"{worked.lost} chunks lost to others")
    return ", ".join(parts)


def _here(args: argparse.Namespace, settings: Settings, library: Library, stop: threading.Event) -> Worked:
    from indexer.working import work

    settings = replace(settings, device=args.device or settings.device)
    one_thread_per_call(args.workers)
    process.give_way(settings.niceness)
    threads = args.workers or os.cpu_count() or 1
    return work(
        library,
        lambda name: wiring.encoder(name, settings),
        threads=threads,
        stop=stop,
        once=args.once,
        report=_Lines(quiet=args.quiet or args.json),
    )


def _on_ray(args: argparse.Namespace, library: Library, stop: threading.Event) -> Worked:
    """Keep actors running until stopped, or until all is done. The job reports what they do.

    Raises JobError, UsageError.
    """
    from indexer.claiming import Worked
    from indexer.patience import Patience
    from indexer.staffing import Staffing
    from indexer.workers import crew_of
    from indexer.working import is_over

    staffing = Staffing(
        args.actors, args.workers or 1, library.path, args.on, args.gpus, job_share=library.settings.job_share
    )
    shown = _Lines(quiet=args.quiet or args.json)
    patience = Patience()
    with crew_of(staffing, _say) as crew:
        while not stop.is_set():
            at = patience.ask(library.chunks.current)
            if args.once and is_over(library, at, patience):
                break
            counts = patience.ask(partial(_counts, library, at))
            shown.say(f"{counts.waiting} chunks wait, {len(counts.workers)} workers have {counts.claimed}")
            crew.check(counts.done)
            stop.wait(CHECK_EVERY_S)
    return Worked()


def _counts(library: Library, at: WorkPass | None) -> WorkCounts:
    try:
        return WorkCounts() if at is None else library.chunks.counts(at.id)
    except ClaimLost:
        return WorkCounts()  # another pass has begun


class _Lines:
    """A line every few seconds on stderr."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._printed_s = time.monotonic()

    def __call__(self, worked: Worked) -> None:
        self.say(worked_line(worked))

    def say(self, line: str) -> None:
        now_s = time.monotonic()
        if not self._quiet and now_s - self._printed_s >= LINE_EVERY_S:
            self._printed_s = now_s
            print(line, file=sys.stderr, flush=True)


def _say(text: str) -> None:
    print(f"soundalike: {text}", file=sys.stderr, flush=True)


def _stop_at_eof(stop: threading.Event) -> None:
    """Set ``stop`` when the process that started this one ends, or closes its standard input."""

    def read() -> None:
        while os.read(sys.stdin.fileno(), 4096):  # sys.stdin.read would hold a lock that Python needs at exit
            pass
        stop.set()

    threading.Thread(target=read, name="stdin", daemon=True).start()


def _print_status(library: Library, args: argparse.Namespace) -> None:
    at = library.chunks.current()
    if at is None:
        print(json.dumps({"state": None}) if args.json else "there is no shared work")
        return
    counts = library.chunks.counts(at.id)
    if args.json:
        print(json.dumps({"state": at.state, **asdict(counts)}))
        return
    print(f"{at.state}: {counts.waiting} chunks wait, {counts.claimed} are claimed, {counts.done} done")
    for worker in counts.workers:
        print(f"  {worker}")
