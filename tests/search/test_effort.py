"""The effort and the recall of a search: from the environment or the command line to the index."""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import pytest

from search import wiring
from search.commands import options
from search.commands.options import with_effort
from search.errors import QueryError, UsageError
from search.model import ClipPart, IndexChange, Query
from search.settings import Settings
from search.vectors.base import ExactBase
from search.vectors.snapshot import SnapshotIndex, SnapshotView
from tests.commandline import soundalike
from tests.search.libraries import Entry, axis, fill, open_library, settings


def test_the_environment_says_it():
    """A share of the usual; nothing said is all of it."""
    assert [Settings.from_env({"SOUNDALIKE_EFFORT": said}).effort for said in ("", "0.25", "4")] == [1.0, 0.25, 4.0]


@pytest.mark.parametrize("wrong", ["0", "-1", "17", "nan", "inf", "much"])
def test_a_wrong_one_is_refused(wrong, tmp_path):
    """By its name and with what may be said, before a library is looked for."""
    with pytest.raises(UsageError, match=r"SOUNDALIKE_EFFORT is .*; it must be from 0.02 to 16"):
        Settings.from_env({"SOUNDALIKE_EFFORT": wrong})
    done = soundalike("search", "dog", f"--effort={wrong}", "--library", tmp_path)
    assert (done.returncode, "--effort is" in done.stderr) == (2, True)


def test_a_recall_is_said_as_an_effort_is(tmp_path):
    """By the environment or the command line, which wins; a wrong one is refused, and so are both at once."""
    assert [Settings.from_env({"SOUNDALIKE_RECALL": said}).recall for said in ("", "0.97")] == [None, 0.97]
    with pytest.raises(UsageError, match=r"SOUNDALIKE_RECALL is '1'; it must be from 0.5 to 0.999"):
        Settings.from_env({"SOUNDALIKE_RECALL": "1"})
    said = [_parsed(*how) for how in ((), ("--recall", "0.97"), ("--effort", "0.25"))]
    set_to = [with_effort(one, replace(settings(tmp_path), recall=0.9)) for one in said]
    assert [(one.effort, one.recall) for one in set_to] == [(1.0, 0.9), (1.0, 0.9), (0.25, None)]
    assert [options.query(one).recall for one in said] == [None, 0.97, None]
    with pytest.raises(UsageError, match="--recall is 'nan'"):
        options.query(_parsed("--recall", "nan"))
    both = soundalike("search", "dog", "--effort", "1", "--recall", "0.97", "--library", tmp_path)
    assert (both.returncode, "cannot be combined with" in both.stderr) == (2, True)


def _parsed(*how):
    parser = argparse.ArgumentParser()
    options.add_effort(options.add_query(parser))
    return parser.parse_args(["dog", *how])


@pytest.mark.parametrize("wrong", [0.0, 0.49, 1.0, float("nan")])
def test_a_query_with_a_wrong_recall_is_refused(tmp_path, wrong):
    """By what may be said, whatever is asked for."""
    with open_library(tmp_path) as library:
        fill(library, [Entry("a.wav", axis(0)[None])])
        for ask in (library.search, library.moments):
            with pytest.raises(
                QueryError, match=r"recall is .*; it must be from 0.5 to 0.999, a share of the nearest ten"
            ):
                ask(Query((ClipPart(1),), recall=wrong))


def test_a_query_searches_with_its_own_recall(tmp_path, monkeypatch):
    """Else with the library's; the answer says which it was, and a query with one changes nothing for the next."""
    with open_library(tmp_path) as library:
        fill(library, [Entry("a.wav", axis(0)[None])])
    asked_for = []

    def reaching(view, recall):
        asked_for.append(recall)
        return view

    monkeypatch.setattr(SnapshotView, "reaching", reaching)
    with wiring.library(tmp_path / "library", replace(settings(tmp_path), recall=0.9)) as library:
        answers = [library.search(Query((ClipPart(1),), recall=recall)) for recall in (None, 0.99, None)]
    assert (set(asked_for), [answer.recall for answer in answers]) == ({0.99}, [0.9, 0.99, 0.9])


def test_a_view_of_an_index_reaches_a_recall_by_its_base(tmp_path):
    """And all else of it stays: what a scan finds is all there is."""
    index = SnapshotIndex.open(tmp_path, 8)
    index.replay([IndexChange(1, np.array([1, 2]), np.stack([axis(0), axis(1)]))])
    view = index.view
    assert isinstance(view.base, ExactBase)
    assert view.reaching(0.97) == view


@pytest.mark.parametrize("said_by", ["settings", "option"])
def test_the_index_of_a_library_gets_it(tmp_path, monkeypatch, said_by):
    """What the library's settings say, and what the command line says instead."""
    with open_library(tmp_path) as library:
        fill(library, [Entry("a.wav", axis(0)[None])])
    efforts = []
    opened = SnapshotIndex.open

    def open_noted(*place, effort=1.0, recall=None, **how):
        efforts.append((effort, recall))
        return opened(*place, effort=effort, recall=recall, **how)

    monkeypatch.setattr(SnapshotIndex, "open", open_noted)
    if said_by == "option":
        assert soundalike("search", "--clip", 1, "--effort", "0.25", "--library", tmp_path / "library").returncode == 0
    else:
        with wiring.library(tmp_path / "library", replace(settings(tmp_path), effort=0.25, recall=0.97)) as library:
            library.search(Query((ClipPart(1),)))
    assert efforts == [(0.25, None if said_by == "option" else 0.97)]
