"""Which files need work, and which are gone. The ledger decides what their bytes need (`indexer.ledger`).

All state is in the catalog, so a job that was stopped is resumed by planning again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from indexer.clock import StageClock
from indexer.ledger import Ledger
from indexer.model import Options, Outcome, Task
from indexer.rules import Rules
from indexer.scan import FoundFile, Noticed, Place, Unreadable, absent_mounts, covers, emptied_folder, is_absent, walk
from indexer.stores import exists, file_exists
from search.audio import FileKind, kind_inside
from search.ground.urls import is_in_store
from search.model import (
    CatalogChange,
    DescribeRoot,
    FileFacts,
    KeepTracks,
    KnownFile,
    MarkMissing,
    MoveClip,
    NoteFile,
    RecordFailure,
    Root,
    Space,
)
from search.ports import CatalogWriter


@dataclass(frozen=True, slots=True)
class Survey:
    """The result of a first scan: the number of files, their bytes, and the bytes of files that need work.

    ``noticed`` is what the scan saw besides files.
    """

    files: int
    bytes: int
    work_bytes: int
    noticed: Noticed


class Files(Protocol):
    """The kinds of files that a pass handles."""

    def takes(self, kind: FileKind) -> bool:
        """Whether the pass looks at files of this kind."""

    def owns(self, kind: FileKind) -> bool:
        """Whether this pass reports that a file of this kind is gone, has moved, or cannot be read."""


class Plan:
    """Everything that one pass over some places has to do.

    Call `survey` first, then exhaust `tasks`, then call `leftovers` for clips that the scan did not find.
    """

    def __init__(
        self,
        catalog: CatalogWriter,
        space: Space,
        places: Sequence[Place],
        roots: Iterable[str],
        clock: StageClock,
        *,
        files: Files,
        options: Options,
    ) -> None:
        """``places``: what to scan. ``files``: which kinds. ``roots``: the folders of all the library's roots."""
        self._files = files
        self._options = options
        self.ledger = Ledger(catalog, space)
        self._clock = clock
        looked_at = {place.root for place in places}
        self._stops = looked_at | set(roots)
        self._roots = {path: catalog.root(path) for path in sorted(looked_at)}
        self._rules = {path: Rules(path, root.excludes) for path, root in self._roots.items()}
        self._known_files = {path: catalog.files(root.id, space.id) for path, root in self._roots.items()}
        self._away = {path: absent_mounts(root) for path, root in self._roots.items()}
        self._taken_out = {
            path: {} if options.again else catalog.taken_out(root.id) for path, root in self._roots.items()
        }
        for path, root in self._roots.items():
            gone = (d for name, d in self._taken_out[path].items() if not file_exists(root.absolute(name)))
            self.ledger.keep_out(gone)
        self._absent = [p for p in places if self._known_files[p.root] and is_absent(p.root)]
        self._places = [p for p in places if p not in self._absent]
        self._seen_clips: set[int] = set()
        self._of_others: set[int] = set()
        """Clips whose files exist but are of a kind that this pass does not handle."""
        self._unread: list[tuple[str, str]] = []
        self.roots_changed: list[DescribeRoot] = []
        """Changes of roots that the survey found."""
        self.emptied: Counter[str] = Counter()
        """By folder, how many clips were not pruned because the folder is empty (`leftovers`)."""

    def survey(self) -> Survey:
        """Scan everything once: how much there is to do, and which clips are not where they were."""
        files = every = work_bytes = 0
        noticed = Noticed()
        seen_clips: set[int] = set()
        with self._clock.stage("scan"):
            for place in self._places:
                taken_out = self._taken_out[place.root]
                noticed.mounts = []
                for entry, stored in self._walk(place, noticed):
                    self._clock.rest()
                    files += 1
                    if isinstance(entry, Unreadable):
                        continue
                    facts = entry.facts
                    if stored is not None:
                        seen_clips.add(stored.clip_id)
                    every += facts.size_bytes
                    if not (self._is_settled(stored, facts) or (stored is None and facts.path in taken_out)):
                        work_bytes += facts.size_bytes
                self._note_mounts(place, noticed.mounts)
            there = seen_clips | self._of_others
            for path, root in self._roots.items():
                gone = (f for f in self._known_files[path].values() if f.clip_id not in there)
                self.ledger.remember(
                    root, (f for f in gone if self._files.owns(_kind(f)) and not self._is_away(path, f.facts.path))
                )
        return Survey(files, every, work_bytes, noticed)

    def has(self, files: Files) -> bool:
        """Whether a pass for ``files`` has anything to do: there are files of its kind here, or there were."""
        if any(files.owns(_kind(file)) for known in self._known_files.values() for file in known.values()):
            return True
        return any(
            isinstance(found, FoundFile) and files.takes(found.kind)
            for place in self._places
            for found, _ in self._looked_into(place, Noticed())
        )

    def tasks(self) -> Iterator[Task | Outcome]:
        """Every file that needs work, and the outcome of every other file, in the order of the walk."""
        for place in self._absent if self._files.owns("sound") else ():  # one pass reports missing folders and disks
            count = len(self._known_files[place.root])
            cause = f"the folder is empty or not there; its {count} clips are kept as they are (is a disk unmounted?)"
            yield Outcome("failed", place.root, cause=cause)
        for place in self._places:
            root = self._roots[place.root]
            if self._files.owns("sound"):
                yield from self._absent_disks(place)
            for entry, stored in self._walk(place):
                if isinstance(entry, Unreadable):
                    outcome = self._unreadable(root, place, entry, stored)
                else:
                    outcome = self._outcome(root, place, entry.facts, stored)
                    if outcome is None:
                        yield Task(root, entry.facts, stored, entry.kind, forced=self._options.force)
                if outcome is not None and self._files.owns(entry.kind):
                    yield outcome

    def _outcome(self, root: Root, place: Place, facts: FileFacts, stored: KnownFile | None) -> Outcome | None:
        """The outcome of a file that needs no work, or None if it needs work."""
        if stored is None:
            taken_out = facts.path in self._taken_out[place.root]
            return Outcome("taken_out", root.absolute(facts.path)) if taken_out else None
        self._seen_clips.add(stored.clip_id)
        if not self._is_settled(stored, facts):
            return None
        # clips stored without a change time get it now, without reading the file
        is_new = stored.facts.changed_ns is None and facts.changed_ns is not None
        changes = (NoteFile(stored.clip_id, facts),) if is_new else ()
        return Outcome("unchanged", root.absolute(facts.path), changes)

    def leftovers(self, moved: set[int], *, prune: bool) -> Iterator[Outcome]:
        """Outcomes of clips whose files the scan did not find: they are marked missing, or removed with ``prune``.

        Clips whose files exist but are left out by rule are removed in any case. Clips under a folder that could not be
        read, or on a disk that is missing, are left as they are. Clips in a folder that exists but is empty are not
        pruned; `emptied` counts them. ``moved`` are the clips that were found at another path.
        """
        there = self._seen_clips | moved | self._of_others
        for place in self._places:
            root = self._roots[place.root]
            for path, file in self._known_files[place.root].items():
                if file.clip_id in there or not covers(place.part, path):
                    continue
                if not self._files.owns(_kind(file)):
                    continue
                if any(r == place.root and covers(folder, path) for r, folder in self._unread):
                    continue
                if self._is_away(place.root, path):
                    continue
                where = root.absolute(path)
                emptied = emptied_folder(root, path) if prune else None
                if emptied is not None:
                    self.emptied[root.absolute(emptied)] += 1
                if (prune and emptied is None) or self._is_left_out(place.root, path):
                    yield Outcome("removed", where, (KeepTracks(root.id, path, ()),))
                else:
                    yield Outcome("missing", where, () if file.missing else (MarkMissing(file.clip_id),))

    def prunable(self, moved: set[int]) -> tuple[int, int]:
        """How many clips `leftovers` would remove because their files are gone, and how many clips there are."""
        total = sum(
            covers(place.part, path) and self._files.owns(_kind(file))
            for place in self._places
            for path, file in self._known_files[place.root].items()
        )
        removed = sum(
            outcome.kind == "removed" and not file_exists(outcome.path) for outcome in self.leftovers(moved, prune=True)
        )
        self.emptied.clear()
        return removed, total

    def has_all_disks(self, moved: set[int]) -> bool:
        """Whether every root, and every disk and folder below one, exists and is not empty.

        ``moved``: see `leftovers`.
        """
        if any(self._away.values()) or any(is_absent(path) for path in self._roots):
            return False
        there = self._seen_clips | moved | self._of_others
        return not any(
            file.clip_id not in there and emptied_folder(root, path) is not None
            for name, root in self._roots.items()
            for path, file in self._known_files[name].items()
        )

    def _is_settled(self, stored: KnownFile | None, facts: FileFacts) -> bool:
        """Whether the catalog has this file with the same size and times, and its vectors. Then it need not be read."""
        if stored is None or self._options.force or not stored.encoded or stored.missing:
            return False
        return _is_as_it_was(stored, facts)

    def _is_away(self, root: str, path: str) -> bool:
        """Whether a file is on a disk that is missing."""
        return any(covers(mount, path) for mount in self._away[root])

    def _absent_disks(self, place: Place) -> Iterator[Outcome]:
        """A failure for each missing disk in a place, if it has clips."""
        for mount in self._away[place.root]:
            known = self._known_files[place.root]
            count = sum(covers(mount, path) for path in known if covers(place.part, path))
            if count:
                cause = f"the disk is not there; its {count} clips are kept as they are"
                yield Outcome("failed", self._roots[place.root].absolute(mount), cause=cause)

    def _note_mounts(self, place: Place, mounts: Sequence[str]) -> None:
        """Record where disks are mounted below a root, if all of the root was scanned."""
        root = self._roots[place.root]
        now = tuple(sorted({*mounts, *self._away[place.root]}))
        if not place.part and now != root.mounts:
            self.roots_changed.append(DescribeRoot(root.id, root.excludes, now))

    def _is_left_out(self, root: str, path: str) -> bool:
        """Whether a file that the scan did not find exists, and is only left out by rule."""
        is_there = file_exists(self._roots[root].absolute(path))
        return is_there and self._rules[root].leave_out_path(path, is_folder=False)

    def _walk(
        self, place: Place, noticed: Noticed | None = None
    ) -> Iterator[tuple[FoundFile | Unreadable, KnownFile | None]]:
        """The files in a place that the pass looks at, each with what the catalog has for its path."""
        for found, stored in self._looked_into(place, noticed or Noticed()):
            if self._files.takes(found.kind):
                yield found, stored
            elif stored is not None:
                self._of_others.add(stored.clip_id)  # it may have held something else before

    def _looked_into(self, place: Place, noticed: Noticed) -> Iterator[tuple[FoundFile | Unreadable, KnownFile | None]]:
        """Every file of a place with its kind: from the catalog if unchanged, else from its content, not its name.

        In a store, the kind comes from the name.
        """
        rules, known_files = self._rules[place.root], self._known_files[place.root]
        for found in walk(place.root, place.part, self._stops - {place.root}, rules=rules, noticed=noticed):
            stored = known_files.get(found.facts.path)
            if isinstance(found, Unreadable):
                yield found, stored
            elif stored is not None and _is_as_it_was(stored, found.facts):
                yield replace(found, kind=_kind(stored)), stored
            elif is_in_store(place.root):
                yield found, stored
            else:
                inside = kind_inside(self._roots[place.root].absolute(found.facts.path))
                yield found if inside == "other" else replace(found, kind=inside), stored

    def _unreadable(self, root: Root, place: Place, entry: Unreadable, file: KnownFile | None) -> Outcome | None:
        """The failure of an unreadable entry; None for a PATH that is gone and has clips, which are marked missing."""
        where = root.absolute(entry.facts.path)
        is_listing = entry.folder and is_in_store(where)  # the listing failed, even if objects exist
        if entry.facts.path == place.part and not is_listing and not exists(where):
            known_files = self._known_files[place.root]
            if any(covers(place.part, path) for path in known_files):
                return None
            return Outcome("failed", where, cause=entry.cause)
        if entry.folder:
            self._unread.append((place.root, entry.facts.path))
            return Outcome("failed", where, cause=entry.cause)
        changes: list[CatalogChange] = [RecordFailure(root.id, entry.facts, entry.cause)]
        if file is not None and exists(where):
            self._seen_clips.add(file.clip_id)
        return Outcome("failed", where, tuple(changes), cause=entry.cause)


def _kind(file: KnownFile) -> FileKind:
    """The kind of a file that is in the catalog."""
    return "notes" if file.notes else "sound"


def _is_as_it_was(stored: KnownFile, facts: FileFacts) -> bool:
    """Whether a file has the size and the times that the catalog has."""
    before = stored.facts
    if (before.size_bytes, before.mtime_ns) != (facts.size_bytes, facts.mtime_ns):
        return False
    return before.changed_ns is None or facts.changed_ns is None or before.changed_ns == facts.changed_ns


def moved_clips(outcome: Outcome) -> set[int]:
    """The clips that ``outcome`` moves."""
    return {change.clip_id for change in outcome.changes if isinstance(change, MoveClip)} | set(outcome.moved)
