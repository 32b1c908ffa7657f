"""Power cuts and full disks with whole libraries: a sample of `benchmarks.robustness.power_cuts`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.robustness import looking, power_cuts
from benchmarks.robustness.looking import Looks

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="Windows flushes no folders"),
    pytest.mark.thorough,
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return power_cuts.make_library(tmp_path_factory.mktemp("made"), clips=6)


def test_nothing_is_lost_and_what_is_called_sound_is_sound(library: Path, tmp_path: Path) -> None:
    """At some moments of a publication of sounds and tunes."""
    tally = power_cuts.Trial(library, tmp_path / "scratch", every=200).cut(power_cuts.steps(library)[0])
    assert tally.passed, tally.failures
    assert tally.cuts > 3
    assert tally.refusals >= 2


def test_a_loss_is_found(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were files not flushed, the duplicates that were said to be written would be gone or damaged after a cut."""
    monkeypatch.setattr("search.snapshots.single.flush", lambda path: None)
    trial = power_cuts.Trial(library, tmp_path / "scratch", every=10_000)
    step = next(step for step in power_cuts.steps(library) if step.name == "duplicates")
    assert trial.cut(step).lost > 0


def test_what_was_tried_is_kept_and_not_tried_again(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run counts what the first one found."""
    maps = [step for step in power_cuts.steps(library) if step.name == "map"]
    monkeypatch.setattr(power_cuts, "steps", lambda library: maps)
    kept = power_cuts.Kept(tmp_path / "kept")
    trial = power_cuts.Trial(library, tmp_path / "scratch", every=10_000)
    first = power_cuts.run(kept, trial, workers=1)
    assert first["map"].cuts > 2
    assert first["map"].refusals == 2
    monkeypatch.setattr(power_cuts.Trial, "happens", None)
    assert power_cuts.run(kept, trial, workers=1) == first


def test_libraries_of_one_state_are_looked_at_once(library: Path, tmp_path: Path) -> None:
    """What nobody reads may differ; a byte of what is published may not."""
    looks = Looks(tmp_path / "looks")
    place = looking.copy(library, tmp_path / "place")
    snapshots = next(path.parent.parent for path in place.rglob("manifest.json"))
    unfinished = snapshots / ".writing-9" / "ids.npy"
    unfinished.parent.mkdir()
    seen = []
    for content in (b"one", b"another"):
        unfinished.write_bytes(content)
        seen.append(looks.at(place, "here").looks)
    assert seen == [1, 0]
    damaged = next(path for path in snapshots.glob("[0-9]*/*") if path.name != "manifest.json")
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    tally = looks.at(place, "here")
    assert (tally.looks, tally.named, tally.healed) == (1, 1, 1)
