"""If the catalog refuses one file, only that file fails."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer import inwork, pipeline
from indexer.clock import PACE_OVER_S, Pace
from indexer.scan import facts_of
from search.errors import ChangeRefused
from search.model import AddContent, Content, LinkClip, RemoveClip
from tests.indexer.conftest import Bench, write_tone

FIVE = ("a.wav", "b.wav", "c.wav", "d.wav", "e.wav")
FILETIME_FROM_S, FILETIME_TO_S = -11_644_473_600, 910_692_730_085
"""What Windows file systems can say: 1 January 1601 to 30828, in seconds since 1970."""


def write_five(folder: Path) -> None:
    for number, name in enumerate(FIVE):
        write_tone(folder / name, 300 + 100 * number)


@pytest.mark.parametrize("second", [10_413_792_000, -1, FILETIME_FROM_S, FILETIME_TO_S])
def test_a_file_of_any_time_is_indexed_like_the_others(
    bench: Bench, second: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of 2300, 1969, 1601 or 30828 is a clip; the next run has nothing to do; a failed one is recorded."""
    write_five(bench.sounds)
    (bench.sounds / "text.wav").write_text("no sound")
    stat = os.stat

    def stat_of_another_system(path, *args, **kwargs):
        found = stat(path, *args, **kwargs)
        if not str(path).endswith(("b.wav", "text.wav")):
            return found
        return os.stat_result(tuple(found), {"st_mtime_ns": second * 10**9, "st_ctime_ns": found.st_ctime_ns})

    monkeypatch.setattr(os, "stat", stat_of_another_system)

    first, second_run = bench.index(), bench.index()

    assert (first.indexed, len(first.failed)) == (5, 1)
    assert second_run.unchanged == 5
    assert bench.library.catalog.verify() == []


def test_a_real_file_of_a_far_year_has_a_time_of_64_bits(tmp_path: Path) -> None:
    """What the file system gives is brought within the catalog's range, whichever side it is beyond."""
    path = write_tone(tmp_path / "a.wav")
    for year_s in (10_413_792_000, FILETIME_FROM_S, 0):
        try:
            os.utime(path, (year_s, year_s))
        except (OverflowError, OSError):
            pytest.skip("this file system has no such years")
        facts = facts_of(str(path), "a.wav")
        assert facts is not None
        assert -(2**63) <= facts.mtime_ns < 2**63


BAD = {
    "a number that no column holds": lambda content: replace(content, sample_rate_hz=2**70),
    "a length that is none": lambda content: replace(content, duration_s=float("nan")),
    "half a character": lambda content: replace(content, digest="\ud800" + content.digest[1:]),
    "no text": lambda content: replace(content, codec=b"\xff"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_the_catalog_refuses_fails_one_file_by_its_name(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Whatever of a file cannot be held, that file is named, counted as failed and nothing else; the others are in."""
    write_five(bench.sounds)
    outcome = inwork.FileInWork._outcome

    def with_a_bad_value(self):
        made = outcome(self)
        if not made.path.endswith("c.wav"):
            return made
        changes = (replace(c, content=BAD[kind](c.content)) if isinstance(c, AddContent) else c for c in made.changes)
        return replace(made, changes=tuple(changes))

    with monkeypatch.context() as patched:
        patched.setattr(inwork.FileInWork, "_outcome", with_a_bad_value)
        summary = bench.index()

    assert [Path(failure.path).name for failure in summary.failed] == ["c.wav"]
    assert summary.failed[0].cause.isprintable()
    assert summary.indexed == 4
    assert bench.notes.failures == list(summary.failed)
    assert sorted(bench.clips()) == ["a.wav", "b.wav", "d.wav", "e.wav"]
    assert [path for path, _ in bench.library.catalog.failures()] == [str(bench.sounds / "c.wav")]
    assert bench.library.catalog.verify() == []
    assert bench.index().indexed == 1


def test_copies_of_a_refused_file_are_named_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bytes under several names, refused: each name fails, and nothing waits for ever."""
    write_five(bench.sounds)
    shutil.copy(bench.sounds / "c.wav", bench.sounds / "copy.wav")
    digest = pipeline.digest_of_file(str(bench.sounds / "c.wav"))
    outcome = inwork.FileInWork._outcome

    def with_a_bad_value(self):
        made = outcome(self)
        if made.digest != digest:
            return made
        changes = (replace(c, metadata={1: {2}}) if isinstance(c, AddContent) else c for c in made.changes)
        return replace(made, changes=tuple(changes))

    monkeypatch.setattr(inwork.FileInWork, "_outcome", with_a_bad_value)

    summary = bench.index()

    assert {Path(failure.path).name for failure in summary.failed} == {"c.wav", "copy.wav"}
    assert summary.indexed == 4


def test_the_catalog_says_which_change_it_refused_and_writes_none(bench: Bench) -> None:
    """`apply` stays all or nothing; ChangeRefused has the place of the change."""
    write_five(bench.sounds)
    bench.index()
    catalog = bench.library.catalog
    clips = bench.clips()
    facts = facts_of(str(bench.sounds / "a.wav"), "a.wav")
    root = bench.library.roots()[0].id
    before = catalog.sequence()
    changes = [RemoveClip(clips["b.wav"].id), LinkClip(root, facts, 999, "gone", {}), RemoveClip(clips["a.wav"].id)]

    with catalog.lease("test", 0) as lease, pytest.raises(ChangeRefused) as refused:
        catalog.apply(lease, changes)

    assert refused.value.place == 1
    assert "content 999" in refused.value.cause
    assert catalog.sequence() == before
    assert set(bench.clips()) == set(FIVE)


def test_titles_and_names_of_any_text_are_held(bench: Bench) -> None:
    """NUL, half characters and very long texts in titles, fields and causes do not keep a clip out."""
    write_five(bench.sounds)
    bench.index()
    catalog, space = bench.library.catalog, bench.library.catalog.spaces()[0]
    clip = bench.clips()["a.wav"]
    encoding = catalog.encoding(clip.content_id, space.id)
    facts = facts_of(str(bench.sounds / "a.wav"), "z.wav")
    odd = "nul \0 half \ud800 end " + "x" * 2_000_000
    content = Content("f" * 64, 1.0, 8000, 1, odd, odd)
    add = AddContent(clip.root.id, facts, content, odd, {odd[:50]: odd}, space.id, encoding)

    with catalog.lease("test", 0) as lease:
        catalog.apply(lease, [add])

    assert bench.clips()["z.wav"].title.startswith("nul \ufffd half \ufffd end")
    assert catalog.verify() == []


def test_the_time_left_comes_from_work_alone() -> None:
    """One failed file among small ones says nothing of the pace; real work does, by its last minute."""
    pace = Pace()

    assert pace.left_s(3.0, 0, 31 * 80_000) is None, "nothing but a failed file so far"
    assert pace.left_s(4.0, 80_000, 30 * 80_000) is None, "a model was loaded, which is no pace"
    assert pace.left_s(6.0, 11 * 80_000, 20 * 80_000) == pytest.approx(4.0)


def test_nothing_is_said_of_the_time_left_while_one_large_file_is_hashed() -> None:
    """What was said would grow from minutes to an hour, and be wrong all the while."""
    pace = Pace()
    for second in range(5):
        pace.left_s(float(second), 10_000_000 * (second + 1), 4_000_000_000)
    said = [pace.left_s(float(second), 50_000_000, 4_000_000_000) for second in range(5, 60)]

    assert max(left for left in said if left is not None) < 1_000
    assert said[5:] == [None] * 50
    assert pace.left_s(60.0, 4_050_000_000, 50_000_000) is not None


def test_the_pace_is_that_of_the_last_minute() -> None:
    """After many files that were hashed alone, what is slow now decides."""
    pace = Pace()
    for second in range(100):
        pace.left_s(float(second), 1_000_000 * (second + 1), 0)
    left = [pace.left_s(100.0 + second, 100_000_000 + 1_000 * second, 10_000) for second in range(150)]

    assert left[-1] == pytest.approx(10.0, rel=0.05)
    assert PACE_OVER_S < 150
    assert np.all(np.diff([value for value in left[70:] if value is not None]) <= 1e-6)
