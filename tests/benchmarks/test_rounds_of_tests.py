"""The runner of the tests finds tests that depend on their order, in suites of a few lines."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from benchmarks.common.checkout import Checkout
from benchmarks.robustness import longest
from benchmarks.robustness import tests as rounds
from tests.waiting import PATIENCE_S, wait_until

SOUND = """
import psutil
import pytest
def test_one(): pass
def test_two(): pass
def test_three(): pytest.skip("it has no reason to run")
"""
BY_ORDER = """
before = []
def test_one(): before.append(1)
def test_two(): assert not before, "one was first"
"""
ENDLESS = """
import pathlib, threading
def test_one(): pass
def test_two():
    pathlib.Path({begun!r}).touch()
    threading.Event().wait()
"""


@pytest.fixture(autouse=True)
def few_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """What these suites do not use is not loaded for each of their rounds."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:schemathesis -p no:hypothesispytest -p no:anyio")


def suite(folder: Path, text: str) -> str:
    (folder / "test_few.py").write_text(text)
    return str(folder / "test_few.py")


@pytest.fixture
def at_commit(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets the code be that of a commit."""
    return lambda name: monkeypatch.setattr(Checkout, "commit", lambda _checkout: name)


def test_rounds_that_pass_are_kept_and_counted_and_end_with_status_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], at_commit: Callable[[str], None]
) -> None:
    """What was run in how long, and on what. The next run does what is missing at its commit, and adds all up."""
    command = ["--workers", "0", "--load", "0", "--keep", str(tmp_path / "kept"), "--only", suite(tmp_path, SOUND)]

    def printed_of(commit: str, count: int) -> str:
        at_commit(commit)
        assert rounds.main(["--rounds", str(count), *command]) == 0
        return capsys.readouterr().out

    first = printed_of("abc1", 1)
    assert first.count("2 passed, 1 skipped, 0 failed in") == 1
    assert "| abc1 | 1 | 0 | 3 |" in first
    assert "test_few.py::test_one |" in first
    assert "pytest-random-order" in first
    assert "cores" in first
    more = printed_of("abc1", 2)
    assert more.count("2 passed, 1 skipped, 0 failed in") == 1
    assert "round 2, seed" in more
    assert "| abc1 | 2 | 0 | 3 |" in more
    changed = printed_of("abc2+", 1)
    assert "| abc2+ | 1 | 0 | 3 |" in changed
    assert "| 2 commits | 3 | 0 | 3 |" in changed
    nothing_left = printed_of("abc1", 2)
    assert "passed" not in nothing_left
    assert "abc2" not in nothing_left, "its code was no commit's"


def test_rounds_of_several_sittings_add_up_in_a_record(tmp_path: Path) -> None:
    """Each stands in it once; what failed is named; rounds that were interrupted or have no commit stay out."""
    file, options = tmp_path / "rounds.jsonl", rounds.Options(load=3)
    ran = (rounds.Ran("tests/a.py::test_slow", 9.5), rounds.Ran("tests/a.py::test_red", 1.0, failure="it is red"))
    first = rounds.Round("abc1234", 1, 60.0, 1, ran, at="2026-01-02 03:04")
    others = [rounds.Round("abc1234", 2, 80.0, None, ran), rounds.Round("abc1234+", 3, 80.0, 0, ran)]
    assert rounds.record(file, options, [first, *others]) == 1
    later = rounds.Round("def5678", 1, 70.0, 0, (rounds.Ran("tests/a.py::test_slow", 8.5),), at="2026-01-03 03:04")
    assert rounds.record(file, options, [first, later]) == 1
    text = file.with_suffix(".md").read_text("utf-8")
    assert re.search(
        r"\| abc1234, 2026-01-02, 2 workers, 3 busy processes, 1 at once; .* \| 1 \| 1 \| 2 \| 0 \| 60 \| 60 \|", text
    )
    assert re.search(r"\| all, 2 commits \| 2 \| 1 \| 1 \| 0 \| 65 \| 70 \|", text)
    assert "| tests/a.py::test_red | abc1234 | 1 |" in text
    assert re.search(r"slowest tests of def5678 .*\n.*\n\| tests/a.py::test_slow \| 8.5 \| 8.5 \|", text)


def test_modules_with_long_tests_are_told_from_the_rounds_that_are_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the median of each test: what was late once is not long. Without rounds it says how to get some."""
    keep, out = tmp_path / "kept", tmp_path / "longest.txt"
    with pytest.raises(SystemExit):
        longest.main(["--keep", str(keep), "--out", str(out)])
    assert "python -m benchmarks.robustness.tests" in capsys.readouterr().err
    for seed, late_s in enumerate((1.0, 60.0, 1.0)):
        names = {
            "test_order.py::test_late": late_s,
            "test_glossary.py::test_long[a]": 7.6,
            "test_gone.py::test_it": 9.0,
        }
        ran = tuple(rounds.Ran(f"tests/{name}", seconds) for name, seconds in names.items())
        rounds.Kept(keep).add(rounds.Options(), rounds.Round("abc1234", seed, 60.0, 0, ran))
    assert longest.main(["--keep", str(keep), "--out", str(out)]) == 0
    assert out.read_text("utf-8") == "   8 test_glossary.py\n"


def test_a_round_whose_code_changed_meanwhile_is_of_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have run some of the new tests."""
    names = iter(["abc1", "abc2"])
    monkeypatch.setattr(Checkout, "commit", lambda _checkout: next(names))
    done = rounds.run_once(
        rounds.Options(workers=0, paths=(suite(tmp_path, "def test_one(: pass"),)), 1, rounds.RunningRounds()
    )
    assert (done.commit, done.has_failed) == ("abc1+", True)


@pytest.mark.thorough
def test_a_test_that_hangs_on_its_order_fails_in_some_rounds_and_the_seed_repeats_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not in all of them, or the order would be the same; the command that is told fails as the round did."""
    path = suite(tmp_path, BY_ORDER)
    kept = ["--keep", str(tmp_path / "kept")]
    assert rounds.main(["--rounds", "3", "--workers", "0", "--load", "0", "--seed", "1", *kept, "--only", path]) == 1
    printed = capsys.readouterr().out
    orders = [line.partition("seed ")[2] for line in printed.splitlines() if line.startswith("round ")]
    failed = [int(line.partition(":")[0]) for line in orders if "1 passed, 0 skipped, 1 failed" in line]
    assert 0 < len(failed) < len(orders) == 3
    assert f"test_two in {len(failed)} of 3 rounds: AssertionError: one was first" in printed
    command = shlex.split(next(line for line in printed.splitlines() if line.startswith("    ")))
    assert command == rounds.Options(workers=0, paths=(path,)).command(failed[0])
    assert subprocess.run(command, check=False, capture_output=True, timeout=PATIENCE_S).returncode == 1


def test_a_suite_that_cannot_be_read_is_a_round_that_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what Python says."""
    path = suite(tmp_path, "def test_one(:")
    kept = ["--keep", str(tmp_path / "kept")]
    assert rounds.main(["--rounds", "1", "--workers", "0", "--load", "0", *kept, "--only", path]) == 1
    assert "SyntaxError" in capsys.readouterr().out


def test_the_load_is_busy_within_its_block_and_gone_after_it() -> None:
    """As many processes as were asked for, each computing."""
    before = set(psutil.Process().children())
    with rounds.busy(2):
        load = [child for child in psutil.Process().children() if child not in before]
        assert len(load) == 2
        wait_until(lambda: all(process.cpu_times().user > 0.05 for process in load))
    assert not [process for process in load if process.is_running()]


@pytest.mark.thorough
def test_an_interrupted_run_prints_what_it_has(tmp_path: Path) -> None:
    """SIGINT in the middle of a round: the tests that were run, and status 130; nothing is left running or kept."""
    begun = tmp_path / "begun"
    path = suite(tmp_path, ENDLESS.format(begun=str(begun)))
    options = ["--workers", "1", "--load", "0", "--keep", str(tmp_path / "kept"), "--only", path]
    command = [sys.executable, "-m", "benchmarks.robustness.tests", *options]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    wait_until(begun.exists, running.poll)
    running.send_signal(signal.SIGINT)
    printed, _ = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 130
    assert "interrupted" in printed
    assert "| 0 | 0 | 0 |" in printed
    assert not (tmp_path / "kept").exists()
