"""The cost of events in the bulk job: each way is measured together with a run without events."""

from __future__ import annotations

import argparse

from benchmarks.speed import events


def test_ratios_are_those_within_a_round():
    """Rounds on a machine that gets slower: the ratio does not."""
    costs = {way: [events.Cost(wall * share, wall * share) for wall in (10, 20, 80)] for way, share in
             zip(events.WAYS, (1.0, 1.2, 1.9), strict=True)}  # fmt: skip
    printed = events.markdown(argparse.Namespace(clips=3, sounds=None, rounds=3), costs)
    rows = [line.split("|")[1:-1] for line in printed.splitlines() if line.startswith("| with") or "then" in line]
    assert [[cell.strip() for cell in row][2] for row in rows] == ["1.00", "1.20", "1.90"]


def test_no_rounds_are_refused(capsys):
    assert events.main(["--rounds", "0"]) == 2
    assert "--rounds" in capsys.readouterr().err
