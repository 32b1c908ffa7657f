"""How far the processes of a service are with loading what questions need (`search.service.warming`)."""

from __future__ import annotations

import multiprocessing

_WARMING, _WARM = 1, 2
"""States of a worker; 0: it answers nobody yet."""


class Warmth:
    """How far each web worker of a service is, across its processes: handed to each when it is started."""

    def __init__(self, workers: int = 1) -> None:
        self._states = multiprocessing.get_context("spawn").RawArray("b", workers)

    def begins(self, number: int) -> None:
        """Worker ``number``, from 0, begins to warm up."""
        self._states[number] = _WARMING

    def is_warm(self, number: int) -> None:
        """It has done so."""
        self._states[number] = _WARM

    @property
    def is_pending(self) -> bool:
        """Whether a worker that answers may make somebody wait for what it loads."""
        return _WARMING in self._states[:]
