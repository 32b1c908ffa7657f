"""The subcommand ``soundalike index``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from indexer.channel import Cancelled
from indexer.progress import clock_time, reporter
from indexer.stopping import until_signal
from indexer.threads import one_thread_per_call
from indexer.work_command import Work, check_threads
from search import wiring
from search.audio import check_speed
from search.errors import QueryError, UsageError, printable
from search.ground import process
from search.model import MELODY_SPACE, JobFailure
from search.ports import Encoder, FrameReader
from search.settings import Settings

if TYPE_CHECKING:
    from indexer.job import Report, Share
    from indexer.model import Options, Summary
    from search.api import Library
    from search.model import JobFailure

_Sharing: TypeAlias = "AbstractContextManager[Share | None]"
DONE = 0
SOME_FAILED = 1
USUAL_ACTORS = 2
"""So many workers are started on Ray where nobody says how many."""
WATCH_WAIT_S = 600.0
RELOCATE_WAIT_S = 10.0
KINDS_SHOWN = 6
"""So many kinds of files that were left out are listed, the most frequent ones."""


class Index:
    """Make what is in some folders findable."""

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
            help="what makes the vectors (default: the library's own, else $SOUNDALIKE_ENCODER)",
        )
        parser.add_argument(
            "--index",
            metavar="KIND",
            help="the kind of index of a new library (faiss, exact, or what a plug-in adds; default $SOUNDALIKE_INDEX)",
        )
        parser.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where the encoder runs (auto)")
        parser.add_argument("--workers", type=int, metavar="N", help="threads that decode (one per processor)")
        parser.add_argument(
            "--share",
            type=int,
            metavar="N",
            help="leave the sounds to N worker processes, and to every `soundalike work` on other machines (0: to "
            "those alone; default: $SOUNDALIKE_SHARE, else one process does it all)",
        )
        parser.add_argument("--on", choices=("ray",), help="the workers of --share are actors on a Ray cluster")
        parser.add_argument(
            "--plan-only", action="store_true", help="only say what is to be done; soundalike work does it later"
        )
        parser.add_argument("--watch", action="store_true", help="stay, and follow what changes, until Ctrl-C")
        parser.add_argument("--prune", action="store_true", help="remove clips whose files are gone")
        parser.add_argument(
            "--yes", action="store_true", help="prune without asking, also more than a tenth of the clips"
        )
        parser.add_argument(
            "--force",
            action="store_true",
            help="look into every file, whatever its size and times say; what is the same is not encoded again",
        )
        parser.add_argument(
            "--relocate",
            nargs=2,
            action="append",
            default=[],
            metavar=("OLD", "NEW"),
            help="first say that what was at OLD is at NEW now (see soundalike relocate)",
        )
        parser.add_argument("--again", action="store_true", help="index files too that were taken out with remove")
        parser.add_argument(
            "--melody",
            action="store_true",
            help="follow the tunes of recordings too, to be found by humming (slow; MIDI files always are)",
        )
        parser.add_argument(
            "--fingerprints",
            action="store_true",
            help="then fingerprint what is new, so that identify knows it (as soundalike fingerprints does)",
        )
        parser.add_argument(
            "--events",
            action="store_true",
            help="find what happens when in what is new, in the same pass (as soundalike events does)",
        )
        parser.add_argument(
            "--facts",
            action=argparse.BooleanOptionalAction,
            help="measure what is decoded, too: loudness, key, defects, ... (takes nearly as long again), and what was "
            "indexed without, as soundalike facts --measure does",
        )
        parser.add_argument(
            "--speech",
            action="store_true",
            help="then write down what is said in what is new (as soundalike speech does; needs soundalike[speech])",
        )
        parser.add_argument(
            "--exclude",
            action="append",
            default=[],
            metavar="GLOB",
            help="leave out what fits, as in .gitignore (may be given again; kept with the folder for later runs)",
        )
        parser.add_argument(
            "--forget-excludes", action="store_true", help="forget what was excluded before this command"
        )
        parser.add_argument(
            "--speed",
            type=float,
            metavar="S",
            help="play what is in new folders at this speed: 0.1 brings bats and other ultrasound down to where an "
            "encoder listens, 10 infrasound up; times stay the files' own. A file whose bytes are in "
            "the library already stays as it was encoded first",
        )
        parser.add_argument("--max-duration-s", type=float, metavar="S", help="refuse longer files")
        parser.add_argument(
            "--wait", type=float, default=0.0, metavar="S", help="wait for another writer this long (0)"
        )
        parser.add_argument("--json", action="store_true", help="print a summary as JSON, one line for each pass")
        parser.add_argument("--quiet", action="store_true", help="print nothing but failures")

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Index, once or until stopped; 1 when some inputs failed, 128 + the signal when stopped by one."""
        from indexer.job import index

        options = _options(args, settings)
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
            encoder = chosen_encoder or wiring.encoder(_default_encoder(library, settings), settings)
            if args.events:
                _check_events(encoder, library)
            tunes = wiring.melody_extractor()
            report = reporter(quiet=args.quiet or args.json)
            status = DONE
            for paths in self._passes(args, stop.event):
                with report.running(), _sharing(args, library, settings, report) as share:
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
                _print_summary(summary, args)
                status = max(status, SOME_FAILED if summary.failed or summary.not_pruned else DONE)
                if args.fingerprints and not stop.event.is_set():
                    status = max(status, _then(library.recordings.fingerprint, "fingerprint", stop.event))
                if args.events and not stop.event.is_set():
                    status = max(status, _then(library.events.find, "events", stop.event))
                if args.facts and not stop.event.is_set():
                    status = max(status, _then(library.facts.measure, "facts", stop.event))
                if args.speech and not stop.event.is_set():
                    status = max(status, _then(library.speech.transcribe, "transcript", stop.event))
            if stop.signal is not None:
                if not args.watch:
                    print(f"soundalike: stopped; to go on: {_again()}", file=sys.stderr)
                return 128 + stop.signal
        return status

    def _passes(self, args: argparse.Namespace, stop: threading.Event) -> Iterable[list[str]]:
        if not args.watch:
            return [args.paths]
        from indexer.watch import changed_paths

        return changed_paths(args.paths, stop)


class Relocate:
    """Say that folders of a library lie elsewhere now."""

    name = "relocate"
    help = "say that what was at OLD is at NEW now; clips keep their ids, likes and titles, and nothing is read"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("old", metavar="OLD", help="a folder of the library, or one above or below it, as it was")
        parser.add_argument("new", metavar="NEW", help="where it is now")
        parser.add_argument("--library", type=Path, metavar="DIR", help="the library's folder")

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Write it; 0 also when nothing is at the new place yet, which is said."""
        from indexer.relocating import relocate
        from indexer.stores import exists

        holder = f"soundalike relocate (process {os.getpid()})"
        with (
            wiring.library(args.library or settings.library, settings) as library,
            library.writer.lease(holder, RELOCATE_WAIT_S) as lease,
        ):
            count = relocate(library.writer, lease, library.roots(), args.old, args.new)
            for space in library.reader.spaces():
                library.publisher.publish(space, lease)
        print(f"{count} clips are at {printable(args.new)} now")
        if not exists(args.new):
            print(f"soundalike: {printable(args.new)} is not there; is a disk unmounted?", file=sys.stderr)
        return DONE


COMMANDS = (Index(), Work(), Relocate())


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
) -> int:
    """The job as the engine runs it (entry point ``soundalike.jobs``): index ``paths`` with an encoder by its name.

    None is the library's own encoder. ``melody`` names no encoder: with it the recordings' tunes are followed, after
    what the library's own encoder does. ``new_roots`` are folders that become roots for the files in them
    (`indexer.scan.locate`). ``facts``: measure what is decoded; None: as the settings say. ``events``: find what
    happens when in the same pass, where the encoder tells. Progress goes to ``report``, or to the terminal without one.
    Setting ``stop`` ends it within seconds; the next call goes on. Raises as `indexer.job.index` does.
    """
    from indexer.job import index
    from indexer.model import Options

    melody = encoder == MELODY_SPACE
    measure = settings.facts == "on" if facts is None else facts
    options = Options(wait_s=wait_s, max_duration_s=max_duration_s, melody=melody, facts=measure, events=events)
    name = _default_encoder(library, settings) if melody or encoder is None else encoder
    loaded = wiring.encoder(name, settings)
    tunes = wiring.melody_extractor()
    terminal = reporter(quiet=False)
    shown = report or terminal
    with (
        terminal.running() if report is None else nullcontext(),
        _sharing_of_service(library, settings, shown) as share,
    ):
        summary = index(
            library, loaded, paths, options, shown, new_roots=new_roots, tunes=tunes, stop=stop, share=share
        )
    if events and settings.share is not None and not summary.interrupted:  # other processes find none on the way
        _then(library.events.find, "events", stop or threading.Event())
    return SOME_FAILED if summary.failed else DONE


def as_json(summary: Summary) -> dict[str, Any]:
    """The summary as ``--json`` prints it."""
    stages = {name: round(value, 3) for name, value in asdict(summary.stages).items()}
    return {
        "indexed": summary.indexed,
        "linked": summary.linked,
        "moved": summary.moved,
        "unchanged": summary.unchanged,
        "changed": summary.changed,
        "missing": summary.missing,
        "removed": summary.removed,
        "failed": [asdict(failure) for failure in summary.failed],
        "warnings": [asdict(warned) for warned in summary.warnings],
        "left_out": dict(summary.left_out),
        "excluded": summary.excluded,
        "taken_out": summary.taken_out,
        "not_pruned": summary.not_pruned,
        "silent": summary.silent,
        "tunes": summary.tunes,
        "hours": round(summary.hours, 6),
        "seconds": round(summary.seconds, 3),
        "times_real_time": round(summary.times_real_time, 1),
        "stages": {**stages, "sum_s": round(summary.stages.sum_s, 3)},
        "library": summary.library,
        "space": summary.space,
        "sequence": summary.sequence,
        "interrupted": summary.interrupted,
    }


def summary_line(summary: Summary) -> str:
    """The summary for people."""
    counts = (
        (summary.indexed, "indexed"),
        (summary.changed, "changed"),
        (summary.linked, "copies"),
        (summary.moved, "moved"),
        (summary.unchanged, "unchanged"),
        (summary.missing, "missing"),
        (summary.removed, "removed"),
        (summary.silent, "silent"),
        (summary.tunes, "tunes"),
        (len({warned.path for warned in summary.warnings}), "with warnings"),
        (len(summary.failed), "failed"),
    )
    shown = ", ".join(f"{count} {what}" for count, what in counts if count) or "nothing to do"
    if not summary.hours:
        return f"{shown} ({clock_time(summary.seconds)})"
    pace = f"{summary.hours:.2f} h of audio, {summary.times_real_time:.0f}x real time"
    return f"{shown} ({pace}, {clock_time(summary.seconds)})"


def left_out_line(summary: Summary) -> str:
    """What was left out, for people, the most frequent kinds first; empty when nothing was."""
    by_count = sorted(summary.left_out.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{count} {'.' + printable(suffix) if suffix else 'without a suffix'}" for suffix, count in by_count]
    if len(shown) > KINDS_SHOWN + 1:  # a single further one is named as briefly
        rest = sum(count for _, count in by_count[KINDS_SHOWN:])
        shown = [*shown[:KINDS_SHOWN], f"{rest} of {len(by_count) - KINDS_SHOWN} other kinds"]
    if summary.excluded:
        shown.append(f"{summary.excluded} by rule")
    if summary.taken_out:
        shown.append(f"{summary.taken_out} removed before (--again brings them back)")
    return f"left out: {', '.join(shown)}" if shown else ""


def _then(
    job: Callable[[Callable[[int, int], None]], Sequence[JobFailure]],
    what: str,
    stop: threading.Event,
) -> int:
    """Do a job on what came, until ``stop`` is set; what is done by then stays. ``what`` is what failures lack."""

    def progress(_done: int, _total: int) -> None:
        if stop.is_set():
            raise Cancelled

    with suppress(Cancelled):
        failures = job(progress)
        for failure in failures:
            print(f"soundalike: {printable(failure.file)}: no {what}: {printable(failure.cause)}", file=sys.stderr)
        return SOME_FAILED if failures else DONE
    return DONE


def _print_summary(summary: Summary, args: argparse.Namespace) -> None:
    if args.json:
        print(json.dumps(as_json(summary)), flush=True)
    elif not args.quiet:
        print("\n".join(filter(None, (summary_line(summary), left_out_line(summary)))), flush=True)


def _options(args: argparse.Namespace, settings: Settings) -> Options:
    """Raises UsageError for a number that makes no sense."""
    check_threads(args.workers)
    _check_sharing(args)
    if args.max_duration_s is not None and not args.max_duration_s > 0:
        raise UsageError(f"--max-duration-s is {args.max_duration_s:g}; it must be more than 0")
    if not args.wait >= 0:
        raise UsageError(f"--wait is {args.wait:g}; it must not be negative")
    if args.speed is not None:
        check_speed(args.speed)
    # whoever watches has time: another writer's job is waited for rather than the end of watching
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
        events=args.events,
        relocate=tuple((old, new) for old, new in args.relocate),
        plan_only=args.plan_only,
    )


def _sharing(args: argparse.Namespace, library: Library, settings: Settings, report: Report) -> _Sharing:
    """How the command line wants the work shared; None where it is not."""
    from indexer.workers import sharing

    count = settings.share if args.share is None else args.share
    if args.plan_only:
        return sharing(library.chunks, None, report.note)
    if count is None and args.on is None:
        return nullcontext()
    options = ("--device", args.device) if args.device else ()
    count = USUAL_ACTORS if count is None else count
    return _shared(library, count, report, threads=args.workers, on=args.on, options=options)


def _sharing_of_service(library: Library, settings: Settings, report: Report) -> _Sharing:
    """How the settings want it."""
    return nullcontext() if settings.share is None else _shared(library, settings.share, report)


def _shared(
    library: Library,
    count: int,
    report: Report,
    *,
    threads: int | None = None,
    on: str | None = None,
    options: tuple[str, ...] = (),
) -> _Sharing:
    """The work is left to ``count`` workers that are started, and to those elsewhere."""
    from indexer.staffing import Staffing
    from indexer.workers import sharing, threads_of

    each = threads_of(threads, count, os.cpu_count() or 1) if on is None else threads or 1
    staffing = Staffing(count, each, library.path, on, options=options, job_share=library.settings.job_share)
    return sharing(library.chunks, staffing, report.note)


def _check_sharing(args: argparse.Namespace) -> None:
    """Raise UsageError for what makes no sense where the work is shared."""
    if args.share is not None and args.share < 0:
        raise UsageError(f"--share is {args.share}; it must be 0 (workers elsewhere alone) or more")
    if args.plan_only and (args.prune or args.watch or args.on):
        raise UsageError("--plan-only leaves: give --prune, --watch or --on to a job that stays until all is done")


def _check_events(encoder: Encoder, library: Library) -> None:
    """Raises QueryError where nothing says what sounds when: before hours of indexing, not after."""
    spaces = [space for space in library.reader.spaces() if space.vocabulary and not space.is_retired]
    if not spaces and (encoder.spec.vocabulary is None or not isinstance(encoder, FrameReader)):
        raise QueryError(
            f"events need an encoder that names sounds (cnn:soundalike-1); {encoder.spec.name} does not. Without "
            "--events it indexes"
        )


def _named_roots(folder: Path) -> list[str]:
    """The roots that a library's ``library.toml`` names. Raises UsageError where it names none, LibraryError."""
    roots = wiring.named_roots(folder)
    if not roots:
        raise UsageError(
            f"name a folder: soundalike index PATH (without one, what roots = [...] says in {printable(str(folder))}"
            "/library.toml is indexed; it says nothing)"
        )
    return roots


def _default_encoder(library: Library, settings: Settings) -> str:
    """The encoder of the library's first space of sounds; the default one for a library that has none yet."""
    return next((s.name for s in library.reader.spaces() if not s.is_melody and not s.is_retired), settings.encoder)


def _again() -> str:
    """The command line that resumes this one."""
    import shlex

    return " ".join(["soundalike", *(printable(shlex.quote(word)) for word in sys.argv[1:])])
