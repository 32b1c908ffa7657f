"""The effort that a recall needs, which an index measures itself when its lists are trained."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from search.model import Ids, IndexChange, Vectors
from search.settings import EFFORTS
from search.snapshots.snapshot import MANIFEST
from search.vectors import calibration, files
from search.vectors.exact import ExactIndex
from search.vectors.snapshot import SnapshotIndex, SnapshotView
from tests.search.vector_helpers import clumped, fold, recall

COUNT, WIDE = 42_000, 64


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return clumped(COUNT, 1, WIDE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, vectors: Vectors) -> Path:
    """A compressed snapshot of 41,000 segments, and beside it a layer of 1,000 more in the next one."""
    directory = tmp_path_factory.mktemp("index")
    index = SnapshotIndex.open(directory, WIDE, device="cpu")
    fold(index, [IndexChange(1, np.arange(COUNT - 1000), vectors[:-1000])], 1)
    fold(index, [IndexChange(2, np.arange(COUNT - 1000, COUNT), vectors[-1000:])], 2)
    return directory


def test_as_much_is_found_as_is_asked_for_with_no_more_effort_than_that_takes(folder: Path, vectors: Vectors) -> None:
    """Of questions that are none of its segments. What little recall takes is less than what much does."""
    oracle = ExactIndex(WIDE)
    oracle.add(np.arange(COUNT), vectors)
    queries = clumped(200, 2, WIDE)
    truth = oracle.search(queries, 10)[1]
    efforts = {}
    for wanted in (0.8, 0.9, 0.97, 0.99):
        view = SnapshotIndex.open(folder, WIDE, device="cpu", effort=0.02, recall=wanted).view
        efforts[wanted] = effort_of(view)
        assert recall(view.search(queries, 10)[1], truth) >= wanted - 0.01
    assert list(efforts.values()) == sorted(efforts.values())
    assert efforts[0.8] < efforts[0.99] <= 1.0


def test_a_single_question_may_ask_for_more_than_the_others(folder: Path) -> None:
    """As much effort as an index takes that was opened with that recall; the view that it came from stays as it was."""
    usual = SnapshotIndex.open(folder, WIDE, device="cpu", recall=0.8).view
    more = SnapshotIndex.open(folder, WIDE, device="cpu", recall=0.99).view
    assert effort_of(usual) < effort_of(usual.reaching(0.99)) == effort_of(more)
    assert effort_of(more.reaching(0.8)) == effort_of(usual)


def test_what_was_found_stays_until_the_lists_are_trained_anew(folder: Path) -> None:
    """It is in the manifest, and a layer that is written beside the trained one hands it on."""
    first, second = (files.read(files.snapshots(folder).open(sequence)).facts for sequence in (1, 2))
    assert (len(first.layers), len(second.layers)) == (1, 2)
    assert first.calibration == second.calibration
    efforts, recalls = np.transpose(first.calibration)
    assert efforts[0] == EFFORTS[0]
    assert (np.diff(efforts) > 0).all()
    assert recalls[0] < recalls[-1] <= 1.0


def test_where_nothing_was_found_out_the_effort_counts(folder: Path, tmp_path: Path) -> None:
    """As in a library that the version before published, whose manifest is of format 2."""
    old = tmp_path / "1"
    old.mkdir()
    for file in (folder / "1").iterdir():
        (old / file.name).hardlink_to(file)
    manifest = json.loads((old / MANIFEST).read_bytes())
    del manifest["calibration"]
    (old / MANIFEST).unlink()
    (old / MANIFEST).write_text(json.dumps(manifest | {"format": 2}))
    view = SnapshotIndex.open(tmp_path, WIDE, device="cpu", effort=0.5, recall=0.97).view
    assert (len(view), effort_of(view), effort_of(view.reaching(0.99))) == (COUNT - 1000, 0.5, 0.5)


def test_a_question_is_near_what_is_there_and_none_of_it(vectors: Vectors) -> None:
    """Else it would find itself, which is easier than what people ask. Equal vectors make no question that is none."""
    half = vectors[:2000].astype(np.float16)
    asked = []

    def exactly(effort: float, questions: Vectors, k: int) -> Ids:
        asked.append(questions)
        return np.argsort(-(questions @ half.astype(np.float32).T), axis=1)[:, :k]

    found = calibration.measured(exactly, half, np.arange(2000), 1)
    assert found == [(EFFORTS[0], 1.0)]
    best = (asked[1] @ half.astype(np.float32).T).max(axis=1)
    np.testing.assert_allclose(np.linalg.norm(asked[1], axis=1), 1.0, rtol=1e-5)
    assert 0.3 < np.median(best) < 0.98
    alike = np.tile(half[:1], (2000, 1))
    assert calibration.measured(
        lambda effort, some, k: np.tile(np.arange(k), (len(some), 1)), alike, np.arange(2000), 1
    )


def effort_of(view: object) -> float:
    """The effort that a view searches with."""
    assert isinstance(view, SnapshotView)
    return float(view.base._effort)  # type: ignore[attr-defined]  # nothing else shows it
