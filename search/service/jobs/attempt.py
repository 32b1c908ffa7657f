"""Which content a process was measuring when it crashed."""

from __future__ import annotations

import multiprocessing


class Attempt:
    """The content that is being measured, in shared memory that survives a crash of the process.

    It is made before the processes that share it are started, and passed to each as an argument.
    """

    def __init__(self) -> None:
        self._content = multiprocessing.get_context("spawn").RawArray("q", 1)

    @property
    def content_id(self) -> int:
        """The content that is being measured, 0 for none."""
        return int(self._content[0])

    @content_id.setter
    def content_id(self, content_id: int) -> None:
        self._content[0] = content_id
