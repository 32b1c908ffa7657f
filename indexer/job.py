"""The bulk job: bring a library up to date with what is on disk.

`index` is all of it: look, read, encode, write, and summarise. It keeps no state of its own: whatever
stops it, the next call plans from the catalog and does what is left.
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
"""More of the clips looked at than this is not pruned without being asked: a disk may not be there."""


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
    """The summary of a job that indexes every audio file at or under ``paths`` into the encoder's space.

    A file in none of the library's roots makes the one of ``new_roots`` that it lies in a root, else its own folder.

    With ``tunes``, MIDI files and (``options.melody``) recordings then give their melodies to the melody space.
    With ``share`` the sounds are left to workers on any machine (`indexer.sharing`), tunes are not; a job that only
    plans (``options.plan_only``) ends with that.
    ``now_s`` is the clock that paces it, in seconds; ``wall_s`` that of files' times. ``confirm`` is asked before more
    than a tenth of the clips is pruned; without it that is refused. Setting ``stop`` ends it within seconds, with
    everything that is finished by then written. Raises LibraryBusy when another writer holds the lease, SpaceMismatch,
    LibraryError (disk full, read-only), EncoderError, JobError.
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
    """Roots that were moved to one of ``paths``, which no root holds, are followed there."""
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
            report.note(f"{what}: its {count} clips were taken there (soundalike relocate takes them elsewhere)")


def _exclude(catalog: CatalogWriter, lease: Lease, places: Sequence[Place], options: Options) -> None:
    """Keep with each root what it is to leave out from now on."""
    if not options.exclude and not options.forget_excludes:
        return
    for path in sorted({place.root for place in places}):
        root = catalog.root(path)
        before = () if options.forget_excludes else root.excludes
        excludes = tuple(dict.fromkeys((*(p for p in before if p not in options.exclude), *options.exclude)))
        if excludes != root.excludes:
            catalog.apply(lease, [DescribeRoot(root.id, excludes, root.mounts)])


def _note_scans(catalog: CatalogWriter, lease: Lease, places: Sequence[Place]) -> None:
    """Keep which roots were looked through from end to end, as far as they are there."""
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
        self._publish_found()  # what a killed job found
        written = None if self._unfinished is None else self._unfinished.done
        writer = Writer(self._library.writer, self._lease, plan.ledger, self._clock, keep=self._keep, written=written)
        self._fill(space, plan, writer)
        if not self._stop.is_set() and not self._options.plan_only:  # what is gone may be found by workers yet
            prune = self._options.prune and self._may_prune(plan)
            for outcome in plan.leftovers(self._tally.moved, prune=prune):
                self._tally.count([outcome, *writer.add(outcome)])
            for folder, count in sorted(plan.emptied.items()):
                self._report.note(
                    f"{printable(folder)}: is empty, perhaps a disk is not there; its {count} clips are kept as "
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
        """Take away what is kept of recordings that are gone: where all was looked at, and nothing else is amiss."""
        kept = self._unfinished
        if kept is None or kept.is_empty() or self._tally.has_failures or not self._looks_everywhere:
            return
        if self.plan.has_all_disks(self._tally.moved):
            kept.clear()

    def _may_prune(self, plan: Plan) -> bool:
        """Whether the clips whose files are gone may be removed; more than `PRUNE_SHARE` only if somebody says so."""
        removed, total = plan.prunable(self._tally.moved)
        if removed <= PRUNE_SHARE * total or self._options.yes:
            return True
        question = f"{removed} of {total} clips are gone from disk, {removed / total:.0%}"
        if self._confirm(f"{question}. Remove them from the library?", otherwise=False):
            return True
        self._tally.not_pruned = removed
        self._report.note(
            f"not pruned: {question}; they are marked missing. Is a disk or a folder not there? To remove them all the "
            "same, run it again with --yes"
        )
        return False

    def _fill(self, space: Space, plan: Plan, writer: Writer) -> None:
        """Read and encode what needs it, writing and publishing as it comes."""
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
                        self._report.note("slower while questions to this library are answered")
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
        """Keep what they bring that is not the catalog's."""
        if self._events is not None:
            self._events.add(found for outcome in outcomes for found in outcome.events)
        if self._fingerprints is not None:
            self._fingerprints.add([found for outcome in outcomes for found in outcome.fingerprints])

    def _publish_found(self, *, is_over: bool = True) -> None:
        """Publish what was kept; of fingerprints before the end only many."""
        with self._clock.stage("publish"):
            if self._events is not None:
                self._events.publish(self._lease)
            if self._fingerprints is not None and is_over:
                self._fingerprints.publish(self._lease)
            elif self._fingerprints is not None:
                self._fingerprints.publish_if_many(self._lease)


@contextmanager
def _lease(catalog: CatalogWriter, wait_s: float, report: Report) -> Iterator[Lease]:
    """The writer's lease; ``report`` gets a note of who holds it, when it must be waited for."""
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
