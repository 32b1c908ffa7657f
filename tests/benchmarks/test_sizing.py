"""The simulations of benchmarks.scale.sizing agree with theory, and find the knee."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import pytest

from benchmarks.scale import sizing, waiting
from benchmarks.scale.sizing import Parts, indexing, indexing_by, knee, size, waiting_ms
from search.ground.ending import WRONG_USE


def test_few_workers_are_as_fast_as_they_encode_and_many_as_what_is_written():
    parts = Parts()
    alone = parts.worker_cores / (parts.cpu_ms / 1000 * parts.clip_s)
    both = 1 / (1 / alone + 1 / parts.write_clips)
    assert indexing(parts, 1) == pytest.approx(both, rel=0.05)
    assert indexing(parts, 512) == pytest.approx(parts.write_clips, rel=0.01)
    rates = [one.clips_per_s for one in indexing_by(parts)]
    assert all(later > 0.99 * earlier for earlier, later in pairwise(rates))


def test_the_knee_lies_where_the_writer_is_busy_and_moves_with_it():
    parts = Parts()
    assert knee(indexing_by(parts)) == 32
    assert knee(indexing_by(dataclasses.replace(parts, write_clips=5_700))) == 128
    assert knee(indexing_by(dataclasses.replace(parts, write_clips=1e9))) is None


def test_one_core_waits_as_the_formula_of_queues_says():
    """Pollaczek and Khinchine: at half load of equal questions the mean is one and a half of a question's time."""
    p50_ms, p99_ms = waiting_ms(10.0, 50.0, 1, 3)
    assert 10.0 <= p50_ms < 16.0 < p99_ms
    assert waiting_ms(10.0, 50.0, 8, 3)[1] < p99_ms
    assert waiting_ms(10.0, 1.0, 8, 3) == pytest.approx((10.0, 10.0))


def test_a_larger_library_needs_more_of_everything_and_beyond_files_the_memory_of_milvus():
    sizes = [size(Parts(), segments, 50.0) for segments in sizing.SEGMENTS]
    for part in ("memory_gib", "disk_gib", "catalog_gib", "cores", "p50_ms", "core_hours", "dollars"):
        values = [getattr(one, part) for one in sizes]
        assert values == sorted(values), part
    assert [one.is_in_files for one in sizes] == [True, True, False]


def test_the_command_prints_both_tables(capsys):
    assert sizing.main(["--rate", "20", "--write-clips", "2000"]) == 0
    said = capsys.readouterr().out
    assert "the knee: 32 workers; the writer takes 2,000 clips a second, and each worker encodes 74" in said
    assert "1,000,000,000 | Milvus" in said
    with pytest.raises(SystemExit):
        sizing.main(["--rate", "0"])


@pytest.mark.thorough
def test_the_simulation_is_checked_against_workers_that_wait(monkeypatch, capsys):
    """Every chunk is written by its claim, and what was predicted stands beside what was measured."""
    monkeypatch.setattr(waiting, "WORKERS", (1, 2))
    assert waiting.main(["--work", "0.001", "--chunks", "2"]) == 0
    said = capsys.readouterr().out
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in said.splitlines()
        if line[:3] in ("| 1", "| 2")
    ]
    assert [row[0] for row in rows] == ["1", "2"]
    assert all(float(row[1].replace(",", "")) > 0 and float(row[3]) > 0 for row in rows)
    assert waiting.main(["--chunks", "0"]) == WRONG_USE
