"""The benchmark of duplicates: it finds its copies, and does not confuse its other sounds with them."""

from __future__ import annotations

import csv
import itertools

import numpy as np
import pytest
import soundfile
import soxr

from benchmarks.quality import copies, duplicates
from benchmarks.quality.families import FAMILIES
from search.overview.duplicates.hearing import RATE_HZ
from search.overview.duplicates.verifying import is_one_recording
from tests.amounts import few


@pytest.mark.parametrize(
    ("kind", "seed", "number"),
    few(
        [
            ("hits of one drum", 4, 12),
            ("notes of one patch", 2, 14),
            ("loops of one kit", 6, 27),
            ("phrases of one soundfont", 2, 1),
            ("phrases of one soundfont", 1057, 4),
        ]
    ),
)
def test_no_sound_of_a_family_is_another(kind, seed, number):
    """Called copies once: hits of a drum that differ in a click, notes of a patch, loops with a soft stroke more,
    phrases with another note, or one that is struck harder."""
    family = FAMILIES[kind](np.random.default_rng([seed, number]))
    waves = [soxr.resample(wave, copies.RATE_HZ, RATE_HZ) for wave in family]
    assert not any(is_one_recording(one, other) for one, other in itertools.combinations(waves, 2))


@pytest.mark.thorough
def test_the_command_counts_what_is_missed_and_what_is_false(tmp_path, capsys):
    rng = np.random.default_rng(1)
    with (tmp_path / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, ("repo", "original_path", "path", "seconds"))
        table.writeheader()
        for name in "abcdefghijkl":
            swell = np.interp(np.arange(48_000), np.arange(0, 48_001, 6_000), rng.random(9))
            wave = rng.standard_normal(48_000) * swell
            soundfile.write(tmp_path / f"{name}.wav", 0.2 * wave, 48_000)
            table.writerow({"repo": "ours", "original_path": f"{name}.wav", "path": f"{name}.wav", "seconds": "1.0"})
    kept = ("--material", str(tmp_path / "manifest.csv"), "--keep", str(tmp_path / "kept"), "--encoder", "spectral")
    options = (*kept, "--pairs", "12", "--families", "1")
    assert duplicates.main(options) in (0, 1)
    printed = capsys.readouterr().out
    assert "| all | 12 |" in printed
    assert "False groups: 0.\nOf 105 similar pairs that are not copies 0 are called copies" in printed
    (tmp_path / "kept" / "judged-0.json").unlink()
    assert duplicates.main(options) in (0, 1)
    assert capsys.readouterr().out.splitlines()[:-1] == printed.splitlines()[:-1]  # but for the line of the machine
    apart = ("--keep", str(tmp_path / "apart"), "--pair-by-pair")
    assert duplicates.main([*options, *apart]) in (0, 1)
    assert "| all | 12 |" in capsys.readouterr().out
    assert not (tmp_path / "apart" / "library").exists()
    assert duplicates.main([*options, "--seed", "8"]) == 2
    assert "begun with other settings" in capsys.readouterr().err


def test_what_the_material_has_twice_is_taken_once(tmp_path):
    """One name in two folders, equal samples under two names: else its copies would be counted as false."""
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (3, 9_600)).astype(np.float32)
    files = {"a/hit.wav": noise[0], "b/hit.wav": noise[0] * np.float32(0.1), "b/shot.wav": noise[1]}
    files |= {"c/bang.wav": noise[1], "c/clap.wav": noise[2], "c/clap2.wav": noise[2][:-900]}
    with (tmp_path / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("repo", "original_path", "path", "seconds"))
        for number, (name, wave) in enumerate(files.items()):
            soundfile.write(tmp_path / f"{number}.wav", wave, 48_000, subtype="FLOAT")
            table.writerow((f"repo {number}" if number < 4 else "ours", name, f"{number}.wav", "0.2"))
    for seed in range(4):
        assert len(list(duplicates.recordings(tmp_path / "manifest.csv", seed))) == 3


def test_without_material_it_says_so(tmp_path, capsys):
    assert duplicates.main(["--material", str(tmp_path / "none.csv")]) == 2
    assert "none.csv" in capsys.readouterr().err
