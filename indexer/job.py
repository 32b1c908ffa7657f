"""The bulk job: bring a library up to date with what is on disk.

`index` does all of it: scan, read, encode, write, and summarise. It keeps no state of its own. However it was
stopped, the next call plans from the catalog and does what is left.
"""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from indexer.clock import StageClock
from indexer.model import Options, Outcome, Summary
from indexer.plan import Plan
from indexer.ports import Confirm, JobLibrary, Report, Share
from indexer.relocating import moved_root, relocate
from indexer.scan import Noticed, Place, locate, resolve
from indexer.tally import Tally
from indexer.tunes import TuneWork
from indexer.unfinished import take_away_old
from indexer.work import FileWork, SoundWork
from indexer.writer import Writer
from search.errors import LibraryBusy, printable
from search.ground.urls import is_in_store
from search.model import DescribeRoot, NoteScan, Space
from search.ports import CatalogWriter, Encoder, Lease, MelodyExtractor

REPORT_EVERY_S = 0.2
PRUNE_SHARE = 0.1
"""Pruning more than this share of the clips needs confirmation: a disk may be missing."""


def _nobody(question: str, *, otherwise: bool) -> bool:
    return otherwise


def index(
    library: JobLibrary,
    encoder: Encoder,
    paths: Sequence[str],
    options: Options,
    report: Report,
    *,
    new_roots: Sequence[str] = (),
    tunes: MelodyExtractor | None = None,
    stop: threading.Event | None = None,
    now_s: Callable[[], float] = time.monotonic,
    wall_s: Callable[[], float] = time.time,
    confirm: Confirm = _nobody,
    share: Share | None = None,
) -> Summary:
    """Index every audio file at or under ``paths`` into the encoder's space, and return a summary.

    For a file outside the library's roots, the folder of ``new_roots`` that contains it becomes a root, or else its
    own folder.

    With ``tunes``, the melodies of MIDI files and (``options.melody``) of recordings are then added to the melody
    space. With ``share``, workers on any machine do the sounds (`indexer.sharing`), but not the tunes. A job that only
    plans (``options.plan_only``) ends there.

    ``now_s`` is the clock of the job, in seconds; ``wall_s`` is the clock of files' times. ``confirm`` is asked before
    more than a tenth of the clips is pruned; by default that is refused. Setting ``stop`` ends the job within seconds;
    finished work is written. Raises LibraryBusy if another writer holds the lease, SpaceMismatch, LibraryError (disk
    full, read-only), EncoderError, JobError.
    """
    started_s = now_s()
    stop = stop or threading.Event()
    with _lease(library.writer, options.wait_s, report) as lease:
        take_away_old(library.path, wall_s())
        for old, new in options.relocate:
            relocate(library.writer, lease, library.roots(), old, new)
        _follow_moves(library, lease, paths, report, confirm)
        places, missing = locate(paths, [root.path for root in library.roots()], new_roots)
        for root in {place.root for place in places}:
            library.writer.root(root, options.speed)
        _exclude(library.writer, lease, places, options)
        work = SoundWork(encoder, options, library.path) if share is None else share(encoder.spec, options, report.note)
        sounds = _Job(
            library,
            work,
            places,
            options,
            report,
            lease=lease,
            stop=stop,
            now_s=now_s,
            confirm=confirm,
        )
        summary = sounds.run(started_s, missing)
        if not (stop.is_set() or options.plan_only):
            _note_scans(library.writer, lease, places)
        if tunes is None or stop.is_set() or options.plan_only:
            return summary
        started_s, melody = now_s(), TuneWork(tunes, options)
        if not sounds.plan.has(melody):
            return summary
        melodies = _Job(library, melody, places, options, report, lease=lease, stop=stop, now_s=now_s, confirm=confirm)
        return summary.followed_by(melodies.run(started_s))


def _follow_moves(library: JobLibrary, lease: Lease, paths: Sequence[str], report: Report, confirm: Confirm) -> None:
    """Relocate missing roots whose files are now at one of ``paths``, if no root contains that path."""
    for path in map(resolve, paths):
        roots = library.roots()
        if not Path(path).is_dir() or any(Path(path).is_relative_to(root.path) for root in roots):
            continue
        found = moved_root(library.writer, roots, path)
        if found is None:
            continue
        root, folder = found
        what = f"the files of {printable(root.path)}, which is not there, are at {printable(folder)}"
        if confirm(f"{what}. Did that folder move?", otherwise=True):
            count = relocate(library.writer, lease, roots, root.path, folder)
            report.note(f"{what}: its {count} clips were moved there (soundalike relocate moves them elsewhere)")


def _exclude(catalog: CatalogWriter, lease: Lease, places: Sequence[Place], options: Options) -> None:
    """Store the exclude patterns of the options with each root."""
    if not options.exclude and not options.forget_excludes:
        return
    for path in sorted({place.root for place in places}):
        root = catalog.root(path)
        before = () if options.forget_excludes else root.excludes
        excludes = tuple(dict.fromkeys((*(p for p in before if p not in options.exclude), *options.exclude)))
        if excludes != root.excludes:
            catalog.apply(lease, [DescribeRoot(root.id, excludes, root.mounts)])


def _note_scans(catalog: CatalogWriter, lease: Lease, places: Sequence[Place]) -> None:
    """Record which roots were scanned completely, if they exist."""
    whole = [
        place.root for place in places if not place.part and (is_in_store(place.root) or Path(place.root).is_dir())
    ]
    if whole:
        catalog.apply(lease, [NoteScan(catalog.root(root).id) for root in whole])


class _Job:
    """One pass over some places, from the plan to the summary."""

    def __init__(
        self,
        library: JobLibrary,
        work: FileWork,
        places: Sequence[Place],
        options: Options,
        report: Report,
        *,
        lease: Lease,
        stop: threading.Event,
        now_s: Callable[[], float],
        confirm: Confirm,
    ) -> None:
        self._library = library
        self._work = work
        self._options = options
        self._report = report
        self._tally = Tally(report)
        self._lease = lease
        self._stop = stop
        self._clock = StageClock(now_s, library.giving_way.rest)
        self._noticed = Noticed()
        self._confirm = confirm
        catalog = library.writer
        self._space = catalog.space(work.spec)
        finds_events = isinstance(work, SoundWork) and work.finds_events
        self._events = library.spaces.new_events(self._space) if finds_events else None
        makes_fingerprints = options.fingerprints and isinstance(work, SoundWork)
        self._fingerprints = library.recordings.new_fingerprints() if makes_fingerprints else None
        self._unfinished = work.unfinished if isinstance(work, SoundWork) else None
        roots = [root.path for root in library.roots()]
        self._looks_everywhere = {place.root for place in places if not place.part} >= set(roots)
        self.plan = Plan(catalog, self._space, places, roots, self._clock, files=work, options=options)

    def run(self, started_s: float, missing: Sequence[str] = ()) -> Summary:
        space, plan = self._space, self.plan
        for path in missing:
            self._tally.count([Outcome("failed", path, cause="no such file or folder")])
        self._publish_found()  # what an earlier job that was killed found
        written = None if self._unfinished is None else self._unfinished.done
        writer = Writer(self._library.writer, self._lease, plan.ledger, self._clock, keep=self._keep, written=written)
        self._fill(space, plan, writer)
        if not self._stop.is_set() and not self._options.plan_only:  # workers may still find files that seem gone
            prune = self._options.prune and self._may_prune(plan)
            for outcome in plan.leftovers(self._tally.moved, prune=prune):
                self._tally.count([outcome, *writer.add(outcome)])
            for folder, count in sorted(plan.emptied.items()):
                self._report.note(
                    f"{printable(folder)}: is empty, perhaps a disk is unmounted; its {count} clips are kept as "
                    "missing (to remove them: delete the folder, or soundalike remove it)"
                )
        self._tally.count(writer.finish())
        self._publish_found()
        if not self._stop.is_set():
            self._publish(space)
            self._forget_unfinished()
        return self._tally.summary(
            library=str(self._library.path),
            space=space.name,
            sequence=writer.sequence,
            seconds=self._clock.now_s() - started_s,
            stages=self._clock.times(),
            interrupted=self._stop.is_set(),
            noticed=self._noticed,
        )

    def _forget_unfinished(self) -> None:
        """Delete the block files of recordings that are gone.

        Only if every root was scanned, nothing failed and no disk is missing.
        """
        kept = self._unfinished
        if kept is None or kept.is_empty() or self._tally.has_failures or not self._looks_everywhere:
            return
        if self.plan.has_all_disks(self._tally.moved):
            kept.clear()

    def _may_prune(self, plan: Plan) -> bool:
        """Whether to remove the clips whose files are gone. More than `PRUNE_SHARE` needs ``yes`` or confirmation."""
        removed, total = plan.prunable(self._tally.moved)
        if removed <= PRUNE_SHARE * total or self._options.yes:
            return True
        question = f"{removed} of {total} clips are gone from disk, {removed / total:.0%}"
        if self._confirm(f"{question}. Remove them from the library?", otherwise=False):
            return True
        self._tally.not_pruned = removed
        self._report.note(
            f"not pruned: {question}; they are marked missing. Is a disk or a folder unavailable? To remove them "
            "anyway, run it again with --yes"
        )
        return False

    def _fill(self, space: Space, plan: Plan, writer: Writer) -> None:
        """Read and encode the files that need it; write and publish along the way."""
        options, now_s = self._options, self._clock.now_s
        survey = plan.survey()
        self._noticed = survey.noticed
        said = False
        if plan.roots_changed:
            self._library.writer.apply(self._lease, plan.roots_changed)
        started_s = reported_s = published_s = now_s()
        with closing(self._work.results(plan.tasks(), space, plan.ledger, self._clock)) as results:
            for result in results:
                if self._stop.is_set():
                    break
                if isinstance(result, Outcome):
                    self._tally.count([result])
                self._tally.count(writer.tick() if result is None else writer.add(result))
                at_s = now_s()
                if at_s - reported_s >= REPORT_EVERY_S:
                    reported_s = at_s
                    self._report.progress(self._tally.progress(survey, self._work.under_way(), at_s - started_s))
                    if not said and self._library.giving_way.is_asked():
                        said = True
                        self._report.note("slower while this library answers searches")
                if at_s - published_s >= options.publish_every_s:
                    self._tally.count(writer.flush())
                    self._publish(space)
                    self._publish_found(is_over=False)
                    published_s = now_s()
        self._report.progress(self._tally.progress(survey, self._work.under_way(), now_s() - started_s))

    def _publish(self, space: Space) -> None:
        with self._clock.stage("publish"):
            self._library.publisher.publish(space, self._lease)

    def _keep(self, outcomes: Sequence[Outcome]) -> None:
        """Keep the events and fingerprints of outcomes, which are stored outside the catalog."""
        if self._events is not None:
            self._events.add(found for outcome in outcomes for found in outcome.events)
        if self._fingerprints is not None:
            self._fingerprints.add([found for outcome in outcomes for found in outcome.fingerprints])

    def _publish_found(self, *, is_over: bool = True) -> None:
        """Publish events and fingerprints. Before the end, fingerprints are published only if there are many."""
        with self._clock.stage("publish"):
            if self._events is not None:
                self._events.publish(self._lease)
            if self._fingerprints is not None and is_over:
                self._fingerprints.publish(self._lease)
            elif self._fingerprints is not None:
                self._fingerprints.publish_if_many(self._lease)


@contextmanager
def _lease(catalog: CatalogWriter, wait_s: float, report: Report) -> Iterator[Lease]:
    """The writer's lease. If another writer holds it, ``report`` gets a note of who does, and this waits."""
    holder = f"soundalike index (process {os.getpid()} on {platform.node()})"
    with ExitStack() as held:
        try:
            lease = held.enter_context(catalog.lease(holder, 0))
        except LibraryBusy as busy:
            if wait_s <= 0:
                raise
            report.note(f"waiting up to {wait_s:g} s: {busy}")
            lease = held.enter_context(catalog.lease(holder, wait_s))
        yield lease
