"""A miniature of the recipe, from random weights: it learns, is reproducible by its seed, and survives interruption."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from search.encoders.mn import MnNetwork
from search.errors import UsageError
from tests.amounts import few
from training import curves, recipe
from training.data import Batches, BatchShape, Source
from training.distil import Phase, Teaching
from training.run import CHECKPOINT, LOG, Pace, Plan, Run, fidelity, place, rate
from training.student import EXPANDED, WIDER, build, channels_last, run_block
from training.weights import STUDENT, load_student, save, widths_of

PHASES = (
    Phase("blocks", "blocks", 3, 3e-3),
    Phase("frozen blocks", "frozen blocks", 3, 2e-3),
    Phase("end to end", "end to end", 3, 1e-3),
)
MN04 = (8, 24, 32, 32, 48, 48, 96, 80, 72, 72, 192, 272, 272, 384, 384)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def batches(corpus) -> Batches:
    return Batches([Source(corpus, 1.0)], BatchShape(crops=4, frames=40), seed=1)


def teacher() -> MnNetwork:
    """A network of mn04's shape with random weights."""
    torch.manual_seed(11)
    network = build(MN04)
    network.fuse()
    return channels_last(network.requires_grad_(False))


def new_run(folder: Path, phases=PHASES) -> Run:
    torch.manual_seed(1)
    return Run(folder, Teaching(teacher(), build()), Plan(phases, "test", 1), CPU)


def weights(run: Run) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in run.student.state_dict().items()}


@pytest.mark.thorough
def test_the_miniature_repeats_from_its_seed_and_interruption_changes_nothing(tmp_path, batches):
    whole, again, stopped = new_run(tmp_path / "a"), new_run(tmp_path / "b"), new_run(tmp_path / "c")
    assert whole.go(batches, Pace(log=3, checkpoint=100, look=100))
    assert again.go(batches, Pace(log=3, checkpoint=100, look=100))
    for stop in (2, 5):  # in the middle of the first and the second phase
        stopped.stop_at = stop
        assert not stopped.go(batches, Pace(log=3, checkpoint=100, look=100))
        stopped = new_run(tmp_path / "c")
        assert stopped.resume()
        assert stopped.step == stop
    assert stopped.go(batches, Pace(log=3, checkpoint=100, look=100))
    for name, tensor in weights(whole).items():
        assert torch.equal(tensor, weights(again)[name]), name
        assert torch.equal(tensor, weights(stopped)[name]), name
    lines = [json.loads(line) for line in (tmp_path / "a" / LOG).read_text().splitlines()]
    assert [line["phase"] for line in lines] == ["blocks", "frozen blocks", "end to end"]


@pytest.mark.parametrize("kind", few(("end to end", "blocks", "frozen blocks"), 1))
def test_the_error_of_every_phase_falls(kind, tmp_path, batches):
    run = new_run(tmp_path, (Phase(kind, kind, 12, 3e-3),))
    run.go(batches, Pace(log=1, checkpoint=100, look=100))
    losses = [json.loads(line)["loss"] for line in (tmp_path / LOG).read_text().splitlines()]
    assert sum(losses[-3:]) < sum(losses[:3])


def test_a_student_with_the_teachers_weights_makes_no_error(batches):
    torch.manual_seed(11)
    student = build(MN04)
    teaching = Teaching(teacher(), student)
    mel = torch.from_numpy(batches.batch(0)).contiguous(memory_format=torch.channels_last)
    for kind in ("frozen blocks", "end to end"):
        loss, parts = teaching.loss(mel, kind, 0)
        assert float(loss.detach()) < 1e-3, kind
        assert parts["cosine"] > 0.999


def test_a_folded_norm_is_the_norm_in_evaluation_mode(batches):
    network = build().eval()
    for norm in (module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)):
        torch.nn.init.uniform_(norm.running_mean, -1, 1)
        torch.nn.init.uniform_(norm.running_var, 0.5, 2)
    x = torch.from_numpy(batches.batch(0))
    for block in network.features:
        expected = block(x)
        assert torch.allclose(run_block(block, x, frozen=True), expected, atol=1e-4)
        x = expected.detach()


def test_fidelity_is_perfect_for_the_teacher_itself(batches):
    torch.manual_seed(11)
    student = build(MN04)
    figures = fidelity(Teaching(teacher(), student), [batches.batch(0), batches.batch(1)], CPU)
    assert figures["cosine"] > 0.999
    assert figures["logits"] < 1e-6


def test_a_checkpoint_of_another_student_is_refused(tmp_path):
    run = new_run(tmp_path)
    run.save()
    assert (tmp_path / CHECKPOINT).is_file()
    other = Run(tmp_path, Teaching(teacher(), build((*EXPANDED[:-1], 416))), run.plan, CPU)
    with pytest.raises(UsageError, match="another student"):
        other.resume()


def test_the_rate_rises_then_falls_to_its_last_value():
    phase = Phase("x", "blocks", 1000, 2e-3, last=0.1)
    rates = [rate(phase, within) for within in range(1000)]
    assert max(rates) == rates[max(range(1000), key=rates.__getitem__)] <= 2e-3
    assert rates[0] < rates[50] < rates[99]
    assert rates[-1] == pytest.approx(2e-4, rel=0.01)
    assert place(0, PHASES) is not None
    assert place(sum(phase.steps for phase in PHASES), PHASES) is None
    assert replace(phase, steps=1).steps == 1


def test_inner_widths_must_fit_the_table():
    with pytest.raises(UsageError, match="inner widths"):
        build((8, 24))
    with pytest.raises(UsageError, match="multiples of 8"):
        build((*EXPANDED[:-1], 385))


@pytest.mark.thorough
def test_training_goes_on_from_small_weights_on_another_machine(tmp_path, batches):
    first = new_run(tmp_path / "a")
    first.stop_at = 4
    first.go(batches, Pace())
    save(first.student, tmp_path / STUDENT, {"step": str(first.step)})
    second = new_run(tmp_path / "b")
    second.start_from(load_student(second.student, tmp_path / STUDENT))
    assert second.step == 4
    for name, tensor in weights(second).items():
        assert torch.allclose(tensor.float(), weights(first)[name].float(), rtol=1e-3, atol=1e-4), name
    assert second.go(batches, Pace(log=1))
    lines = [json.loads(line) for line in (tmp_path / "b" / LOG).read_text().splitlines()]
    assert [line["step"] for line in lines] == [5, 6, 7, 8, 9]


def test_a_folder_goes_on_with_the_preset_and_seed_that_it_was_begun_with(tmp_path):
    """Others are refused by name; a checkpoint from before presets were kept is taken as it is."""
    new_run(tmp_path).save()
    assert new_run(tmp_path).resume()
    teaching = Teaching(teacher(), build())
    for plan, said in (
        (Plan(PHASES, "release", 1), "preset test with seed 1, not release with seed 1"),
        (Plan(PHASES, "test", 5), "preset test with seed 1, not test with seed 5"),
        (Plan((*PHASES, PHASES[0]), "test", 1), "other phases"),
    ):
        with pytest.raises(UsageError, match=said):
            Run(tmp_path, teaching, plan, CPU).resume()
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    del state["plan"]
    torch.save(state, tmp_path / CHECKPOINT)
    assert Run(tmp_path, teaching, Plan(PHASES, "release", 5), CPU).resume()


def test_a_run_lies_in_a_folder_of_its_presets_name(monkeypatch):
    asked = []
    monkeypatch.setattr(recipe, "train", lambda args: asked.append(args.run) or True)
    assert recipe.main(["--preset", "miniature"]) == 0
    assert recipe.main([]) == 0
    assert recipe.main(["--run", "mine"]) == 0
    assert asked == [Path("run/training/miniature"), Path("run/training/shipped"), Path("mine")]


def test_a_miniature_run_has_curves(tmp_path, batches):
    """The last step of every phase is logged, however short it is."""
    new_run(tmp_path).go(batches, Pace())
    assert curves.read(tmp_path / LOG).phases == [(3, "blocks"), (6, "frozen blocks"), (9, "end to end")]
    pytest.importorskip("matplotlib")
    assert curves.main([str(tmp_path)]) == 0
    assert (tmp_path / "curves.png").stat().st_size > 5_000


def test_a_recipe_without_corpora_says_what_to_run(tmp_path, capsys):
    assert recipe.main(["--corpora", str(tmp_path), "--run", str(tmp_path / "run")]) == 3
    assert "training.prepare" in capsys.readouterr().err


@pytest.mark.thorough
def test_a_preset_after_another_trains_that_one_narrows_it_and_goes_on(tmp_path, corpus, monkeypatch, capsys):
    """One command from nothing to what ships; again after an interruption in either part."""
    source = Source(corpus, 1.0)
    monkeypatch.setattr(recipe, "sources_in", lambda folder: ([source], source))
    monkeypatch.setattr(recipe, "load_teacher", lambda path: teacher())
    monkeypatch.setattr(recipe, "BatchShape", lambda: BatchShape(crops=4, frames=40))
    short = (Phase("end to end", "end to end", 2, 1e-4),)
    monkeypatch.setitem(recipe.PRESETS, "wide", recipe.Preset(PHASES))
    monkeypatch.setitem(recipe.PRESETS, "narrow", recipe.Preset(short, EXPANDED, after="wide"))
    asked = ["--run", str(tmp_path / "run"), "--preset", "narrow"]
    stops = iter([4, None, 1, None])  # in the wide part; then that goes on, and the narrow one stops; then to the end
    begun = []

    def stopping(*given):
        run = Run(*given)
        run.stop_at = next(stops)
        begun.append(given[0].name)
        return run

    monkeypatch.setattr(recipe, "Run", stopping)
    assert recipe.main(asked) == 1
    assert recipe.main(asked) == 1
    assert recipe.main(asked) == 0
    assert begun == ["wide", "wide", "run", "run"]
    assert widths_of(tmp_path / "run" / "wide" / CHECKPOINT) == WIDER
    assert widths_of(tmp_path / "run" / STUDENT) == EXPANDED
    assert load_student(build(), tmp_path / "run" / STUDENT) == 2
    wide = tmp_path / "run" / "wide" / CHECKPOINT
    stops = iter([None])
    assert recipe.main(["--run", str(tmp_path / "other"), "--preset", "narrow", "--start", str(wide)]) == 3
    assert "of other widths" in capsys.readouterr().err


def test_every_preset_begins_block_by_block_and_ends_end_to_end():
    for name, preset in recipe.PRESETS.items():
        assert preset.phases[0].kind == ("frozen blocks" if preset.after else "blocks"), name
        assert preset.phases[-1].kind == "end to end"
        assert preset.expanded == (EXPANDED if preset.after else WIDER), name
    assert all(narrow <= wide for narrow, wide in zip(EXPANDED, WIDER, strict=True))
    assert sum(recipe.SHARES.values()) == pytest.approx(1)


@pytest.mark.thorough
def test_a_runs_log_is_drawn(tmp_path, batches):
    run = new_run(tmp_path)
    run.go(batches, Pace(log=1, look=4), iter([{"cosine": 0.1, "logits": 3.0}, {"cosine": 0.2, "logits": 2.0}]))
    found = curves.read(tmp_path / LOG)
    assert found.steps == list(range(1, 10))
    assert found.looks == [(4, 0.1, 3.0), (8, 0.2, 2.0)]
    assert [name for _, name in found.phases] == ["blocks", "frozen blocks", "end to end"]
    pytest.importorskip("matplotlib")
    curves.draw(found, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 5_000
