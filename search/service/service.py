"""What every endpoint of one process shares: the library, and the things around it."""

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
"""With more requests waiting, those that decode are refused at once: the queue stays seconds long at the worst."""

_NOTHING = Answer("none", (), 0.0)
"""What an empty library answers to whatever is asked."""


@dataclass(frozen=True, slots=True)
class Service:
    """One open library, served. Threads share it."""

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

        Whoever sets ``stopping`` is about to end the process; ``backlog`` says how many requests wait for a thread;
        ``trouble`` is what the process that does the jobs reports; ``warming`` runs beside this process's server.
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
        """The library's spaces of sound; none as long as nothing is indexed."""
        return [space for space in self.library.reader.spaces() if not space.is_melody]

    @contextmanager
    def one_at_a_time(self) -> Iterator[None]:
        """For the engine's short work on stored clips: threads take turns.

        They hold Python's lock in turns anyway. Handing it over in the middle of a few milliseconds' work costs more
        than the work: 16 connections get half as many answers.
        """
        with ExitStack() as held:
            with self.metrics.stage("wait"):
                held.enter_context(self.turns.taken())
            with self.metrics.stage("engine"):
                yield

    def search(self, ask: Callable[[], Answer]) -> Answer:
        """The engine's answer; nothing in a library in which nothing is indexed yet. Raises as ``ask`` does."""
        with self.metrics.stage("engine"):
            return self._answer(ask)

    def search_stored(self, ask: Callable[[], Answer]) -> Answer:
        """The same for a question about stored clips, which decodes and encodes nothing: in turn."""
        with self.one_at_a_time():
            return self._answer(ask)

    def search_stored_each(self, ask: Callable[[], Sequence[Answer | QueryError]]) -> list[Answer | QueryError]:
        """The same for several questions at once: what is wrong with one of them stands in its place."""
        with self.metrics.stage("engine"):
            found = ask()
        if any(isinstance(one, QueryError) for one in found) and not self.spaces():
            return [_NOTHING if isinstance(one, QueryError) else one for one in found]
        return list(found)

    def _answer(self, ask: Callable[[], Answer]) -> Answer:
        """Whether the library is empty is looked up only when the engine complains: each answer would wait for it."""
        try:
            return ask()
        except QueryError:
            if self.spaces():
                raise
            return _NOTHING
