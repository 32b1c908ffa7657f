"""Whole queries over a real library, at a small size."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from benchmarks.commands import COMMANDS
from benchmarks.speed import command as speed_command
from benchmarks.speed import library
from search.settings import Settings


@pytest.mark.thorough
def test_a_library_is_made_once_opened_and_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report has every kind of query; the second run asks the library that the first one made."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(library, "OPENINGS", 1)
    monkeypatch.setattr(speed_command, "SYNTHETIC_ANCHORS", 2000)
    (command,) = COMMANDS
    parser = argparse.ArgumentParser()
    command.configure(parser)
    asked = ["speed", "--only", "library", "--sizes", "2000", "--queries", "20", "--anchor-files", "0"]
    for _ in range(2):
        assert command.run(parser.parse_args([*asked, "--json", "l.json"]), Settings.from_env({})) == 0
    (facts,) = json.loads((tmp_path / "l.json").read_text())["libraries"]
    assert (facts["segments"], facts["clips"], facts["queries"]) == (2000, 250, 20)
    kinds = [latency["what"] for latency in facts["latencies"]]
    assert len(kinds) == 3
    assert all(latency["p99_ms"] >= latency["median_ms"] > 0 for latency in facts["latencies"])
    assert facts["opening_s"] > 0
    printed = capsys.readouterr()
    assert printed.err.count("making a library") == 1
    assert "## Whole queries" in printed.out
