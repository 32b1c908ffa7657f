"""From the engine's answers to what a client reads."""

from __future__ import annotations

import math
import os
import threading
import time
from dataclasses import replace

from search.library.library import Library
from search.model import Answer
from search.service.http.answers import FacetsOut, SearchOut

ROOTS_CACHE_S = 5.0
ROOTS_MISSED_S = 0.5
"""Where a hit lies under none of the known roots, its upload made one since: they are asked for again so soon."""
MAX_FACETS = 50


class Hits:
    """Makes paths relative to their roots: where a library lies on its machine is no client's business."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._roots: frozenset[str] = frozenset()
        self._known_s = -math.inf

    def out(self, answer: Answer, *, with_facets: bool = False) -> SearchOut:
        """The answer as JSON has it, and what its hits are made up of."""
        paths = [hit.path for hit in answer.hits]
        roots = self._known_roots(ROOTS_CACHE_S)
        below = [_below(path, roots) for path in paths]
        if None in below:
            roots = self._known_roots(ROOTS_MISSED_S)
            below = [_below(path, roots) for path in paths]
        names = (os.path.basename(path) if one is None else one for path, one in zip(paths, below, strict=True))  # noqa: PTH119
        hits = tuple(replace(hit, path=text(name)) for hit, name in zip(answer.hits, names, strict=True))
        found = SearchOut.model_validate(replace(answer, hits=hits))
        if with_facets and hits:
            counted = self._library.facets_of((hit.clip_id for hit in hits), limit=MAX_FACETS)
            found.facets = FacetsOut.model_validate(counted)
        return found

    def _known_roots(self, oldest_s: float) -> frozenset[str]:
        """The folders of the library's roots, as they were at most ``oldest_s`` ago."""
        with self._lock:
            if time.monotonic() - self._known_s >= oldest_s:
                self._roots = frozenset(root.path.rstrip(os.sep) for root in self._library.roots())
                self._known_s = time.monotonic()
            return self._roots


def _below(path: str, roots: frozenset[str]) -> str | None:
    """``path`` relative to its root, None where that is not among ``roots``.

    From the file's folder upwards, since an inner root's files are its own. There may be a root for every upload.
    """
    end = len(path)
    while (end := path.rfind(os.sep, 0, end)) >= 0:
        if path[:end] in roots:
            return path[end + 1 :]
    return None


def text(path: str) -> str:
    """A path as JSON can write it: bytes that are no UTF-8 become replacement characters."""
    return path if path.isascii() else path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
