"""``soundalike bench speed`` as one command."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from benchmarks.commands import COMMANDS
from benchmarks.common.material import choose
from benchmarks.speed import command as speed_command
from search.errors import UsageError
from search.settings import Settings
from tests.benchmarks.sounds import write_set


@pytest.mark.thorough
def test_search_alone_writes_its_report_json_and_plot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """At a smoke size, from synthetic anchors: every engine has a line, through the filters that were named and through
    none; the indexing half is absent.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(speed_command, "SYNTHETIC_ANCHORS", 2000)
    (command,) = COMMANDS
    parser = argparse.ArgumentParser()
    command.configure(parser)
    asked = ["speed", "--only", "search", "--sizes", "2000", "--queries", "20", "--anchor-files", "0"]
    outputs = ["--filters", "half", "--report", "s.md", "--json", "s.json"]
    assert command.run(parser.parse_args([*asked, *outputs]), Settings.from_env({})) == 0
    facts = json.loads((tmp_path / "s.json").read_text())
    assert facts["indexing"] is None
    assert {figures["engine"] for figures in facts["search"]["figures"]} >= {"exact", "hnswlib", "usearch", "voyager"}
    for figures in facts["search"]["figures"]:
        assert [timing["filter"] for timing in figures["timings"]] == ["all", "half"]
    report = (tmp_path / "s.md").read_text()
    assert "![s-search](s-search.png)" in report
    assert "50 % pass: recall" in report
    assert "1 % passes" not in report
    assert (tmp_path / "s-search.png").exists()
    assert "## Vector search" in capsys.readouterr().out


def test_recordings_are_chosen_at_random_but_the_same_for_a_seed(tmp_path: Path) -> None:
    """What cannot be decoded is passed over; a folder without sound is refused."""
    write_set(tmp_path)
    (tmp_path / "broken.wav").write_text("no sound")
    assert choose(tmp_path, 5, seed=1) == choose(tmp_path, 5, seed=1)
    assert choose(tmp_path, 5, seed=1) != choose(tmp_path, 5, seed=2)
    assert len(choose(tmp_path, 100, seed=1)) == 12
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no audio file"):
        choose(tmp_path / "empty", 1, seed=0)


def test_vectors_without_recordings_are_as_long_as_those_of_the_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library of any encoder can be made of them."""
    monkeypatch.setattr(speed_command, "SYNTHETIC_ANCHORS", 50)
    settings = Settings.from_env({})
    for name, dim in (("spectral", 256), ("cnn:soundalike-1", 384)):
        args = argparse.Namespace(anchor_files=0, encoder=name, seed=1)
        assert speed_command.anchors(args, settings).vectors.shape == (50, dim)
