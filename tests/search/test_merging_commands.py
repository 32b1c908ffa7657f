"""``soundalike merge`` and ``unmerge``: by id, for all groups that were found, listed and undone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from search import cli
from tests.search.libraries import Entry, axis, fill, open_library


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Commands on a library of four clips; 1 and 2 of the same bytes."""
    with open_library(tmp_path) as library:
        same = {"vectors": axis(0)[None], "bytes_": b"same"}
        fill(
            library,
            [
                Entry("a.wav", **same),
                Entry("b.wav", **same),
                Entry("c.wav", axis(1)[None]),
                Entry("d.wav", axis(2)[None]),
            ],
        )

    def run(*arguments: str) -> tuple[int, str, str]:
        status = cli.main([*arguments, "--library", str(tmp_path / "library")])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def test_clips_are_merged_listed_and_brought_back(run, tmp_path):
    status, printed, _ = run("merge", "3", "1", "4")
    assert status == 0
    assert "clip 3 was kept instead of" in printed
    assert "/sounds/d.wav" in printed
    assert printed.endswith("2 clips merged into 1\n")
    assert [
        (one["id"], one["keep"], len(one["clips"])) for one in json.loads(run("unmerge", "--list", "--json")[1])
    ] == [(1, 3, 2)]
    with open_library(tmp_path) as library:
        assert library.clips.ids().tolist() == [2, 3]
    status, printed, _ = run("unmerge", "1")
    assert (status, printed.splitlines()[-1]) == (0, "2 clips restored")
    assert "/sounds/a.wav: its file is gone; soundalike index looks for it" in printed
    assert run("unmerge", "--list")[1] == "No merge can be undone\n"
    with open_library(tmp_path) as library:
        assert library.clips.ids().tolist() == [1, 2, 3, 4]
    assert run("verify")[0] == 0


def test_every_group_that_was_found_is_merged_and_all_are_undone_the_latest_first(run):
    status, printed, _ = run("merge", "--found", "--json")
    assert status == 0
    assert [[one["clip_id"] for one in merge["clips"]] for merge in json.loads(printed)] == [[2]]
    run("merge", "3", "1")
    assert run("unmerge", "1")[0] == 2
    assert json.loads(run("unmerge", "--all", "--json")[1])[0]["restored"] == [1]
    assert run("merge", "--found")[1].endswith("1 clip merged into 1\n")


def test_merges_are_made_final(run):
    run("merge", "3", "1")
    run("merge", "4", "2")
    assert run("unmerge", "1", "--final")[1] == "1 merge is final\n"
    assert [one["id"] for one in json.loads(run("unmerge", "--all", "--final", "--json")[1])] == [2]
    assert run("unmerge", "--list")[1] == "No merge can be undone\n"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("merge",), "the clip to keep"),
        (("merge", "1", "--found"), "the clip to keep"),
        (("merge", "1"), "at least one other"),
        (("merge", "1", "99"), "no clip has the id 99"),
        (("unmerge",), "the merges to undo"),
        (("unmerge", "--final"), "the merges to undo"),
        (("unmerge", "--final", "--list"), "--final needs the numbers"),
        (("unmerge", "1", "--all"), "the merges to undo"),
        (("unmerge", "5"), "no merge has the id 5"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_line(run, arguments, why):
    status, _, error = run(*arguments)
    assert status == 2
    assert why in error
    assert error.count("\n") == 1
