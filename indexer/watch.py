"""Watch folders, and report which parts of them changed.

`changed_paths` says where to look; the job finds out what changed there.
"""

# Paths are str here, as in indexer.scan.
# ruff: noqa: PTH112, PTH116, PTH118, PTH119, PTH120, PTH206, PTH208
from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence

from indexer.rules import BINS, IGNORE_FILE
from indexer.scan import resolve
from search.audio import kind, kind_inside
from search.errors import JobError, UsageError, printable
from search.ground.urls import is_in_store

GATHER_MS = 500
"""Changes closer together than this are reported together."""
GATHER_AT_MOST_MS = 5_000
TICK_MS = 200
SETTLE_S = 0.5
"""A file whose size and time are unchanged for this long counts as complete."""
SETTLE_AT_MOST_S = 30.0
"""A file that grows for longer (a recording in progress) is indexed anyway, and again when it next changes."""


def changed_paths(paths: Sequence[str], stop: threading.Event) -> Iterator[list[str]]:
    """Yield the files and folders that changed, until ``stop`` is set.

    The first item comes at once and is ``paths`` themselves. By then watching has begun, so changes during the first
    scan are not lost. For a file that is gone, the item has its folder. Raises UsageError for a path that does not
    exist, JobError if the system refuses to watch (for example at a limit on watches).
    """
    from watchfiles import watch

    for path in filter(is_in_store, paths):
        raise UsageError(f"cannot watch {printable(path)}: a store does not report changes; index it regularly")
    watched = [resolve(path) for path in paths]
    for path, as_given in zip(watched, paths, strict=True):
        if not os.path.lexists(path):
            raise UsageError(f"cannot watch {printable(as_given)}: no such file or folder")
    folders = {path if os.path.isdir(path) else os.path.dirname(path) for path in watched}
    is_started = False
    try:
        for changes in watch(
            *sorted(folders),
            watch_filter=None,
            debounce=GATHER_AT_MOST_MS,
            step=GATHER_MS,
            stop_event=stop,
            rust_timeout=TICK_MS,
            yield_on_timeout=True,
            ignore_permission_denied=True,
        ):
            if not is_started:
                is_started = True
                yield list(paths)
            changed = places_to_look({path for _, path in changes}, watched)
            if changed and settled(changed, stop):
                yield changed
    except OSError as error:
        raise JobError(f"cannot watch {', '.join(map(printable, paths))}: {error}") from error


def places_to_look(changed: set[str], watched: Sequence[str]) -> list[str]:
    """The places to scan because of ``changed``: sounds, notes and folders; the nearest folder of what is gone."""
    places = set()
    for path in changed:
        top = next((w for w in watched if path == w or path.startswith(w.rstrip(os.sep) + os.sep)), None)
        if top is not None and os.path.basename(path) == IGNORE_FILE:
            places.add(_existing(os.path.dirname(path), top))
            continue
        if top is None or _is_passed_over(path[len(top) :]):
            continue
        if os.path.isdir(path):
            places.add(path)
        elif not os.path.lexists(path):
            places.add(_existing(path, top))
        elif _matters(path) or path == top:
            places.add(path)
    return sorted(places)


def settled(paths: Sequence[str], stop: threading.Event) -> bool:
    """Wait until no file among ``paths`` changes any more, for half a minute at most. Return False if stopped."""
    deadline_s = time.monotonic() + SETTLE_AT_MOST_S
    before = _states(paths)
    while not stop.wait(SETTLE_S):
        now = _states(paths)
        if now == before or time.monotonic() > deadline_s:
            return True
        before = now
    return False


def _states(paths: Sequence[str]) -> list[tuple[int, int] | None]:
    """Size and time of every file at ``paths``, and of those directly in the folders among them."""
    states: list[tuple[int, int] | None] = []
    for path in paths:
        inside = [path]
        if os.path.isdir(path):
            inside = [
                os.path.join(path, name) for name in sorted(os.listdir(path)) if _matters(os.path.join(path, name))
            ]
        states += [_state(file) for file in inside]
    return states


def _state(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _matters(path: str) -> bool:
    return (kind(path) or kind_inside(path)) != "other"


def _existing(path: str, top: str) -> str:
    """The nearest folder above ``path`` that is there, ``top`` at the furthest."""
    while path != top and not os.path.isdir(path):
        path = os.path.dirname(path)
    return path


def _is_passed_over(relative: str) -> bool:
    """Whether a path is hidden or in a bin. Exclude patterns are left to the job."""
    *folders, name = relative.split(os.sep)
    return name.startswith(".") or any(folder.startswith(".") or folder.lower() in BINS for folder in folders)
