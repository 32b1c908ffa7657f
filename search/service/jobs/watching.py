"""Running saved searches as the library grows, in the jobs process, so that answers never wait for it."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from search.errors import SoundalikeError
from search.library.following import Follower
from search.library.library import Library
from search.service.config import ServiceConfig

LOOK_S: Final = 2.0
REST: Final = 4.0
"""It rests this many times as long as the last run took, so that jobs get most of the processor."""

log = logging.getLogger("soundalike.searches")


def watch_searches(library: Library, config: ServiceConfig, stop: threading.Event) -> None:
    """Run the saved searches of a library whenever it has changed, until ``stop`` is set."""
    logged = ""
    with Follower(library, may_be_private=config.private_webhooks) as follower:
        wait_s = LOOK_S
        while not stop.wait(wait_s):
            begun = time.monotonic()
            try:
                if found := follower.look():
                    log.info("%d new matches of saved searches", len(found))
                logged = ""
            except (OSError, SoundalikeError) as error:  # a full disk, say: new clips are searched later
                if str(error) != logged:
                    log.warning("saved searches cannot be checked: %s", error)
                logged = str(error)
            wait_s = max(LOOK_S, REST * (time.monotonic() - begun))
