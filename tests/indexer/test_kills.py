"""The documentation's claims about killed jobs and about searching during a job, at the size of a test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.robustness import concurrent, kills, workers
from search.settings import Settings


@pytest.mark.thorough
def test_a_job_killed_at_ten_random_moments_loses_doubles_and_changes_nothing(tmp_path: Path) -> None:
    """After ten SIGKILLs and a resume each library has the clips, spans and vectors of an uninterrupted run."""
    options = kills.Options(kills=10, clips=60, encoder="spectral", seed=3)

    verdict = kills.run(options, tmp_path, Settings.from_env(os.environ))

    assert verdict.kills == 10
    assert verdict.clips == 60
    assert verdict.passed, verdict


@pytest.mark.thorough
def test_searching_beside_a_job_meets_no_error_and_no_dangling_hit(tmp_path: Path) -> None:
    """Two processes search while a job writes and publishes; every hit has its clip and segment."""
    met = concurrent.run(clips=80, searchers=2, encoder="spectral", seed=3, folder=tmp_path)

    assert met.searches > 0
    assert (met.errors, met.dangling) == (0, 0)


@pytest.mark.slow
def test_a_shared_job_whose_workers_are_killed_loses_doubles_and_changes_nothing(tmp_path: Path) -> None:
    """The library is that of one process; both ways are timed."""
    options = workers.Options(clips=200, seconds=1, rounds=1, kills=2, encoder="spectral", seed=3)

    outcome = workers.run(options, tmp_path, Settings.from_env(os.environ))

    assert outcome.clips == 200
    assert outcome.passed, outcome
    assert all(spent.cpu_s > 0 for spent in (*outcome.alone, *outcome.shared, outcome.killed))
