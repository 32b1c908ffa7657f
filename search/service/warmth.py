"""Which processes of a service have loaded their models (`search.service.warming`)."""

from __future__ import annotations

import multiprocessing

_WARMING, _WARM = 1, 2
"""States of a worker; 0: it does not answer yet."""


class Warmth:
    """The state of each web worker, in memory that the processes share; passed to each when it starts."""

    def __init__(self, workers: int = 1) -> None:
        self._states = multiprocessing.get_context("spawn").RawArray("b", workers)

    def begins(self, number: int) -> None:
        """Note that worker ``number``, from 0, begins to load."""
        self._states[number] = _WARMING

    def is_warm(self, number: int) -> None:
        """Note that worker ``number`` has loaded its models."""
        self._states[number] = _WARM

    @property
    def is_pending(self) -> bool:
        """Whether a worker that answers is still loading, so that a request may wait."""
        return _WARMING in self._states[:]
