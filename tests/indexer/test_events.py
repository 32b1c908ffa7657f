"""Events from the bulk job's own pass equal those that are found later, and nothing is encoded twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from indexer.job import index
from indexer.model import Options
from search.analysis.time.events import EventRows
from search.analysis.time.filling import of_file
from search.analysis.time.journal import FoundEvents, Journal
from search.analysis.time.table import EventTable
from search.library import events as of_library
from search.model import Space
from tests.fakes import FrameBandEncoder
from tests.indexer.conftest import RATE_HZ, Bench, write_tone

OPTIONS = Options(workers=2, events=True)


@pytest.fixture
def hearing(bench: Bench) -> Bench:
    """A bench whose encoder hears frames; among its sounds one is silent, one in part, two are equal."""
    bench.encoder = FrameBandEncoder()
    write_tone(bench.sounds / "long.wav", hz=700, seconds=40)
    write_tone(bench.sounds / "short.wav", hz=300, seconds=0.4)
    write_tone(bench.sounds / "same.wav", hz=300, seconds=0.4)
    write_tone(bench.sounds / "silent.wav", seconds=2, level=0)
    wave = np.zeros(10 * RATE_HZ)
    wave[3 * RATE_HZ : 5 * RATE_HZ] = 0.5 * np.sin(2 * np.pi * 1_900 / RATE_HZ * np.arange(2 * RATE_HZ))
    soundfile.write(bench.sounds / "part.wav", wave, RATE_HZ)
    return bench


def space(bench: Bench) -> Space:
    return bench.library.catalog.spaces()[0]


def table(bench: Bench) -> EventTable:
    return bench.library.spaces.new_events(space(bench)).latest.value()


def listed(rows: EventRows) -> list[list[int]]:
    return [getattr(rows, name).tolist() for name in ("classes", "starts_ms", "lengths_ms")]


def check_as_found_later(bench: Bench) -> None:
    """Every content has the events that listening to its file finds."""
    found, contents = table(bench), set()
    for clip in bench.clips().values():
        (content,) = bench.library.catalog.contents([clip.content_id]).values()
        rows = found.rows(content.id)
        later = of_file(bench.encoder, bench.encoder.spec, content, clip)
        assert rows is not None
        assert listed(rows) == listed(later)
        np.testing.assert_allclose(rows.probabilities.astype(int), later.probabilities.astype(int), atol=1)
        contents.add(content.id)
    assert set(found.contents.tolist()) == contents


def test_they_are_those_that_are_found_by_listening_later(hearing: Bench):
    hearing.index(options=OPTIONS)
    check_as_found_later(hearing)
    assert sum(len(table(hearing).rows(one)) > 0 for one in table(hearing).contents.tolist()) == 3


def test_they_have_the_times_of_files_that_are_played_at_another_speed(hearing: Bench):
    hearing.index(options=Options(workers=2, events=True, speed=0.5))
    check_as_found_later(hearing)


def test_each_window_is_encoded_once(hearing: Bench):
    hearing.index(options=OPTIONS)
    with_events = sum(hearing.encoder.passes)
    (hearing.sounds.parent / "again").mkdir()
    other = Bench(hearing.sounds.parent / "again")
    try:
        index(other.library, other.encoder, [str(hearing.sounds)], Options(workers=2), other.notes)
        assert with_events == sum(other.encoder.passes)
        assert not len(table(other))
    finally:
        other.library.catalog.close()


def test_an_encoder_that_hears_no_frames_indexes_without(bench: Bench):
    write_tone(bench.sounds / "one.wav")
    assert bench.index(options=OPTIONS).indexed == 1
    assert not len(table(bench))


def test_what_a_killed_job_found_and_wrote_is_published_by_the_next_which_encodes_nothing(
    hearing: Bench, monkeypatch: pytest.MonkeyPatch
):
    """Killed after the catalog was written, before events were published."""

    class Killed(BaseException):
        """Nothing handles it, like a signal."""

    def publish(events: of_library.NewEvents, lease: object) -> None:
        if events.journal.read():
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(of_library.NewEvents, "publish", publish)
        with pytest.raises(Killed):
            hearing.index(options=OPTIONS)
    assert not len(table(hearing))
    hearing.encoder.passes.clear()
    assert hearing.index(options=OPTIONS).indexed == 0
    assert hearing.encoder.passes == []
    check_as_found_later(hearing)


def test_those_of_files_that_the_catalog_never_got_are_forgotten(hearing: Bench):
    hearing.index(options=OPTIONS)
    before = table(hearing)
    keeper = hearing.library.spaces.new_events(space(hearing))
    keeper.add([FoundEvents("0" * 64, 0, EventRows.empty())])
    with hearing.library.catalog.lease("test", 0) as lease:
        keeper.publish(lease)
    assert table(hearing).contents.tolist() == before.contents.tolist()
    assert keeper.journal.read() == []


# --- the journal --------------------------------------------------------------------------------------------


def rows(count: int) -> EventRows:
    return EventRows(
        np.arange(count, dtype=np.uint16),
        np.arange(count, dtype=np.uint32) * 1_000,
        np.full(count, 70_000, np.uint32),
        np.full(count, 255, np.uint8),
    )


def named(found: list[FoundEvents]) -> list[tuple[str, int, int]]:
    return [(one.digest, one.track, len(one.rows)) for one in found]


def test_a_journal_gives_what_was_added_in_its_order(tmp_path: Path):
    journal = Journal(tmp_path / "new" / "found", "1 abc")
    assert journal.read() == []
    journal.add([])
    journal.add([FoundEvents("a", 0, rows(3)), FoundEvents("a", 1, rows(0))])
    journal.add([FoundEvents("b", 0, rows(200))])
    assert named(journal.read()) == [("a", 0, 3), ("a", 1, 0), ("b", 0, 200)]
    last = journal.read()[2].rows
    assert listed(last) == listed(rows(200))
    assert last.probabilities.tolist() == [255] * 200
    journal.clear()
    journal.clear()
    assert journal.read() == []


def test_a_journal_of_another_encoder_says_nothing(tmp_path: Path):
    Journal(tmp_path / "found", "1 abc").add([FoundEvents("a", 0, rows(3))])
    assert Journal(tmp_path / "found", "1 abd").read() == []
    assert Journal(tmp_path / "found", "2 abc").read() == []


@pytest.mark.parametrize("left", [0, 5, 20, 60])
def test_a_torn_record_and_what_lies_behind_it_count_as_not_found(tmp_path: Path, left: int):
    path = tmp_path / "found"
    journal = Journal(path, "1 abc")
    journal.add([FoundEvents("a", 0, rows(3))])
    whole = path.stat().st_size
    journal.add([FoundEvents("b", 0, rows(200))])
    with path.open("r+b") as file:
        file.truncate(whole + left)
    assert named(journal.read()) == [("a", 0, 3)]
    with path.open("r+b") as file:
        file.seek(whole - 1)
        file.write(b"\x00")
    assert journal.read() == []
