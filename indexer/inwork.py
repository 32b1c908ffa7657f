"""A file while its sound tracks are decoded and encoded: from the first window to the changes that are written."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import numpy as np

from indexer.assembly import Assembly
from indexer.facts import TrackFacts
from indexer.fingerprints import TrackFingerprint
from indexer.model import Outcome, Task, UnderWay
from indexer.unfinished import BlockFile, Unfinished
from search.analysis.exact.found import FoundFingerprint
from search.analysis.time.events import EventRows, events_of_parts
from search.analysis.time.frames import FrameTags
from search.analysis.time.journal import FoundEvents
from search.errors import AudioError
from search.ground.memory import give_back_freed_memory
from search.model import AddContent, AudioInfo, CatalogChange, Content, KeepTracks, LinkClip, MoveClip


class TrackInWork:
    """A sound track that is being encoded; its sound ends at ``end_s``. ``warnings`` collects its defects."""

    def __init__(self, file: FileInWork, number: int, block_file: BlockFile | None) -> None:
        """``block_file`` receives its encoded blocks if the track is long."""
        self.file = file
        self.number = number
        self.assembly = Assembly(block_file)
        self.warnings: list[str] = []
        self.end_s = 0.0
        self.facts: TrackFacts | None = None
        self.fingerprint: TrackFingerprint | None = None
        self.left_out: AudioError | None = None

    def ends(self, end_s: float) -> None:
        """Set where its sound ends, as far as it has been read."""
        self.end_s = end_s

    def leave_out(self, error: AudioError) -> None:
        """Continue without this track, which cannot be decoded."""
        self.left_out = error
        self.assembly.failed = True

    def begin_anew(self) -> None:
        """Discard what was cut, encoded and kept of it. The caller cuts it from its beginning again."""
        self.assembly.failed = True  # so that windows already queued are dropped
        self.assembly = Assembly()
        self.warnings.clear()
        self.end_s = 0.0
        self.facts = self.fingerprint = None

    @property
    def sounds(self) -> bool:
        """Whether it could be decoded and is not silent."""
        return self.left_out is None and not self.assembly.silent


class FileInWork:
    """A file that is being encoded. Each sound track that is not silent becomes a clip; if all are silent, the first.

    ``moved`` is the clip that moved to this path, if any; ``stored`` are the contents that the file already has.
    ``frame_s``, the seconds between frames, enables the search for events. Encoded blocks of a long file go to
    ``unfinished``. Threads share it.
    """

    def __init__(
        self,
        task: Task,
        digest: str,
        title: str,
        metadata: Mapping[str, str],
        info: AudioInfo,
        *,
        space_id: int,
        moved: int | None,
        stored: Sequence[Content],
        frame_s: float | None = None,
        unfinished: Unfinished | None = None,
    ) -> None:
        self.task = task
        self._digest = digest
        self._title = title
        self._metadata = metadata
        self._info = info
        self._space_id = space_id
        self._moved = moved
        self._stored = stored
        self._frame_s = frame_s
        has = {content.track for content in stored}
        self.tracks = [
            TrackInWork(self, number, None if unfinished is None else unfinished.of(digest, number, task.root.speed))
            for number in range(info.tracks)
            if number not in has
        ]
        self._lock = threading.Lock()
        self._undone = len(self.tracks)

    def so_far(self) -> UnderWay:
        """How much of it is encoded; 0 bytes if its header does not say how long it is."""
        done_s, whole_s = sum(track.assembly.encoded_s for track in self.tracks), self._info.duration_s
        share = min(1.0, done_s / (whole_s * len(self.tracks))) if whole_s else 0.0
        return UnderWay(int(share * self.task.facts.size_bytes), done_s)

    def close(self) -> Outcome | None:
        """Declare that every window was cut. Return the file's outcome if all are encoded, else None."""
        outcome = None
        for track in self.tracks:
            if track.left_out is not None or track.assembly.close():
                outcome = self.track_is_done()
        return outcome

    def track_is_done(self) -> Outcome | None:
        """Count a track as encoded or left out. Return the file's outcome if it was the last, else None."""
        with self._lock:
            self._undone -= 1
            if self._undone:
                return None
        return self._outcome()

    def fail(self) -> None:
        """Encode no more of it."""
        for track in self.tracks:
            track.assembly.failed = True

    def _outcome(self) -> Outcome:
        """The outcome with all changes. Raises AudioError if none of the tracks can be decoded."""
        task = self.task
        kept = [track for track in self.tracks if track.sounds]
        if not kept and not self._stored:
            kept = [track for track in self.tracks if track.left_out is None][:1]
        if not kept and not self._stored:
            raise next(track.left_out for track in self.tracks if track.left_out is not None)
        is_long = any(track.assembly.is_long for track in kept)
        if is_long:
            give_back_freed_memory()  # all rows are loaded next: first release what decoding and encoding held
        contents = [self._content(track, place == 0) for place, track in enumerate(kept)]
        changes: list[CatalogChange] = []
        if self._moved is not None:
            changes.append(MoveClip(self._moved, task.root.id, task.facts))
        changes += [LinkClip(task.root.id, task.facts, c.id, self._title, self._metadata) for c in self._stored]
        events, fingerprints = [], []
        for content, track in zip(contents, kept, strict=True):
            found = self._events(track.assembly)
            if found is not None:
                events.append(FoundEvents(content.digest, content.track, found))
            if track.fingerprint is not None and track.fingerprint.made is not None:
                fingerprints.append(FoundFingerprint(content.digest, content.track, track.fingerprint.made))
            if is_long:
                give_back_freed_memory()  # and what the search for events held
            facts = None if track.facts is None else track.facts.stored
            add = AddContent(
                task.root.id,
                task.facts,
                content,
                self._title,
                self._metadata,
                self._space_id,
                track.assembly.encoding(),
                facts,
            )
            changes.append(add)
        tracks = tuple(content.track for content in (*self._stored, *contents))
        changes.append(KeepTracks(task.root.id, task.facts.path, tracks))
        known = task.known_file
        warnings = [warning for content in contents for warning in content.warnings]
        return Outcome(
            "indexed" if known is None or (known.digest == self._digest and not self._stored) else "changed",
            task.path,
            tuple(changes),
            digest=self._digest,
            duration_s=sum(content.duration_s for content in contents),
            size_bytes=task.facts.size_bytes,
            silent=all(content.silent for content in contents),
            warnings=tuple(dict.fromkeys((*warnings, *(t.facts.failure for t in kept if t.facts and t.facts.failure)))),
            events=tuple(events),
            fingerprints=tuple(fingerprints),
        )

    def _events(self, assembly: Assembly) -> EventRows | None:
        """The events of a track, or None if they are not looked for. Silent windows have none."""
        if self._frame_s is None or not assembly.has_frames:
            return None
        places = np.flatnonzero(~assembly.silences)
        if not len(places):
            return EventRows.empty()
        frame_s = self._frame_s * self.task.root.speed

        def read(first: int, beyond: int) -> FrameTags:
            return assembly.frames(places[first:beyond])

        return events_of_parts(read, assembly.spans[places], frame_s)

    def _content(self, track: TrackInWork, is_first: bool) -> Content:
        assembly, info = track.assembly, self._info
        return Content(
            digest=self._digest,
            duration_s=track.end_s,
            sample_rate_hz=info.sample_rate_hz,
            channels=info.channels,
            container=info.container,
            codec=info.codec,
            track=track.number,
            silent=assembly.silent,
            tracks=info.tracks,
            warnings=(*self._of_tracks(track), *(self._missing_tracks() if is_first else ())),
        )

    def _of_tracks(self, track: TrackInWork) -> Sequence[str]:
        """The defects of a track; if the file has several tracks, each defect names its track."""
        where = f"track {track.number}: " if len(self.tracks) > 1 else ""
        return [f"{where}{warning}" for warning in track.warnings]

    def _missing_tracks(self) -> Sequence[str]:
        """Which tracks do not become clips, and why."""
        if len(self.tracks) == 1:
            return ()
        silent = [str(t.number) for t in self.tracks if t.left_out is None and not t.sounds]
        warnings = [f"track {t.number}: {t.left_out.cause}" for t in self.tracks if t.left_out is not None]
        if silent:
            which = f"track {silent[0]}" if len(silent) == 1 else f"tracks {', '.join(silent[:-1])} and {silent[-1]}"
            verb = "is" if len(silent) == 1 else "are"
            warnings.append(f"{which} of {self._info.tracks} (counted from 0) {verb} silent")
        return warnings
