"""The benchmark of commands from a cold start, at the size of a test: it really starts them."""

from __future__ import annotations

import re

import pytest

from benchmarks.serving import cold
from search.errors import UsageError
from tests.service.conftest import library_path, made_library  # noqa: F401 - fixtures


@pytest.mark.thorough
def test_each_command_is_measured_beside_the_least_that_one_can_take(library_path, monkeypatch, tmp_path):  # noqa: F811
    of_all = cold.commands

    def of_two(*args):
        return {name: of_all(*args)[name] for name in (cold.LEAST, "info")}

    monkeypatch.setattr(cold, "commands", of_two)
    out = tmp_path / "cold.md"
    assert cold.main(["--library", str(library_path), "--rounds", "1", "--report", str(out)]) == 0
    rows = re.findall(r"\| `(.*?)` \| +([\d.]+) \| +[\d.]+ \| +([\d.]+) \| +(\d+) \|", out.read_text("utf-8"))
    assert [row[0] for row in rows] == [cold.LEAST, "info"]
    assert rows[0][2] == "1.00"
    assert float(rows[1][1]) > 0
    assert int(rows[1][3]) > 10


def test_a_command_that_fails_is_no_measurement(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"a command ended with status 3: .*info"):
        cold.measured(cold.HERE.soundalike("info", "--library", str(tmp_path / "empty")), cold.HERE.folder)
