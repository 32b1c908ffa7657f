"""The benchmark of memory measures a job that was killed and is run again."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.common import synthetic
from benchmarks.speed.memory import measure


@pytest.mark.thorough
def test_a_job_that_was_killed_at_once_is_made_again_and_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "sounds").mkdir()
    synthetic.write_long_recording(tmp_path / "sounds" / "long.flac", 0.01, 3)
    peak = measure("one", tmp_path / "sounds", tmp_path / "library", ["--encoder", "spectral"], kill_s=0.0)
    assert capsys.readouterr().out == "one: killed after 0 s of the processor\n"
    assert (peak.what, peak.clips) == ("one", 1)
    assert peak.peak_bytes > 20e6
