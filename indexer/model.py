"""The values of the bulk job: options, tasks, outcomes, progress and summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Literal, TypeAlias

from search import audio
from search.analysis.exact.found import FoundFingerprint
from search.analysis.time.journal import FoundEvents
from search.model import CatalogChange, FileFacts, KnownFile, Root

OutcomeKind: TypeAlias = Literal[
    "indexed", "changed", "linked", "moved", "unchanged", "missing", "removed", "failed", "melody", "taken_out"
]
"""What became of a file; the summary counts by it. ``taken_out``: somebody removed it from the library, so it stays
out. ``melody``: a known recording whose tunes were extracted."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to index.

    ``workers``: threads that decode, and that encode; None: one per processor. ``prune``: remove the clips whose
    files are gone (otherwise they are marked missing). ``max_duration_s``: longer files fail. ``wait_s``: how long
    to wait for another writer's lease. ``publish_every_s``: how long a new clip may wait for a snapshot.
    ``melody``: look for the tunes of recordings too, not only of MIDI files. ``exclude``: patterns of what the roots
    leave out from now on, beside those that they have (unless ``forget_excludes``). ``force``: look into every file,
    even if its size and times are unchanged. ``again``: index files that somebody removed from the library. ``yes``:
    prune any number of clips. ``speed``: the speed at which new roots are played; None: known roots keep theirs, new
    ones play as recorded. ``facts``: measure what is decoded (`search.analysis.facts`). ``fingerprints``: fingerprint
    what is decoded (`search.analysis.exact`). ``events``: find events in what is encoded, if the encoder supports it.
    ``relocate``: old and new places of folders that moved. ``plan_only``: leave the work to workers, and do not wait
    for them.
    """

    workers: int | None = None
    prune: bool = False
    max_duration_s: float | None = None
    wait_s: float = 0.0
    publish_every_s: float = 300.0
    melody: bool = False
    exclude: tuple[str, ...] = ()
    forget_excludes: bool = False
    force: bool = False
    again: bool = False
    yes: bool = False
    speed: float | None = None
    facts: bool = True
    fingerprints: bool = False
    events: bool = False
    relocate: tuple[tuple[str, str], ...] = ()
    plan_only: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A file to look at. ``known_file``: what the catalog has for its path, if anything. ``holds``: sound or notes.

    ``forced``: look into it even if its size and times are unchanged.
    """

    root: Root
    facts: FileFacts
    known_file: KnownFile | None
    holds: audio.FileKind = "sound"
    forced: bool = False

    @property
    def is_only_noted(self) -> bool:
        """Whether size and modification time are unchanged and only the system's change time differs.

        A change of permissions does that, or a copy that keeps times.
        """
        if self.forced or self.known_file is None or self.known_file.missing:
            return False
        before = self.known_file.facts
        return (before.size_bytes, before.mtime_ns) == (self.facts.size_bytes, self.facts.mtime_ns)

    @property
    def path(self) -> str:
        """Where the file is, absolute."""
        return self.root.absolute(self.facts.path)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file, and the changes that write it into the catalog, in their order.

    ``digest`` is set if the file was to be encoded, whether or not that succeeded. ``duration_s`` and ``silent`` are
    the content's, if it was decoded; ``tunes`` is how many it has, if they were extracted. ``path`` is absolute.
    ``cause`` is the reason of a failure. ``warnings`` are defects of a file that was read anyway. ``moved`` are the
    clips that another process moved to this file. ``instead_of`` is the outcome that was reported before the catalog
    refused it. ``events`` and ``fingerprints`` are those of its sound tracks, if they were requested.
    """

    kind: OutcomeKind
    path: str
    changes: tuple[CatalogChange, ...] = ()
    digest: str | None = None
    duration_s: float = 0.0
    size_bytes: int = 0
    silent: bool = False
    tunes: int = 0
    cause: str = ""
    warnings: tuple[str, ...] = ()
    instead_of: Outcome | None = None
    moved: tuple[int, ...] = ()
    events: tuple[FoundEvents, ...] = ()
    fingerprints: tuple[FoundFingerprint, ...] = ()


@dataclass(frozen=True, slots=True)
class Copy:
    """A file with the same bytes as one that is being encoded. It is settled when that one is."""

    task: Task
    digest: str
    title: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Failure:
    """An input that could not be indexed: its absolute path, and why."""

    path: str
    cause: str


@dataclass(frozen=True, slots=True)
class Warned:
    """A file that was indexed despite a defect: its absolute path, and the defect."""

    path: str
    warning: str


@dataclass(frozen=True, slots=True)
class UnderWay:
    """How much of unfinished files is done. Without it, progress would stand still during recordings of hours."""

    bytes: int = 0
    audio_s: float = 0.0


@dataclass(frozen=True, slots=True)
class StageTimes:
    """CPU seconds of each stage, over all of its threads.

    ``process_s`` is the CPU time of the whole process over the same period. The difference is what no stage accounts
    for: starting threads, waiting, a network that computes in threads of its own.
    """

    scan_s: float = 0.0
    hash_s: float = 0.0
    decode_s: float = 0.0
    encode_s: float = 0.0
    write_s: float = 0.0
    publish_s: float = 0.0
    facts_s: float = 0.0
    fingerprint_s: float = 0.0
    process_s: float = 0.0

    @property
    def sum_s(self) -> float:
        """All stages together."""
        read_s = self.scan_s + self.hash_s + self.decode_s + self.facts_s + self.fingerprint_s
        return read_s + self.encode_s + self.write_s + self.publish_s

    def plus(self, other: StageTimes) -> StageTimes:
        """Both together."""
        return StageTimes(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. Totals are from a first scan of the folders.

    ``bytes_done`` and ``bytes_total`` count files that need work, ``bytes_found`` all files. ``left_s`` is None before
    there is a pace (`indexer.clock.Pace`).
    """

    files_done: int
    files_total: int
    bytes_done: int
    bytes_total: int
    bytes_found: int
    audio_s: float
    failed: int
    elapsed_s: float
    left_s: float | None = None

    @property
    def times_real_time(self) -> float:
        """Seconds of audio per second of work."""
        return self.audio_s / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def share(self) -> float:
        """The share of all files that is done, 0 to 1. By bytes, so that a resumed job starts where it stopped."""
        if not self.bytes_found:
            return self.files_done / self.files_total if self.files_total else 0.0
        return 1.0 - max(self.bytes_total - self.bytes_done, 0) / self.bytes_found


@dataclass(frozen=True, slots=True)
class Summary:
    """What a job did. Counts are of files, except as noted.

    ``silent`` counts encoded files that are silent; ``tunes`` melodies in MIDI files and recordings. ``hours`` of audio
    were decoded in ``seconds``. ``warnings`` are of files that were indexed despite a defect.

    ``left_out`` counts, by suffix, files that are not sound; ``excluded`` files and folders that a rule leaves out
    (`indexer.rules`); ``taken_out`` files that somebody removed from the library; ``not_pruned`` clips that were not
    removed because there were too many. ``interrupted``: the job was asked to stop, and the next run does the rest.
    """

    library: str
    space: str
    sequence: int
    indexed: int = 0
    linked: int = 0
    moved: int = 0
    unchanged: int = 0
    changed: int = 0
    missing: int = 0
    removed: int = 0
    silent: int = 0
    tunes: int = 0
    failed: tuple[Failure, ...] = ()
    warnings: tuple[Warned, ...] = ()
    hours: float = 0.0
    seconds: float = 0.0
    stages: StageTimes = field(default_factory=StageTimes)
    interrupted: bool = False
    left_out: Mapping[str, int] = field(default_factory=dict)
    excluded: int = 0
    taken_out: int = 0
    not_pruned: int = 0

    @property
    def times_real_time(self) -> float:
        """Seconds of audio decoded per second of the job."""
        return self.hours * 3600 / self.seconds if self.seconds > 0 else 0.0

    def followed_by(self, tunes: Summary) -> Summary:
        """This summary and that of the pass for ``tunes``, added up; ``space`` stays that of the sounds."""
        return replace(
            self,
            sequence=max(self.sequence, tunes.sequence),
            indexed=self.indexed + tunes.indexed,
            linked=self.linked + tunes.linked,
            moved=self.moved + tunes.moved,
            unchanged=self.unchanged + tunes.unchanged,
            changed=self.changed + tunes.changed,
            missing=self.missing + tunes.missing,
            removed=self.removed + tunes.removed,
            silent=self.silent + tunes.silent,
            tunes=self.tunes + tunes.tunes,
            failed=self.failed + tunes.failed,
            warnings=self.warnings + tunes.warnings,
            hours=self.hours + tunes.hours,
            seconds=self.seconds + tunes.seconds,
            stages=self.stages.plus(tunes.stages),
            interrupted=self.interrupted or tunes.interrupted,
            taken_out=self.taken_out + tunes.taken_out,
            not_pruned=self.not_pruned + tunes.not_pruned,
        )
