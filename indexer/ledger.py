"""What the bytes of a file need, and who is at them: a link to content that is known, a move of a clip, or encoding."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from indexer.model import Task
from indexer.scan import is_absent
from indexer.stores import file_exists
from search.analysis.facts.definitions import VERSION
from search.model import Content, KnownFile, Root, Space, StoredFacts

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


class Contents(Protocol):
    """Tells what is stored (`search.ports.CatalogWriter` does)."""

    def find(self, digest: str) -> tuple[tuple[Content, ...], frozenset[int]] | None:
        """The stored contents of a file's sound tracks, and the ids of the spaces that all are encoded in."""

    def facts(self, content_ids: Iterable[int]) -> Mapping[int, StoredFacts]:
        """What was measured of contents."""


class Ledger:
    """Which contents are known, which clips may have moved, what is being encoded right now. Threads share it."""

    def __init__(self, catalog: Contents, space: Space) -> None:
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

    @property
    def kept_out(self) -> list[str]:
        """The digests that `keep_out` took in."""
        return sorted(self._out)

    def gone_by_size(self) -> dict[int, list[tuple[Root, KnownFile]]]:
        """The clips that may turn out to have moved, by the size of their files: a file of another size is none."""
        by_size: dict[int, list[tuple[Root, KnownFile]]] = defaultdict(list)
        for clips in self._clips.values():
            for root, file in clips:
                by_size[file.facts.size_bytes].append((root, file))
        return by_size

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

    def measured(self, contents: Iterable[Content]) -> set[int]:
        """The tracks of those of ``contents`` whose facts are known, as they are measured today."""
        tracks = {content.id: content.track for content in contents}
        return {tracks[key] for key, facts in self._catalog.facts(tracks).items() if facts.version == VERSION}

    def _vanished(self, digest: str) -> int | None:
        """A clip of these bytes whose file is gone; it is given once."""
        for place, (root, file) in enumerate(clips := self._clips.get(digest, [])):
            if not file_exists(root.absolute(file.facts.path)) and not is_absent(root.path):
                del clips[place]
                return file.clip_id
        return None
