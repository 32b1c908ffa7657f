"""What the bytes of a file need (a link to known content, a move of a clip, or encoding), and which are in work."""

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
"""``wait``: a file with the same bytes is being encoded. ``stay out``: somebody removed it from the library."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the bytes of a file need. ``stored``: the contents of its sound tracks that the catalog has.

    ``clip_id``: the clip that moved here, if any.
    """

    need: Need
    stored: tuple[Content, ...] = ()
    clip_id: int | None = None


class Contents(Protocol):
    """Looks up what is stored (`search.ports.CatalogWriter` implements it)."""

    def find(self, digest: str) -> tuple[tuple[Content, ...], frozenset[int]] | None:
        """The stored contents of a file's sound tracks, and the ids of the spaces that all are encoded in."""

    def facts(self, content_ids: Iterable[int]) -> Mapping[int, StoredFacts]:
        """The measured facts of contents, by id."""


class Ledger:
    """Which contents are known, which clips may have moved, and what is being encoded now. Threads share it."""

    def __init__(self, catalog: Contents, space: Space) -> None:
        self._catalog = catalog
        self._space_id = space.id
        self._lock = threading.Lock()
        self._in_work: set[str] = set()
        self._clips: dict[str, list[tuple[Root, KnownFile]]] = defaultdict(list)
        self._out: set[str] = set()

    def keep_out(self, digests: Iterable[str]) -> None:
        """Add digests of files that were removed from the library and whose paths no longer exist.

        Files with these bytes stay out under any name.
        """
        self._out.update(digests)

    def remember(self, root: Root, files: Iterable[KnownFile]) -> None:
        """Add clips of a root whose files are gone and may have moved."""
        for file in files:
            self._clips[file.digest].append((root, file))

    @property
    def kept_out(self) -> list[str]:
        """The digests that `keep_out` took in."""
        return sorted(self._out)

    def gone_by_size(self) -> dict[int, list[tuple[Root, KnownFile]]]:
        """The clips that may have moved, by file size: only a file of the same size can be one of them."""
        by_size: dict[int, list[tuple[Root, KnownFile]]] = defaultdict(list)
        for clips in self._clips.values():
            for root, file in clips:
                by_size[file.facts.size_bytes].append((root, file))
        return by_size

    def decide(self, task: Task, digest: str) -> Decision:
        """What the file of ``task`` needs, by its digest. If it needs encoding, the digest is claimed."""
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
        """Claim a known ``digest`` whose further tracks are to be encoded. Return False if it is already in work."""
        with self._lock:
            if digest in self._in_work:
                return False
            self._in_work.add(digest)
            return True

    def settle(self, digest: str) -> None:
        """Release ``digest``: its content was written or could not be made."""
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
        """The tracks of those ``contents`` whose facts are known in the current version."""
        tracks = {content.id: content.track for content in contents}
        return {tracks[key] for key, facts in self._catalog.facts(tracks).items() if facts.version == VERSION}

    def _vanished(self, digest: str) -> int | None:
        """A clip of these bytes whose file is gone, or None. Each clip is returned once."""
        for place, (root, file) in enumerate(clips := self._clips.get(digest, [])):
            if not file_exists(root.absolute(file.facts.path)) and not is_absent(root.path):
                del clips[place]
                return file.clip_id
        return None
