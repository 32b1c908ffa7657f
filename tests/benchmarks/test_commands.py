"""``soundalike bench`` on the command line."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from benchmarks.commands import COMMANDS
from search.errors import ModelNotFound, UsageError
from search.settings import Settings
from tests.benchmarks.sounds import write_set


def bench(*arguments: str) -> int:
    (command,) = COMMANDS
    parser = argparse.ArgumentParser()
    command.configure(parser)
    return command.run(parser.parse_args(arguments), Settings.from_env({}))


@pytest.fixture
def tones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tones"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    return write_set(folder)


@pytest.mark.thorough
def test_quality_writes_the_report_its_plot_the_json_and_a_line_of_the_log(
    tones: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One run gives everything that was asked for; stdout is the report, progress goes to stderr."""
    outputs = ["--json", "q.json", "--report", "out/q.md", "--log", "log.jsonl", "--resamples", "100", "--seed", "5"]
    asked = ["--dataset", str(tones), "--encoder", "spectral", "spectral:plain"]
    assert bench("quality", *asked, *outputs) == 0
    assert bench("quality", *asked, "--log", "log.jsonl", "--resamples", "100") == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("# Retrieval quality")
    assert "12 clips with spectral" in printed.err
    facts = json.loads((tmp_path / "q.json").read_text())
    assert [e["name"] for e in facts["encoders"]] == ["spectral", "spectral:plain"]
    assert facts["seed"] == 5
    assert "![q](q.png)" in (tmp_path / "out" / "q.md").read_text()
    assert (tmp_path / "out" / "q.png").read_bytes().startswith(b"\x89PNG")
    logged = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["seed"] for line in logged] == [5, 7]
    assert logged[0]["datasets"] == {"tones": 12}
    assert list((tmp_path / "run" / "bench-cache").rglob("*.npz"))


def test_without_a_cache_nothing_is_kept(tones: Path, tmp_path: Path) -> None:
    """``--no-cache`` leaves no folder behind."""
    assert bench("quality", "--dataset", str(tones), "--encoder", "spectral", "--no-cache", "--resamples", "50") == 0
    assert not (tmp_path / "run").exists()


def test_peers_that_cannot_be_had_are_left_out_with_the_reason(
    tones: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without ``--encoder`` the floor is measured; a peer without its file is named and does not stop the run."""
    from search import wiring

    real = wiring.encoder

    def encoder(name: str, settings: Settings) -> object:
        if name == "yamnet":
            raise ModelNotFound("no yamnet.tflite")
        return real(name, settings)

    monkeypatch.setattr(wiring, "encoder", encoder)
    assert bench("quality", "--dataset", str(tones), "--no-cache", "--resamples", "50") == 0
    printed = capsys.readouterr()
    assert "without yamnet: no yamnet.tflite" in printed.err
    assert "| spectral |" in printed.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("quality", "--resamples", "0"), "--resamples"),
        (("quality", "--plot", "out.pdf"), r"\.png or a \.svg"),
        (("quality", "--dataset", "nowhere.csv"), "no such data set"),
        (("speed", "--minutes", "0"), "--minutes"),
        (("speed", "--rounds", "0"), "--rounds"),
        (("speed", "--sizes", "0"), "--sizes"),
        (("speed", "--audio", "nowhere"), "nowhere is no folder"),
    ],
)
def test_wrong_use_is_refused_before_any_work(
    arguments: tuple[str, ...], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each message names the option or the file."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=says):
        bench(*arguments)


def test_nothing_heavy_is_imported_to_offer_the_options() -> None:
    """A command that needs no model starts fast: the module's own imports are light."""
    import subprocess
    import sys

    code = (
        "import sys; from benchmarks import commands; import argparse; "
        "commands.COMMANDS[0].configure(argparse.ArgumentParser()); "
        "heavy = {'torch', 'matplotlib', 'faiss', 'sqlalchemy', 'librosa'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
