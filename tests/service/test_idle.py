"""An idle service measures clips that have no facts yet."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from search import wiring
from search.analysis.facts.definitions import VERSION
from search.catalog.store import Catalog
from search.errors import StoreAway
from search.library.library import Library
from search.model import Job, JobOutcome, JobProgress
from search.service.jobs import idle
from search.service.jobs.attempt import Attempt
from search.service.jobs.idle import IdleMeasuring
from search.service.jobs.runner import Runner
from search.service.jobs.uploads import Uploads, folder_of
from search.settings import Settings
from tests.service.conftest import application, settings


class Clock:
    """Seconds that pass when they are told to, and ``step_s`` whenever somebody looks."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.step_s = 0.0

    def __call__(self) -> float:
        self.now_s += self.step_s
        return self.now_s

    def later(self, by_s: float) -> None:
        """So much time passes."""
        self.now_s += by_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def library(library_path: Path) -> Iterator[Library]:
    with wiring.library(library_path, settings(library_path)) as opened:
        yield opened


def lacking(library: Library) -> int:
    return len(library.catalog.without_facts(VERSION))


def newest_columns(library: Library) -> int:
    """The sequence number of the snapshot that filters read."""
    return max(int(one.name) for one in library.path.glob("spaces/*/columns/*") if one.name.isdigit())


def until_nothing_is_left(measuring: IdleMeasuring, clock: Clock) -> None:
    """Look, measure, write."""
    stop = threading.Event()
    clock.later(idle.LOOK_S)
    while measuring.work(1.0, stop):
        pass
    clock.later(idle.SAVE_S)
    measuring.work(1.0, stop)


def test_what_has_no_facts_is_measured_as_a_command_does(library: Library, clock: Clock, library_path: Path) -> None:
    """And ``/ready`` says how many are left."""
    with application(library_path) as client:
        assert client.get("/ready").json["unmeasured"] == lacking(library) == 6
    measuring = IdleMeasuring(library, clock=clock)
    assert not measuring.work(1.0, threading.Event()), "nobody knows yet whether there is time"
    until_nothing_is_left(measuring, clock)
    assert lacking(library) == 0
    with application(library_path) as client:
        assert client.get("/ready").json["unmeasured"] == 0
        assert client.get("/api/v1/clips", query_string={"where": "loudness > -90"}).json["unmeasured"] == 0
    assert library.catalog.sequence() == newest_columns(library), "nobody reads from the catalog what was measured"
    found = library.facts.of(library.clips.ids().tolist())
    library.facts.measure(again=True)
    assert found == library.facts.of(library.clips.ids().tolist())


def test_another_writer_is_not_waited_for_and_nothing_is_lost(
    library: Library, clock: Clock, library_path: Path
) -> None:
    measuring = IdleMeasuring(library, clock=clock)
    with Catalog.open(library_path / "catalog.sqlite") as other:
        with other.lease("an upload", 0):
            until_nothing_is_left(measuring, clock)
            assert lacking(library) == 6
        with other.lease("another upload", 0):
            pass
    clock.later(idle.SAVE_S)
    assert not measuring.work(1.0, threading.Event())
    assert lacking(library) == 0


def test_the_right_to_write_is_free_while_sounds_are_measured(
    library: Library, clock: Clock, library_path: Path
) -> None:
    measuring = IdleMeasuring(library, clock=clock)
    clock.later(idle.LOOK_S)
    clock.step_s = 0.2  # a slice of a few steps, with sounds half heard at its end
    with Catalog.open(library_path / "catalog.sqlite") as other:
        assert measuring.work(1.0, threading.Event())
        with other.lease("an upload", 0):
            pass


def test_it_stops_at_once_and_goes_on_in_the_middle_of_a_sound(
    library: Library, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long that is."""
    stop, steps = threading.Event(), []

    def endless(path: str, _track: int) -> Iterator[None]:
        while True:
            steps.append(path)
            stop.set()
            yield

    monkeypatch.setattr(idle, "in_steps", endless)
    measuring = IdleMeasuring(library, clock=clock)
    clock.later(idle.LOOK_S)
    for _ in range(3):
        stop.clear()
        assert measuring.work(1.0, stop)
    assert len(steps) == 3
    assert len(set(steps)) == 1


def test_a_file_that_cannot_be_read_is_left_alone_until_it_changes(
    library: Library, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clips = library.reader.clips(library.clips.ids().tolist())
    gone = Path(clips[0].absolute_path)
    shutil.move(gone, tmp_path / "elsewhere")
    asked: list[str] = []
    in_steps = idle.in_steps
    monkeypatch.setattr(idle, "in_steps", lambda path, track: asked.append(path) or in_steps(path, track))
    measuring = IdleMeasuring(library, clock=clock)
    for _ in range(3):
        until_nothing_is_left(measuring, clock)
        clock.later(idle.RETRY_S)
    assert asked.count(str(gone)) == 1
    assert lacking(library) == 1
    shutil.move(tmp_path / "elsewhere", gone)
    until_nothing_is_left(measuring, clock)
    assert asked.count(str(gone)) == 2
    assert lacking(library) == 0


def test_a_sound_that_ends_the_process_does_not_end_the_next_one(
    library: Library, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class EndOfProcess(BaseException):
        """Stands for a signal."""

    def hostile(_path: str, _track: int) -> Iterator[None]:
        raise EndOfProcess
        yield

    attempt = Attempt()
    with monkeypatch.context() as patched:
        patched.setattr(idle, "in_steps", hostile)
        ended = IdleMeasuring(library, attempt, clock)
        with pytest.raises(EndOfProcess):
            until_nothing_is_left(ended, clock)
    until_nothing_is_left(IdleMeasuring(library, attempt, clock), clock)
    assert lacking(library) == 6, "the next process leaves them alone"
    until_nothing_is_left(IdleMeasuring(library, Attempt(), clock), clock)
    assert lacking(library) == 0


def test_a_job_comes_first(library: Library, clock: Clock, library_path: Path) -> None:
    """The runner looks for one between two slices, and measures when there is none."""
    order: list[str] = []
    stop = threading.Event()

    class Measuring(IdleMeasuring):
        """Says when it has time."""

        def work(self, length_s: float, stop: threading.Event) -> bool:
            order.append("idle")
            return super().work(length_s, stop)

    class Queue:
        """A job is there from the second look on; after it nothing, and the end of the service."""

        def claim(self) -> Job | None:
            if len(order) == 1:
                library.jobs.add("duplicates", [])
                order.append("job")
                return library.jobs.claim()
            if len(order) == 3:
                stop.set()
            return None

        def report(self, job_id: int, progress: JobProgress) -> object:
            return library.jobs.report(job_id, progress)

        def finish(self, job_id: int, outcome: JobOutcome, files: int) -> None:
            library.jobs.finish(job_id, outcome, files)

    clock.later(idle.LOOK_S)
    clock.step_s = 1.0  # a slice is over after its first step
    uploads = Uploads(folder_of(library_path))
    measuring = Measuring(library, clock=clock)
    assert Runner(library, Queue(), uploads, settings(library_path), 60.0, idle=measuring).run(stop)
    assert order[:3] == ["idle", "job", "idle"]


def test_a_store_that_is_away_is_trouble_as_a_full_disk_is(library: Library, clock: Clock, monkeypatch) -> None:
    """What was measured is kept, and the log says what is away."""

    def away(*_arguments: object, **_named: object) -> bool:
        raise StoreAway("file:///mnt/store: does not answer")

    measuring = IdleMeasuring(library, clock=clock)
    with monkeypatch.context() as patch:
        patch.setattr(library.publisher, "publish", away)
        until_nothing_is_left(measuring, clock)
        assert lacking(library) == 0
        assert measuring._trouble == "file:///mnt/store: does not answer"


def test_one_setting_says_when_facts_are_measured() -> None:
    said = {value: Settings.from_env({"SOUNDALIKE_FACTS": value}).facts for value in ("on", "idle", "off")}
    assert said == {"on": "on", "idle": "idle", "off": "off"}
    assert Settings.from_env({}).facts == "idle"
