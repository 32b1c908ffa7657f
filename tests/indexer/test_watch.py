"""Watching folders, with real files and the system's own notifications."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.job import index
from indexer.model import Options
from indexer.watch import changed_paths, places_to_look, settled
from search.errors import UsageError
from tests.indexer.conftest import Bench, write_tone
from tests.waiting import PATIENCE_S, wait_until


@pytest.fixture
def watching(bench: Bench) -> Iterator[Bench]:
    """The bench with a thread that indexes whatever changes in its sounds."""
    write_tone(bench.sounds / "first.wav", 300)
    stop, begun = threading.Event(), threading.Event()

    def follow() -> None:
        for paths in changed_paths([str(bench.sounds)], stop):
            index(bench.library, bench.encoder, paths, Options(workers=1), bench.notes)
            begun.set()

    thread = threading.Thread(target=follow)
    thread.start()
    assert begun.wait(PATIENCE_S)
    yield bench
    stop.set()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def eventually(bench: Bench, wanted) -> None:
    """Wait until the clips are as ``wanted`` says."""
    wait_until(lambda: wanted(bench.clips()), lambda: {path: clip.missing for path, clip in bench.clips().items()})


def test_files_that_come_move_change_and_go_are_followed(watching: Bench) -> None:
    """One after the other: a new file, a new folder, a rename that keeps its clip, a change, a deletion."""
    sounds = watching.sounds
    write_tone(sounds / "second.wav", 500)
    write_tone(sounds / "new folder" / "third.wav", 700)
    eventually(watching, lambda clips: clips.keys() == {"first.wav", "second.wav", "new folder/third.wav"})
    before = watching.clips()

    (sounds / "second.wav").rename(sounds / "new folder" / "moved.wav")
    eventually(watching, lambda clips: "new folder/moved.wav" in clips)
    assert watching.clips()["new folder/moved.wav"].id == before["second.wav"].id

    write_tone(sounds / "first.wav", 300, seconds=3)
    eventually(watching, lambda clips: clips["first.wav"].duration_s > 2)

    (sounds / "first.wav").unlink()
    eventually(watching, lambda clips: clips["first.wav"].missing)
    assert watching.notes.failures == []


def test_a_file_that_is_still_being_written_is_waited_for(tmp_path: Path) -> None:
    """Looking begins when the size stands still, not at the first byte."""
    path = tmp_path / "a.wav"
    path.write_bytes(b"0")

    class Writing(threading.Event):
        """Is never set; whenever it is waited for, eight times, more of the file is written."""

        def wait(self, timeout: float | None = None) -> bool:
            if path.stat().st_size < 801:
                with path.open("ab") as file:
                    file.write(b"0" * 100)
            return False

    assert settled([str(path)], Writing())
    assert path.stat().st_size == 801


def test_a_stop_ends_the_wait(tmp_path: Path) -> None:
    """Ctrl-C does not wait for a file to settle."""
    stop = threading.Event()
    stop.set()

    assert not settled([str(tmp_path)], stop)


def test_only_what_may_matter_is_looked_at(tmp_path: Path) -> None:
    """Audio files and folders themselves, the nearest folder of what is gone; no hidden and no other files."""
    for name in ("a.wav", "b.txt", "folder/.hidden/c.wav", "folder/d.flac"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")

    def look(*names: str) -> list[str]:
        found = places_to_look({str(tmp_path / name) for name in names}, [str(tmp_path)])
        return [str(Path(path).relative_to(tmp_path)) for path in found]

    assert look("a.wav", "b.txt", "folder/d.flac") == ["a.wav", "folder/d.flac"]
    assert look("folder") == ["folder"]
    assert look("folder/gone.wav") == ["folder"]
    assert look("gone folder/gone/e.wav") == ["."]
    assert look("folder/.hidden/c.wav") == []


def test_what_is_not_there_cannot_be_watched(tmp_path: Path) -> None:
    """A path that does not exist is wrong use, refused before anything runs."""
    with pytest.raises(UsageError, match="no such file or folder"):
        next(iter(changed_paths([str(tmp_path / "nowhere")], threading.Event())))
