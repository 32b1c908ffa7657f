"""What a process was at when a sound ended it."""

from __future__ import annotations

import multiprocessing


class Attempt:
    """Which content is being measured: memory that outlives the process, should a sound end it.

    Made before the processes that share it are started, and handed to each as an argument.
    """

    def __init__(self) -> None:
        self._content = multiprocessing.get_context("spawn").RawArray("q", 1)

    @property
    def content_id(self) -> int:
        """0 for none."""
        return int(self._content[0])

    @content_id.setter
    def content_id(self, content_id: int) -> None:
        self._content[0] = content_id
