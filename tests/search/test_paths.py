"""Paths between two sounds: even steps, no repetition, within a filter."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from search import cli
from search.columns.parsing import parse
from search.engine import paths
from search.engine.pooled import SEGMENTS, pooled
from search.errors import QueryError, WhereError
from search.model import ClipPart
from tests.search.libraries import DIM, Entry, duplicates, fill, open_library


def arc(place: float, off: int | None = None, amount: float = 0.0) -> np.ndarray:
    """A unit vector so far along the arc from the first axis to the second, and some way off it."""
    vector = np.zeros(DIM)
    vector[0], vector[1] = np.cos(place * np.pi / 2), np.sin(place * np.pi / 2)
    if off is not None:
        vector[off] += amount
    return (vector / np.linalg.norm(vector)).astype(np.float32)


@pytest.fixture
def library(tmp_path):
    """From 1 (first axis) to 2 (second): clips at every eighth, two of them off the arc; noise elsewhere."""
    on_the_way = [Entry(f"way {place}.wav", arc(place / 8)[None]) for place in (1, 2, 3, 5, 6, 7)]
    with open_library(tmp_path) as library:
        fill(
            library,
            [
                Entry("a.wav", arc(0)[None]),
                Entry("b.wav", arc(1)[None]),
                *on_the_way,
                Entry("far.wav", arc(0.5, 5, 2.0)[None]),
                Entry("off.wav", arc(0.5, 4, 0.2)[None]),
                Entry("quiet.wav", arc(0.5)[None], silent=True),
            ],
        )
        yield library


def titles(found) -> list[str]:
    return [clip.title for clip in found.clips]


def test_a_path_goes_in_even_steps_and_takes_nothing_twice(library):
    found = library.path_between(ClipPart(1), ClipPart(2), steps=8)
    assert titles(found) == ["way 1", "way 2", "way 3", "off", "way 5", "way 6", "way 7"]
    assert len(found.similarities) == 8
    assert found.least == min(found.similarities)
    assert found.straight == pytest.approx(np.cos(np.pi / 16), abs=1e-3)
    assert found.direct == pytest.approx(0.0, abs=1e-3)
    back = library.path_between(ClipPart(2), ClipPart(1), steps=8)
    assert titles(back) == titles(found)[::-1]


def test_fewer_steps_are_wider_and_still_even(library):
    assert titles(library.path_between(ClipPart(1), ClipPart(2), steps=4)) == ["way 2", "off", "way 6"]
    assert titles(library.path_between(ClipPart(1), ClipPart(2), steps=2)) == ["off"]


def test_a_filter_decides_what_is_passed_through(library):
    found = library.path_between(ClipPart(1), ClipPart(2), steps=4, where='title ~ "way"')
    assert len(found.clips) == 3
    assert all(title.startswith("way") for title in titles(found))
    assert found.least == pytest.approx(np.cos(3 * np.pi / 16), abs=2e-3)
    assert titles(library.path_between(ClipPart(1), ClipPart(2), steps=4, where='title = "far"')) == ["far"]
    assert library.path_between(
        ClipPart(1), ClipPart(2), steps=4, where='title = "nothing"'
    ).similarities == pytest.approx([0.0], abs=1e-3)


def test_other_versions_of_a_recording_are_left_out(library):
    """Of the ends, and of what was passed already."""
    clips = {clip.title: clip.content_id for clip in library.reader.clips(library.clips.ids().tolist())}
    library.duplicates.pairs.write(duplicates([clips["a"], clips["way 2"]], [clips["way 1"], clips["way 3"]]))
    library.refresh()
    found = titles(library.path_between(ClipPart(1), ClipPart(2), steps=8))
    assert "way 1" not in found
    assert len({"way 2", "way 3"} & set(found)) == 1


def test_the_largest_step_is_never_larger_than_that_of_the_nearest_to_the_arc(library):
    """Measured beside the plain way, on sounds at random; and never smaller than any path's that was tried."""
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(9, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    angles = np.arccos(np.clip(vectors @ vectors.T, -1, 1))
    for steps in (2, 3, 5, 8):
        chain = paths.evenest(angles, steps)
        assert chain[0] == 0
        assert chain[-1] == 8
        assert len(chain) == steps + 1
        assert chain == sorted(set(chain))
        every = [(0, *between, 8) for between in itertools.combinations(range(1, 8), steps - 1)]
        worst = {one: max(angles[i, j] for i, j in itertools.pairwise(one)) for one in every}
        least = min(worst.values())
        assert worst[tuple(chain)] == pytest.approx(least)
        squares = {
            one: sum(angles[i, j] ** 2 for i, j in itertools.pairwise(one))
            for one in every
            if worst[one] <= least + 1e-6
        }
        assert squares[tuple(chain)] == pytest.approx(min(squares.values()))


def test_in_a_larger_library_only_what_lies_near_the_arc_is_looked_at(library, monkeypatch):
    view = library.view().of()[0]
    monkeypatch.setattr(paths, "EVERY", 2)
    monkeypatch.setattr(paths, "POOL", 3)
    monkeypatch.setattr(paths, "NEAR_THE_ARC", 2)
    columns = view.columns
    passing = columns.clips_where(parse('title != "a" and title != "b"'))
    every = np.unique(columns.content_ids[passing])
    near = paths.candidates(view, paths.Way(arc(0), arc(1), 3), columns.bitmap(passing), every)
    assert len(near) < len(every)
    assert set(near.tolist()) <= set(every.tolist())


def test_a_long_recording_counts_by_some_of_its_segments(library):
    fill(library, [Entry("long.wav", np.repeat(arc(0.5)[None], 3 * SEGMENTS, axis=0))])
    library.refresh()
    view = library.view().of()[0]
    np.testing.assert_allclose(pooled(view, np.array([view.columns.content_of(12)]))[0], arc(0.5), atol=1e-3)


def test_bad_paths_are_refused(library, tmp_path):
    for steps in (1, 65):
        with pytest.raises(QueryError, match="from 2 to 64"):
            library.path_between(ClipPart(1), ClipPart(2), steps=steps)
    with pytest.raises(QueryError, match="no clip has the id 99"):
        library.path_between(ClipPart(1), ClipPart(99))
    with pytest.raises(WhereError):
        library.path_between(ClipPart(1), ClipPart(2), where="nonsense <")
    with pytest.raises(QueryError, match="no space"):
        library.path_between(ClipPart(1), ClipPart(2), space="nonsense")
    with pytest.raises(QueryError, match="silent"):
        library.path_between(ClipPart(1), ClipPart(11))


def test_paths_are_printed_and_given_as_json(library, tmp_path, capsys, monkeypatch):
    at = ["--library", str(tmp_path / "library")]
    assert cli.main(["path", "1", "2", "--steps", "2", *at]) == 0
    printed = capsys.readouterr().out
    first, *_, last, _ = printed.splitlines()
    assert (first.split(maxsplit=1)[0], last.split()[1]) == ("1", "2")
    assert [line.endswith(".wav") for line in (first, last)] == [True, True], "the ends are shown as what lies between"
    assert "off.wav" in printed
    assert printed.splitlines()[-1].startswith("2 steps; least similarity ")
    assert cli.main(["path", "1", "2", "--steps", "4", "--where", 'title ~ "way"', "--json", *at]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["clips"]) == 3
    assert found["clips"][0]["path"] == "/sounds/way 2.wav"
    assert len(found["similarities"]) == 4
    assert cli.main(["path", "1", "99", *at]) == 2
    assert cli.main(["path", "1", "2", "--steps", "0", *at]) == 2
    assert capsys.readouterr().err.count("\n") == 2
