"""The two benchmarks of a service whose library grows, at the size of a test: they really index."""

from __future__ import annotations

import re
import shutil
import sys

import pytest

from benchmarks.common.checkout import HERE, Checkout
from benchmarks.serving import busy, growth, page_library, starting
from search import wiring
from search.errors import SoundalikeError, UsageError
from tests.service.conftest import library_path, made_library, settings  # noqa: F401 - fixtures
from tests.waiting import wait_until

SMALL = ("--connections", "2", "--seconds", "0.3")


@pytest.mark.thorough
@pytest.mark.parametrize("job", [job for job in busy.JOBS if job != "elsewhere"])
def test_answers_are_measured_without_and_with_a_job(library_path, tmp_path, job):  # noqa: F811
    """A row for each half, no answer failed, and the ratio is that of the rows; the library itself stays as it was."""
    out = tmp_path / "busy.md"
    options = ["--library", str(library_path), "--work", str(tmp_path), "--clips", "12", "--rounds", "1", "--job", job]
    assert busy.main([*options, *SMALL, "--report", str(out)]) == 0
    text = out.read_text("utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith(f"| {HERE.commit()}")]
    assert [row[0].split(", ")[1] for row in rows] == ["quiet", "job"]
    assert [row[-1] for row in rows] == ["0", "0"]
    ratio = float(re.search(r"is ([\d.]+) times", text).group(1))
    assert ratio == pytest.approx(float(rows[1][3]) / float(rows[0][3]), rel=0.05)
    with wiring.library(library_path, settings(library_path), read_only=True) as library:
        assert library.reader.stats().clips == 6


@pytest.mark.thorough
def test_a_job_is_watched_for_as_long_as_was_said(library_path, tmp_path):  # noqa: F811
    """A job of more clips than it can index by then is ended; what it did by then is counted."""
    options = ["--library", str(library_path), "--work", str(tmp_path), "--clips", "300", "--rounds", "1", *SMALL]
    out = tmp_path / "busy.md"
    assert busy.main([*options, "--beside", "0.2", "--report", str(out)]) == 0
    assert "0.2 s beside it" in out.read_text("utf-8")


@pytest.mark.thorough
def test_a_job_elsewhere_leaves_the_library_that_is_served_alone(library_path, tmp_path):  # noqa: F811
    """It is that of the command, and indexes the sounds into a library beside it."""
    elsewhere = library_path.with_name("elsewhere")
    job = busy._begun(HERE, busy._sounds(tmp_path, 3, seed=7), elsewhere, "", "elsewhere")
    wait_until(job.is_over)
    job.check()
    job.end()
    for place, clips in ((library_path, 6), (elsewhere, 3)):
        with wiring.library(place, settings(place), read_only=True) as library:
            assert library.reader.stats().clips == clips


@pytest.mark.thorough
def test_starting_and_ending_are_measured(library_path, tmp_path):  # noqa: F811
    """Whoever asked before the signal is answered, and the service ends in order both times."""
    out = tmp_path / "starting.md"
    options = ["--library", str(library_path), "--rounds", "1", "--connections", "2", "--seconds", "0.3"]
    assert starting.main([*options, "--report", str(out)]) == 0
    text = out.read_text("utf-8")
    assert re.search(r"Of [\d,]+ requests sent before SIGTERM 0 were not answered. Exit statuses: 0.", text), text
    assert re.search(r"largest first: \d+, .* MiB\.", text), text


@pytest.mark.thorough
def test_a_job_that_fails_is_no_measurement(library_path, tmp_path):  # noqa: F811
    """Files that are no sound are indexed by nobody: the benchmark says so and prints no figure."""
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds" / "broken.wav").write_bytes(b"no sound")
    job = busy.IndexCommand(HERE, tmp_path / "sounds", library_path)
    wait_until(job.is_over)
    with pytest.raises(SoundalikeError, match="status 1"):
        job.check()
    job.end()


@pytest.mark.thorough
def test_memory_is_compared_with_the_library_opened_fresh(library_path, tmp_path):  # noqa: F811
    """Clips came in and were asked for, no answer failed, and a service takes more than 30 MB and less than 3 GB."""
    out = tmp_path / "growth.md"
    options = ["--library", str(library_path), "--clips", "60", "--publish-every", "48", "--report", str(out)]
    assert growth.main([*options, *SMALL]) == 0
    text = out.read_text("utf-8")
    assert ", 0 answered 5xx" in text
    sizes = [int(line.split("|")[2]) for line in text.splitlines() if re.fullmatch(r"\| .* \| \d+ \|", line)]
    assert len(sizes) == 4
    assert all(30 < size < 3000 for size in sizes)
    assert re.search(r"opened fresh: [+-]\d+\.\d%", text)


def test_what_comes_in_can_be_found(library_path, tmp_path):  # noqa: F811
    """The writer leaves whole clips behind, published, numbered after those that were there."""
    copy = shutil.copytree(library_path, tmp_path / "copy")
    growth.bring(copy, first=6, clips=300, publish_every=256, seed=1)
    with wiring.library(copy, settings(copy), read_only=True) as library:
        assert library.reader.stats().clips == 306
        assert library.reader.clips([306])[0].title.endswith(" 305")


def test_another_checkout_needs_an_environment(tmp_path):
    """It is run by its own Python; without one the remedy is named."""
    with pytest.raises(UsageError, match=r"make \.venv"):
        Checkout.at(tmp_path)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    assert Checkout.at(tmp_path).soundalike("info")[0] == str(python)
    assert Checkout.at(tmp_path).commit() == "no commit"


def test_the_page_is_shown_sounds_of_the_generator_that_is_there():
    assert page_library.GENERATOR.is_file()
