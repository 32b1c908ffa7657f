"""What a file needs: nothing, a link to content that is known, a move of a clip, or decoding and encoding.

The catalog is the only memory, so a job that was stopped anywhere is resumed by planning again.
"""

from __future__ import annotations

import os
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from indexer.clock import StageClock
from indexer.model import Options, Outcome, Task
from indexer.rules import Rules
from indexer.scan import Noticed, Place, Unreadable, absent_mounts, covers, emptied_folder, is_absent, walk
from search.audio import Kind
from search.model import (
    ClipChange,
    Content,
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

Need: TypeAlias = Literal["nothing", "link", "move", "encode", "wait", "stay out"]
"""``wait``: a file with the same bytes is being encoded at this moment. ``stay out``: somebody took it out."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the bytes of a file need; ``stored`` are the contents of its sound tracks that the catalog has.

    ``clip_id`` is that of a clip that moved here, if any.
    """

    need: Need
    stored: tuple[Content, ...] = ()
    clip_id: int | None = None


class Ledger:
    """Which contents are known, which clips may have moved, what is being encoded right now. Threads share it."""

    def __init__(self, catalog: CatalogWriter, space: Space) -> None:
        self._catalog = catalog
        self._space_id = space.id
        self._lock = threading.Lock()
        self._in_work: set[str] = set()
        self._clips: dict[str, list[tuple[Root, KnownFile]]] = defaultdict(list)
        self._out: set[str] = set()

    def keep_out(self, digests: Iterable[str]) -> None:
        """Take in what somebody took out under paths where no file is any more: under another name it stays out."""
        self._out.update(digests)

    def remember(self, root: Root, files: Iterable[KnownFile]) -> None:
        """Take in clips of a root that may turn out to have moved."""
        for file in files:
            self._clips[file.digest].append((root, file))

    def decide(self, task: Task, digest: str) -> Decision:
        """What the file of ``task`` needs, now that its digest is known; claims the digest when that is encoding."""
        known = task.known_file
        with self._lock:
            if digest in self._in_work:
                return Decision("wait")
            stored, spaces = self._catalog.find(digest) or ((), frozenset())
            moved = self._vanished(digest) if known is None else None
            if self._space_id in spaces:
                return Decision("link" if moved is None else "move", stored, moved)
            if not stored and digest in self._out and known is None:
                return Decision("stay out")
            self._in_work.add(digest)
            return Decision("encode", stored, moved)

    def claim(self, digest: str) -> bool:
        """Say that more of a known ``digest`` is being encoded; whether nobody else does."""
        with self._lock:
            if digest in self._in_work:
                return False
            self._in_work.add(digest)
            return True

    def settle(self, digest: str) -> None:
        """The content of ``digest`` was written, or could not be made."""
        with self._lock:
            self._in_work.discard(digest)

    def in_work(self, digest: str) -> bool:
        """Whether the content of ``digest`` is being made or waits to be written."""
        with self._lock:
            return digest in self._in_work

    def contents(self, digest: str) -> tuple[Content, ...]:
        """The stored contents of ``digest``, one for each sound track, if they have vectors in the space."""
        stored, spaces = self._catalog.find(digest) or ((), frozenset())
        return stored if self._space_id in spaces else ()

    def _vanished(self, digest: str) -> int | None:
        """A clip of these bytes whose file is gone; it is given once."""
        for place, (root, file) in enumerate(clips := self._clips.get(digest, [])):
            if not os.path.lexists(root.absolute(file.facts.path)) and not is_absent(root.path):
                del clips[place]
                return file.clip_id
        return None


@dataclass(frozen=True, slots=True)
class Survey:
    """What a first look found: how many files there are, of how many bytes, and how many of these need work.

    ``noticed`` is what it saw beside them.
    """

    files: int
    bytes: int
    work_bytes: int
    noticed: Noticed


class Files(Protocol):
    """The kind of files that a pass is about."""

    def takes(self, kind: Kind) -> bool:
        """Whether the pass looks at files of this kind."""

    def owns(self, path: str) -> bool:
        """Whether it is for this pass to say that the file is gone, or has moved."""


class Plan:
    """Everything that one pass over some places has to do, found while it is being done.

    First `survey`, then `tasks` to their end, then `leftovers`: what the scan did not find.
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
        """``places`` is what to look at, and ``files`` of what kind; ``roots`` are the folders of all the library's
        roots.
        """
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
            gone = (d for name, d in self._taken_out[path].items() if not os.path.lexists(root.absolute(name)))
            self.ledger.keep_out(gone)
        self._absent = [p for p in places if self._known_files[p.root] and is_absent(p.root)]
        self._places = [p for p in places if p not in self._absent]
        self._seen_clips: set[int] = set()
        self._unread: list[tuple[str, str]] = []
        self.roots_changed: list[DescribeRoot] = []
        """What the survey found out about roots."""
        self.emptied: Counter[str] = Counter()
        """How many clips were not pruned in which folders, since these are empty (`leftovers`)."""

    def survey(self) -> Survey:
        """A first look at everything: how much there is to do, and which clips are not where they were."""
        files = every = work_bytes = 0
        noticed = Noticed()
        seen_clips: set[int] = set()
        with self._clock.stage("scan"):
            for place in self._places:
                known_files, taken_out = self._known_files[place.root], self._taken_out[place.root]
                noticed.mounts = []
                for entry in self._walk(place, noticed):
                    files += 1
                    if isinstance(entry, Unreadable):
                        continue
                    stored = known_files.get(entry.path)
                    if stored is not None:
                        seen_clips.add(stored.clip_id)
                    every += entry.size_bytes
                    if not (self._is_settled(stored, entry) or (stored is None and entry.path in taken_out)):
                        work_bytes += entry.size_bytes
                self._note_mounts(place, noticed.mounts)
            for path, root in self._roots.items():
                gone = (f for f in self._known_files[path].values() if f.clip_id not in seen_clips)
                self.ledger.remember(
                    root, (f for f in gone if self._files.owns(f.facts.path) and not self._is_away(path, f.facts.path))
                )
        return Survey(files, every, work_bytes, noticed)

    def has(self, files: Files) -> bool:
        """Whether there are files of another kind here, or were: whether a pass for them has anything to do."""
        if any(files.owns(path) for known in self._known_files.values() for path in known):
            return True
        files_found = (
            found
            for place in self._places
            for found in walk(
                place.root, place.part, self._stops - {place.root}, files.takes, rules=self._rules[place.root]
            )
        )
        return any(isinstance(file, FileFacts) for file in files_found)

    def tasks(self) -> Iterator[Task | Outcome]:
        """Every file that needs work, and the outcome of every other, in the order of the walk."""
        for place in self._absent:
            count = len(self._known_files[place.root])
            cause = f"the folder is empty or not there; its {count} clips are kept as they are (is a disk unmounted?)"
            yield Outcome("failed", place.root, cause=cause)
        for place in self._places:
            root, known_files = self._roots[place.root], self._known_files[place.root]
            yield from self._absent_disks(place)
            for entry in self._walk(place):
                facts = entry if isinstance(entry, FileFacts) else entry.facts
                stored = known_files.get(facts.path)
                if isinstance(entry, Unreadable):
                    outcome = self._unreadable(root, place, entry, stored)
                    if outcome is not None:
                        yield outcome
                    continue
                if stored is None and facts.path in self._taken_out[place.root]:
                    yield Outcome("taken_out", root.absolute(facts.path))
                    continue
                if stored is not None:
                    self._seen_clips.add(stored.clip_id)
                if stored is not None and self._is_settled(stored, facts):
                    # what was stored before the time of the last change was is completed, without looking into the file
                    is_new = stored.facts.changed_ns is None and facts.changed_ns is not None
                    changes = (NoteFile(stored.clip_id, facts),) if is_new else ()
                    yield Outcome("unchanged", root.absolute(facts.path), changes)
                else:
                    yield Task(root, facts, stored, forced=self._options.force)

    def leftovers(self, moved: set[int], *, prune: bool) -> Iterator[Outcome]:
        """The clips whose files the scan did not find, to be marked missing, or removed when ``prune``.

        Those of files that are there and left out by rule are removed in any case. Clips under a folder that could not
        be read, or of a disk that is not there, are left as they are, and nothing is pruned of a folder that is there
        and empty: `emptied` counts them. ``moved`` are the clips that were found under another path.
        """
        for place in self._places:
            root = self._roots[place.root]
            for path, file in self._known_files[place.root].items():
                if file.clip_id in self._seen_clips or file.clip_id in moved or not covers(place.part, path):
                    continue
                if not self._files.owns(path):
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
        """How many clips `leftovers` would remove because their files are gone, and how many there are."""
        total = sum(
            covers(place.part, path) and self._files.owns(path)
            for place in self._places
            for path in self._known_files[place.root]
        )
        removed = sum(
            outcome.kind == "removed" and not os.path.lexists(outcome.path)
            for outcome in self.leftovers(moved, prune=True)
        )
        self.emptied.clear()
        return removed, total

    def _is_settled(self, stored: KnownFile | None, facts: FileFacts) -> bool:
        """Whether the catalog has this very file, by size and times, with its vectors, and need not look into it."""
        if stored is None or self._options.force or not stored.encoded or stored.missing:
            return False
        before = stored.facts
        if (before.size_bytes, before.mtime_ns) != (facts.size_bytes, facts.mtime_ns):
            return False
        return before.changed_ns is None or facts.changed_ns is None or before.changed_ns == facts.changed_ns

    def _is_away(self, root: str, path: str) -> bool:
        """Whether a file is on a disk that is not there."""
        return any(covers(mount, path) for mount in self._away[root])

    def _absent_disks(self, place: Place) -> Iterator[Outcome]:
        """The failure of every disk in a place that is not there and has clips."""
        for mount in self._away[place.root]:
            count = sum(
                covers(mount, path) and self._files.owns(path)
                for path in self._known_files[place.root]
                if covers(place.part, path)
            )
            if count:
                cause = f"the disk is not there; its {count} clips are kept as they are"
                yield Outcome("failed", self._roots[place.root].absolute(mount), cause=cause)

    def _note_mounts(self, place: Place, mounts: Sequence[str]) -> None:
        """Remember where disks are mounted below a root, when the whole of it was seen."""
        root = self._roots[place.root]
        now = tuple(sorted({*mounts, *self._away[place.root]}))
        if not place.part and now != root.mounts:
            self.roots_changed.append(DescribeRoot(root.id, root.excludes, now))

    def _is_left_out(self, root: str, path: str) -> bool:
        """Whether a file that was not found is there, and only left out by rule."""
        is_there = os.path.lexists(self._roots[root].absolute(path))
        return is_there and self._rules[root].leave_out_path(path, is_folder=False)

    def _walk(self, place: Place, noticed: Noticed | None = None) -> Iterator[FileFacts | Unreadable]:
        rules = self._rules[place.root]
        return walk(place.root, place.part, self._stops - {place.root}, self._files.takes, rules=rules, noticed=noticed)

    def _unreadable(self, root: Root, place: Place, entry: Unreadable, file: KnownFile | None) -> Outcome | None:
        """The failure of something in the tree; None for a PATH that is gone and whose clips are therefore missing."""
        where = root.absolute(entry.facts.path)
        if entry.facts.path == place.part and not os.path.lexists(where):
            known_files = self._known_files[place.root]
            if any(covers(place.part, path) for path in known_files):
                return None
            return Outcome("failed", where, cause=entry.cause)
        if entry.folder:
            self._unread.append((place.root, entry.facts.path))
            return Outcome("failed", where, cause=entry.cause)
        changes: list[ClipChange] = [RecordFailure(root.id, entry.facts, entry.cause)]
        if file is not None and os.path.lexists(where):
            self._seen_clips.add(file.clip_id)
        return Outcome("failed", where, tuple(changes), cause=entry.cause)


def moved_clips(outcome: Outcome) -> set[int]:
    """The clips that ``outcome`` moves."""
    return {change.clip_id for change in outcome.changes if isinstance(change, MoveClip)}
