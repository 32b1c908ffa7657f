"""The subcommand ``soundalike index``."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from indexer import shares
from indexer.channel import Cancelled
from indexer.progress import reporter
from indexer.stopping import until_signal
from indexer.summaries import as_json, for_people
from indexer.threads import one_thread_per_call
from indexer.work_command import check_threads
from search import wiring
from search.audio import check_speed
from search.errors import QueryError, UsageError, for_shell, printable
from search.ground import process
from search.ground.parsing import NO_PATH
from search.model import JobFailure
from search.ports import Encoder, FrameReader
from search.settings import Settings

if TYPE_CHECKING:
    from indexer.model import Options
    from search.api import Library
    from search.model import JobFailure

DONE = 0
SOME_FAILED = 1
WATCH_WAIT_S = 600.0


class Index:
    """Index the files in folders so that they can be found."""

    name = "index"
    help = "index the sounds and tunes (MIDI) in folders, so that they can be searched"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument(
            "paths",
            nargs="*",
            metavar="PATH",
            help="a folder, a file, or s3://bucket/prefix (default: the roots in the library's library.toml)",
        )
        parser.add_argument(
            "--library",
            type=Path,
            metavar="DIR",
            help="the library's folder (default: $SOUNDALIKE_LIBRARY, else yours)",
        )
        parser.add_argument(
            "--encoder",
            metavar="NAME",
            help="the encoder (default: the library's own, else $SOUNDALIKE_ENCODER)",
        )
        parser.add_argument(
            "--index",
            metavar="KIND",
            help="the kind of index of a new library (faiss, exact, or what a plug-in adds; default $SOUNDALIKE_INDEX)",
        )
        parser.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where the encoder runs (auto)")
        parser.add_argument("--workers", type=int, metavar="N", help="how many processors to use (all)")
        parser.add_argument(
            "--share",
            type=int,
            metavar="N",
            help="leave the sounds to N worker processes and to every `soundalike work` on other machines (0: only "
            "to those; default: $SOUNDALIKE_SHARE, else one process does it all)",
        )
        parser.add_argument("--on", choices=("ray",), help="run the workers of --share as actors on a Ray cluster")
        parser.add_argument(
            "--plan-only", action="store_true", help="only plan the work; soundalike work does it later"
        )
        parser.add_argument("--watch", action="store_true", help="keep running and index what changes, until Ctrl-C")
        parser.add_argument("--prune", action="store_true", help="remove clips whose files are gone")
        parser.add_argument(
            "--yes", action="store_true", help="prune without asking, even more than a tenth of the clips"
        )
        parser.add_argument(
            "--force",
            action="store_true",
            help="read every file, even if its size and times are unchanged; the same bytes are not encoded again",
        )
        parser.add_argument(
            "--relocate",
            nargs=2,
            action="append",
            default=[],
            metavar=("OLD", "NEW"),
            help="first record that the files at OLD are now at NEW (see soundalike relocate)",
        )
        parser.add_argument(
            "--again", action="store_true", help="also index files that were removed with soundalike remove"
        )
        parser.add_argument(
            "--melody",
            action="store_true",
            help="also index the tunes of recordings, to be found by humming (slow; those of MIDI files always are)",
        )
        parser.add_argument(
            "--fingerprints",
            action="store_true",
            help="fingerprint new sounds in the same pass, so that identify finds them, then others without "
            "fingerprints (as soundalike fingerprints does)",
        )
        parser.add_argument(
            "--events",
            action="store_true",
            help="find the events of new sounds in the same pass (as soundalike events does)",
        )
        parser.add_argument(
            "--facts",
            action=argparse.BooleanOptionalAction,
            help="also measure new sounds (loudness, key, defects, ...; takes half as long again), then others "
            "without facts, as soundalike facts --measure does",
        )
        parser.add_argument(
            "--speech",
            action="store_true",
            help="then transcribe the speech in new sounds (as soundalike speech does; needs soundalike[speech])",
        )
        parser.add_argument(
            "--exclude",
            action="append",
            default=[],
            metavar="GLOB",
            help="leave out files that match, as in .gitignore (may be repeated; kept with the folder for later runs)",
        )
        parser.add_argument(
            "--forget-excludes", action="store_true", help="forget the --exclude patterns of earlier runs"
        )
        parser.add_argument(
            "--speed",
            type=float,
            metavar="S",
            help="play the sounds of new folders at this speed: 0.1 lowers bats and other ultrasound to where an "
            "encoder listens, 10 raises infrasound; times stay those of the files. A file whose bytes are already "
            "in the library stays as it was encoded first",
        )
        parser.add_argument("--max-duration-s", type=float, metavar="S", help="refuse longer files")
        parser.add_argument(
            "--wait", type=float, default=0.0, metavar="S", help="wait this long for another writer (0)"
        )
        parser.add_argument("--json", action="store_true", help="print a summary as JSON, one line for each pass")
        parser.add_argument("--quiet", action="store_true", help="print nothing but failures")

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Index, once or until stopped; 1 when some inputs failed, 128 + the signal when stopped by one."""
        from indexer.job import index

        options = _options(args, settings)
        if "" in args.paths:
            raise UsageError(NO_PATH)
        args.paths = args.paths or _named_roots(args.library or settings.library)
        settings = replace(settings, device=args.device or settings.device)
        one_thread_per_call(options.workers)
        process.give_way(settings.niceness)
        # a wrong name fails before a library is made
        chosen_encoder = wiring.encoder(args.encoder, settings) if args.encoder else None
        with (
            until_signal() as stop,
            wiring.library(args.library or settings.library, settings, create=True, index=args.index) as library,
        ):
            encoder = chosen_encoder or wiring.encoder(default_encoder(library, settings), settings)
            if args.events:
                _check_events(encoder, library)
            tunes = wiring.melody_extractor()
            report = reporter(quiet=args.quiet or args.json)
            status = DONE
            for paths in self._passes(args, stop.event):
                with report.running(), shares.of_command(args, library, settings, report) as share:
                    summary = index(
                        library,
                        encoder,
                        paths,
                        options,
                        report,
                        tunes=tunes,
                        stop=stop.event,
                        confirm=report.confirm,
                        share=share,
                    )
                if args.json:
                    print(json.dumps(as_json(summary)), flush=True)
                elif not args.quiet:
                    print(for_people(summary, is_plan=args.plan_only), flush=True)
                status = max(status, SOME_FAILED if summary.failed or summary.not_pruned else DONE)
                for wanted, job, what in (
                    (args.fingerprints, library.recordings.fingerprint, "fingerprint"),
                    (args.events, library.events.find, "events"),
                    (args.facts, library.facts.measure, "facts"),
                    (args.speech, library.speech.transcribe, "transcript"),
                ):
                    if wanted and not stop.event.is_set():
                        status = max(status, then(job, what, stop.event))
            if stop.signal is not None:
                if not args.watch:
                    print(f"soundalike: stopped; to continue: {_again()}", file=sys.stderr)
                return 128 + stop.signal
        return status

    def _passes(self, args: argparse.Namespace, stop: threading.Event) -> Iterable[list[str]]:
        if not args.watch:
            return [args.paths]
        from indexer.watch import changed_paths

        return changed_paths(args.paths, stop)


def then(
    job: Callable[[Callable[[int, int], None]], Sequence[JobFailure]],
    what: str,
    stop: threading.Event,
) -> int:
    """Run a job on new clips until ``stop`` is set; finished work is kept. ``what`` names what a failed file lacks."""

    def progress(_done: int, _total: int) -> None:
        if stop.is_set():
            raise Cancelled

    with suppress(Cancelled):
        failures = job(progress)
        for failure in failures:
            print(f"soundalike: {printable(failure.file)}: no {what}: {printable(failure.cause)}", file=sys.stderr)
        return SOME_FAILED if failures else DONE
    return DONE


def _options(args: argparse.Namespace, settings: Settings) -> Options:
    """Raises UsageError for a number that makes no sense."""
    check_threads(args.workers)
    shares.check(args)
    if args.max_duration_s is not None and not args.max_duration_s > 0:
        raise UsageError(f"--max-duration-s is {args.max_duration_s:g}; it must be more than 0")
    if not args.wait >= 0:
        raise UsageError(f"--wait is {args.wait:g}; it must not be negative")
    if args.speed is not None:
        check_speed(args.speed)
    # when watching, wait for another writer's job instead of ending
    wait_s = max(args.wait, WATCH_WAIT_S) if args.watch else args.wait
    from indexer.model import Options
    from indexer.rules import parse

    parse(args.exclude)
    return Options(
        workers=args.workers,
        prune=args.prune,
        max_duration_s=args.max_duration_s,
        wait_s=wait_s,
        melody=args.melody,
        exclude=tuple(args.exclude),
        forget_excludes=args.forget_excludes,
        force=args.force,
        again=args.again,
        facts=settings.facts == "on" if args.facts is None else args.facts,
        yes=args.yes,
        speed=args.speed,
        fingerprints=args.fingerprints,
        events=args.events,
        relocate=tuple((old, new) for old, new in args.relocate),
        plan_only=args.plan_only,
    )


def _check_events(encoder: Encoder, library: Library) -> None:
    """Raise QueryError if no encoder can find events: before hours of indexing, not after."""
    spaces = [space for space in library.reader.spaces() if space.vocabulary and not space.is_retired]
    if not spaces and (encoder.spec.vocabulary is None or not isinstance(encoder, FrameReader)):
        raise QueryError(
            f"events need an encoder that names sounds (cnn:soundalike-1); {encoder.spec.name} does not. Leave "
            "out --events"
        )


def _named_roots(folder: Path) -> list[str]:
    """The roots that a library's ``library.toml`` names. Raises UsageError if it names none, LibraryError."""
    roots = wiring.named_roots(folder)
    if not roots:
        raise UsageError(
            f"name a folder: soundalike index PATH (without one, the roots in {printable(str(folder))}/library.toml "
            "are indexed; it has none)"
        )
    return roots


def default_encoder(library: Library, settings: Settings) -> str:
    """The encoder of the library's first space of sounds, or the default encoder if the library has none yet."""
    return next((s.name for s in library.reader.spaces() if not s.is_melody and not s.is_retired), settings.encoder)


def _again() -> str:
    """The command line that resumes this one."""
    return " ".join(["soundalike", *map(for_shell, sys.argv[1:])])
