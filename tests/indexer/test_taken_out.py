"""What somebody removed from the library stays out."""

from __future__ import annotations

from indexer.model import Options
from search.model import TakeOutClip
from tests.indexer.conftest import Bench, write_tone


def take_out(bench: Bench, *paths: str) -> None:
    catalog = bench.library.catalog
    with catalog.lease("test", 0) as lease:
        catalog.apply(lease, [TakeOutClip(bench.clips()[path].id) for path in paths])


def write_two(bench: Bench) -> None:
    write_tone(bench.sounds / "a.wav", 300)
    write_tone(bench.sounds / "b.wav", 700)
    bench.index()


def test_a_clip_that_was_taken_out_does_not_come_back_by_itself(bench: Bench) -> None:
    """Later runs leave its file out and say so, also when it changed; --again makes it a clip, for good."""
    write_two(bench)
    take_out(bench, "a.wav")

    assert [bench.index().taken_out for _ in range(2)] == [1, 1]
    assert sorted(bench.clips()) == ["b.wav"]
    write_tone(bench.sounds / "a.wav", 900)
    assert bench.index(bench.sounds / "a.wav").taken_out == 1
    assert bench.index(options=Options(workers=1, again=True)).indexed == 1
    assert (bench.index().taken_out, sorted(bench.clips())) == (0, ["a.wav", "b.wav"])
    assert bench.library.catalog.verify() == []


def test_it_stays_out_under_another_name(bench: Bench) -> None:
    """A file that was renamed after it was taken out is still out; a copy of a clip that is in is not."""
    write_two(bench)
    take_out(bench, "a.wav")
    (bench.sounds / "a.wav").rename(bench.sounds / "c.wav")
    assert (bench.index().taken_out, sorted(bench.clips())) == (1, ["b.wav"])

    (bench.sounds / "copy.wav").write_bytes((bench.sounds / "b.wav").read_bytes())
    bench.index()
    take_out(bench, "copy.wav")
    (bench.sounds / "copy.wav").unlink()
    (bench.sounds / "b.wav").rename(bench.sounds / "d.wav")
    assert bench.index().moved == 1
    assert sorted(bench.clips()) == ["d.wav"]


def test_what_was_pruned_comes_back_with_its_file(bench: Bench) -> None:
    """A clip that went because its file was gone was not taken out by anybody."""
    write_two(bench)
    kept = (bench.sounds / "a.wav").read_bytes()
    (bench.sounds / "a.wav").unlink()
    assert bench.index(options=Options(workers=1, prune=True, yes=True)).removed == 1
    (bench.sounds / "a.wav").write_bytes(kept)

    assert (bench.index().indexed, sorted(bench.clips())) == (1, ["a.wav", "b.wav"])
