"""The benchmark of the cost of facts covers every part of a decoded file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks.speed import facts


def test_each_part_has_its_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A part that measured nothing would cost next to nothing."""
    wave = np.random.default_rng(1).normal(0, 0.1, 4 * 44_100)
    soundfile.write(tmp_path / "noise.wav", wave, 44_100)
    facts.main(["--audio", str(tmp_path), "--minutes", "0.01"])
    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines() if line.startswith("| ")][1:]
    costs = {name.strip(): float(ms) for name, ms in rows}
    assert costs.keys() == facts.PARTS.keys()
    assert all(costs.values())


@pytest.mark.thorough
def test_indexing_is_measured_by_turns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without facts, with them, and with fingerprints too; ratios are to without."""
    wave = np.random.default_rng(1).normal(0, 0.1, 4 * 44_100)
    soundfile.write(tmp_path / "noise.wav", wave, 44_100)
    facts.main(["--audio", str(tmp_path), "--minutes", "0.01", "--index", "1", "--encoder", "spectral"])
    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    ways = {"without", "facts", "facts and fingerprints"}
    table = {row[0].strip(): [float(one) for one in row[1:]] for row in rows if row[0].strip() in ways}
    assert table.keys() == ways
    assert table["without"][2:] == [1, 1, 1]
    assert table["facts and fingerprints"][0] > 0
