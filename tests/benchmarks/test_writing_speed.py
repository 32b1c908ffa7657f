"""Writing to a catalog, at a small size."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from benchmarks.commands import COMMANDS
from benchmarks.speed import command as speed_command
from benchmarks.speed import writing
from search.errors import UsageError
from search.settings import Settings


@pytest.mark.thorough
def test_clips_are_written_to_a_file_or_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], postgresql
) -> None:
    """The report names the database, and how fast it was; a database that has clips is left alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(writing, "CLIPS_AT_ONCE", 10)
    monkeypatch.setattr(writing, "BATCHES", 2)
    monkeypatch.setattr(speed_command, "SYNTHETIC_ANCHORS", 50)
    (command,) = COMMANDS
    parser = argparse.ArgumentParser()
    command.configure(parser)
    asked = ["speed", "--only", "writing", "--anchor-files", "0", "--encoder", "spectral", "--json", "w.json"]
    server = ["--catalog", postgresql.new()]
    for more, kind in (([], "SQLite"), (server, "PostgreSQL")):
        assert command.run(parser.parse_args([*asked, *more]), Settings.from_env({})) == 0
        facts = json.loads((tmp_path / "w.json").read_text())["writing"]
        assert facts["database"].startswith(kind)
        assert facts["clips"] == 20
        assert facts["best_per_s"] >= facts["median_per_s"] > 0
        assert facts["cpu_ms"] > 0
        assert facts["replay_per_s"] > 0
        assert facts["replay_cpu_us"] > 0
        assert facts["nothing_ms"] > 0
    assert "## Writing to the catalog" in capsys.readouterr().out
    with pytest.raises(UsageError, match="name an empty database"):
        command.run(parser.parse_args([*asked, *server]), Settings.from_env({}))
