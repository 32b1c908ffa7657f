"""`soundalike train`: what it learns from, what it writes, and that its report is true."""

from __future__ import annotations

import csv
import json
import re
import shlex
import shutil
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch

from search import evaluation, wiring
from search.cli import main
from search.encoders.adapted import Adapter, write
from search.errors import EncoderError, ModelNotFound, UsageError
from training import adapting
from training.adapting import contrastive
from training.labelled import LEAST_GROUPS, gather, split
from training.waves import WaveAugmentation, augment

RATE_HZ = 16_000
TONES_HZ = {"low": 900, "high": 1300, "none": 0}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Three folders of noises, each of its own random colour; a faint tone, or none, is what the label stands for."""
    folder = tmp_path_factory.mktemp("labelled")
    rng = np.random.default_rng(3)
    at = np.arange(RATE_HZ) / RATE_HZ
    for label, hz in TONES_HZ.items():
        (folder / label).mkdir()
        for take in range(14):
            noise = np.fft.irfft(
                np.fft.rfft(rng.standard_normal(RATE_HZ))
                * np.interp(np.arange(8001), [0, 2667, 5333, 8001], 10 ** rng.uniform(-2, 0, 4)),
                RATE_HZ,
            )
            wave = 0.1 * noise / noise.std() + 0.03 * np.sin(2 * np.pi * hz * at)
            soundfile.write(folder / label / f"{take}.wav", wave, RATE_HZ)
    return folder


@pytest.fixture(scope="module")
def trained(labelled, tmp_path_factory):
    """An adapter that was trained by the command, and what the command printed."""
    out = tmp_path_factory.mktemp("trained") / "tones.safetensors"
    with pytest.MonkeyPatch.context() as patched:
        printed = []
        patched.setattr("builtins.print", lambda *what, **_how: printed.append(" ".join(map(str, what))))
        status = main(["train", str(labelled), "--out", str(out), "--encoder", "spectral", "--takes", "1", "--quiet"])
    assert status == 0
    return out, "\n".join(printed)


def test_sounds_that_were_never_heard_are_told_apart_better(trained):
    """The table's figures are of the held-out clips, and better than before beyond chance."""
    _, printed = trained
    before, after, low = re.search(r"mAP\s+([\d.]+)\s+([\d.]+)\s+\S+ \((\S+) to", printed).groups()
    assert float(after) > float(before) + 0.1
    assert float(low) > 0


def test_the_same_figures_come_from_the_encoder_and_the_held_out_list(trained, tmp_path):
    """What was written, loaded by name, is measured by the quality benchmark on what was held out: better there too."""
    out, _ = trained
    data, figures = str(out.with_suffix(".held-out.csv")), tmp_path / "figures.json"
    names = [f"adapted:{out}", "spectral"]
    status = main(["bench", "quality", "--dataset", data, "--encoder", *names, "--no-cache", "--json", str(figures)])
    assert status == 0
    rows = json.loads(figures.read_text())["tables"][0]["rows"]
    adapted, plain = (row["estimates"][0]["mean"] for row in rows[:2])
    assert adapted > plain + 0.1


def test_an_adapted_encoder_has_another_space_in_the_same_windows(trained, settings_of):
    """Vectors of one are never compared with vectors of the other."""
    out, _ = trained
    adapted, plain = (wiring.encoder(name, settings_of) for name in (f"adapted:{out}", "spectral"))
    assert adapted.spec.fingerprint != plain.spec.fingerprint
    assert (adapted.spec.window_s, adapted.spec.dim) == (plain.spec.window_s, plain.spec.dim)
    assert adapted.spec.calibration is not None
    waves = np.random.default_rng(1).standard_normal((2, adapted.spec.window_samples)).astype(np.float32) * 0.1
    rows = adapted.encode_audio(waves).vectors
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.abs(rows - plain.encode_audio(waves).vectors).max() > 0.01
    assert adapted.encode_audio(waves[:1]).vectors == pytest.approx(rows[:1], abs=1e-5)


def test_no_group_is_on_both_sides_and_every_asked_label_can_be_answered(labelled):
    """Copies of a file stay together; held-out and validation clips have company of their label."""
    clips = split(gather([labelled]), seed=4)
    by_part = {part: {clip.group for clip in clips if clip.part == part} for part in ("learn", "validate", "held out")}
    assert sum(map(len, by_part.values())) == len({clip.group for clip in clips})
    for part in ("validate", "held out"):
        labels = [clip.label for clip in clips if clip.part == part]
        assert set(labels) == set(TONES_HZ)
        assert all(labels.count(label) >= 2 for label in labels)
    assert split(gather([labelled]), seed=4) == clips


def test_a_table_names_labels_and_groups_too(labelled, tmp_path):
    """The CSV of the quality benchmark is read; a line that names nothing is named."""
    rows = [[labelled / "low" / f"{n}.wav", "a", f"g{n // 2}"] for n in range(6)]
    file = tmp_path / "set.csv"
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([["path", "label", "group"], *rows])
    assert [(clip.label, clip.group) for clip in gather([file])] == [("a", f"g{n // 2}") for n in range(6)]
    file.write_text("path,label\nnowhere.wav,a\n")
    with pytest.raises(UsageError, match="line 2"):
        gather([file])


def test_too_few_sounds_are_refused_with_the_counts(labelled, tmp_path, capsys):
    """Two labels of a few files each are no ground to learn on."""
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for n in range(LEAST_GROUPS - 1):
            (tmp_path / label / f"{n}.wav").write_bytes((labelled / "low" / f"{n}.wav").read_bytes())
    assert main(["train", str(tmp_path), "--out", str(tmp_path / "x.safetensors"), "--encoder", "spectral"]) == 2
    assert "a: 5, b: 5" in capsys.readouterr().err
    assert not (tmp_path / "x.safetensors").exists()


FAST = ["--encoder", "spectral", "--takes", "0", "--epochs", "2", "--quiet"]


def test_nothing_is_written_when_what_was_held_out_is_found_no_better(labelled, tmp_path, monkeypatch, capsys):
    """The validation clips liked an adapter that changes nothing: those held out have the last word."""
    still = Adapter(np.zeros((256, 1), np.float32), np.zeros((1, 256), np.float32))
    monkeypatch.setattr(adapting, "fit", lambda *_given: adapting.Fit(still, (0.1, 0.2)))
    assert main(["train", str(labelled), "--out", str(tmp_path / "x.safetensors"), *FAST]) == 1
    printed = capsys.readouterr().out
    assert "never heard: nothing was written" in printed
    assert "mAP" in printed
    assert not list(tmp_path.iterdir())


@pytest.mark.thorough
def test_a_gain_that_may_be_chance_is_called_that(labelled, tmp_path, monkeypatch, capsys):
    """It is written, and said so; a gain beyond chance is not doubted."""
    asked = ["train", str(labelled), "--out", str(tmp_path / "x.safetensors"), "--encoder", "spectral", "--takes", "1"]
    assert main(asked) == 0
    assert "may be chance" not in capsys.readouterr().out
    differ = evaluation.compare
    monkeypatch.setattr(evaluation, "compare", lambda *given: [replace(each, low=-0.01) for each in differ(*given)])
    assert main(asked) == 0
    assert "includes 0: this may be chance" in capsys.readouterr().out
    assert (tmp_path / "x.safetensors").is_file()


def test_a_part_without_two_labels_is_refused(labelled, tmp_path):
    """Where labels share their groups, a side may be left with one of them: no figure says anything then."""
    rows = [[labelled / "low" / f"{n}.wav", "a", f"g{n}"] for n in range(14)]
    rows += [[labelled / "high" / f"{n}.wav", "b", f"g{n}"] for n in range(14)]
    file = tmp_path / "set.csv"
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([["path", "label", "group"], *rows])
    assert {clip.label for clip in split(gather([file]), seed=1) if clip.part == "held out"} == {"a", "b"}
    apart = [replace(clip, group=f"b{n % 6}") if clip.label == "b" else clip for n, clip in enumerate(gather([file]))]
    mixed = [replace(clip, group=f"b{n % 6}", label="a") for n, clip in enumerate(apart) if clip.label == "b"]
    with pytest.raises(UsageError, match="fewer than two labels"):
        split([*apart, *mixed], seed=1)


@pytest.mark.thorough
def test_what_cannot_be_read_is_left_out_and_named(labelled, tmp_path, capsys):
    """Text, nothing, no samples: one line each; the rest is learnt from, counted without them, and the status is 1."""
    folder = tmp_path / "sounds"
    shutil.copytree(labelled, folder)
    (folder / "low" / "notes.wav").write_text("no sound")
    (folder / "low" / "nothing.wav").touch()
    soundfile.write(folder / "high" / "empty.wav", np.empty(0, np.float32), RATE_HZ)
    out = tmp_path / "x.safetensors"
    asked = ["--out", str(out), "--encoder", "spectral", "--takes", "1", "--quiet"]
    assert main(["train", str(folder), *asked]) == 1
    said = capsys.readouterr()
    for name in ("notes", "nothing", "empty"):
        assert re.search(rf"^soundalike: .*{name}\.wav: .*; left out$", said.err, re.MULTILINE)
    assert out.is_file()
    counts = map(int, re.search(r"(\d+) clips to learn from, (\d+) to stop by, (\d+) held out", said.out).groups())
    assert sum(counts) == 3 * 14
    for n in range(LEAST_GROUPS - 1, 14):
        (folder / "high" / f"{n}.wav").write_text("no sound")
        (folder / "none" / f"{n}.wav").write_text("no sound")
    assert main(["train", str(folder), *asked]) == 2
    assert f"high: {LEAST_GROUPS - 1}" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["folder.safetensors", "nowhere/x.safetensors", "file/x.safetensors", "x.npz"])
def test_a_target_that_cannot_be_written_is_refused_before_listening(name, labelled, tmp_path, monkeypatch):
    (tmp_path / "folder.safetensors").mkdir()
    (tmp_path / "file").touch()
    monkeypatch.setattr(adapting, "encode_windows", lambda *_given: pytest.fail("it listened"))
    monkeypatch.setattr(adapting, "readable", lambda *_given: pytest.fail("it looked at the files"))
    assert main(["train", str(labelled), "--out", str(tmp_path / name), *FAST]) == 2


def test_a_failed_write_leaves_nothing_behind(tmp_path, settings_of):
    """What was written so far goes, and the error names the file."""
    target = tmp_path / "x.safetensors"
    (target / "inside").mkdir(parents=True)
    still = Adapter(np.zeros((256, 1), np.float32), np.zeros((1, 256), np.float32))
    with pytest.raises(EncoderError, match=r"x\.safetensors: cannot be written"):
        write(target, still, wiring.encoder("spectral", settings_of).spec, ["a"])
    assert [path.name for path in tmp_path.iterdir()] == ["x.safetensors"]


@pytest.mark.thorough
def test_the_commands_that_it_prints_can_be_pasted(labelled, tmp_path, monkeypatch, capsys):
    """Also where a path has a space."""
    out = tmp_path / "my sounds.safetensors"
    assert main(["train", str(labelled), "--out", str(out), "--encoder", "spectral", "--takes", "1", "--quiet"]) == 0
    commands = [line.partition(":  ")[2] for line in capsys.readouterr().out.splitlines() if ":  soundalike" in line]
    reindex, measure = (shlex.split(command) for command in commands)
    assert reindex == ["soundalike", "reindex", "--encoder", f"adapted:{out}"]
    assert measure[3:] == ["--dataset", str(tmp_path / "my sounds.held-out.csv"), "--encoder", "spectral", reindex[-1]]


def test_a_file_with_two_labels_is_refused(labelled, tmp_path):
    """In one table, in two, or in a folder and a table; the same label again changes nothing."""
    for name, label in (("one", "a"), ("other", "b")):
        (tmp_path / f"{name}.csv").write_text(f"path,label\n{labelled}/low/0.wav,{label}\n")
    (tmp_path / "both.csv").write_text(f"path,label\n{labelled}/low/0.wav,a\n{labelled}/high/../low/0.wav,b\n")
    one, other, both = (tmp_path / f"{name}.csv" for name in ("one", "other", "both"))
    for sources in ([both], [one, other], [labelled, one]):
        with pytest.raises(UsageError, match=r"lists a file more than once.*0\.wav: \w+, \w+"):
            gather(sources)
    assert gather([labelled, labelled / "low"]) == gather([labelled])


def test_a_damaged_or_missing_adapter_is_named(trained, settings_of, tmp_path):
    """One clear error each."""
    with pytest.raises(ModelNotFound, match="soundalike train"):
        wiring.encoder(f"adapted:{tmp_path}/none.safetensors", settings_of)
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(trained[0].read_bytes()[:100])
    with pytest.raises(EncoderError, match="damaged"):
        wiring.encoder(f"adapted:{broken}", settings_of)


def test_the_loss_is_the_published_formula():
    """Written out for each anchor and each of its positives; an anchor without any counts for nothing."""
    rows = torch.nn.functional.normalize(torch.randn(6, 4, generator=torch.Generator().manual_seed(1)), dim=1)
    labels = [0, 0, 1, 1, 1, 2]
    terms = []
    for i in range(6):
        others = [j for j in range(6) if j != i]
        total = sum(torch.exp(rows[i] @ rows[j] / 0.1) for j in others)
        shares = [torch.log(torch.exp(rows[i] @ rows[j] / 0.1) / total) for j in others if labels[j] == labels[i]]
        if shares:
            terms.append(-sum(shares) / len(shares))
    assert contrastive(rows, torch.tensor(labels), 0.1) == pytest.approx(float(sum(terms) / len(terms)), rel=1e-5)


def test_takes_are_other_sounds_of_the_same_length_within_range():
    """Every augmentation at once; silence stays silence."""
    rng = np.random.default_rng(5)
    wave = (0.2 * rng.standard_normal(8000)).astype(np.float32)
    always = WaveAugmentation(sped=1, equalised=1, noisy=1, behind=1)
    for _ in range(20):
        take = augment(wave, 8000, wave[::-1].copy(), always, rng)
        assert take.shape == wave.shape
        assert take.dtype == np.float32
        assert np.abs(take).max() <= 1
        assert not np.allclose(take, wave)
    assert not augment(np.zeros(8000, np.float32), 8000, wave, always, rng).any()
