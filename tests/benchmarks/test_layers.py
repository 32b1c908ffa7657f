"""`python -m benchmarks.scale.layers`, at the size of a test."""

from __future__ import annotations

import pytest

from benchmarks.scale import layers, near_layers


@pytest.mark.thorough
def test_a_hundredth_more_writes_a_hundredth_and_eight_layers_find_what_one_does(tmp_path, capsys):
    assert layers.main(["--segments", "42000", "--queries", "5", "--folder", str(tmp_path)]) == 0
    report = capsys.readouterr().out
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in report.splitlines() if line.startswith("| ")]
    shares = {row[0]: float(row[3].rstrip("%")) for row in rows if len(row) == 6 and row[3].endswith("%")}
    assert shares["42,000 + 420"] < 5
    assert len(max(shares, key=len).split("+")) == 8
    asked = {row[0]: row[1:] for row in rows if len(row) == 4}
    assert len(asked) == 16, "two lines of the head, one for each filter, one for the memory"
    for what, found in asked.items():
        if "(" in found[0]:
            assert all(float(cell.split()[0]) >= 0.97 for cell in found), what


def test_of_neighbourhoods_a_hundredth_more_writes_less_than_a_twentieth(tmp_path, capsys, monkeypatch):
    """And scores are those of what is written whole."""
    monkeypatch.setattr(near_layers.layering, "LAYERS_FROM", 1_000)
    assert near_layers.main(["--segments", "3200", "--queries", "5", "--more", "1", "--folder", str(tmp_path)]) == 0
    report = capsys.readouterr().out
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in report.splitlines() if line.startswith("| ")]
    (share,) = [float(row[4].rstrip("%")) for row in rows if row[0] == "3,200 + 32"]
    assert 1 < share < 5
    assert float(rows[-1][3]) < 1e-3
