"""The indexing benchmark at a small size: all variants do the same work."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks.common import report
from benchmarks.common.material import RATE_HZ, as_mp3
from benchmarks.quality.encoding import EncodingCache, encode
from benchmarks.speed import indexing, indexing_report, librosa_loop
from benchmarks.speed.stage_costs import stage_costs, timed_modules
from search import wiring
from search.errors import SoundalikeError, UsageError
from search.settings import Settings
from tests.benchmarks.sounds import write_set

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:audioread")  # of a package that librosa loads


def silent(line: str) -> None:
    del line


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    write_set(folder, seconds=1.5)
    (folder / "broken.wav").write_text("no sound")
    return folder


def test_material_is_mp3_of_the_length_asked_for_and_the_same_for_the_same_seed(
    recordings: Path, tmp_path: Path
) -> None:
    """Files are taken in random order until there are enough; what cannot be decoded is passed over."""
    for name in "ab":
        (tmp_path / name).mkdir()
    made = as_mp3(recordings, tmp_path / "a", minutes=0.1, seed=3)
    again = as_mp3(recordings, tmp_path / "b", minutes=0.1, seed=3)
    assert [f.name for f in made.files] == [f.name for f in again.files]
    assert len(made.files) == 4
    info = soundfile.info(made.files[0])
    assert (info.format, info.samplerate) == ("MP3", RATE_HZ)
    assert made.seconds == pytest.approx(6.0, abs=0.2)


def test_a_folder_without_sound_is_refused(tmp_path: Path) -> None:
    """The message names it."""
    with pytest.raises(UsageError, match="no audio file"):
        as_mp3(tmp_path, tmp_path, minutes=1, seed=0)


@pytest.mark.thorough
def test_the_loop_makes_the_vectors_that_indexing_makes(tmp_path: Path) -> None:
    """Same files, same windows, same hop, same vectors: only the way differs. For clips shorter and longer than one."""
    rng = np.random.default_rng(0)
    for seconds in (1, 5, 7.4, 13):
        soundfile.write(tmp_path / f"{seconds:04.1f}.wav", 0.1 * rng.standard_normal(int(32_000 * seconds)), 32_000)
    encoder = wiring.encoder("spectral", Settings.from_env({}))
    paths = sorted(tmp_path.glob("*.wav"))
    ours = encode(paths, encoder, EncodingCache(None), silent)
    for path, clip in zip(paths, ours, strict=True):
        theirs = librosa_loop.embed(("spectral", str(path)))
        assert len(theirs) == len(clip.encoding.vectors)
        assert (theirs * clip.encoding.vectors.astype(np.float32)).sum(axis=1).min() > 0.999


def test_every_stage_has_a_cost_and_an_encoder_of_torch_modules_shows_its_parts() -> None:
    """Outermost module calls are told apart by class name; calls inside them are not counted twice."""
    import torch

    inner = torch.nn.Linear(400, 400)
    outer = torch.nn.Sequential(inner, inner)
    with timed_modules() as spent:
        for _ in range(20):
            outer(torch.zeros(200, 400))
    assert set(spent) == {"Sequential"}
    assert spent["Sequential"] > 0
    before = dict(spent)
    outer(torch.zeros(1, 400))
    assert spent == before


def test_stage_costs_are_positive_and_in_the_order_of_the_work(recordings: Path, tmp_path: Path) -> None:
    """Decoding, resampling, encoding; each a cost per second of sound."""
    made = as_mp3(recordings, tmp_path, minutes=0.1, seed=3)
    costs = stage_costs(made.files, wiring.encoder("spectral", Settings.from_env({})))
    assert [cost.stage for cost in costs] == ["decode", "resample", "encoder"]
    assert all(cost.ms_per_s >= 0 for cost in costs)
    assert costs[0].ms_per_s > 0


@pytest.mark.thorough
def test_a_run_reports_rounds_ratios_and_stages(recordings: Path) -> None:
    """The command, the loop and the limit run on the same files; Markdown, JSON and the figure come out of it."""
    options = indexing.Options("spectral", recordings, minutes=0.2, rounds=1, seed=1)
    found = indexing.run(options, Settings.from_env(os.environ), silent)
    (measured,) = found.rounds
    assert found.files == 8
    assert measured.command_s > measured.job_s > 0
    assert measured.loop_s > 0
    assert {"decode", "encode", "write"} <= {stage.stage for stage in measured.stages}
    assert found.loop_over_ours == pytest.approx(measured.loop_s / measured.command_s)
    assert found.with_facts_job.cpu_s == pytest.approx(measured.facts_stages_s / measured.stages_sum_s)
    assert found.with_facts.wall_s == pytest.approx(measured.facts.wall_s / measured.command_s)
    spent = {stage.stage: stage.cpu_s for stage in measured.stages}
    assert (spent["facts"], spent["fingerprint"], measured.facts_stages_s > 0) == (0, 0, True)
    assert found.with_both.wall_s == pytest.approx(measured.both.command.wall_s / measured.command_s)
    assert found.with_both_job.cpu_s == pytest.approx(measured.both.job.cpu_s / measured.stages_sum_s)
    assert json.loads(report.to_json(found))["rounds"][0]["limit_s"] > 0
    text = indexing_report.markdown(found)
    for part in ("librosa, one clip", "decode", "resample", "8 MP3 files", "seed 1", "numpy"):
        assert part in text
    assert len(indexing_report.figure(found).axes) == 2


def test_a_run_that_fails_says_why(tmp_path: Path) -> None:
    """The last line of the failed command is in the message."""
    with pytest.raises(SoundalikeError, match="no encoder is called"):
        indexing.index_command(tmp_path, tmp_path / "library", "nonsense")
