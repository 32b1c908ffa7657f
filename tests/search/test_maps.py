"""The map: neighbours stay neighbours, points do not move when clips are added, and a missing package is named."""

from __future__ import annotations

import json
import sys
import threading

import numpy as np
import pytest

from search import cli
from search.cli import main
from search.errors import UsageError
from search.model import RemoveClip
from search.overview.maps import drawing, stored
from search.overview.maps.layout import laid_out
from search.overview.maps.placing import among_neighbours
from tests.amounts import few
from tests.search.libraries import Entry, axis, fill, open_library
from tests.waiting import PATIENCE_S


def near(kind, number):
    return axis(kind, 3 + number % 5, 0.05 + 0.01 * number)


def entries(start, stop):
    """Clips of three kinds; each of two segments."""
    return [
        Entry(f"{kind}-{number}.wav", np.stack([near(kind, number), near(kind, number + 1)]))
        for number in range(start, stop)
        for kind in range(3)
    ]


def _nobody(_share: float) -> None:
    """Hears nothing."""


def kind_of(library, clip_ids):
    return np.array([int(clip.path[0]) for clip in library.reader.clips(clip_ids.tolist())])


@pytest.fixture
def library(tmp_path):
    with open_library(tmp_path) as library:
        fill(library, entries(0, 4))
        yield library


def test_a_small_library_is_laid_out_by_its_principal_components(library):
    assert library.maps.read() is None
    drawn = library.maps.draw()
    assert list(drawn.clip_ids) == list(range(1, 13))
    assert drawn.fitted == 12
    kinds = kind_of(library, drawn.clip_ids)
    centres = np.stack([drawn.xy[kinds == kind].mean(axis=0) for kind in range(3)])
    nearest = np.argmin(np.linalg.norm(drawn.xy[:, None] - centres, axis=2), axis=1)
    assert (nearest == kinds).all()


def test_nobody_moves_when_clips_come_and_they_stand_among_their_kind(library):
    before = library.maps.draw()
    fill(library, entries(4, 6))
    library.refresh()
    for drawn in (library.maps.read(), library.maps.draw(), library.maps.read()):
        assert len(drawn.clip_ids) == 18
        assert drawn.fitted == 12
        np.testing.assert_array_equal(drawn.xy[:12], before.xy)
        kinds = kind_of(library, drawn.clip_ids)
        for place in range(12, 18):
            nearest = np.argmin(np.linalg.norm(before.xy - drawn.xy[place], axis=1))
            assert kinds[nearest] == kinds[place]


class Counted:
    """A function of a module that counts its calls."""

    def __init__(self, monkeypatch, module, name):
        self.calls, self._call = 0, getattr(module, name)
        monkeypatch.setattr(module, name, self)

    def __call__(self, *args):
        self.calls += 1
        return self._call(*args)


def test_a_map_is_read_once_and_its_new_clips_are_placed_once_for_each_state(library, monkeypatch):
    """However often it is asked for, whole or by its regions; nobody can change what others are shown."""
    library.maps.draw()
    fill(library, entries(4, 6))
    library.refresh()
    read, placed = Counted(monkeypatch, stored, "read"), Counted(monkeypatch, drawing, "_with")
    shown = [library.maps.read() for _ in range(5)]
    assert all(one is shown[0] for one in shown)
    assert (read.calls, placed.calls) == (0, 1), "the file was read when it was drawn"
    with pytest.raises(ValueError, match="read-only"):
        shown[0].xy[0] = 0.0
    fill(library, entries(6, 7))
    library.refresh()
    assert len(library.maps.read().clip_ids) == len(shown[0].clip_ids) + 3
    assert (read.calls, placed.calls) == (0, 2)
    library.maps.draw()
    assert library.maps.read() is library.maps.read()
    assert read.calls == 2, "by drawing, which adds to it, and by whoever asks first then"


def test_what_went_leaves_the_map(library):
    library.maps.draw()
    with library.writer.lease("test", wait_s=5) as lease:
        library.writer.apply(lease, [RemoveClip(3)])
    library.refresh()
    assert 3 not in library.maps.read().clip_ids
    assert 3 not in library.maps.draw().clip_ids


def test_a_map_of_which_everything_went_is_drawn_from_nothing(library):
    """What comes then has no neighbours on it to be placed among."""
    library.maps.draw()
    with library.writer.lease("test", wait_s=5) as lease:
        library.writer.apply(lease, [RemoveClip(clip_id) for clip_id in range(1, 13)])
    library.refresh()
    assert len(library.maps.draw().clip_ids) == 0
    fill(library, entries(4, 6))
    library.refresh()
    assert len(library.maps.draw().clip_ids) == 6


def test_a_name_that_cannot_be_written_is_refused_before_anything_is_drawn(library, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(type(library.maps), "draw", lambda *_, **__: pytest.fail("it was drawn"))
    assert main(["map", "--library", str(library.path), "--out", str(tmp_path / "map.csv")]) == 2
    assert "arrays can be written as .npz" in capsys.readouterr().err


@pytest.mark.thorough
def test_umap_lays_out_kinds_apart_and_the_same_again(tmp_path):
    pytest.importorskip("umap", reason="the extra `map` is not installed")
    rng = np.random.default_rng(1)
    kinds = np.repeat(np.arange(3), 20)
    vectors = np.eye(8, dtype=np.float32)[kinds] + 0.15 * rng.standard_normal((60, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    reported: list[float] = []
    first, again = laid_out(vectors, reported.append), laid_out(vectors, _nobody)
    assert reported == sorted(reported)
    assert reported[-1] == 1.0
    np.testing.assert_array_equal(first, again)
    apart = np.linalg.norm(first[:, None] - first, axis=2)
    np.fill_diagonal(apart, np.inf)
    assert (kinds[apart.argmin(axis=1)] == kinds).mean() > 0.95


@pytest.mark.parametrize("halted_at", few([0.05, 0.6]), ids=["reading", "layout"])
def test_drawing_tells_how_far_it_is_and_can_be_stopped(tmp_path, monkeypatch, halted_at):
    """Stopped while it reads or lays out, it leaves the map that was there."""
    if halted_at < 0.5:  # before the layout, which may be a plain one: UMAP compiles itself for most of a minute
        monkeypatch.setattr(drawing, "laid_out", lambda vectors, progress: progress(1.0) or vectors[:, :2].copy())
    else:
        pytest.importorskip("umap", reason="the extra `map` is not installed")

    class Halted(Exception):
        pass

    reported: list[float] = []

    def progress(done: int, total: int) -> None:
        reported.append(done / total)
        if done / total > halted_at:
            raise Halted

    with open_library(tmp_path) as library:
        fill(library, entries(0, 4))
        before = library.maps.draw()
        fill(library, entries(4, 110))
        library.refresh()
        with pytest.raises(Halted):
            library.maps.draw(progress=progress, anew=True)
        assert reported == sorted(reported)
        np.testing.assert_array_equal(library.maps.read().xy[:12], before.xy)
        halted_at = 2.0
        assert library.maps.draw(progress=progress, anew=True).fitted == 330
        assert reported[-1] == 1.0


@pytest.mark.thorough
def test_a_drawing_that_was_stopped_holds_up_no_other():
    """Each is a thread of its own, and what reports the progress has one lock for all."""
    pytest.importorskip("umap", reason="the extra `map` is not installed")
    from tqdm.auto import tqdm

    rng = np.random.default_rng(2)
    vectors = rng.standard_normal((40, 8)).astype(np.float32)
    ended = []

    def stop(share: float) -> None:
        raise InterruptedError

    def draw() -> None:
        with pytest.raises(InterruptedError):
            laid_out(vectors, stop)
        ended.append(tqdm.get_lock())

    thread = threading.Thread(target=draw)
    thread.start()
    thread.join()
    (lock,) = ended
    for one in lock.locks:
        assert one is None or one.acquire(timeout=PATIENCE_S)
        one.release()


@pytest.mark.parametrize("count", [3, 16, 40])
def test_clips_that_nothing_tells_apart_lie_in_one_place(count):
    places = laid_out(np.tile(np.eye(1, 8, dtype=np.float32), (count, 1)), _nobody)
    assert np.isfinite(places).all()
    assert (places == places[0]).all()


def test_without_umap_the_error_names_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    rows = np.random.default_rng(1).standard_normal((20, 8)).astype(np.float32)
    with pytest.raises(UsageError, match=r"soundalike\[map\]"):
        laid_out(rows, _nobody)


def test_a_place_is_the_weighted_mean_of_the_neighbours_that_are_on_the_map():
    places = np.array([[[0.0, 0.0], [1.0, 1.0], [np.nan, np.nan]], [[np.nan] * 2] * 3], np.float32)
    found = among_neighbours(places, np.array([[0.9, 0.9, 1.0], [1.0, 1.0, 1.0]], np.float32))
    np.testing.assert_allclose(found, [[0.5, 0.5], [0.5, 0.5]])


def test_a_damaged_map_is_none_and_drawing_heals_it(library):
    library.maps.draw()
    folder = library.spaces.folder(library.spaces.get())
    (folder / stored.FILE).write_bytes(b"no map")
    assert library.maps.read() is None
    assert len(library.maps.draw().clip_ids) == 12


def test_the_command_draws_and_writes_the_map(library, tmp_path, capsys):
    where = ["--library", str(library.path)]
    assert cli.main(["map", "--out", str(tmp_path / "map.npz"), *where]) == 0
    assert "12 clips on the map" in capsys.readouterr().out
    assert np.load(tmp_path / "map.npz")["xy"].shape == (12, 2)
    assert cli.main(["map", "--json", *where]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 12
