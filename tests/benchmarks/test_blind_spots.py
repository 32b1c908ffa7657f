"""The benchmark of blind spots: what should be found among what, and the score of chance."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from benchmarks.quality import blind_spots
from benchmarks.quality.blind_spots import (
    SOUNDFONT,
    Task,
    ask,
    chance,
    masks,
    tune,
    worst,
)
from search import evaluation

TASK = Task("a task", 5, 4, lambda _folder: [])
N = 20


def order_by(same):
    """Every clip's ranking (n, n) where what is the same in ``same`` (n,) comes first."""
    return np.stack([np.argsort(same != same[clip], kind="stable") for clip in range(len(same))])


def test_the_same_content_is_looked_for_among_the_same_carrier():
    relevant, candidates = masks(5, 4)
    assert (relevant.sum(axis=1) == 3).all()
    assert (candidates.sum(axis=1) == 3 + 4).all()
    assert not candidates.diagonal().any()


def test_an_encoder_of_contents_finds_all_and_one_of_carriers_is_worse_than_chance():
    content, carrier = np.divmod(np.arange(N), 4)
    assert ask(order_by(content), TASK) == blind_spots.Figures(1.0, 1.0)
    found = ask(order_by(carrier), TASK)
    assert found.precision_at_1 == worst(3, 7).precision_at_1 == 0
    assert found.mean_average_precision == pytest.approx(worst(3, 7).mean_average_precision)
    assert found.mean_average_precision < chance(3, 7).mean_average_precision


def test_chance_is_the_mean_over_random_orders():
    rng = np.random.default_rng(1)
    order = np.stack([rng.permutation(7) for _ in range(20_000)])
    relevant = np.broadcast_to(np.arange(7) < 3, order.shape)
    values = evaluation.score(evaluation.judge(order, relevant)).values.mean(axis=0)
    by_chance = chance(3, 7)
    assert by_chance.mean_average_precision == pytest.approx(values[0], abs=0.005)
    assert by_chance.precision_at_1 == pytest.approx(values[1], abs=0.01)


def test_tunes_differ_and_repeat():
    tunes = {tuple(tune(number)) for number in range(blind_spots.TUNES)}
    assert len(tunes) == blind_spots.TUNES
    assert tunes == {tuple(tune(number)) for number in range(blind_spots.TUNES)}


def test_a_tool_that_is_missing_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "some.sf2").touch()
    assert blind_spots.main(["--encoder", "spectral", "--soundfont", str(tmp_path / "some.sf2")]) == 1
    said = capsys.readouterr().err
    assert "apt-get install fluidsynth" in said
    assert "apt-get install espeak-ng" in said


@pytest.mark.skipif(
    shutil.which("fluidsynth") is None or shutil.which("espeak-ng") is None or not SOUNDFONT.is_file(),
    reason="needs fluidsynth, fluid-soundfont-gm and espeak-ng",
)
def test_a_table_of_both_is_printed(monkeypatch, capsys):
    monkeypatch.setattr(blind_spots, "TUNES", 2)
    monkeypatch.setattr(blind_spots, "INSTRUMENTS", (0, 73))
    monkeypatch.setattr(blind_spots, "SENTENCES", blind_spots.SENTENCES[:2])
    monkeypatch.setattr(blind_spots, "VOICES", blind_spots.VOICES[:2])
    assert blind_spots.main(["--encoder", "spectral"]) == 0
    printed = capsys.readouterr().out
    assert "| the same tune on other instruments, 4 clips | 0.500 (0.000) | 0.750 (0.500) |" in printed
    assert "| the same sentence by other voices, 4 clips | 0.500 (0.000) | 0.750 (0.500) |" in printed
    assert "Python" in printed
