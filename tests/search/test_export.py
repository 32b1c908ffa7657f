"""``soundalike export``: a research file is of one moment, even during writes, and at any size."""

from __future__ import annotations

import os
import threading
import tracemalloc
import urllib.parse
from pathlib import Path

import numpy as np
import pytest

from search.commands import npz
from search.commands.export import export_hits, export_vectors
from search.errors import UsageError
from search.model import Clip, FileFacts, Hit, LinkClip, Query, RemoveClip, Root, Segment, TextPart
from tests.search.libraries import DIM, Entry, axis, fill, open_library

ODD_NAME = os.fsdecode(b"odd \xff.wav")


def entries(count: int, segments: int = 3, first: int = 0) -> list[Entry]:
    return [Entry(f"{n:04}.wav", np.stack([axis(n % DIM)] * segments)) for n in range(first, first + count)]


def apply(library, *changes) -> None:
    with library.writer.lease("test", wait_s=5) as lease:
        library.writer.apply(lease, changes)


def exported(library, out: Path) -> dict[str, np.ndarray]:
    count = export_vectors(library, None, out)
    with np.load(out) as arrays:
        found = dict(arrays)
    assert {len(found[name]) for name in ("clip_id", "path", "start_s", "end_s", "vectors")} == {count}
    return found


@pytest.fixture
def library(tmp_path):
    with open_library(tmp_path) as made:
        yield made


def test_every_clip_has_the_segments_of_its_content(library, tmp_path):
    """Equal files each have theirs; what is not in a snapshot yet is there too; any name can be read."""
    fill(library, [Entry("a.wav", np.stack([axis(0), axis(1, 2, 0.5)])), Entry(ODD_NAME, np.stack([axis(3)]))])
    content_id = library.reader.clips([1])[0].content_id
    apply(library, LinkClip(1, FileFacts("copy of a.wav", 1, 1), content_id, "copy", {}))
    found = exported(library, tmp_path / "out.npz")
    assert found["clip_id"].tolist() == [1, 1, 3, 3, 2]
    assert found["path"].tolist() == ["a.wav"] * 2 + ["copy of a.wav"] * 2 + ["odd \\xff.wav"]
    assert found["start_s"].tolist() == [0, 0.5, 0, 0.5, 0]
    assert found["end_s"].tolist() == [1, 1.5, 1, 1.5, 1]
    rows = np.stack([axis(0), axis(1, 2, 0.5), axis(0), axis(1, 2, 0.5), axis(3)])
    np.testing.assert_allclose(found["vectors"], rows, atol=1e-3)
    assert [found[name].dtype for name in ("vectors", "start_s", "clip_id")] == [np.float32, np.float64, np.int64]
    assert (found["space"].shape, str(found["space"])) == ((), "toy")


def test_a_library_that_is_empty_by_now_gives_an_empty_file(library, tmp_path):
    fill(library, entries(1))
    apply(library, RemoveClip(1))
    found = exported(library, tmp_path / "out.npz")
    assert (found["vectors"].shape, found["path"].dtype) == ((0, DIM), np.dtype("U1"))


def test_the_file_is_of_one_moment_whoever_writes_meanwhile(library, tmp_path, monkeypatch):
    """Between any two arrays clips come and go: all arrays are of the state in which the first was written."""
    fill(library, entries(20))
    before = exported(library, tmp_path / "before.npz")
    next_id = iter(range(1, 20))
    add = npz.NpzArchive.add

    def add_beside_a_writer(*args: object) -> None:
        apply(library, RemoveClip(next(next_id)))
        fill(library, entries(1, first=100 + next(next_id)), publish=False)
        library.refresh()
        library.view().of()
        add(*args)

    monkeypatch.setattr(npz.NpzArchive, "add", add_beside_a_writer)
    during = exported(library, tmp_path / "during.npz")
    assert {name: array.tolist() for name, array in during.items()} == {
        name: array.tolist() for name, array in before.items()
    }


def test_exporting_goes_on_beside_a_writer_that_never_rests(library, tmp_path):
    """Every one of many exports is whole: each clip in it has its three segments."""
    fill(library, entries(60))
    over = threading.Event()

    def come_and_go() -> None:
        clip_id, n = 1, 1000
        while not over.is_set():
            apply(library, RemoveClip(clip_id))
            fill(library, entries(1, first=n), publish=n % 10 == 0)
            clip_id, n = clip_id + 1, n + 1

    writer = threading.Thread(target=come_and_go)
    writer.start()
    try:
        for _ in range(20):
            found = exported(library, tmp_path / "out.npz")
            clip_ids, counts = np.unique(found["clip_id"], return_counts=True)
            assert set(counts.tolist()) == {3}
            assert len(clip_ids) in (59, 60)
    finally:
        over.set()
        writer.join()


def test_memory_does_not_grow_with_the_library(library, tmp_path):
    """Ten times as many vectors take no more of it: not a tenth of what came, whatever else the process does."""
    peaks, vectors_bytes = [], []
    for first, count in ((0, 100), (100, 900)):
        fill(library, entries(count, 200, first), publish=False)
        library.reader.spaces()
        tracemalloc.start()
        export_vectors(library, None, tmp_path / "out.npz")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        vectors_bytes.append((first + count) * 200 * DIM * 4)
        assert (tmp_path / "out.npz").stat().st_size > vectors_bytes[-1]
    assert peaks[1] - peaks[0] < (vectors_bytes[1] - vectors_bytes[0]) / 10


def test_a_file_that_cannot_be_written_leaves_what_was_there(library, tmp_path, monkeypatch):
    """A folder that is not there is named in one line; half an export replaces nothing, and leaves nothing behind."""
    fill(library, entries(2))
    with pytest.raises(UsageError, match=r"nowhere.*No such file"):
        export_vectors(library, None, tmp_path / "nowhere" / "out.npz")
    with pytest.raises(UsageError, match=r"nowhere.*No such file"):
        export_hits(library.search(Query((TextPart("0001"),))).hits, tmp_path / "nowhere" / "out.csv")
    out = tmp_path / "out.npz"
    out.write_bytes(b"before")

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(npz.NpzArchive, "add", full)
    files = sorted(tmp_path.iterdir())
    with pytest.raises(UsageError, match="No space left"):
        export_vectors(library, None, out)
    assert out.read_bytes() == b"before"
    assert sorted(tmp_path.iterdir()) == files


def test_a_playlist_has_a_line_for_each_file_whatever_it_is_called(tmp_path):
    """A name with a newline, or in bytes that are no UTF-8, is an address, from which a player gets the same bytes."""
    odd = [b"two\nlines.wav", b"caf\xe9.wav", b"a\r\nb.wav", b"end.wav ", b"a\xe2\x80\xa8b.wav"]
    paths = [os.fsdecode(name) for name in ("Möwe 1.wav".encode(), *odd)]
    clips = [Clip(n, n, Root(1, "/sounds"), path, f"{n}\none\u2028two", 1.0, 0, 0.0) for n, path in enumerate(paths)]
    out = tmp_path / "hits.m3u8"
    export_hits([Hit(clip, Segment(clip.id, 0.0, 1.0), 1.0, None, ()) for clip in clips], out)
    header, *lines = out.read_text(encoding="utf-8").split("\n")[:-1]
    assert (header, lines[0], len(lines)) == ("#EXTM3U", "#EXTINF:1,0 one two", 2 * len(paths))
    assert lines[1] == "/sounds/Möwe 1.wav"
    read = [urllib.parse.unquote_to_bytes(line.removeprefix("file:///sounds/")) for line in lines[3::2]]
    assert read == odd
