"""What every endpoint of one process shares: the library, and the things around it."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from search.library import Library
from search.model import Space
from search.ports import JobStore, KeyStore
from search.service.cache import DiskCache
from search.service.config import ServiceConfig
from search.service.metrics import Metrics
from search.service.rates import Slots
from search.service.uploads import Uploads, folder_of

CACHE = "cache"


@dataclass(frozen=True, slots=True)
class Service:
    """One open library, served. Threads share it."""

    config: ServiceConfig
    library: Library
    jobs: JobStore
    keys: KeyStore
    uploads: Uploads
    cache: DiskCache
    metrics: Metrics
    decodes: Slots
    streams: Slots
    stopping: threading.Event

    @classmethod
    def over(cls, library: Library, config: ServiceConfig, stopping: threading.Event | None = None) -> Service:
        """The service of an open library; whoever sets ``stopping`` is about to end the process."""
        limits = config.limits
        return cls(
            config=config,
            library=library,
            jobs=library.catalog.queue,
            keys=library.catalog.keys,
            uploads=Uploads(folder_of(config.library)),
            cache=DiskCache(config.library / CACHE, limits.cache_bytes),
            metrics=Metrics(),
            decodes=Slots(limits.decodes, limits.decode_wait_s, "sounds are being decoded"),
            streams=Slots(limits.streams, 0.0, "event streams are open"),
            stopping=stopping or threading.Event(),
        )

    def spaces(self) -> list[Space]:
        """The library's spaces of sound; none as long as nothing is indexed."""
        return [space for space in self.library.clips.spaces() if not space.is_melody]
