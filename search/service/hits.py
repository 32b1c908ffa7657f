"""From the engine's answers to what a client reads."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace

from search.library import Library
from search.model import Answer
from search.service.answers import FacetsOut, SearchOut

ROOTS_CACHE_S = 5.0
MAX_FACETS = 50


class Hits:
    """Makes paths relative to their roots: where a library lies on its machine is no client's business."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._roots: frozenset[str] = frozenset()
        self._until_s = 0.0

    def out(self, answer: Answer, *, with_facets: bool = False) -> SearchOut:
        """The answer as JSON has it, and what its hits are made up of."""
        roots = self._known_roots()
        hits = tuple(replace(hit, path=_below(hit.path, roots)) for hit in answer.hits)
        found = SearchOut.model_validate(replace(answer, hits=hits))
        if with_facets and hits:
            counted = self._library.facets_of((hit.clip_id for hit in hits), limit=MAX_FACETS)
            found.facets = FacetsOut.model_validate(counted)
        return found

    def _known_roots(self) -> frozenset[str]:
        with self._lock:
            if time.monotonic() >= self._until_s:
                self._roots = frozenset(root.path.rstrip(os.sep) for root in self._library.roots())
                self._until_s = time.monotonic() + ROOTS_CACHE_S
            return self._roots


def _below(path: str, roots: frozenset[str]) -> str:
    """From the file's folder upwards, since an inner root's files are its own. There may be a root for every upload."""
    end = len(path)
    while (end := path.rfind(os.sep, 0, end)) >= 0:
        if path[:end] in roots:
            return text(path[end + 1 :])
    return text(os.path.basename(path))  # noqa: PTH119 - a root that was made a moment ago


def text(path: str) -> str:
    """A path as JSON can write it: bytes that are no UTF-8 become replacement characters."""
    return path if path.isascii() else path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
