"""Power cuts and full disks under whole libraries: a sample of what `benchmarks.robustness.power_cuts` tries."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.robustness import power_cuts
from search.cli import main
from tests.search import earlier

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows flushes no folders")


def test_nothing_is_lost_and_what_is_called_sound_is_sound(tmp_path: Path) -> None:
    """At some moments of a publication of every kind of snapshot."""
    library = earlier.unpack(tmp_path)
    assert main(["reindex", "--library", str(library)]) == 0
    tally = power_cuts.Trial(library, tmp_path / "scratch", every=200).cut(power_cuts.steps(library)[0])
    assert tally.passed, tally.failures
    assert tally.cuts > 3
    assert tally.refusals >= 2


def test_a_loss_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were files not flushed, the duplicates that were said to be written would be gone or damaged after a cut."""
    monkeypatch.setattr("search.snapshots.single.flush", lambda path: None)
    library = power_cuts.make_library(tmp_path, clips=6)
    trial = power_cuts.Trial(library, tmp_path / "scratch", every=10_000)
    step = next(step for step in power_cuts.steps(library) if step.name == "duplicates")
    assert trial.cut(step).lost > 0
