"""`python -m benchmarks.scale.readers`, at the size of a test."""

from __future__ import annotations

import pytest

from benchmarks.scale import readers


@pytest.mark.thorough
def test_readers_answer_as_the_publisher_and_little_is_sent_for_a_little_more(tmp_path, capsys):
    assert readers.main(["--segments", "42000", "--questions", "10", "--folder", str(tmp_path)]) == 0
    report = capsys.readouterr().out
    found = dict(
        [cell.strip() for cell in line.split("|")[1:-1]] for line in report.splitlines() if line.startswith("| ")
    )
    assert found["10 answers equal the publisher's"] == "yes"
    first = float(found["size of the store after the first publication, MB"])
    assert float(found["written to the store for 1 % more segments, MB"]) < 0.05 * first
