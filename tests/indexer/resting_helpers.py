"""Check that a job rests before each piece of its work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from indexer.clock import StageClock


def stages_after_rests(library: object, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str]]:
    """Record from now on, for jobs of a library, the stages that they enter and the threads that rest.

    A job fails if a thread starts a stage without resting first.
    """
    stages: list[str] = []
    rested: list[str] = []
    stage = StageClock.stage

    def noted(clock: StageClock, name: str) -> Iterator[None]:
        stages.append(name)
        before = len(rested)
        with stage(clock, name):
            assert threading.current_thread().name in rested[before:]
            yield

    monkeypatch.setattr(StageClock, "stage", contextmanager(noted))
    monkeypatch.setattr(library, "rest", lambda: rested.append(threading.current_thread().name))
    return stages, rested
