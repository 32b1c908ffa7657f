"""What the endpoints of a process share: the library, its jobs, keys and uploads, and the limits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from search.errors import QueryError
from search.library.library import Library
from search.model import Answer, Space
from search.ports import JobQueue, KeyStore
from search.service.config import ServiceConfig
from search.service.http.rates import Slots, Turns
from search.service.jobs.trouble import Trouble
from search.service.jobs.uploads import Uploads, uploads_of
from search.service.media.cache import DiskCache
from search.service.metrics import Metrics
from search.service.warming import Warming

CACHE = "cache"
MAX_BACKLOG = 100
"""If more requests than this wait, requests that decode are refused at once, so that the queue stays seconds long."""

_NOTHING = Answer("none", (), 0.0)
"""The answer of an empty library to any query."""


@dataclass(frozen=True, slots=True)
class Service:
    """One open library, as the endpoints serve it. Thread-safe."""

    config: ServiceConfig
    library: Library
    jobs: JobQueue
    keys: KeyStore
    uploads: Uploads
    cache: DiskCache
    metrics: Metrics
    decodes: Slots
    streams: Slots
    stopping: threading.Event
    turns: Turns
    warming: Warming
    trouble: Trouble

    @classmethod
    def over(
        cls,
        library: Library,
        config: ServiceConfig,
        stopping: threading.Event | None = None,
        backlog: Callable[[], int] = lambda: 0,
        *,
        trouble: Trouble | None = None,
        warming: Warming | None = None,
    ) -> Service:
        """The service of an open library.

        ``stopping`` is set when the process is about to end; ``backlog`` returns how many requests wait for a thread;
        ``trouble`` is set by the process that does the jobs; ``warming`` runs beside the server of this process.
        """
        limits = config.limits
        return cls(
            config=config,
            library=library,
            jobs=library.jobs,
            keys=library.keys,
            uploads=uploads_of(library),
            cache=DiskCache(config.library / CACHE, limits.cache_bytes),
            metrics=Metrics(),
            decodes=Slots(limits.decodes, limits.decode_wait_s, "sounds are being decoded", backlog, MAX_BACKLOG),
            streams=Slots(config.streams, 0.0, "event streams are open"),
            stopping=stopping or threading.Event(),
            turns=Turns(),
            warming=warming or Warming(library),
            trouble=trouble or Trouble(),
        )

    def spaces(self) -> list[Space]:
        """The library's spaces of sound; none until something is indexed."""
        return [space for space in self.library.reader.spaces() if not space.is_melody]

    @contextmanager
    def one_at_a_time(self) -> Iterator[None]:
        """Let threads take turns at the engine, for its short work on stored clips.

        They alternate by Python's global lock anyway. To hand it over within a few milliseconds of work costs more than
        the work: throughput with 16 connections would be half.
        """
        with ExitStack() as held:
            with self.metrics.stage("wait"):
                held.enter_context(self.turns.taken())
            with self.metrics.stage("engine"):
                yield

    def search(self, ask: Callable[[], Answer]) -> Answer:
        """The engine's answer; an empty answer if nothing is indexed yet. Raises as ``ask`` does."""
        with self.metrics.stage("engine"):
            return self._answer(ask)

    def search_stored(self, ask: Callable[[], Answer]) -> Answer:
        """The same for a query about stored clips, which decodes and encodes nothing; threads take turns."""
        with self.one_at_a_time():
            return self._answer(ask)

    def search_stored_each(self, ask: Callable[[], Sequence[Answer | QueryError]]) -> list[Answer | QueryError]:
        """The same for several queries at once; the error of an invalid query takes the place of its answer."""
        with self.metrics.stage("engine"):
            found = ask()
        if any(isinstance(one, QueryError) for one in found) and not self.spaces():
            return [_NOTHING if isinstance(one, QueryError) else one for one in found]
        return list(found)

    def _answer(self, ask: Callable[[], Answer]) -> Answer:
        """The engine's answer. Looks up whether the library is empty only after an error, to keep answers fast."""
        try:
            return ask()
        except QueryError:
            if self.spaces():
                raise
            return _NOTHING
